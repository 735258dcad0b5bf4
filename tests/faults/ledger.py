"""What a database says after its server was killed, read from a copy: to open it for ourselves
would be to recover it, which is the server's part."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ddns.model import names
from ddns.model.journal import unpack_values
from ddns.model.records import A, unpack_rdatas
from tests.faults.counting import number_of


@dataclass
class Ledger:
    """Each reading goes on where the one before it ended; what has been read once must still be
    there."""

    position: int = 0
    serials: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)  # by host, the latest
    failures: list[str] = field(default_factory=list)
    _newest: tuple[object, ...] | None = None

    def read(self, database: Path) -> dict[str, set[int]]:
        """The numbers that were committed for each host since the last reading."""
        copy = database.with_name("copy.sqlite")
        copied = [(database, copy)]
        log = Path(f"{database}-wal")
        if log.exists():
            copied.append((log, Path(f"{copy}-wal")))
        for source, target in copied:
            shutil.copyfile(source, target)
        with closing(sqlite3.connect(copy)) as connection:
            found = self._read(connection)
        for path in copy.parent.glob("copy.sqlite*"):
            path.unlink()
        return found

    def _read(self, connection: sqlite3.Connection) -> dict[str, set[int]]:
        (found,) = connection.execute("pragma integrity_check").fetchone()
        if found != "ok":
            self.failures.append(f"SQLite: {found}")
        committed = self._read_journal(connection)
        for origin, serial in connection.execute("select origin, serial from zone"):
            name = names.to_text(origin)
            if serial < self.serials.get(name, 0):
                self.failures.append(f"{name}: serial {serial} after {self.serials[name]}")
            self.serials[name] = serial
        stored = {
            names.to_text(owner): number_of(unpack_rdatas(rdatas)[0])
            for owner, rdatas in connection.execute(
                "select owner, rdatas from rrset where type = ?", (A,)
            )
        }
        if stored != self.numbers:
            self.failures.append(f"the records are {stored}, says the journal {self.numbers}")
        return committed

    def _read_journal(self, connection: sqlite3.Connection) -> dict[str, set[int]]:
        newest = connection.execute("select * from journal where position = ?", (self.position,))
        if self._newest is not None and newest.fetchone() != self._newest:
            self.failures.append(f"journal: position {self.position} is not what it was")
        committed: dict[str, set[int]] = defaultdict(set)
        for row in connection.execute(
            "select position, owner, type, after, * from journal where position > ?"
            " order by position",
            (self.position,),
        ):
            position, owner, number, after, *newest_row = row
            if position != self.position + 1:
                self.failures.append(f"journal: position {position} follows {self.position}")
            self.position, self._newest = position, tuple(newest_row)
            if number == A and after is not None:
                self._note(committed, owner, after)
        return committed

    def _note(self, committed: dict[str, set[int]], owner: bytes, after: bytes) -> None:
        host = names.to_text(owner)
        (rdata,) = unpack_values(owner, A, after).rdatas
        number = number_of(rdata)
        if number <= self.numbers.get(host, -1):
            self.failures.append(f"{host}: {number} was committed after {self.numbers[host]}")
        self.numbers[host] = number
        committed[host].add(number)
