"""Text of master files: where it may come from, how much of it, and its tokens with their lines."""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import dns.name
import dns.tokenizer

MAX_OCTETS = 2**30
"""Octets that are read for one zone, over all its files."""

MAX_ENTRY = 2**20
"""Octets of one entry: the largest rdata, with an escape for each octet, is a quarter of that."""

_NO_TEXT = {b"\x1f\x8b": "it is compressed, unpack it first"} | dict.fromkeys(
    (b"\xff\xfe", b"\xfe\xff"), "it is UTF-16, convert it to UTF-8 first"
)
_NOT_UTF8 = re.compile(r"\\[^\udc80-\udcff]|\\?([\udc80-\udcff])")


class BadText(ValueError):
    """What is there is no text of a master file, or too much of it; ``str()`` explains why."""


class Files:
    """The files of one zone.

    :param path: the master file.
    :param folders: where included files may be, beside and below the master file's folder.
    :param progress: called with the number of octets that have been read since the last call.
    """

    def __init__(
        self, path: str | Path, folders: Sequence[str | Path], progress: Callable[[int], None]
    ) -> None:
        self._folders = [Path(one).resolve() for one in (Path(path).parent, *folders)]
        self._progress = progress
        self._octets = 0
        self._told = 0

    def open_included(self, name: str) -> tuple[Path, BinaryIO]:
        """Open an included file. A relative name is looked for in one folder after the other.

        :raises BadText: when it is not below any of the folders, or no regular file.
        :raises OSError: when it cannot be opened.
        """
        paths = [(folder / name).resolve() for folder in self._folders]
        allowed = [path for path in paths if any(map(path.is_relative_to, self._folders))]
        if not allowed:
            raise BadText(f"{paths[0]} is not in the file's folder or one of --include")
        path = next((path for path in allowed if path.exists()), allowed[0])
        # Opening a FIFO for reading would wait for somebody to write.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise BadText(f"{path} is not a regular file")
        return path, os.fdopen(descriptor, "rb")

    def count(self, octets: int) -> None:
        """Note that more has been read.

        :raises BadText: when it is too much.
        """
        self._octets += octets
        if self._octets > MAX_OCTETS:
            raise BadText(f"over {MAX_OCTETS} octets, included files among them, are too much")
        if self._octets - self._told >= 65536:
            self._progress(self._octets - self._told)
            self._told = self._octets


class Source:
    """A file as the tokenizer reads it, character by character.

    Octets that are not UTF-8 become escapes (RFC 1035 5.1), and so mean what they mean to BIND.
    """

    def __init__(self, file: BinaryIO, files: Files) -> None:
        self._file = file
        self._files = files
        self._characters = itertools.chain.from_iterable(self._lines())
        self._entry = 0

    def read(self, size: int = -1) -> str:
        return next(self._characters, "")

    def begin_entry(self) -> None:
        """Count the octets of an entry from here."""
        self._entry = 0

    def _lines(self) -> Iterator[str]:
        first = True
        while line := self._file.readline(MAX_ENTRY + 1):
            self._files.count(len(line))
            self._entry += len(line)
            if first and line[:2] in _NO_TEXT:
                raise BadText(_NO_TEXT[line[:2]])
            if b"\0" in line:
                raise BadText("there is a NUL, it is no text")
            if self._entry > MAX_ENTRY:
                raise BadText(f"an entry is over {MAX_ENTRY} octets")
            if b"\r" in line:
                line = line.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            text = line.decode("utf-8-sig" if first else "utf-8", "surrogateescape")
            yield text if text.isascii() else _NOT_UTF8.sub(_escaped, text)
            first = False


def _escaped(found: re.Match[str]) -> str:
    return f"\\{ord(found[1]) - 0xDC00:03}" if found[1] else found[0]


class Tokenizer(dns.tokenizer.Tokenizer):
    """A tokenizer that knows the line where an entry began. dnspython's own tells how far it has
    read, which often is the next line by the time an error is found."""

    def __init__(self, source: Source, filename: str) -> None:
        super().__init__(source, filename, dns.name.IDNA_2008_Strict)
        self._source = source
        self._began = 1

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        if want_leading:  # the first token of an entry
            self._began = self.line_number
            self._source.begin_entry()
        return super().get(want_leading, want_comment)

    def where(self) -> tuple[str, int]:
        return self.filename, self._began
