"""One way to update a host for each dialect of the running server, as its clients go about it."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import HOST, ZONE
from tests.processes import Server
from tests.programs import PATIENCE

USER = "alice"


@dataclass(frozen=True)
class Secrets:
    """What the clients of an account log in with, by the kind of key."""

    update: str
    dondns: str
    miniupdate: str
    user: str = USER

    @property
    def all(self) -> list[str]:
        """The secrets alone."""
        return [self.update, self.dondns, self.miniupdate]


def keys(server: Server, user: str = USER) -> Secrets:
    """A new key of each kind."""
    kinds = ("update", "dondns", "miniupdate")
    return Secrets(
        *(server.call("key_add", account=user, kind=kind)["key"] for kind in kinds), user
    )


PASSWORD = "canary-of-the-password"
WRONG = Secrets("canary-one-wrong", "canary-two-wrong", "canary-3-wrong")


def speaking_all(server: Server) -> Server:
    """Have it speak every dialect, and wait for a locked database for a short time only."""
    server.with_miniupdate().with_gnudip()
    with open(server.config, "a") as file:
        file.write("[store]\npatience = 0.2\n")
    return server


def filled(server: Server) -> Server:
    """Start it, and give it a host that every dialect may update."""
    server.start()
    furnish(server)
    return server


def furnish(server: Server) -> None:
    """Give it, that runs, a host that every dialect may update."""
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=USER, password=PASSWORD)
    first = [{"type": "A", "rdata": "127.0.0.1"}, {"type": "AAAA", "rdata": "::1"}]
    server.call("host_add", name=HOST, account=USER, records=first)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the database."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("begin immediate")
    try:
        yield
    finally:
        connection.close()


class Update(Protocol):
    """Sets a host's address; whether the client is told that it is done, and all it is told."""

    __name__: str

    def __call__(
        self, server: Server, secrets: Secrets, address: str, host: str = HOST, /
    ) -> tuple[bool, str]: ...


def dyndns2(server: Server, secrets: Secrets, address: str, host: str = HOST) -> tuple[bool, str]:
    reply = server.update(f"{secrets.user}:{secrets.update}", host, address)
    return reply.body in (f"good {address}\n", f"nochg {address}\n"), reply.body


def securityspace(
    server: Server, secrets: Secrets, address: str, host: str = HOST
) -> tuple[bool, str]:
    path = "/dns/dynamic.html?" + urlencode({"hostname": host, "myip": address})
    reply = server.get(path, login=f"{secrets.user}:{secrets.update}")
    return reply.body in (f"good {address}\n", f"nochg {host}\n"), reply.body


def areg(server: Server, secrets: Secrets, address: str, host: str = HOST) -> tuple[bool, str]:
    query = {"opcode": "ADD", "host": host, "username": secrets.user, "password": secrets.update}
    reply = server.get("/areg.php?" + urlencode({**query, "ip": address}))
    return reply.body.startswith(f"okay. {host} mapped to {address}."), reply.body


def _dondns(server: Server, form: str, secrets: Secrets, address: str, host: str) -> str:
    query = {"user": secrets.user, "apikey": secrets.dondns, "host": host, "ip": address}
    return server.get(f"/{form}/?" + urlencode(query)).body


def dondns_json(
    server: Server, secrets: Secrets, address: str, host: str = HOST
) -> tuple[bool, str]:
    body = _dondns(server, "json", secrets, address, host)
    return json.loads(body)["success"], body


def dondns_xml(
    server: Server, secrets: Secrets, address: str, host: str = HOST
) -> tuple[bool, str]:
    body = _dondns(server, "xml", secrets, address, host)
    return ET.fromstring(body.encode()).get("success") == "1", body


def dondns_plain(
    server: Server, secrets: Secrets, address: str, host: str = HOST
) -> tuple[bool, str]:
    body = _dondns(server, "plain", secrets, address, host)
    return body.startswith("OK\n"), body


def miniupdate(
    server: Server, secrets: Secrets, address: str, host: str = HOST
) -> tuple[bool, str]:
    with MiniupdateClient("127.0.0.1", server.miniupdate_port) as client:
        said = client.login(secrets.user, secrets.miniupdate)
        if not said.startswith("OK"):
            return False, said
        said = client.update(host, address)
        if not said:  # the server has closed
            return False, said
        client.exit()
        return said == f"OK {host.upper()} mapped to {address}", said


UPDATES: dict[str, Update] = {
    "dyndns2": dyndns2,
    "SecuritySpace": securityspace,
    "areg.php": areg,
    "DonDNS, JSON": dondns_json,
    "DonDNS, XML": dondns_xml,
    "DonDNS, plain": dondns_plain,
    "miniupdate": miniupdate,
}


