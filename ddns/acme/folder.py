"""The folder beside the database with what is kept of the server's own certificate. Blocks."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from ddns.acme.issued import new_key
from ddns.acme.problem import Problem
from ddns.system.files import write_private


@dataclass(frozen=True, slots=True)
class Note:
    """What has to outlive the process, lest each start begins an order.

    :param of: what the orders were for; a note about something else counts for nothing.
    :param failures: how many of them have failed in a row, the one that goes on included.
    :param not_before: when the next may begin, in seconds since 1970.
    :param records: owner and text of TXT records that are in DNS for one of them.
    :param problem: why the last that has ended failed; nothing if it has not.
    :param failed_at: when that was, in seconds since 1970.
    """

    of: str = ""
    failures: int = 0
    not_before: float = 0.0
    records: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    failed_at: float | None = None


_NO_PROBLEM = {"problem": "", "failed_at": None}
"""What is missing in notes from before these were kept."""


class Folder:
    """The files of accounts, certificates and orders; nobody else may read them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def certificate(self, key_type: str) -> bytes | None:
        """Return the file of the certificate with a key of this type; None if there is none.

        :raises Problem: when it cannot be read.
        """
        return self._read(f"{key_type}.pem")

    def keep_certificate(self, key_type: str, pem: bytes) -> None:
        """Replace the file of a certificate.

        :raises Problem: when it cannot be written; then the former one is still there.
        """
        self._write(f"{key_type}.pem", pem)

    def account_key(self) -> bytes:
        """Return the private key of our accounts with authorities, in PEM; it is made once.

        :raises Problem: when it cannot be read or written.
        """
        key = self._read("account.key")
        if key is None:
            key = new_key("ecdsa")
            self._write("account.key", key)
        return key

    def note(self) -> Note:
        """Return the note about orders; an empty one if it is none of ours."""
        try:
            found = {**_NO_PROBLEM, **json.loads(self._read("orders.json") or b"{}")}
            failed_at = found["failed_at"]
            return Note(
                str(found["of"]),
                int(found["failures"]),
                float(found["not_before"]),
                tuple((str(owner), str(text)) for owner, text in found["records"]),
                str(found["problem"]),
                None if failed_at is None else float(failed_at),
            )
        except (ValueError, KeyError, TypeError, Problem):
            return Note()

    def keep_note(self, note: Note) -> None:
        """Replace the note about orders.

        :raises Problem: when it cannot be written.
        """
        self._write("orders.json", json.dumps(dataclasses.asdict(note)).encode())

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Problem(f"{self._path / name}: {error.strerror}") from None

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._path.mkdir(mode=0o700, exist_ok=True)
            write_private(self._path / name, content)
        except OSError as error:
            raise Problem(f"{self._path / name}: {error.strerror}") from None
