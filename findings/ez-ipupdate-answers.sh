#!/usr/bin/env bash
# ez-ipupdate 3.0.11b8 (Debian 11: 3.0.11b8-13.4.1+b2) as a daemon ends for good at `911` and `abuse`.
#
# With status 200 it takes dyndns2's `911`, a server's trouble that is over by itself, for a fatal error
# like `abuse`, while it goes on after `dnserr`. Any status but 200 and 401 lets it go on, whatever the
# answer says.
#
# Seen:
#   200 good 127.0.0.1: runs
#   200 dnserr: runs
#   200 911: ends with 1, shutting down updater for home.example.net due to fatal error
#   200 abuse: ends with 1, shutting down updater for home.example.net due to fatal error
#   503 911: runs
#   503 abuse: runs
#
# Prints what it sees and fails where that is something else. Needs Debian 12, whose list of sources it
# reads for Debian 11 in its place, apt-get and python3.
set -euo pipefail
EZ_IPUPDATE=3.0.11b8-13.4.1+b2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir -p lists/partial archives/partial
awk 'BEGIN { RS = "" } NR == 1' /etc/apt/sources.list.d/debian.sources | sed 's/^Suites:.*/Suites: bullseye/' >11.sources
apt() {
    apt-get -qq -o Dir::Etc::sourcelist="$folder/11.sources" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$folder/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$folder" \
        -o APT::Sandbox::User=root "$@"
}
apt update
apt download "ez-ipupdate=$EZ_IPUPDATE"
dpkg -x ez-ipupdate_*.deb root

cat >see.py <<'PYTHON'
import http.server, pathlib, subprocess, sys, threading

END = "ends with 1, shutting down updater for home.example.net due to fatal error"
WANTED = [
    (200, "good 127.0.0.1", "runs"),
    (200, "dnserr", "runs"),
    (200, "911", END),
    (200, "abuse", END),
    (503, "911", "runs"),
    (503, "abuse", "runs"),
]


class Provider(http.server.BaseHTTPRequestHandler):
    answer = (200, "")

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(f"{body}\n".encode())
        asked.set()

    def log_message(self, *about: object) -> None:
        pass


provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=provider.serve_forever, daemon=True).start()
command = ["root/usr/sbin/ez-ipupdate", "--daemon", "--foreground", "--interface", "lo", "--service-type", "dyndns"]
command += ["--server", f"127.0.0.1:{provider.server_port}", "--user", "alice:secret", "--host", "home.example.net"]
failed = False
for status, body, wanted in WANTED:
    Provider.answer, asked = (status, body), threading.Event()
    with open("log", "w") as log:
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    failed |= not asked.wait(20)
    try:
        seen = f"ends with {client.wait(3)}, {pathlib.Path('log').read_text().splitlines()[-1]}"
    except subprocess.TimeoutExpired:
        client.kill()  # it does not heed SIGTERM while it sleeps
        client.wait()
        seen = "runs"
    print(f"{status} {body}: {seen}")
    failed |= seen != wanted
sys.exit(failed)
PYTHON
python3 see.py
