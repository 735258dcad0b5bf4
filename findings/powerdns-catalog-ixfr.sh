#!/usr/bin/env bash
# PowerDNS 4.7.3 (Debian 12: 4.7.3-2) with `IXFR` set for a catalog zone (RFC 9432) never gets a change of it.
#
# A zone of kind "consumer" whose metadata has `IXFR 1`, which other zones need for IXFR, is transferred
# once, by AXFR. When its serial has risen, PowerDNS notes "can't determine backend, not configured as
# slave" and "got 0 deltas, zone committed with serial 0": it asks the primary for neither IXFR nor AXFR,
# and keeps the old records and the old members. So it goes with each NOTIFY, refresh and `pdns_control
# retrieve`, until the metadata is taken away. A common zone gets its changes by IXFR meanwhile.
#
# Seen, with Knot 3.2.6 as the primary and a refresh of 5 s:
#   first: catalog serial 1, members one; transfers AXFR
#   one changed: serial 2; transfers IXFR
#   two added, after 60 s: catalog serial 1, members one; transfers none, of more than one attempt
#   retrieved: catalog serial 1, members one; transfers none, of more than one attempt
#   retrieved without IXFR: catalog serial 2, members one two; transfers AXFR
#
# Prints what it sees and fails where that is something else. Needs Debian 12, apt-get and python3.
set -euo pipefail
POWERDNS=4.7.3-2
KNOT=3.2.6-1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
libraries=(libboost-program-options1.74.0 libbpf1 libbrotli1 libbsd0 libcurl4 libedit2 libelf1 libldap-2.5-0 liblmdb0
    libluajit-5.1-2 libnghttp2-14 libpsl5 librtmp1 libsasl2-2 libsodium23 libsqlite3-0 libssh2-1 liburcu8 libxdp1)
apt-get download -qq "pdns-server=$POWERDNS" "pdns-backend-sqlite3=$POWERDNS" "knot=$KNOT" "libknot13=$KNOT" \
    "libdnssec9=$KNOT" "libzscanner4=$KNOT" "${libraries[@]}" 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH="$folder/root/usr/lib/$(uname -m)-linux-gnu"

cat >see.py <<'PYTHON'
import pathlib, signal, socket, sqlite3, subprocess, sys, time
from contextlib import closing

CATALOG = "catalog.invalid"
here, root = pathlib.Path.cwd(), pathlib.Path("root/usr")
knot_log, powerdns_log, database = here / "knot.log", here / "powerdns.log", here / "pdns.sqlite3"
servers, seen = [], []


def free_port() -> int:
    """A port that is free over UDP and TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


def start(log: pathlib.Path, *words: str) -> None:
    with log.open("w") as file:
        servers.append(subprocess.Popen(words, stdout=file, stderr=file))


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def pdnsutil(*words: str) -> None:
    run("root/usr/bin/pdnsutil", f"--config-dir={here}", *words)


def pdns_control(*words: str) -> None:
    run("root/usr/bin/pdns_control", f"--config-dir={here}", *words)


def change(zone: str, *record: str) -> None:
    for words in (["zone-begin", zone], ["zone-set", zone, *record], ["zone-commit", zone]):
        run("root/usr/sbin/knotc", "-s", "knot.sock", *words)


def rows(query: str, *values: str) -> list[str]:
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        return [row[0] for row in connection.execute(query, values)]


def serial(zone: str) -> int:
    soa = rows("SELECT content FROM records WHERE type = 'SOA' AND name = ?", zone)
    return int(soa[0].split()[2]) if soa else 0


def members() -> str:
    names = rows("SELECT name FROM domains WHERE name LIKE '%.example' ORDER BY name")
    return " ".join(name.split(".")[0] for name in names)


def lines(log: pathlib.Path, *words: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if all(word in line for word in words)]


def transfers(zone: str, since: int) -> list[str]:
    """AXFR or IXFR for each that Knot answered after the first `since` ones."""
    answered = lines(knot_log, f"[{zone}.]", "XFR, outgoing", "finished")
    return [line.split(f"[{zone}.] ")[1][:4] for line in answered[since:]]


def attempts() -> int:
    """How often PowerDNS has noted both of the catalog."""
    refused = lines(powerdns_log, CATALOG, "can't determine backend, not configured as slave")
    return min(len(refused), len(lines(powerdns_log, CATALOG, "got 0 deltas, zone committed with serial 0")))


def wait(done, seconds: float = 60) -> None:
    """Until `done` says so; what is printed then tells whether it ever did."""
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(0.1)


def see(line: str) -> None:
    print(line, flush=True)
    seen.append(line)


def see_catalog(when: str, since: int, tried: int | None = None) -> None:
    line = f"{when}: catalog serial {serial(CATALOG)}, members {members()}"
    line += f"; transfers {' '.join(transfers(CATALOG, since)) or 'none'}"
    if tried is not None:
        line += f", of {'more than one attempt' if attempts() - tried > 1 else 'hardly any attempt'}"
    see(line)


primary, secondary = free_port(), free_port()
head = "@ 60 SOA ns.invalid. host.invalid. 1 5 5 86400 60\n@ 60 NS invalid.\n"
contents = {CATALOG: 'version 60 TXT "2"\none.zones 60 PTR one.example.\n', "one.example": "", "two.example": ""}
for zone, more in contents.items():
    (here / f"{zone}.zone").write_text(head + more)
(here / "knot.conf").write_text(f"""
server:
    listen: 127.0.0.1@{primary}
    rundir: {here}
