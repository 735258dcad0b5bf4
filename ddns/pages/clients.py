"""Ready-made configurations of clients and routers, from the files in ``setups/``.

A file has ``title``, ``kind`` (``router`` or ``program``), ``steps`` in words, ``fields`` of a form
and ``blocks`` of text to copy, in which there are placeholders; ``https`` where the client speaks
nothing else.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote, urlsplit

_PLACEHOLDER = re.compile(r"@([A-Z]+(?:_[A-Z]+)*)@")
_AUTHORITY = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Text:
    """A text to copy: under a field's label, or the name of a file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Setup:
    """How to set one client up. Fields and blocks have placeholders; see :func:`values`."""

    id: str
    title: str
    kind: str
    steps: tuple[str, ...]
    fields: tuple[Text, ...]
    blocks: tuple[Text, ...]
    https: bool

    def filled(self, values: Mapping[str, str]) -> Setup:
        """Return this with all placeholders replaced."""
        return dataclasses.replace(
            self,
            fields=tuple(Text(one.name, _fill(one.text, values)) for one in self.fields),
            blocks=tuple(Text(one.name, _fill(one.text, values)) for one in self.blocks),
        )


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


@functools.cache
def setups() -> Mapping[str, Setup]:
    """Return all of them by their files' names, in the order of their titles."""
    found = []
    for file in (files("ddns.pages") / "setups").iterdir():
        name, _, suffix = file.name.rpartition(".")
        if suffix == "toml":
            found.append(_setup(name, file.read_text("utf-8")))
    return {one.id: one for one in sorted(found, key=lambda one: one.title.lower())}


def _setup(name: str, text: str) -> Setup:
    given = tomllib.loads(text)
    return Setup(
        name,
        given["title"],
        given["kind"],
        tuple(given["steps"]),
        tuple(Text(one["label"], one["value"]) for one in given.get("fields", ())),
        tuple(Text(one["name"], one["text"]) for one in given.get("blocks", ())),
        given.get("https", False),
    )


def values(url: str, host: str, account: str, key: str) -> dict[str, str]:
    """Return what the placeholders stand for.

    :param url: the server's, with neither query nor final slash.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return {
        "URL": url,
        "SCHEME": parts.scheme,
        "SERVER": parts.netloc,
        "PREFIX": parts.path,
        "HOST": host,
        "ACCOUNT": account,
        "ACCOUNT_ENCODED": quote(account, safe=""),
        "KEY": key,
        "YESNO": "yes" if secure else "no",
        "TRUEFALSE": "true" if secure else "false",
        "ONEZERO": "1" if secure else "0",
    }


def server_url(origin: str, public: str) -> str:
    """Return the URL at which clients reach this server: its *public* one, or where the browser has
    found it. What a browser calls its server may hold what a shell would run, so that must be a
    plain name or address.

    >>> server_url("http://192.0.2.1:8245", ""), server_url("http://$(id)", "")
    ('http://192.0.2.1:8245', 'http://ddns.example.org')
    """
    if public:
        return public.rstrip("/")
    plain = _AUTHORITY.fullmatch(urlsplit(origin).netloc)
    return origin if plain else "http://ddns.example.org"
