"""Operations on the database as a whole."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ddns import __version__
from ddns.api.base import Part
from ddns.api.errors import ApiError, Conflict, Invalid, NotFound
from ddns.api.serializers import Json
from ddns.model.account import Key
from ddns.store.interfaces import IReading, StoreError
from ddns.system.secret_box import SecretBoxError, Tampered


class Upkeep(Part):
    """Copies of the database, and whether it is as it should be."""

    async def backup(self, file: str, force: bool = False) -> Json:
        """Copy the database to a file, named absolutely, that nobody else may read; an existing one
        is replaced by *force* only. The key file is not in it."""
        path = self._to_write(file, force)
        try:
            copied = await self._store.back_up(path, force)
        except StoreError as error:
            raise ApiError(str(error)) from error
        return {
            "file": str(path),
            "size": copied.size,
            "position": copied.position,
            "zones": copied.zones,
        }

    async def backup_key(self, file: str, force: bool = False) -> Json:
        """Copy the key file, likewise, if there is one."""
        path = self._to_write(file, force)
        if not self._secret_box.exists():
            raise NotFound(
                "there is no key file; it is made together with the first miniupdate key"
            )
        try:
            size = await self._run_slow(partial(self._secret_box.copy, path))
        except SecretBoxError as error:
            raise ApiError(str(error)) from error
        return {"file": str(path), "size": size}

    def _to_write(self, file: str, force: bool) -> Path:
        path = Path(file)
        if not path.is_absolute() or "\0" in file:
            raise Invalid(f"{file!r} is no absolute path")
        if self._secret_box.stands_beside(path):
            raise Invalid(f"{file} belongs to the database itself")
        if path.is_symlink() or path.exists():
            if not path.is_file():
                raise Invalid(f"{file} is no file")
            if not force:
                raise Conflict(f"{file} exists already")
        return path

    async def check(self) -> Json:
        """Look for what is wrong with the database: a line each in ``faults``."""
        try:
            checked = await self._store.check()
            keys = await self._store.read(_sealed)
        except StoreError as error:
            raise ApiError(str(error)) from error
        faults = [*checked.faults, *await self._run_slow(partial(self._unsealable, keys))]
        return {
            "faults": faults,
            "zones": checked.zones,
            "rrsets": checked.rrsets,
            "events": checked.events,
        }

    async def status(self) -> Json:
        """That the server answers: its version, and for how many zones."""
        return {"version": __version__, "zones": len(await self._read(lambda r: r.zones()))}

    async def reload(self) -> Json:
        """Read the settings again. ``changed`` are the keys whose values hold from now on,
        ``waiting`` those that take a new start. Certificate and private key are read again."""
        return self._reload()

    def _unsealable(self, keys: list[Key]) -> list[str]:
        found = []
        for key in keys:
            try:
                self._secret_box.unseal(key.sealed or b"", key.account.encode())
            except SecretBoxError as error:
                found.append(f"key {key.id}: {error}")
            except Tampered:
                found.append(f"key {key.id}: what is sealed in it is not what it was")
        return found


def _sealed(reading: IReading) -> list[Key]:
    return [key for key in reading.keys(None) if key.sealed is not None]
