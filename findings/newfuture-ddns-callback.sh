#!/usr/bin/env bash
# DDNS 4.2.0 (NewFuture's, PyPI: ddns 4.2.0) with `--dns callback` takes every 2xx for done.
#
# What the server says is logged and not read: `abuse` or `badauth` with status 200 is reported as set
# "successfully", the address is kept in the cache, and later runs do not ask again for three days. It
# believes a status only: a 503 is tried three times in a row, the run ends with 1, and the next run
# asks again.
#
# Seen, in two runs each:
#   200 abuse: exit statuses 0 0, 1 request, cached
#   503 911: exit statuses 1 1, 6 requests, not cached
#
# Prints what it sees and fails where that is something else. Needs python3 with venv, and pip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip --quiet --disable-pip-version-check install --no-deps ddns==4.2.0
printf '#!/bin/sh\necho 198.51.100.7\n' >address
chmod +x address

cat >see.py <<'PYTHON'
import http.server, os, pathlib, subprocess, sys, threading

WANTED = {(200, "abuse"): ([0, 0], 1, True), (503, "911"): ([1, 1], 6, False)}


class Provider(http.server.BaseHTTPRequestHandler):
    answer, asked = (200, ""), 0

    def do_GET(self) -> None:
        Provider.asked += 1
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *about: object) -> None:
        pass


provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=provider.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{provider.server_port}/nic/update?hostname=__DOMAIN__&myip=__IP__"
failed = False
for (status, body), wanted in WANTED.items():
    Provider.answer, Provider.asked = (status, body), 0
    cache = pathlib.Path(f"{os.getcwd()}/{status}.cache")
    command = ["venv/bin/ddns", "--dns", "callback", "--id", url, "--token", "", "--cache", str(cache)]
    command += ["--index4", f"cmd:{os.getcwd()}/address", "--ipv4", "home.example.net"]
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    ends = [
        subprocess.run(command, capture_output=True, timeout=120, env=environment).returncode
        for _ in range(2)
    ]
    cached = cache.exists() and "198.51.100.7" in cache.read_text()
    requests = "1 request" if Provider.asked == 1 else f"{Provider.asked} requests"
    print(f"{status} {body}: exit statuses", *ends, end="")
    print(f", {requests}, {'cached' if cached else 'not cached'}")
    failed |= (ends, Provider.asked, cached) != wanted
sys.exit(failed)
PYTHON
python3 see.py
