#!/usr/bin/env bash
# ddclient 3.10.0 (Debian 12: 3.10.0-2) does not send the address of `usev6` to a dyndns2 server.
#
# With `usev6` alone it sends `myip=`, an empty one, which dyndns2 servers take for the client's own
# address; it then reports as a success whatever address the answer names, here an IPv4 address. Beside
# `usev4` the IPv6 address is not sent at all. The address has to be given by `use`. (3.11.2 of Debian
# 13 sends each address that it is given, and both in one request.)
#
# Seen:
#   usev6=ipv6, ipv6=2001:db8::7
#     /nic/update?system=dyndns&hostname=home.example.net&myip=
#     SUCCESS:  updating home.example.net: good: IP address set to 192.0.2.77
#   usev4=ipv4, ipv4=198.51.100.7 and usev6=ipv6, ipv6=2001:db8::7
#     /nic/update?system=dyndns&hostname=home.example.net&myip=198.51.100.7
#   use=cmd, cmd='echo 2001:db8::7'
#     /nic/update?system=dyndns&hostname=home.example.net&myip=2001:db8::7
#
# Prints what it sees and fails where that is something else. Needs Debian 12, apt-get, perl and python3.
set -euo pipefail
DDCLIENT=3.10.0-2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "ddclient=$DDCLIENT" libio-socket-inet6-perl libsocket6-perl 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
PERL5LIB=$(find "$folder/root/usr/share/perl5" "$folder"/root/usr/lib/*/perl5/* -maxdepth 0 | paste -sd:)
export PERL5LIB

cat >see.py <<'PYTHON'
import http.server, os, pathlib, subprocess, sys, threading

PATH = "/nic/update?system=dyndns&hostname=home.example.net&myip="
WANTED = {
    "usev6=ipv6, ipv6=2001:db8::7": PATH,
    "usev4=ipv4, ipv4=198.51.100.7\nusev6=ipv6, ipv6=2001:db8::7": PATH + "198.51.100.7",
    "use=cmd, cmd='echo 2001:db8::7'": PATH + "2001:db8::7",
}


class Provider(http.server.BaseHTTPRequestHandler):
    asked = ""

    def do_GET(self) -> None:
        Provider.asked = self.path
        body = f"good {self.path.partition('myip=')[2] or '192.0.2.77'}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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
    done = subprocess.run(
        ["perl", "root/usr/bin/ddclient", *files, "-daemon=0", "-noquiet", "-verbose"],
        capture_output=True, text=True, timeout=60,
    )
    said = [line for line in done.stdout.splitlines() + done.stderr.splitlines() if line.startswith("SUCCESS")]
    print(use.replace("\n", " and "), f"  {Provider.asked}", *(f"  {line}" for line in said), sep="\n")
    failed |= Provider.asked != wanted or len(said) != 1
    failed |= number == 0 and not said[0].endswith("good: IP address set to 192.0.2.77")
sys.exit(failed)
PYTHON
python3 see.py
