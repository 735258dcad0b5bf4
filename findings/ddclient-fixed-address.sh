#!/usr/bin/env bash
# ddclient 3.10.0 (Debian 12: 3.10.0-2) with `use=ip, ip=ADDRESS` never repeats an update that failed.
#
# It keeps the address of its configuration in its cache as the one that the host has, whatever the
# server answered: after a 503 (or `abuse`) each later run says "already set", for 30 days. It exits
# with 0, and a 503 is not mentioned at all. With an address from `use=cmd`, `use=web` or `use=if` it
# does try again, after five minutes. (3.11.2 of Debian 13 does the same.)
#
# Seen, in the second run after a first one that got a 503:
#   use=ip, ip=198.51.100.7
#     SUCCESS:  home.example.net: skipped: IP address was already set to 198.51.100.7.
#   use=cmd, cmd='echo 198.51.100.7'
#     WARNING:  skipping update of home.example.net from <nothing> to 198.51.100.7.
#
# Prints what it sees and fails where that is something else. Needs Debian 12, apt-get, perl and python3.
set -euo pipefail
DDCLIENT=3.10.0-2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "ddclient=$DDCLIENT" 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done

cat >see.py <<'PYTHON'
import http.server, os, pathlib, subprocess, sys, threading

WANTED = {
    "use=ip, ip=198.51.100.7":
        "SUCCESS:  home.example.net: skipped: IP address was already set to 198.51.100.7.",
    "use=cmd, cmd='echo 198.51.100.7'":
        "WARNING:  skipping update of home.example.net from <nothing> to 198.51.100.7.",
}


class Provider(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        Provider.asked += 1
        self.send_response(503)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"911\n")

    def log_message(self, *about: object) -> None:
        pass


provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=provider.serve_forever, daemon=True).start()
failed = False
for number, (use, wanted) in enumerate(WANTED.items()):
    configuration = pathlib.Path(f"{number}.conf")
    server = f"127.0.0.1:{provider.server_port}"
    configuration.write_text(
        f"ssl=no\n{use}\nprotocol=dyndns2, server={server}, login=alice, password=secret home.example.net\n"
    )
    configuration.chmod(0o600)
    files = ["-file", configuration, "-cache", f"{os.getcwd()}/{number}.cache", "-pid", "pid"]
    command = ["perl", "root/usr/bin/ddclient", *files, "-daemon=0", "-noquiet", "-verbose"]
    first, second = (
        subprocess.run(command, capture_output=True, text=True, timeout=60) for _ in range(2)
    )
    lines = (second.stdout + second.stderr).splitlines()
    said = next((line for line in lines if line.startswith(("SUCCESS", "WARNING", "FAILED"))), "nothing")
    print(use, f"  {said}", sep="\n")
    failed |= said != wanted or first.returncode != 0 or Provider.asked != number + 1
    failed |= "FAILED" in first.stdout + first.stderr
sys.exit(failed)
PYTHON
python3 see.py
