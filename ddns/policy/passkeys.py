"""Passkeys: credentials that authenticators keep for a site and find by themselves, and that verify
their user (W3C WebAuthn Level 2, discoverable credentials)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    options_to_json_dict,
    parse_client_data_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ddns.model.account import Account
from ddns.model.records import address_from_text
from ddns.model.second_factor import Passkey

Credential = Mapping[str, Any]
"""What ``toJSON()`` of a browser's PublicKeyCredential returns."""

TIME = 300.0
"""Seconds that people have to use their authenticator."""

MAX_ID, MAX_KEY = 1023, 4096
"""Octets of a credential's ID (WebAuthn 5.8.3) and of a public key."""

T = TypeVar("T")


class BadPasskey(ValueError):
    """It is not what was asked for; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys are made for: the host's name (the RP ID), and the origin of pages there."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What an authenticator has made: see :class:`ddns.model.second_factor.Passkey`."""

    id: bytes
    public_key: bytes
    counter: int


def site(origin: str) -> Site | None:
    """Return the site with this origin, if browsers have passkeys for it: pages come over HTTPS, or
    from their own machine, and by a name, not an address.

    >>> site("https://ddns.example.net:8443").name, site("https://192.0.2.1")
    ('ddns.example.net', None)
    """
    try:
        parts = urlsplit(origin)
        name = parts.hostname or ""
    except ValueError:
        return None
    if not name or ":" in name or address_from_text(name) is not None:
        return None
    if parts.scheme != "https" and name != "localhost":
        return None
    return Site(name, origin)


def user_handle(account: Account) -> bytes:
    """Return what an authenticator calls the owner of an account: the same as long as the account
    is the same, and not its name."""
    return hashlib.sha256(f"{account.name} {account.created!r}".encode()).digest()


def creation_options(
    of: Site, challenge: str, account: Account, present: Iterable[Passkey]
) -> dict[str, Any]:
    """Return what ``parseCreationOptionsFromJSON()`` takes in a browser, to make a passkey with an
    authenticator that has none of those that are *present*."""
    options = webauthn.generate_registration_options(
        rp_id=of.name,
        rp_name=of.name,
        user_id=user_handle(account),
        user_name=account.name,
        challenge=challenge.encode(),
        timeout=int(TIME * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(one.credential) for one in present],
    )
    return options_to_json_dict(options)


def request_options(of: Site, challenge: str) -> dict[str, Any]:
    """Return what ``parseRequestOptionsFromJSON()`` takes in a browser, to use any passkey that its
    user has for the site."""
    options = webauthn.generate_authentication_options(
        rp_id=of.name,
        challenge=challenge.encode(),
        timeout=int(TIME * 1000),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def challenge_in(credential: Credential) -> str:
    """Return the challenge that a credential answers, whether well or not.

    :raises BadPasskey: if there is none.
    """

    def read() -> str:
        client_data = base64url_to_bytes(credential["response"]["clientDataJSON"])
        return parse_client_data_json(client_data).challenge.decode("ascii")

    return _checked(read)


def credential_id(credential: Credential) -> bytes:
    """Return what the authenticator calls a credential.

    :raises BadPasskey: if it does not say.
    """
    return _checked(lambda: base64url_to_bytes(credential["rawId"]))


def verify_new(credential: Credential, of: Site, challenge: str) -> NewCredential:
    """Return what was made for a challenge, with a user whom the authenticator verified.

    :raises BadPasskey: if it was not.
    """
    made = _checked(
        lambda: webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge.encode(),
            expected_rp_id=of.name,
            expected_origin=of.origin,
            require_user_verification=True,
        )
    )
    if len(made.credential_id) > MAX_ID or len(made.credential_public_key) > MAX_KEY:
        raise BadPasskey("it is too long")
    return NewCredential(made.credential_id, made.credential_public_key, made.sign_count)


def verify_use(
    credential: Credential, of: Site, challenge: str, passkey: Passkey, owner: Account
) -> int:
    """Return the new counter of a passkey that has signed a challenge for its *owner*, whom the
    authenticator verified. A counter that does not grow tells of a copy (WebAuthn 6.1.1).

    :raises BadPasskey: if it has not.
    """
    used = _checked(
        lambda: webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge.encode(),
            expected_rp_id=of.name,
            expected_origin=of.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.counter,
            require_user_verification=True,
        )
    )
    handle = _checked(lambda: base64url_to_bytes(credential["response"]["userHandle"]))
    if handle != user_handle(owner):
        raise BadPasskey("it is somebody else's")
    return used.new_sign_count


def _checked(work: Callable[[], T]) -> T:
    """Call the library. What clients send makes its parsers of CBOR and ASN.1 raise anything.

    :raises BadPasskey: for whatever it was.
    """
    try:
        return work()
    except Exception as error:
        raise BadPasskey(str(error) or type(error).__name__) from error
