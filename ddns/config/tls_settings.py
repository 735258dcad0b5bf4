"""The settings of listeners with TLS, and of their certificate."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AcmeSettings:
    """``[https.acme]``: where to get the server's own certificate (RFC 8555). ``directory`` is the
    URL of an authority's directory, empty for none. Without ``names`` the certificate is for the
    host of ``api.url``. ``keys`` are types of keys, ``ecdsa`` and ``rsa``. ``ca`` is a PEM file
    with the authorities to trust for the directory instead of the system's. ``profile`` is one of
    the authority's, empty for its usual one; ``eab_kid`` and ``eab_hmac_key`` are of an account
    there that was opened by other means (RFC 8555 7.3.4)."""

    directory: str = ""
    names: tuple[str, ...] = ()
    email: str = ""
    keys: tuple[str, ...] = ("ecdsa",)
    ca: str = ""
    profile: str = ""
    eab_kid: str = ""
    eab_hmac_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HttpsSettings:
    """``[https]``. ``listen`` are Twisted endpoint descriptions. ``certificate`` and
    ``private_key`` are PEM files, or several, one for each type of key; if the latter is empty, the
    keys are in the certificates' files. Limits are those of ``[http]``."""

    listen: tuple[str, ...] = ()
    certificate: str | tuple[str, ...] = ""
    private_key: str | tuple[str, ...] = ""
    acme: AcmeSettings = field(default_factory=AcmeSettings)

    @property
    def certificates(self) -> tuple[str, ...]:
        """The files of certificates."""
        return _several(self.certificate)

    @property
    def private_keys(self) -> tuple[str, ...]:
        """The files of their private keys, in the same order."""
        return _several(self.private_key) or self.certificates


def _several(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, (given,) if isinstance(given, str) else given))


@dataclass(frozen=True, slots=True)
class DotSettings:
    """``[dot]``, DNS over TLS (RFC 7858), with the certificate of HTTPS and the limits of
    ``[dns]``. ``listen`` are Twisted endpoint descriptions."""

    listen: tuple[str, ...] = ()