log:
  - target: stderr
    any: info
database:
    storage: {here}
remote:
  - id: powerdns
    address: 127.0.0.1@{secondary}
acl:
  - id: transfer
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: {here}
    notify: powerdns
    acl: transfer
    zonefile-sync: -1
zone:
  - domain: {CATALOG}
  - domain: one.example
  - domain: two.example
""")
(here / "pdns.conf").write_text(f"""
launch=gsqlite3
module-dir={here / next(root.glob("lib/*/pdns"))}
gsqlite3-database={database}
secondary=yes
xfr-cycle-interval=1
local-address=127.0.0.1
local-port={secondary}
socket-dir={here}
security-poll-suffix=
guardian=no
daemon=no
setuid=
setgid=
loglevel=7
domain-metadata-cache-ttl=0
""")
with closing(sqlite3.connect(database)) as connection:
    connection.executescript((root / "share/pdns-backend-sqlite3/schema/schema.sqlite3.sql").read_text())
pdnsutil("create-secondary-zone", CATALOG, f"127.0.0.1:{primary}")
pdnsutil("set-kind", CATALOG, "consumer")
pdnsutil("set-meta", CATALOG, "IXFR", "1")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    start(knot_log, "root/usr/sbin/knotd", "-c", "knot.conf")
    wait(lambda: (here / "knot.sock").exists() and len(lines(knot_log, "loaded, serial none -> 1")) == 3)
    start(powerdns_log, "root/usr/sbin/pdns_server", f"--config-dir={here}")
    wait(lambda: serial(CATALOG) and serial("one.example"))
    see_catalog("first", since=0)

    pdnsutil("set-meta", "one.example", "IXFR", "1")
    change("one.example", "www", "60", "A", "192.0.2.1")
    wait(lambda: serial("one.example") == 2)
    see(f"one changed: serial {serial('one.example')}; transfers {' '.join(transfers('one.example', 1))}")

    tried = attempts()
    change(CATALOG, "two.zones", "60", "PTR", "two.example.")
    wait(lambda: serial(CATALOG) == 2 or "two" in members())
    see_catalog("two added, after 60 s", 1, tried)

    tried = attempts()
    pdns_control("purge")
    pdns_control("retrieve", CATALOG)
    wait(lambda: serial(CATALOG) == 2 or attempts() > tried + 1)
    see_catalog("retrieved", 1, tried)

    pdnsutil("set-meta", CATALOG, "IXFR")
    pdns_control("retrieve", CATALOG)
    wait(lambda: serial(CATALOG) == 2 and "two" in members())
    see_catalog("retrieved without IXFR", 1)
finally:
    for server in servers:
        server.terminate()
        server.wait()
sys.exit(
    seen
    != [
        "first: catalog serial 1, members one; transfers AXFR",
        "one changed: serial 2; transfers IXFR",
        "two added, after 60 s: catalog serial 1, members one; transfers none, of more than one attempt",
        "retrieved: catalog serial 1, members one; transfers none, of more than one attempt",
        "retrieved without IXFR: catalog serial 2, members one two; transfers AXFR",
    ]
)
PYTHON
python3 see.py
