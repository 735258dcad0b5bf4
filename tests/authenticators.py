"""A browser with an authenticator in software: passkeys for ES256, as W3C WebAuthn has them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40
"""Flags of authenticator data (WebAuthn 6.1)."""


@dataclass
class Kept:
    """One passkey."""

    id: bytes
    private_key: ec.EllipticCurvePrivateKey
    site: str
    user: bytes
    counter: int = 0


@dataclass
class Authenticator:
    """*origin* is that of the page. It counts signatures if *counts*; *flags* are those that it
    sets."""

    origin: str
    counts: bool = True
    flags: int = USER_PRESENT | USER_VERIFIED
    kept: list[Kept] = field(default_factory=list)

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """As ``navigator.credentials.create()``, with the answer as ``toJSON()`` has it."""
        assert {"type": "public-key", "alg": -7} in options["pubKeyCredParams"]
        there = {unpacked(one["id"]) for one in options["excludeCredentials"]}
        assert not there & {one.id for one in self.kept}, "it has one already"
        key = ec.generate_private_key(ec.SECP256R1())
        kept = Kept(
            secrets.token_bytes(32), key, options["rp"]["id"], unpacked(options["user"]["id"])
        )
        self.kept.append(kept)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(kept, new=True)}
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options),
            "attestationObject": packed(cbor2.dumps(attestation)),
            "transports": ["internal"],
        }
        return _credential(kept, response)

    def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """As ``navigator.credentials.get()``: the last passkey for the site signs."""
        assert options["userVerification"] == "required"
        kept = [one for one in self.kept if one.site == options["rpId"]][-1]
        kept.counter += self.counts
        data = self._data(kept, new=False)
        client_data = self._client_data("webauthn.get", options)
        digest = hashlib.sha256(unpacked(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": packed(data),
            "signature": packed(kept.private_key.sign(data + digest, ec.ECDSA(SHA256()))),
            "userHandle": packed(kept.user),
        }
        return _credential(kept, response)

    def _data(self, kept: Kept, *, new: bool) -> bytes:
        """Return authenticator data (WebAuthn 6.1)."""
        flags = self.flags | (HAS_CREDENTIAL if new else 0)
        site = hashlib.sha256(kept.site.encode()).digest()
        data = site + bytes([flags]) + kept.counter.to_bytes(4, "big")
        if not new:
            return data
        point = kept.private_key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})  # RFC 9053 2.1 and 7.1.1
        return data + bytes(16) + len(kept.id).to_bytes(2, "big") + kept.id + key

    def _client_data(self, kind: str, options: dict[str, Any]) -> str:
        """Return client data (WebAuthn 5.8.1)."""
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return packed(json.dumps(said | {"crossOrigin": False}).encode())


def packed(octets: bytes) -> str:
    """Return Base64 for URLs, as JSON of WebAuthn has octets."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _credential(kept: Kept, response: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": packed(kept.id),
        "rawId": packed(kept.id),
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    }
