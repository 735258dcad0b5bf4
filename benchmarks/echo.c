/* The least that an answer over UDP can cost: sends back what comes, as a response.

   echo PORT, on 127.0.0.1; 64 packets a system call. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SLOTS = 64, LARGEST = 2048 };

int main(int count, char **words)
{
    static unsigned char octets[SLOTS][LARGEST];
    static struct sockaddr_in names[SLOTS];
    static struct iovec vectors[SLOTS];
    static struct mmsghdr headers[SLOTS];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int buffer = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    here.sin_port = htons(count > 1 ? atoi(words[1]) : 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
        perror("echo");
        return 1;
    }
    for (;;) {
        for (int slot = 0; slot < SLOTS; slot++) {
            vectors[slot] = (struct iovec){octets[slot], LARGEST};
            headers[slot].msg_hdr = (struct msghdr){
                .msg_name = &names[slot],
                .msg_namelen = sizeof names[slot],
                .msg_iov = &vectors[slot],
                .msg_iovlen = 1,
            };
        }
        int got = recvmmsg(fd, headers, SLOTS, MSG_WAITFORONE, NULL);
        for (int slot = 0; slot < got; slot++) {
            vectors[slot].iov_len = headers[slot].msg_len;
            octets[slot][2] |= 0x80; /* QR */
        }
        for (int done = 0, sent; done < got; done += sent > 0 ? sent : 1)
            sent = sendmmsg(fd, headers + done, got - done, 0);
    }
}
