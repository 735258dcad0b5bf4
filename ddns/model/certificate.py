"""How it stands with the server's own certificate, for those who watch it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateState:
    """The certificate that the server gets for itself. Times are seconds since 1970, None for
    never or unknown.

    :param directory: the URL of the authority's directory.
    :param names: those in the certificate in use, in the first that is for other names than those
        wanted if there is one; those wanted while a temporary one is in use.
    :param wanted: those that it is to be for by the settings.
    :param key_types: the types of key of the certificates in use; none while a temporary one is.
    :param issuer: the issuer of the first of them.
    :param expires: when the first of them expires.
    :param renewal: when the next order is due.
    :param ordering: whether an order goes on.
    :param issued_at: when the last order succeeded since the server started.
    :param failed_at: when the last order failed, unless one has succeeded since.
    :param problem: why it failed.
    :param failures: how many orders have failed since the server started.
    """

    directory: str
    names: tuple[str, ...]
    wanted: tuple[str, ...]
    key_types: tuple[str, ...]
    issuer: str
    expires: float | None
    renewal: float | None
    ordering: bool
    issued_at: float | None
    failed_at: float | None
    problem: str
    failures: int
