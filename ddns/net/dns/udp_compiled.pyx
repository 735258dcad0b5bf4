# cython: language_level=3
"""DNS over UDP like :mod:`ddns.net.dns.udp_batch`, compiled, with the compiled fast path.

What the fast path does not answer goes to the responder, packet by packet. The memory is that of
the reader in Python, laid out as the kernel wants it, a slot for each packet of a batch.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.errno cimport EAGAIN, errno
from libc.stdint cimport uint32_t, uintptr_t
from libc.string cimport memcmp, memcpy, memset

from ddns.zone.compiled cimport FastPath

from ddns.net.dns import mmsg, udp_batch

cdef extern from "sys/socket.h" nogil:
    struct iovec:
        void *iov_base
        size_t iov_len
    struct msghdr:
        void *msg_name
        unsigned int msg_namelen
        iovec *msg_iov
        void *msg_control
        size_t msg_controllen
    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    int recvmmsg(int fd, mmsghdr *headers, unsigned int count, int flags, void *timeout)
    int sendmmsg(int fd, mmsghdr *headers, unsigned int count, int flags)
    size_t CMSG_LEN(size_t size)

cdef enum:
    RCODES = 16

cdef int SLOTS = mmsg.SLOTS
cdef Py_ssize_t LARGEST = mmsg.LARGEST
cdef const unsigned char *LINK_LOCAL = b"\xfe\x80\0\0"  # fe80::/64 (RFC 4291 2.5.6)
cdef const unsigned char *MAPPED = b"\0\0\0\0\0\0\0\0\0\0\xff\xff"  # as in responder.py


class CompiledReader(udp_batch.BatchReader):
    """A BatchReader; *fast* is the fast path of the responder."""

    def __init__(self, *args, FastPath fast not None):
        super().__init__(*args)
        self._fast = fast

    def start(self):
        super().start()
        self._batches = Batches(self)

    def _read(self, most):
        self._batches.read(most)


cdef class Batches:
    """The batches of one socket."""

    cdef FastPath fast
    cdef object reader, stats, seconds, respond
    cdef mmsghdr *received
    cdef mmsghdr *sent
    cdef unsigned char *names
    cdef unsigned char *control
    cdef size_t name_size, control_size
    cdef bint is_v4, mapped

    def __cinit__(self, reader):
        self.reader = reader  # which keeps the memory
        self.fast, self.respond = reader._fast, reader._respond
        self.stats, self.seconds = reader._stats, reader._seconds
        self.is_v4, self.mapped = reader._is_v4, reader._mapped
        self.received = <mmsghdr *> <uintptr_t> reader._received.address
        self.sent = <mmsghdr *> <uintptr_t> reader._sent.address
        self.name_size, self.control_size = reader._name.size, reader._control_size
        self.names = <unsigned char *> self.received[0].msg_hdr.msg_name
        self.control = <unsigned char *> self.received[0].msg_hdr.msg_control

    def read(self, int most):
        """Answer what has arrived, up to *most* packets."""
        cdef int count, replies
        for _ in range(most // SLOTS):
            for slot in range(SLOTS):
                # The kernel leaves there the sizes of what it received.
                self.received[slot].msg_hdr.msg_namelen = <unsigned int> self.name_size
                self.received[slot].msg_hdr.msg_controllen = self.control_size
            count = recvmmsg(self.reader.fileno(), self.received, SLOTS, 0, NULL)
            if count < 0:
                if errno == EAGAIN:
                    return
                # An ICMP error about an earlier reply, which the kernel reports to the next call;
                # packets may wait behind it.
                continue
            began = self.seconds()
            replies = self.answer(count)
            if replies:
                self.send(replies)
                self.stats.latency.observe(self.seconds() - began, replies)
            if count < SLOTS:
                return  # the queue is empty; what comes now wakes the reactor again

    cdef int answer(self, int count) except -1:
        """Put the replies to *count* packets in the slots to send, without gaps; return how many
        there are."""
        cdef int rcodes[RCODES]
        cdef int replies = 0, slot, rcode
        cdef long long received_octets = 0, sent_octets = 0
        cdef Py_ssize_t size, source_size
        cdef const unsigned char *source
        cdef const unsigned char *name
        cdef const unsigned char *wire
        cdef unsigned char *out
        memset(rcodes, 0, sizeof(rcodes))
        self.fast.begin()
        for slot in range(count):
            name = self.names + slot * self.name_size
            received_octets += self.received[slot].msg_len
            if self.control_size:
                self.redirect(self.control + slot * self.control_size)
            if not name[2] and not name[3]:  # the port
                continue
            source, source_size = name + (4 if self.is_v4 else 8), 4 if self.is_v4 else 16
            if self.mapped and memcmp(source, MAPPED, 12) == 0:
                source, source_size = source + 12, 4
            wire = <const unsigned char *> self.received[slot].msg_hdr.msg_iov.iov_base
            out = <unsigned char *> self.sent[replies].msg_hdr.msg_iov.iov_base
            try:
                size = self.fast.answer(
                    wire, self.received[slot].msg_len, source, source_size, False, out
                )
                if size < 0:
                    size = self.ask(slot, source, source_size, out)
            except Exception:
                self.reader._errors.log(PyBytes_FromStringAndSize(<const char *> source, source_size))
                continue
            if not size:
                continue
            if replies != slot:
                # Move the address up, over those of packets without a reply.
                memcpy(self.names + replies * self.name_size, name, self.name_size)
                if self.control_size:
                    memcpy(
                        self.control + replies * self.control_size,
                        self.control + slot * self.control_size,
                        self.control_size,
                    )
            self.sent[replies].msg_hdr.msg_iov.iov_len = size
            rcodes[out[3] & 15 if size > 3 else 0] += 1
            sent_octets += size
            replies += 1
        stats = self.stats
        stats.received_octets += received_octets
        stats.sent_octets += sent_octets
        stats.unanswered += count - replies
        for rcode in range(RCODES):
            if rcodes[rcode]:
                stats.rcodes[rcode] += rcodes[rcode]
        return replies

    cdef Py_ssize_t ask(
        self, int slot, const unsigned char *source, Py_ssize_t source_size, unsigned char *out
    ) except -1:
        """Have the responder answer; return the reply's size, 0 if there is none (yet)."""
        cdef mmsghdr *received = self.received + slot
        cdef bytes wire = PyBytes_FromStringAndSize(
            <const char *> received.msg_hdr.msg_iov.iov_base, received.msg_len
        )
        cdef bytes who = PyBytes_FromStringAndSize(<const char *> source, source_size)
        try:
            reply = self.respond(wire, who, False)
        finally:
            self.fast.begin()
        if not reply:
            return 0
        if type(reply) is not bytes:
            address, control = self.reader._way_back(slot)
            self.reader._answer_later(reply, who, address, control, self.seconds())
            return 0
        if PyBytes_GET_SIZE(reply) > LARGEST:
            return 0  # no packet can carry it
        memcpy(out, PyBytes_AS_STRING(reply), PyBytes_GET_SIZE(reply))
        return PyBytes_GET_SIZE(reply)

    cdef void redirect(self, unsigned char *control) noexcept:
        """Have a reply sent from the address that its packet was sent to, as
        ``udp._from_destination`` does; *control* is the packet's ancillary data."""
        control += CMSG_LEN(0)
        if self.is_v4:
            # struct in_pktinfo: interface, source for sending, destination found in the header
            memset(control, 0, 4)
            memcpy(control + 4, control + 8, 4)
        elif memcmp(control, LINK_LOCAL, 4):
            memset(control + 16, 0, 4)  # the interface in struct in6_pktinfo

    cdef int send(self, int count) except -1:
        cdef int done = 0, sent
        cdef int fd = self.reader.fileno()
        while done < count:
            sent = sendmmsg(fd, self.sent + done, count - done, 0)
            if sent < 0 and errno == EAGAIN:
                # The buffer is full. Waiting would be worse than having some clients ask again.
                self.stats.unsent += count - done
                return 0
            # sendmmsg stops at a reply that cannot be sent, and reports it only if it is the first:
            # so that one is skipped, and the call made again for those behind it.
            if sent <= 0:
                self.stats.unsent += 1
                sent = 1
            done += sent
        return 0
