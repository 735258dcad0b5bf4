#!/usr/bin/env bash
# lego 4.9.1 (Debian 12: 4.9.1-1), provider pdns: cleaning up takes everybody's answers to challenges away.
#
# To answer a challenge it adds its value to the TXT records that are there. To clean up it asks for DELETE of
# the whole RRset, so the value of another client, which waits for its own validation at that name, goes as
# well. For a name and its wildcard, two values at one name, the first clean-up takes both, and the second
# ends with a warning that there is no existing record; lego's exit status is 0.
#
# Seen, with PowerDNS 4.7.3, Pebble 2.4.0, a certificate for home.example.net and *.home.example.net, and a
# value of another client at _acme-challenge.home.example.net:
#   exit status 0
#   PATCH TXT: REPLACE of 2 values, REPLACE of 3 values, DELETE
#   the other's value afterwards: gone
#   warnings of no existing record: 1
#
# Prints what it sees and fails where that is something else. Needs Debian 12, apt-get and python3.
set -euo pipefail
POWERDNS=4.7.3-2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
libraries=(libboost-program-options1.74.0 libcurl4 libldap-2.5-0 libluajit-5.1-2 libnghttp2-14 libpsl5 librtmp1
    libsasl2-2 libsodium23 libsqlite3-0 libssh2-1)
apt-get download -qq "pdns-server=$POWERDNS" "pdns-backend-sqlite3=$POWERDNS" lego=4.9.1-1 pebble=2.4.0+ds1-2+b4 \
    "${libraries[@]}" 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(uname -m)-linux-gnu"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=pebble \
    -addext subjectAltName=IP:127.0.0.1 2>/dev/null

cat >see.py <<'PYTHON'
import http.server, json, os, pathlib, socket, sqlite3, subprocess, sys, threading, time
import urllib.error, urllib.request

ZONE, NAME, KEY = "example.net.", "home.example.net", "api-key"
CHALLENGE, OTHERS = f"_acme-challenge.{NAME}.", '"AnotherClientWaitsForItsOwnValidation-12345"'
here = pathlib.Path.cwd()
servers, patches = [], []


def free_port() -> int:
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return tcp.getsockname()[1]


DNS, WEB, DOOR, CA, MANAGEMENT = (free_port() for _ in range(5))


def start(log: str, *words: str, **environment: str) -> None:
    with (here / log).open("w") as file:
        given = {**os.environ, **environment}
        servers.append(subprocess.Popen(words, stdout=file, stderr=file, env=given))


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    return subprocess.run(words, capture_output=True, text=True, env=given)


def call(method: str, path: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{WEB}{path}", data, method=method)
    asked.add_header("X-API-Key", KEY)
    with urllib.request.urlopen(asked) as answer:
        return answer.read()


class Door(http.server.BaseHTTPRequestHandler):
    """Passes calls on to PowerDNS, and notes what is changed."""

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "PATCH":
            for rrset in json.loads(body)["rrsets"]:
                count = len(rrset.get("records") or ())
                what = f"REPLACE of {count} values" if count else rrset["changetype"]
                patches.append(what)
        data = body or None
        asked = urllib.request.Request(f"http://127.0.0.1:{WEB}{self.path}", data, method=self.command)
        asked.add_header("X-API-Key", KEY)
        try:
            with urllib.request.urlopen(asked) as answer:
                status, said = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, said = error.code, error.read()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_PATCH = do_PUT = pass_on

    def log_message(self, *words: object) -> None:
        pass


schema = here / "root/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"
if not schema.exists():
    schema = here / "root/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql"
with sqlite3.connect("pdns.sqlite3") as connection:
    connection.executescript(schema.read_text())
(here / "pdns.conf").write_text(
    f"launch=gsqlite3\ngsqlite3-database={here}/pdns.sqlite3\nlocal-address=127.0.0.1\nlocal-port={DNS}\n"
    f"module-dir={next((here / 'root/usr/lib').glob('*/pdns'))}\nsocket-dir={here}\nsetuid=\nsetgid=\n"
    f"api=yes\napi-key={KEY}\nwebserver=yes\nwebserver-address=127.0.0.1\nwebserver-port={WEB}\n"
    "cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n"
)
(here / "pebble.json").write_text(
    json.dumps(
        {
            "pebble": {
                "listenAddress": f"127.0.0.1:{CA}",
                "managementListenAddress": f"127.0.0.1:{MANAGEMENT}",
                "certificate": "cert.pem",
                "privateKey": "key.pem",
                "httpPort": free_port(),
                "tlsPort": free_port(),
            }
        }
    )
)
door = http.server.ThreadingHTTPServer(("127.0.0.1", DOOR), Door)
threading.Thread(target=door.serve_forever, daemon=True).start()
try:
    start("pdns.log", "root/usr/sbin/pdns_server", f"--config-dir={here}", "--daemon=no", "--guardian=no")
    pebble = ["root/usr/bin/pebble", "-config", "pebble.json", "-dnsserver", f"127.0.0.1:{DNS}"]
    start("pebble.log", *pebble, PEBBLE_VA_NOSLEEP="1", PEBBLE_WFE_NONCEREJECT="0")
    for port in (WEB, CA):
        for _ in range(600):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.1)
    zones = "/api/v1/servers/localhost/zones"
    made = {"name": ZONE, "kind": "Native", "nameservers": [f"ns.{ZONE}"]}
    call("POST", zones, made)
    value = {"content": OTHERS, "disabled": False}
    rrset = {"name": CHALLENGE, "type": "TXT", "ttl": 60, "changetype": "REPLACE", "records": [value]}
    call("PATCH", f"{zones}/{ZONE}", {"rrsets": [rrset]})
    done = run(
        *("root/usr/bin/lego", "--accept-tos", "--email", "a@example.org", "--path", "lego"),
        *("--server", f"https://127.0.0.1:{CA}/dir", "--dns", "pdns", "--dns.disable-cp"),
        *("--dns.resolvers", f"127.0.0.1:{DNS}", "-d", NAME, "-d", f"*.{NAME}", "run"),
        LEGO_CA_CERTIFICATES="cert.pem",
        PDNS_API_URL=f"http://127.0.0.1:{DOOR}",
        PDNS_API_KEY=KEY,
    )
    left = OTHERS in call("GET", f"{zones}/{ZONE}").decode().replace('\\"', '"')
finally:
    for server in servers:
        server.kill()
        server.wait()
warnings = (done.stdout + done.stderr).count("no existing record")
seen = [
    f"exit status {done.returncode}",
    f"PATCH TXT: {', '.join(patches)}",
    f"the other's value afterwards: {'there' if left else 'gone'}",
    f"warnings of no existing record: {warnings}",
]
print("\n".join(seen))
wanted = [
    "exit status 0",
    "PATCH TXT: REPLACE of 2 values, REPLACE of 3 values, DELETE",
    "the other's value afterwards: gone",
    "warnings of no existing record: 1",
]
if seen != wanted:
    print(done.stdout + done.stderr, file=sys.stderr)
    sys.exit(1)
PYTHON
python3 see.py
