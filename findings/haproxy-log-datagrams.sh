#!/usr/bin/env bash
# HAProxy 2.6.12 (Debian 12: 2.6.12-1+deb12u4) does not wait for whoever reads its log.
#
# With `log /dev/log local0` (any Unix socket) a request whose line does not fit into the reader's
# queue is served all the same and its line is lost, without a word to the client. The kernel keeps
# net.unix.max_dgram_qlen datagrams for a Unix socket, ten unless something such as systemd raised it,
# so a reader that sleeps through a dozen requests misses the newest ones, not the oldest. HAProxy says
# so in one place only: DroppedLogs of `show info`, which needs a stats socket.
#
# Seen: 40 requests, 40 answers; 11 lines in the log (a queue of 10 holds 11 datagrams) and
#   DroppedLogs: 29
#   the oldest requests
#
# Prints what it sees and fails where that is something else. Needs Debian 12, apt-get and python3.
set -euo pipefail
HAPROXY=2.6.12-1+deb12u4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "haproxy=$HAPROXY" liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(uname -m)-linux-gnu"

cat >see.py <<'PYTHON'
import os, signal, socket, subprocess, sys, time, urllib.request
from contextlib import suppress

REQUESTS = 40
queue = int(open("/proc/sys/net/unix/max_dgram_qlen").read())
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("log")
log.setblocking(False)
with socket.socket() as spare:
    spare.bind(("127.0.0.1", 0))
    port = spare.getsockname()[1]
open("haproxy.cfg", "w").write(f"""
global
    log {os.getcwd()}/log local0
    stats socket {os.getcwd()}/admin
defaults
    mode http
    log global
    option httplog
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend f
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string ok
""")
haproxy = subprocess.Popen(["root/usr/sbin/haproxy", "-db", "-f", "haproxy.cfg"])


def drain() -> list[bytes]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(log.recv(65536))
    return found


try:
    for _ in range(200):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            break
        time.sleep(0.05)
    time.sleep(0.5)
    drain()  # what it says of its start
    answers = sum(
        urllib.request.urlopen(f"http://127.0.0.1:{port}/{number}", timeout=10).status == 200
        for number in range(REQUESTS)
    )
    time.sleep(0.5)
    logged = [line.split(b"GET /")[1].split()[0] for line in drain() if b"GET /" in line]
    lines, oldest = len(logged), max(map(int, logged)) <= len(logged)  # two threads may swap some
    admin = socket.socket(socket.AF_UNIX)
    admin.connect("admin")
    admin.sendall(b"show info\n")
    said = b""
    while piece := admin.recv(65536):
        said += piece
    dropped = next(line for line in said.decode().splitlines() if line.startswith("DroppedLogs"))
finally:
    haproxy.send_signal(signal.SIGTERM)
    haproxy.wait()
print(f"{REQUESTS} requests, {answers} answers; {lines} lines in the log (a queue of {queue})")
print(dropped)
wanted = min(REQUESTS, queue + 1)
print("the oldest requests" if oldest else "not the oldest requests")
sys.exit(not (oldest and answers == REQUESTS and lines == wanted and dropped.endswith(f" {REQUESTS - wanted}")))
PYTHON
python3 see.py