@dataclass(frozen=True)
class OtherService:
    """How to set an address by the protocol of another service, or to remove one if it ``removes``
    it, and what its answer then has.

    ``path`` has places for host, address, user and key, which is limited to the host; with
    ``login`` user and key go into a Basic header.
    """

    path: str
    success: str
    login: bool = False
    removes: bool = False

    def __call__(self, server: Server, secrets: Secrets, address: str) -> tuple[bool, str]:
        key, user = secrets.update, secrets.user
        path = self.path.format(host=HOST, address=address, user=user, key=key)
        body = server.get(path, login=f"{user}:{key}" if self.login else None).body
        return self.success.format(address=address) in body, body


class GnuDIP(OtherService):
    """It asks for a salt first; ``path`` is where. Its miniupdate key is limited to the host."""

    def __call__(self, server: Server, secrets: Secrets, address: str) -> tuple[bool, str]:
        fields = re.findall(r'name="(\w+)" content="(\w+)"', server.get(self.path).body)
        salt = dict(fields)["salt"]
        hashed = md5(f"{md5(secrets.miniupdate.encode()).hexdigest()}.{salt}".encode()).hexdigest()
        user, _, domain = HOST.partition(".")
        query = [*fields, ("user", user), ("domn", domain), ("pass", hashed), ("addr", address)]
        body = server.get(f"{self.path}?{urlencode(query)}").body
        return self.success in body, body


class GnuDIPOverTCP(OtherService):
    """It is given a salt, and tells all in a line."""

    def __call__(self, server: Server, secrets: Secrets, address: str) -> tuple[bool, str]:
        with socket.create_connection(("127.0.0.1", server.gnudip_port), PATIENCE) as sock:
            lines = sock.makefile("rw", newline="\n")
            salt = lines.readline().rstrip()
            hashed = md5(secrets.miniupdate.encode()).hexdigest()
            hashed = md5(f"{hashed}.{salt}".encode()).hexdigest()
            user, _, domain = HOST.partition(".")
            lines.write(f"{user}:{hashed}:{domain}:0:{address}\n")
            lines.flush()
            said = lines.read()
        return said == self.success, said


class DNSExitJSON(OtherService):
    """It sends a document to ``path``."""

    def __call__(self, server: Server, secrets: Secrets, address: str) -> tuple[bool, str]:
        record = {"type": "A", "name": HOST, "content": address}
        document = {"apikey": secrets.update, "domain": HOST, "update": [record]}
        url = f"http://127.0.0.1:{server.http_port}{self.path}"
        request = Request(url, json.dumps(document).encode(), {"Content-Type": "application/json"})
        try:
            with urlopen(request) as reply:
                body = reply.read().decode()
        except HTTPError as error:
            with error:
                body = error.read().decode()
        return self.success in body, body


OTHER_SERVICES: Mapping[str, OtherService] = {
    "duckdns": OtherService("/update?domains={host}&token={key}&ip={address}", "OK"),
    "he": OtherService("/nic/update?hostname={host}&password={key}&myip={address}", "{address}"),
    "desec": OtherService("/?hostname={host}&myip={address}", "{address}", login=True),
    "freemyip": OtherService("/update?token={key}&domain={host}&myip={address}", "OK"),
    "namecheap": OtherService(
        "/update?host=@&domain={host}&password={key}&ip={address}", "<ErrCount>0"
    ),
    "regfish": OtherService("/?fqdn={host}&token={key}&ipv4={address}", "success"),
    "freedns": OtherService("/u/{key}/?address={address}", "{address}"),
    "dynv6": OtherService("/api/update?zone={host}&token={key}&ipv4={address}", "addresses u"),
    "dyndns1": OtherService("/nic/dyndns?host_id={host}&myip={address}", "NOERROR", login=True),
    "nsupdate.info": OtherService(
        "/nic/delete?hostname={host}&myip={address}", "deleted A", login=True, removes=True
    ),
    "easydns": OtherService(
        "/dyn/generic.php?hostname={host}&myip={address}", "NOERROR", login=True
    ),
    "zoneedit": OtherService(
        "/auth/dynamic.html?host={host}&dnsto={address}", "SUCCESS", login=True
    ),
    "dnsexit": OtherService(
        "/RemoteUpdate.sv?login={user}&password={key}&host={host}&myip={address}", "0=Success"
    ),
    "ipv64": OtherService("/nic/update?domain={host}&key={key}&ip={address}", "{address}"),
    "dnsexit2": DNSExitJSON("/dns/", '"code":0,'),
    "gnudip over TCP": GnuDIPOverTCP("", "0\n"),
    "gnudip": GnuDIP("/gnudip/cgi-bin/gdipupdt.cgi", '"retc" content="0"'),
}
