"""Records that let certificates be issued for as long as they are there, wherever they stand."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.records import CNAME, MX, TXT, A, RRset
from ddns.policy.lasting import why_lasting

HOME = names.from_text("home.example.net")
WILD = names.WILDCARD + HOME
ELSEWHERE = names.from_text("example.org")


def txt(*strings: bytes) -> bytes:
    return b"".join(bytes((len(string),)) + string for string in strings)


LASTING = txt(b"ca.example; accounturi=https://ca.example/1")


def why(*rrsets: RRset, there: tuple[RRset, ...] = (), delegates: bool = False) -> str:
    return why_lasting(
        rrsets, lambda owner: [one for one in there if one.owner == owner], delegates=delegates
    )


def rrset(owner: bytes, number: int, *rdatas: bytes) -> RRset:
    return RRset(owner, number, 10, rdatas)


@pytest.mark.parametrize("owner", [HOME, WILD, names.ACME + HOME])
@pytest.mark.parametrize(
    "text",
    [
        LASTING,
        txt(b"ca.example; ACCOUNTURI = https://ca.example/1; policy=wildcard"),
        txt(b"ca.example; accoun", b"turi=https://ca.example/1"),
    ],
)
@pytest.mark.parametrize("delegates", [False, True])
def test_text_that_names_an_account(owner: bytes, text: bytes, delegates: bool) -> None:
    assert "accounturi" in why(rrset(owner, TXT, txt(b"x"), text), delegates=delegates)


def test_text_that_is_there() -> None:
    """Whoever has set it had the right: others write beside it, and take it away."""
    there = (rrset(HOME, TXT, LASTING),)
    assert not why(rrset(HOME, TXT, LASTING, txt(b"x")), there=there)
    assert not why(rrset(HOME, TXT), there=there)
    assert why(rrset(WILD, TXT, LASTING), there=there)


@pytest.mark.parametrize(
    "written",
    [
        rrset(HOME, TXT, txt(b"v=spf1 -all"), txt(b"")),
        rrset(WILD, TXT, txt(b"v=spf1 -all")),
        rrset(names.ACME + HOME, TXT, txt(b"a" * 43)),
        rrset(WILD, A, bytes(4)),
        rrset(WILD, MX, bytes(2) + ELSEWHERE),
        rrset(WILD, CNAME, HOME),
        rrset(WILD, CNAME, b"\x04HOME" + HOME[5:]),
        rrset(WILD, CNAME),
        rrset(HOME, CNAME, ELSEWHERE),
        rrset(names.ACME + HOME, CNAME, ELSEWHERE),
    ],
)
def test_what_everybody_may(written: RRset) -> None:
    assert why(written) == ""
    assert why(written, there=(written,)) == ""


TO_HOME, AWAY = rrset(WILD, CNAME, HOME), rrset(HOME, CNAME, ELSEWHERE)


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ([rrset(WILD, CNAME, ELSEWHERE)], []),
        ([rrset(WILD, CNAME, ELSEWHERE)], [TO_HOME]),
        ([TO_HOME], [AWAY]),
        ([AWAY], [TO_HOME]),
        ([AWAY, TO_HOME], []),
    ],
)
def test_wildcards_that_lead_elsewhere(written: list[RRset], there: list[RRset]) -> None:
    """For who may delegate names it is no matter."""
    assert "wildcard" in why(*written, there=tuple(there))
    assert why(*written, there=tuple(there), delegates=True) == ""


def test_aliases_that_go_in_the_same_request() -> None:
    assert why(AWAY, rrset(WILD, CNAME), there=(TO_HOME,)) == ""
    assert why(TO_HOME, rrset(HOME, CNAME), there=(AWAY,)) == ""
    assert why(rrset(WILD, CNAME, ELSEWHERE), there=(rrset(WILD, CNAME, ELSEWHERE),)) == ""
