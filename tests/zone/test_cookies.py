"""Cookies against the test vectors of RFC 9018, and what about them is good and for how long."""

from __future__ import annotations

import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.zone.cookies import Cookies, is_well_formed

HERE = bytes((192, 0, 2, 1))
CLIENT = b"a client"
SECRET = bytes(range(16))
NOW = 1_700_000_000


class Server:
    """Cookies whose clock and randomness are ours."""

    def __init__(self, secret: bytes = SECRET, accepted: bytes = b"", now: float = NOW) -> None:
        self.now = now
        secrets = (bytes([number]) * 16 for number in itertools.count(1))
        self.cookies = Cookies(
            lambda: self.now, lambda size: next(secrets)[:size], secret=secret, accepted=accepted
        )

    def give(self) -> bytes:
        server, good = self.cookies.renew(CLIENT, b"", HERE)
        assert not good
        return server

    def is_good(self, server: bytes, client: bytes = CLIENT, source: bytes = HERE) -> bool:
        return self.cookies.renew(client, server, source)[1]


@pytest.mark.parametrize(
    ("secret", "accepted", "now", "client", "source", "sent", "reply", "good"),
    [
        pytest.param(
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "",
            1559731985,
            "2464c4abcf10c957",
            "198.51.100.100",
            "",
            "010000005cf79f111f8130c3eee29480",
            False,
            id="A.1 learning a new server cookie",
        ),
        pytest.param(
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "",
            1559734385,
            "2464c4abcf10c957",
            "198.51.100.100",
            "010000005cf79f111f8130c3eee29480",
            "010000005cf7a871d4a564a1442aca77",
            True,
            id="A.2 the same client, renewed after 40 minutes",
        ),
        pytest.param(
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "",
            1559734700,
            "fc93fc62807ddb86",
            "203.0.113.203",
            "01abcdef5cf78f71a314227b6679ebf5",
            "010000005cf7a9acf73a7810aca2381e",
            False,
            id="A.3 another client, reserved octets set, too old",
        ),
        pytest.param(
            "e5e973e5a6b2a43f48e7dc849e37bfcf",
            "",
            0x5CF78F71 + 1801,
            "fc93fc62807ddb86",
            "203.0.113.203",
            "01abcdef5cf78f71a314227b6679ebf5",
            None,
            True,
            id="A.3 the same in time: reserved octets are part of the hash",
        ),
        pytest.param(
            "445536bcd2513298075a5d379663c962",
            "dd3bdf9344b678b185a6f5cb60fca715",
            1559741961,
            "22681ab97d52c298",
            "2001:db8:220:1:59de:d0f4:8769:82b8",
            "010000005cf7c57926556bd0934c72f8",
            "010000005cf7c609a6bb79d16625507a",
            True,
            id="A.4 IPv6, another secret",
        ),
    ],
)
def test_vectors_of_rfc_9018(
    secret: str,
    accepted: str,
    now: int,
    client: str,
    source: str,
    sent: str,
    reply: str | None,
    good: bool,
) -> None:
    server = Server(bytes.fromhex(secret), bytes.fromhex(accepted), now)
    packed = socket.inet_pton(socket.AF_INET6 if ":" in source else socket.AF_INET, source)
    fresh, was_good = server.cookies.renew(bytes.fromhex(client), bytes.fromhex(sent), packed)
    assert was_good == good
    if reply is not None:
        assert fresh == bytes.fromhex(reply)


@pytest.mark.parametrize(
    ("age", "good"),
    [(-301, False), (-300, True), (0, True), (1799, True), (3600, True), (3601, False)],
)
def test_a_cookie_is_good_for_an_hour(age: int, good: bool) -> None:
    server = Server()
    cookie = server.give()
    server.now += age
    assert server.is_good(cookie) == good


@pytest.mark.parametrize(("age", "renewed"), [(0, False), (1799, False), (1800, True)])
def test_a_cookie_is_renewed_after_half_an_hour(age: int, renewed: bool) -> None:
    server = Server()
    cookie = server.give()
    server.now += age
    reply, good = server.cookies.renew(CLIENT, cookie, HERE)
    assert good
    assert (reply != cookie) == renewed
    assert server.is_good(reply)


def test_time_goes_in_a_circle() -> None:
    server = Server(now=2**32 - 10)
    cookie = server.give()
    server.now += 20
    assert server.is_good(cookie)
    server.now += 4000
    assert not server.is_good(cookie)
    server.now = 2**33 + 17.5
    assert server.is_good(server.give())


def test_a_cookie_is_for_one_address_and_one_client() -> None:
    server = Server()
    cookie = server.give()
    assert server.is_good(cookie)
    assert not server.is_good(cookie, source=bytes((192, 0, 2, 2)))
    assert not server.is_good(cookie, source=HERE * 4)
    assert not server.is_good(cookie, client=b"another!")


@given(st.integers(0, 15), st.integers(1, 255))
def test_no_octet_can_be_changed(at: int, change: int) -> None:
    server = Server()
    changed = bytearray(server.give())
    changed[at] ^= change
    fresh, good = server.cookies.renew(CLIENT, bytes(changed), HERE)
    assert not good
    assert server.is_good(fresh)


@given(st.binary(min_size=8, max_size=32))
def test_cookies_of_others_are_answered_with_ours(sent: bytes) -> None:
    server = Server()
    fresh, good = server.cookies.renew(CLIENT, sent, HERE)
    assert not good
    assert server.is_good(fresh)


def test_servers_that_change_their_secret_understand_each_other_all_the_while() -> None:
    """RFC 9018 5: first all accept the new one, then all use it, then all forget the old one."""
    old, new = b"o" * 16, b"n" * 16
    stages = [Server(old), Server(old, new), Server(new, old), Server(new)]
    for one, other in itertools.pairwise(stages):
        assert other.is_good(one.give())
        assert one.is_good(other.give())
    assert not stages[3].is_good(stages[0].give())
    # What was made with the other secret is replaced at once.
    cookie = stages[1].give()
    assert stages[2].cookies.renew(CLIENT, cookie, HERE) == (stages[2].give(), True)


def test_a_secret_of_its_own_lives_a_day_and_is_accepted_for_another() -> None:
    server = Server(b"")
    first = server.give()
    server.now += 86399
    assert server.give()[8:] == Server(b"\1" * 16, now=server.now).give()[8:]
    last = server.give()
    server.now += 1
    assert server.is_good(last)
    assert not server.is_good(first)  # too old, whatever the secret
    assert server.give()[8:] == Server(b"\2" * 16, now=server.now).give()[8:]
    server.now += 86400
    assert server.give()[8:] == Server(b"\3" * 16, now=server.now).give()[8:]


def test_a_clock_set_back_makes_a_new_secret_and_does_no_harm() -> None:
    server = Server(b"")
    server.now -= 10_000_000
    cookie = server.give()
    assert cookie[8:] == Server(b"\2" * 16, now=server.now).give()[8:]
    assert server.is_good(cookie)


def test_a_given_secret_is_never_changed() -> None:
    server = Server()
    server.now += 400 * 86400
    assert server.give() == Server(now=server.now).give()


@pytest.mark.parametrize("size", range(50))
def test_lengths(size: int) -> None:
    assert is_well_formed(bytes(size)) == (size == 8 or 16 <= size <= 40)
