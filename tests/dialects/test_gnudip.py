"""GnuDIP: the transcripts under tests/cases/gnudip, and salts of a server that has real ones."""

from __future__ import annotations

import re
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

import pytest

from ddns.dialects.gnudip import GnuDIP
from tests.dialects.playing import Records, cases, check, play, request_of

PATH = "/gnudip/cgi-bin/gdipupdt.cgi"
KEYS = [{"user": "alice", "secret": "x", "kind": "miniupdate", "hosts": ["home.example.net"]}]


@pytest.mark.parametrize("case", cases("gnudip"))
def test_case(case: dict[str, Any]) -> None:
    check(GnuDIP(bytes), case)


def salt_of(dialect: GnuDIP) -> dict[str, str]:
    page = play(dialect, request_of(PATH, login="none"), Records()).body
    return dict(re.findall(r'(?m)^<meta name="(\w+)" content="(\w+)">$', page))


def test_salts_of_one_server_only() -> None:
    """Each is another one, and good for the server that has signed it."""
    one, other = GnuDIP(), GnuDIP()
    salts = [salt_of(one) for _ in range(10)]
    assert len({salt["salt"] for salt in salts}) == 10
    assert {len(salt["salt"]) for salt in salts} == {10}
    hashed = md5(f"{md5(b'x').hexdigest()}.{salts[0]['salt']}".encode()).hexdigest()
    query = {**salts[0], "user": "home", "domn": "example.net", "pass": hashed, "reqc": "2"}
    request = request_of(f"{PATH}?{urlencode(query)}", login="none")
    assert 'name="retc" content="1"' in play(other, request, Records(), KEYS).body
    assert 'name="retc" content="0"' in play(one, request, Records(), KEYS).body
