#!/usr/bin/env bash
# dns-lexicon 3.25.2 (PyPI, with dnspython 2.9.2): its provider `ddns` says True to a refused UPDATE.
#
# Whatever RCODE a signed answer has, `create`, `update` by identifier and `delete` return True and the
# command prints "True" with exit status 0, so a script cannot tell that nothing was changed. Only an
# answer without a good signature is an error. `list` cannot succeed: with a record in the answer it ends
# with a TypeError, as the function that makes identifiers is called with three arguments and takes one.
#
# Seen:
#   create, NOERROR: True
#   create, REFUSED: True
#   create, NOTAUTH: True
#   create, SERVFAIL: True
#   delete, REFUSED: True
#   list, one record: TypeError
#
# Prints what it sees and fails where that is something else. Needs Python 3.11 with venv, pip, and root,
# since the provider knows port 53 only (here of 127.53.0.9).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check dns-lexicon==3.25.2 dnspython==2.9.2 2>/dev/null

cat >see.py <<'PYTHON'
import socket, struct, sys, threading

import dns.message, dns.name, dns.rcode, dns.rrset, dns.tsig
from lexicon._private.providers.ddns import Provider
from lexicon.config import ConfigResolver

SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
KEY = dns.tsig.Key("key.", SECRET, "hmac-sha256")
HOST, ZONE = "_acme-challenge.home.example.net", "example.net"
rcode = dns.rcode.NOERROR


def serve(listening: socket.socket) -> None:
    """Answer each message, signed if it is, and a query with one record."""
    while True:
        client, _ = listening.accept()
        with client:
            (size,) = struct.unpack("!H", client.recv(2, socket.MSG_WAITALL))
            asked = dns.message.from_wire(client.recv(size, socket.MSG_WAITALL), keyring=KEY)
            answer = dns.message.make_response(asked)
            answer.set_rcode(rcode)
            if asked.opcode() == 0:
                answer.answer.append(dns.rrset.from_text(HOST + ".", 60, "IN", "TXT", "token"))
            wire = answer.to_wire()
            client.sendall(struct.pack("!H", len(wire)) + wire)


listening = socket.create_server(("127.53.0.9", 53))
threading.Thread(target=serve, args=(listening,), daemon=True).start()
server, token = "127.53.0.9", f"hmac-sha256:key:{SECRET}"
options = {"auth_token": token, "ddns_server": server, "domain": ZONE}
config = ConfigResolver().with_dict({"provider_name": "ddns", "domain": ZONE, "ddns": options})
provider = Provider(config)
failed = False
for name, number, wanted in (
    ("create", dns.rcode.NOERROR, "True"),
    ("create", dns.rcode.REFUSED, "True"),
    ("create", dns.rcode.NOTAUTH, "True"),
    ("create", dns.rcode.SERVFAIL, "True"),
    ("delete", dns.rcode.REFUSED, "True"),
    ("list", dns.rcode.NOERROR, "TypeError"),
):
    rcode = number
    try:
        match name:
            case "create":
                seen = str(provider.create_record("TXT", HOST, "token"))
            case "delete":
                seen = str(provider.delete_record(None, "TXT", HOST, "token"))
            case _:
                seen = str(provider.list_records("TXT", HOST))
    except Exception as error:
        seen = type(error).__name__
    print(f"{name}, {'one record' if name == 'list' else dns.rcode.to_text(number)}: {seen}")
    failed |= seen != wanted
sys.exit(failed)
PYTHON
venv/bin/python see.py
