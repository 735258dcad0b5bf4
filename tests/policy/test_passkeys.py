"""Passkeys: for which sites there are any, and what an authenticator must have signed."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.account import Account
from ddns.model.second_factor import Passkey
from ddns.policy import passkeys
from ddns.policy.passkeys import BadPasskey, Site
from tests.authenticators import USER_PRESENT, USER_VERIFIED, Authenticator, packed, unpacked

ORIGIN = "https://ddns.example.net:8443"
HERE = Site("ddns.example.net", ORIGIN)
ALICE = Account("alice", "hash", 1000.5)


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (ORIGIN, "ddns.example.net"),
        ("https://localhost", "localhost"),
        ("http://localhost:8053", "localhost"),
        ("http://ddns.example.net", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]:8443", None),
        ("https://", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_where_there_are_any(origin: str, name: str | None) -> None:
    assert passkeys.site(origin) == (None if name is None else Site(name, origin))


def made(device: Authenticator, account: Account = ALICE) -> Passkey:
    options = passkeys.creation_options(HERE, "a challenge", account, [])
    new = passkeys.verify_new(device.make(options), HERE, "a challenge")
    return Passkey(1, account.name, new.id, new.public_key, new.counter, "phone", 1000.5)


def signed(device: Authenticator, challenge: str = "another") -> dict[str, Any]:
    return device.use(passkeys.request_options(HERE, challenge))


def test_what_authenticators_are_asked() -> None:
    present = [Passkey(1, "alice", b"known", b"", 0, "phone", 0.0)]
    options = passkeys.creation_options(HERE, "challenge", ALICE, present)
    assert options["rp"]["id"] == "ddns.example.net"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert [unpacked(one["id"]) for one in options["excludeCredentials"]] == [b"known"]
    assert options["user"]["name"] == "alice"
    assert unpacked(options["challenge"]) == b"challenge"
    options = passkeys.request_options(HERE, "challenge")
    assert (options["rpId"], options["allowCredentials"]) == ("ddns.example.net", [])


def test_the_owner_has_a_handle_that_is_no_name() -> None:
    handle = passkeys.user_handle(ALICE)
    assert handle == passkeys.user_handle(Account("alice", "other", 1000.5, email="a@b.example"))
    assert handle != passkeys.user_handle(Account("alice", "hash", 1000.6))
    assert b"alice" not in handle


@pytest.mark.parametrize("counts", [True, False])
def test_made_and_used(counts: bool) -> None:
    device = Authenticator(ORIGIN, counts)
    passkey = made(device)
    for number in (1, 2):
        credential = signed(device)
        assert passkeys.challenge_in(credential) == "another"
        assert passkeys.credential_id(credential) == passkey.credential
        counter = passkeys.verify_use(credential, HERE, "another", passkey, ALICE)
        assert counter == (number if counts else 0)


def test_a_counter_that_does_not_grow() -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    device.kept[0].counter = 6
    used = Passkey(1, "alice", passkey.credential, passkey.public_key, 7, "phone", 0.0)
    with pytest.raises(BadPasskey, match="count"):
        passkeys.verify_use(signed(device), HERE, "another", used, ALICE)
    assert passkeys.verify_use(signed(device), HERE, "another", used, ALICE) == 8


@pytest.mark.parametrize(
    "device",
    [
        Authenticator("https://evil.example"),
        Authenticator("https://ddns.example.net"),  # another port
        Authenticator(ORIGIN, flags=USER_PRESENT),
        Authenticator(ORIGIN, flags=USER_VERIFIED),
    ],
    ids=["origin", "port", "unverified", "absent"],
)
def test_what_is_not_as_it_was_asked_for(device: Authenticator) -> None:
    options = passkeys.creation_options(HERE, "a challenge", ALICE, [])
    with pytest.raises(BadPasskey):
        passkeys.verify_new(device.make(options), HERE, "a challenge")
    good = Authenticator(ORIGIN)
    passkey = made(good)
    device.kept = good.kept
    with pytest.raises(BadPasskey):
        passkeys.verify_use(signed(device), HERE, "another", passkey, ALICE)


def test_another_challenge_site_or_owner() -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    options = passkeys.creation_options(HERE, "a challenge", ALICE, [passkey])
    credential = Authenticator(ORIGIN).make(options)
    elsewhere = Site("example.net", ORIGIN)
    for site, challenge in ((HERE, "other"), (elsewhere, "a challenge")):
        with pytest.raises(BadPasskey):
            passkeys.verify_new(credential, site, challenge)
    for site, challenge, owner in (
        (HERE, "other", ALICE),
        (elsewhere, "another", ALICE),
        (HERE, "another", Account("alice", "hash", 1000.6)),
    ):
        with pytest.raises(BadPasskey):
            passkeys.verify_use(signed(device), site, challenge, passkey, owner)


def test_a_signature_by_another_key() -> None:
    device, other = Authenticator(ORIGIN), Authenticator(ORIGIN)
    passkey = made(device)
    made(other)
    credential = signed(device)
    credential["response"]["signature"] = signed(other)["response"]["signature"]
    with pytest.raises(BadPasskey, match="signature"):
        passkeys.verify_use(credential, HERE, "another", passkey, ALICE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(["id", "rawId", "type", "clientDataJSON", "attestationObject"]), JSON)
def test_any_value_in_place_of_a_good_one(key: str, value: Any) -> None:
    options = passkeys.creation_options(HERE, "a challenge", ALICE, [])
    good = Authenticator(ORIGIN).make(options)
    bad = copy.deepcopy(good)
    (bad if key in bad else bad["response"])[key] = value
    if bad != good:
        for read in (
            lambda: passkeys.verify_new(bad, HERE, "a challenge"),
            lambda: (passkeys.challenge_in(bad), passkeys.credential_id(bad)),
        ):
            with contextlib.suppress(BadPasskey):  # and nothing else is raised
                read()


@given(st.binary(max_size=80))
def test_any_octets_in_place_of_what_was_signed(octets: bytes) -> None:
    device = Authenticator(ORIGIN)
    passkey = made(device)
    for key in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        credential = signed(device)
        credential["response"][key] = packed(octets)
        with pytest.raises(BadPasskey):
            passkeys.verify_use(credential, HERE, "another", passkey, ALICE)


def test_a_credential_without_an_end() -> None:
    options = passkeys.creation_options(HERE, "a challenge", ALICE, [])
    credential = Authenticator(ORIGIN).make(options)
    credential["response"]["attestationObject"] = packed(b"\x81" * 50_000)
    with pytest.raises(BadPasskey):
        passkeys.verify_new(credential, HERE, "a challenge")
