"""The certificates in use, one for each type of key, and when each is due to be renewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from twisted.logger import Logger

from ddns.acme import schedule
from ddns.acme.folder import Folder
from ddns.acme.issued import Issued, check, read
from ddns.acme.order import Run
from ddns.acme.problem import Problem
from ddns.acme.tries import FILE
from ddns.acme.wanted import Wanted

Prepare = Callable[[Sequence[Issued]], Callable[[], None]]
"""Tries certificates, and returns what puts them into use; raises Problem for those that TLS cannot
use."""


class Held:
    """The certificates that there are, by the type of their keys.

    :param wanted: what there is to be.
    :param folder: where certificates are kept.
    :param prepare: for TLS.
    :param run: runs what blocks.
    :param now: seconds since 1970.
    """

    _log = Logger()

    def __init__(
        self, wanted: Wanted, folder: Folder, prepare: Prepare, run: Run, now: Callable[[], float]
    ) -> None:
        self._wanted = wanted
        self._folder = folder
        self._prepare = prepare
        self._run = run
        self._now = now
        self.by_type: dict[str, Issued] = {}
        self.suggested: dict[str, float] = {}
        """When the authority wants them to be renewed, in seconds since 1970."""

    def load(self) -> list[Issued]:
        """Return the certificates that are there already."""
        for key_type in self._wanted.key_types:
            try:
                pem = self._folder.certificate(key_type)
                if pem is not None:
                    self.by_type[key_type] = read(pem)
            except Problem as problem:
                self._log.error("{key}.pem is left out: {problem}", key=key_type, problem=problem)
        return list(self.by_type.values())

    def due(self, key_type: str) -> float:
        """Return when a certificate is to be ordered, 0.0 for at once."""
        issued = self.by_type.get(key_type)
        if issued is None or not self._wanted.is_met_by(issued):
            return 0.0
        return schedule.renewal(issued.begins, issued.ends, self.suggested.get(key_type))

    async def take(self, key_type: str, pem: bytes) -> None:
        """Put a new certificate into use, once it is on disk.

        :raises Problem: when it cannot be used, or kept; then nothing changes.
        """
        new = read(pem)
        check(new, self._wanted.names, self._now())
        issued = {**self.by_type, key_type: new}
        use = self._prepare(list(issued.values()))
        await self._run(partial(self._folder.keep_certificate, key_type, pem), FILE)
        use()
        self.by_type = issued
        self.suggested.pop(key_type, None)
        self._log.info(
            "a new certificate for {names}, {key_type}, from {issuer}, until {until}",
            names=", ".join(self._wanted.names),
            key_type=key_type,
            issuer=new.issuer,
            until=shown(new.ends),
        )


def shown(at: float) -> str:
    """Return a moment for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
