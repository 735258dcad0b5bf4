"""The configurations and requests of docs/clients.md, docs/moving, rfc2136.md, certificates.md and
powerdns.md, which is where the tests take them from."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Pair
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Json, Server

_BLOCK = re.compile(r"^```(\w+)\n(#!\S+\n)?# (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DOCS = Path(__file__).parents[2] / "docs"


def blocks_of(page: str) -> dict[str, tuple[str, str]]:
    """Language and text of each block of a page, by its title: the comment in its first line, or
    below the line that names a script's interpreter."""
    found = _BLOCK.findall((_DOCS / page).read_text())
    return {title: (language, begin + text) for language, begin, title, text in found}


LOOPBACK = "127.0.0.1"
"""Where the server is, and the address that clients without another one have."""

RESOLVING = Path(__file__).with_name("resolving.py")
"""Runs a Python client that asks our server instead of the system's resolver."""

MOVING = sorted(f"moving/{path.name}" for path in (_DOCS / "moving").glob("*.md"))
"""The pages for who comes from other services."""

CLIENTS = blocks_of("clients.md")
BLOCKS = {
    title: block for page in MOVING for title, block in blocks_of(page).items() if " for " in title
} | CLIENTS
_UPDATING = blocks_of("rfc2136.md")


def updating(title: str, server: Server, key: Json) -> str:
    """A block of docs/rfc2136.md, with this server and this key in place of the page's."""
    (text,) = [text for whole, (_, text) in _UPDATING.items() if whole.startswith(title)]
    text = re.sub(r"(203\.0\.113\.5:|port\W+)53\b", rf"\g<1>{server.dns_port}", text)
    text = re.sub(r"\bSECRET\b", key["key"], text)
    for there, here in (
        ("203.0.113.5", LOOPBACK),
        ("dyn.example.net", ZONE),
        ("key-abcdefgh", key["name"]),
    ):
        text = text.replace(there, here)
    return text


def tool_block(page: str, title: str, server: Server, key: str) -> str:
    """A block of a page on tools, with this server and this key in place of the page's."""
    (text,) = [text for whole, (_, text) in blocks_of(page).items() if whole.startswith(title)]
    for there, here in (
        ("https://ddns.example.org", f"http://{LOOPBACK}:{server.http_port}"),
        ("ddns.example.org", LOOPBACK),
        ("port: 443", f"port: {server.http_port}"),
        ("dyn.example.net", ZONE),
    ):
        text = text.replace(there, here)
    return re.sub(r"\bKEY\b", key, text)


def words(text: str) -> tuple[dict[str, str], list[str]]:
    """The environment and the words of a command line that a shell would read."""
    found = shlex.split(text.replace("\\\n", " "))
    first = next(at for at, word in enumerate(found) if "=" not in word)
    return dict(word.split("=", 1) for word in found[:first]), found[first:]


def ddclient_arguments(text: str, folder: Path) -> list[str]:
    """Arguments of a ddclient with this configuration."""
    configuration = folder / "ddclient.conf"
    configuration.write_text(text)
    configuration.chmod(0o600)
    files = ["-file", str(configuration), "-cache", str(folder / "ddclient.cache")]
    return [*files, "-pid", str(folder / "ddclient.pid")]


def inadyn_arguments(text: str, folder: Path) -> list[str]:
    """Arguments of an inadyn with this configuration. A cache is there from the start, or it would
    ask the system's resolver for the host."""
    (folder / f"{HOST}.cache").write_text("198.51.100.1")
    configuration = folder / "inadyn.conf"
    configuration.write_text("verify-address = false\n" + text)
    return ["-n", "-f", str(configuration), f"--cache-dir={folder}", "--no-pidfile"]


HOST_KEY, FREEDNS_KEY = "HOST-KEY", "FREEDNS-KEY"
"""On the page: keys of one host."""

_HOST_LOGIN = base64.b64encode(f"{HOST}:{HOST_KEY}".encode()).decode()
"""On the page: the host as the user, with that key."""


@dataclass(frozen=True)
class Place:
    """A running server with all listeners, and alice's keys: what the page's names stand for."""

    server: Server
    pair: Pair
    key: str
    dondns_key: str
    miniupdate_key: str

    def block(self, title: str) -> str:
        """A block, with this server and these keys in place of the page's."""
        _, text = BLOCKS[title]
        host_key = ""
        if HOST_KEY in text or _HOST_LOGIN in text:
            host_key = self.server.call("key_add", account=ACCOUNT, hosts=[HOST])["key"]
            text = text.replace(HOST_KEY, host_key)
        if FREEDNS_KEY in text:
            freedns = {"account": ACCOUNT, "kind": "freedns", "hosts": [HOST]}
            text = text.replace(FREEDNS_KEY, self.server.call("key_add", **freedns)["key"])
        for there, here in (
            ("ddns.example.org:8245", f"{LOOPBACK}:{self.server.http_port}"),
            ("ddns.example.org:8443", f"{LOOPBACK}:{self.server.https_port}"),
            ("/etc/ddns/ca.pem", str(self.pair.certificate)),
            ("192.0.2.77", LOOPBACK),
            ("YWxpY2U6S0VZ", base64.b64encode(f"{ACCOUNT}:{self.key}".encode()).decode()),
            (_HOST_LOGIN, base64.b64encode(f"{HOST}:{host_key}".encode()).decode()),
            ("MINIUPDATE-KEY", self.miniupdate_key),
            ("DONDNS-KEY", self.dondns_key),
            ("KEY", self.key),
        ):
            text = text.replace(there, here)
        return text

    def ddclient(self, title: str, folder: Path) -> list[str]:
        """Arguments of a ddclient that is configured as this block says."""
        return ddclient_arguments(self.block(title), folder)

    def inadyn(self, title: str, folder: Path) -> list[str]:
        """Arguments of an inadyn that is configured as this block says."""
        return inadyn_arguments(self.block(title), folder)

    def assert_holds(self, *addresses: str) -> None:
        """The host has these addresses, in DNS and on disk."""
        for kind in ("A", "AAAA"):
            expected = [one for one in addresses if (":" in one) == (kind == "AAAA")]
            if expected:
                assert self.server.dig(HOST, kind) == expected
                assert self.server.answers(HOST, kind) == expected
                assert self.server.stored(HOST, kind) == expected


def titles(language: str, *beginnings: str, others: bool = False) -> list[str]:
    """The blocks of a language, or those of them that begin so; those for the protocols of *other*
    services, of which the titles say ``for``, or without them."""
    return [
        title
        for title, (of, _) in BLOCKS.items()
        if of == language and (not beginnings or title.startswith(beginnings))
        if (" for " in title) == others
    ]
