#!/usr/bin/env bash
# inadyn 2.10.0 (Debian 12: 2.10.0-1) as a daemon ends for good at answers that mean "later".
#
# In a `custom` section, dyndns2's `911` and `dnserr` with status 200 end it with exit status 48, like
# `abuse`; so does status 429, the one for "too many requests", whatever Retry-After says. Only 500 and
# 503 let it go on: it tries again after 600 s, neither after `period` nor after what Retry-After says.
# (2.11.0 of Debian 13 does the same.)
#
# Seen:
#   200 good 198.51.100.7: runs
#   200 911: ends with 48
#   200 dnserr: ends with 48
#   200 abuse: ends with 48
#   429 911, Retry-After 5: ends with 48
#   500 911: runs, Will retry again in 600 sec
#   503 911, Retry-After 5: runs, Will retry again in 600 sec
#
# Prints what it sees and fails where that is something else. Needs Debian 12, apt-get and python3.
set -euo pipefail
INADYN=2.10.0-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "inadyn=$INADYN" libconfuse2 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(uname -m)-linux-gnu"

cat >see.py <<'PYTHON'
import http.server, pathlib, subprocess, sys, threading

ENDS, RUNS, LATER = "ends with 48", "runs", "runs, Will retry again in 600 sec"
WANTED = [
    (200, "good 198.51.100.7", "", RUNS),
    (200, "911", "", ENDS),
    (200, "dnserr", "", ENDS),
    (200, "abuse", "", ENDS),
    (429, "911", "5", ENDS),
    (500, "911", "", LATER),
    (503, "911", "5", LATER),
]


class Provider(http.server.BaseHTTPRequestHandler):
    answer = (200, "", "")

    def do_GET(self) -> None:
        status, body, later = (200, "198.51.100.7", "") if self.path == "/ip" else self.answer
        self.send_response(status)
        if later:
            self.send_header("Retry-After", later)
        self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(f"{body}\n".encode())

    def log_message(self, *about: object) -> None:
        pass


provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=provider.serve_forever, daemon=True).start()
where = f"127.0.0.1:{provider.server_port}"
pathlib.Path("inadyn.conf").write_text(f"""
period = 30
verify-address = false
custom home {{
    ssl = false
    username = alice
    password = secret
    checkip-server = "{where}"
    checkip-path = /ip
    checkip-ssl = false
    ddns-server = "{where}"
    ddns-path = "/nic/update?hostname=%h&myip=%i"
    hostname = home.example.net
}}
""")
program = next(path for path in pathlib.Path("root").rglob("inadyn") if path.is_file() and path.parent.name.endswith("bin"))
failed = False
for status, body, later, wanted in WANTED:
    Provider.answer = status, body, later
    pathlib.Path("home.example.net.cache").write_text("198.51.100.1")
    options = ["-n", "-l", "debug", "-f", "inadyn.conf", "--cache-dir=.", "--no-pidfile"]
    with open("log", "w") as log:
        inadyn = subprocess.Popen([program, *options], stdout=log, stderr=log)
    try:
        seen = f"ends with {inadyn.wait(6)}"
    except subprocess.TimeoutExpired:
        inadyn.terminate()
        inadyn.wait()
        said = "Will retry again in 600 sec"
        seen = f"runs, {said}" if said in pathlib.Path("log").read_text() else "runs"
    print(f"{status} {body}{later and f', Retry-After {later}'}: {seen}")
    failed |= seen != wanted
sys.exit(failed)
PYTHON
python3 see.py
