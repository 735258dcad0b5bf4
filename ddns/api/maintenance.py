"""Operations on the server and its database as a whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ddns import __version__
from ddns.api.access import ReadContext
from ddns.api.base import BaseOperations
from ddns.api.caller import Permission
from ddns.api.certificate import certificate_json
from ddns.api.code_checks import totp_purpose
from ddns.api.errors import ApiError, Conflict, Invalid, NotFound
from ddns.api.serializers import Json
from ddns.model import names
from ddns.model.relays import relay_purpose
from ddns.system.secret_box import SecretBoxError, Tampered

PIECE = 65_536
"""Octets of a copy that are read at once."""


class _Sealed(NamedTuple):
    """A sealed secret, what it is for, and whose it is."""

    secret: bytes
    purpose: bytes
    of: str


class MaintenanceOperations(BaseOperations):
    """Backups, checks, status and settings."""

    async def backup(self, file: str, force: bool = False) -> Json:
        """Copy the database to a file that nobody else may read, given by an absolute path. An
        existing one is replaced only with *force*. The key file is not in the copy."""
        path = self._target(file, force)
        copied = await self._stored(self._store.back_up(path, force))
        return {
            "file": str(path),
            "size": copied.size,
            "position": copied.position,
            "zones": copied.zones,
        }

    async def backup_key(self, file: str, force: bool = False) -> Json:
        """Copy the key file, if there is one, to a file that nobody else may read."""
        path = self._target(file, force)
        if not self._secret_box.exists():
            raise NotFound(
                "there is no key file; it is made together with the first miniupdate key"
            )
        try:
            size = await self._run_slow(partial(self._secret_box.copy, path))
        except SecretBoxError as error:
            raise ApiError(str(error)) from error
        return {"file": str(path), "size": size}

    async def backup_download(self) -> tuple[int, AsyncGenerator[bytes, None]]:
        """Return the size of a copy of the database and its octets, an empty piece first: from then
        on the copy is gone once nobody reads it any more. The key file is not in it. For operators
        only, one at a time.

        :raises ApiError: when it cannot be made.
        """
        self._caller.check(Permission.OPERATOR)
        running = self._running
        if running.download is None:
            raise ApiError("this takes a running server")
        if running.downloading:
            raise Conflict("a copy is being made already; wait for it")
        running.downloading = True
        try:
            copied = await self._stored(self._store.back_up(running.download, True))
            pieces = _pieces(_taken(running.download))
            await anext(pieces)
        except OSError as error:
            raise ApiError(str(error)) from error
        finally:
            running.downloading = False
        return copied.size, pieces

    def _target(self, file: str, force: bool) -> Path:
        """Return the path of a file to write.

        :raises ApiError: when it must not be written.
        """
        path = Path(file)
        if not path.is_absolute() or "\0" in file:
            raise Invalid("{file!r} is no absolute path", file=file)
        if self._secret_box.stands_beside(path):
            raise Invalid("{file} belongs to the database itself", file=file)
        if path.is_symlink() or path.exists():
            if not path.is_file():
                raise Invalid("{file} is no file", file=file)
            if not force:
                raise Conflict("{file} exists already", file=file)
        return path

    async def check(self) -> Json:
        """Check the database for faults, each a line in ``faults``."""
        checked = await self._stored(self._store.check())

        sealed = await self._read(_all_sealed)
        seal_faults = await self._run_slow(partial(self._seal_faults, sealed))
        return {
            "faults": [*checked.faults, *seal_faults, *self._exposed()],
            "zones": checked.zones,
            "rrsets": checked.rrsets,
            "events": checked.events,
        }

    def _seal_faults(self, secrets: list[_Sealed]) -> list[str]:
        """Return a line for each secret that cannot be unsealed."""
        faults = []
        for one in secrets:
            try:
                self._secret_box.unseal(one.secret, one.purpose)
            except SecretBoxError as error:
                faults.append(f"{one.of}: {error}")
            except Tampered:
                faults.append(f"{one.of}: what is sealed in it is not what it was")
        return faults

    async def status(self) -> Json:
        """Show the server's version, its number of zones, whether common queries are answered
        by compiled code, and why not, in ``warnings`` a line for each file with
        secrets that is open to everybody, or for a zone that is missing, why it is not ready for
        clients, if it is not, and how it stands with the certificate that it gets for itself, if it
        does."""
        certificate = self._running.certificate()
        zones = await self._read(lambda context: context.transaction.zones())
        origins = {zone.origin for zone in zones}
        return {
            "version": __version__,
            "zones": len(origins),
            "compiled": self._running.fast_path == "compiled",
            "fast_path": self._running.fast_path,
            "warnings": [*self._exposed(), *_missing(self.rules.acme_dns.zone, origins)],
            "not_ready": self._running.not_ready(),
            "certificate": None if certificate is None else certificate_json(certificate),
        }

    async def reload(self) -> Json:
        """Read the settings again, and certificates and private keys. ``changed`` are the settings
        that took effect, ``waiting`` those that take a restart."""
        return self._reload_settings()


def _missing(zone: bytes | None, origins: Container[bytes]) -> list[str]:
    """Return that the zone for acme-dns is missing, if it is."""
    if zone is None or zone in origins:
        return []
    name = names.to_text(zone)
    return [f"acme_dns.zone: there is no zone {name}; add it with: ddns zone add {name}"]


MAX_RELAYS = 2**31
"""More than there are."""


def _all_sealed(context: ReadContext) -> list[_Sealed]:
    """Return the sealed secrets of keys, of one-time codes and of relays."""
    keys, totps = context.transaction.keys(None), context.transaction.totps()
    relays = context.transaction.relays(0, MAX_RELAYS)
    return [
        *(
            _Sealed(key.sealed, key.account.encode(), f"key {key.id}")
            for key in keys
            if key.sealed is not None
        ),
        *(
            _Sealed(one.sealed, totp_purpose(one.account), f"one-time codes of {one.account}")
            for one in totps
        ),
        *(_Sealed(one.sealed, relay_purpose(one.host), f"relay {one.id}") for one in relays),
    ]


def _taken(path: Path) -> BinaryIO:
    """Return a file that has no name any more: it goes with whoever reads it."""
    file = path.open("rb")
    path.unlink()
    return file


async def _pieces(file: BinaryIO) -> AsyncGenerator[bytes, None]:
    """Yield the octets of a file, after an empty piece, and close it."""
    with file:
        yield b""
        while piece := file.read(PIECE):
            yield piece
