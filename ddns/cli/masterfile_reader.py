"""Entries of master files (RFC 1035 5.1, RFC 2308 4), read as BIND reads them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn

import dns.exception
import dns.name
import dns.tokenizer
import dns.ttl

from ddns.cli import masterfile_generate as generate
from ddns.cli.masterfile_text import BadText, Files, Source, Tokenizer
from ddns.model import presentation, records
from ddns.model.records import SOA

MAX_DEPTH = 10
"""Files that include one another."""

MAX_GENERATED = 2**20
"""Records that ``$GENERATE`` makes for one zone."""

Add = Callable[[dns.name.Name, int, int, bytes, tuple[str, int]], None]
"""Takes a record: owner, type, TTL in seconds, rdata, and the file and line of its entry."""

_CLASS = re.compile(r"IN|CH|HS|CHAOS|HESIOD|CLASS\d+", re.IGNORECASE | re.ASCII)
_MALFORMED = (dns.exception.DNSException, ValueError, OSError)
_NO_ORIGIN = "is relative, and nothing before it says the origin: give it with --origin"


class BadMasterFile(ValueError):
    """The file is not a zone; ``str()`` is one line, with file and line number if known."""


class Reader:
    """Reads the entries of a master file and of those that it includes.

    :param add: called for each record.
    :param origin: the origin at the beginning; without one the owner of the first SOA is it.
    """

    def __init__(self, files: Files, add: Add, origin: dns.name.Name | None) -> None:
        self._files = files
        self._add = add
        self._origin = self._first_origin = origin
        self._owner: dns.name.Name | None = None
        self._default_ttl: int | None = None
        self._last_ttl: int | None = None
        self._generated = 0
        self._depth = 0

    def read(self, path: str | Path, file: BinaryIO) -> None:
        """Read a file and close it.

        :raises BadMasterFile: with file and line, if there is an entry that is none.
        """
        tokens = Tokenizer(Source(file, self._files), str(path))
        with file:
            try:
                while self._read_entry(tokens):
                    pass
            except BadMasterFile:
                raise
            except _MALFORMED as error:
                _fail(tokens, error)

    def _read_entry(self, tokens: Tokenizer) -> bool:
        """Read an entry, and return whether there was one before the end of the file."""
        token = tokens.get(want_leading=True)
        if token.is_whitespace():
            token = tokens.get()
            if not token.is_eol_or_eof():
                tokens.unget(token)
                self._read_record(tokens)
        elif token.is_eol_or_eof():
            pass
        elif token.value.startswith("$"):
            self._read_directive(token.value.upper(), tokens)
        else:
            self._owner = self._absolute(tokens.as_name(token, self._origin), token.value)
            self._read_record(tokens)
        return not token.is_eof()

    def _read_directive(self, directive: str, tokens: Tokenizer) -> None:
        if directive == "$ORIGIN":
            text = _word(tokens)
            self._origin = self._name(text, tokens)
            tokens.get_eol()
        elif directive == "$TTL":
            text = _word(tokens)
            self._default_ttl = _ttl(text)
            if self._default_ttl is None:
                raise dns.exception.SyntaxError(f"{text!r} is not a TTL")
            tokens.get_eol()
        elif directive == "$INCLUDE":
            self._include(tokens)
        elif directive == "$GENERATE":
            self._generate(tokens)
        else:
            raise dns.exception.SyntaxError(f"there is no directive {directive}")

    def _include(self, tokens: Tokenizer) -> None:
        """Read another file. Origin and owner are afterwards what they were, and TTLs stay what
        they have become."""
        before = self._origin, self._owner
        name = tokens.get_string()
        token = tokens.get()
        if not token.is_eol_or_eof():
            self._origin = self._name(token.value, tokens)
            tokens.get_eol()
        if self._depth == MAX_DEPTH:
            raise BadText(f"files include one another more than {MAX_DEPTH} deep")
        path, file = self._files.open_included(name)
        self._depth += 1
        self.read(path, file)
        self._depth -= 1
        self._origin, self._owner = before[0] or self._first_origin, before[1]

    def _generate(self, tokens: Tokenizer) -> None:
        span = generate.parse_range(_word(tokens))
        self._generated += len(span)
        if self._generated > MAX_GENERATED:
            raise generate.BadGenerate(f"there may be {MAX_GENERATED} generated records")
        left = _word(tokens)
        number, ttl = self._read_type(tokens)
        token = tokens.get()
        right = token.value
        if token.is_quoted_string():  # several words; a quote in them is escaped
            right = re.sub(r"\\(.)", lambda one: '"' if one[1] == '"' else one[0], right)
        tokens.get_eol()
        if (ttl := self._known_ttl(ttl)) is None:
            raise dns.exception.SyntaxError("there is no TTL, and no $TTL before it")
        for value in span:
            owner = self._name(generate.expand(left, value), tokens)
            entry = dns.tokenizer.Tokenizer(
                generate.expand(right, value), idna_codec=tokens.idna_codec
            )
            self._add(owner, number, ttl, self._rdata(number, entry), tokens.where())

    def _read_record(self, tokens: Tokenizer) -> None:
        owner = self._owner
        if owner is None:
            raise dns.exception.SyntaxError("there is no owner name, and no record before it")
        number, ttl = self._read_type(tokens)
        if number == SOA and self._first_origin is None:
            self._first_origin = owner
            self._origin = self._origin or owner
        rdata = self._rdata(number, tokens)
        if (ttl := self._known_ttl(ttl)) is None:
            if number != SOA:
                raise dns.exception.SyntaxError("there is no TTL, and no $TTL before it")
            ttl = self._default_ttl = min(int.from_bytes(rdata[-4:], "big"), records.MAX_TTL)
        self._add(owner, number, ttl, rdata, tokens.where())

    def _read_type(self, tokens: Tokenizer) -> tuple[int, int | None]:
        """Read TTL and class, which may be left out and stand in any order, and the type."""
        ttl: int | None = None
        class_given = False
        word = _word(tokens)
        while True:
            if ttl is None and (ttl := _ttl(word)) is not None:
                pass
            elif not class_given and _CLASS.fullmatch(word):
                class_given = True
                if word.upper() not in ("IN", "CLASS1"):
                    raise dns.exception.SyntaxError(f"the class is IN, and not {word}")
            else:
                return _type(word), ttl
            word = _word(tokens)

    def _known_ttl(self, given: int | None) -> int | None:
        """Return the TTL of a record: its own, or $TTL, or the last one that was given."""
        if given is not None:
            self._last_ttl = given
            return given
        return self._last_ttl if self._default_ttl is None else self._default_ttl

    def _rdata(self, number: int, entry: dns.tokenizer.Tokenizer) -> bytes:
        try:
            rdata = presentation.parse(number, entry, self._origin)
        except dns.exception.SyntaxError as error:
            if isinstance(error.__cause__, BadText):
                raise error.__cause__ from None
            if isinstance(error.__cause__, dns.name.NeedAbsoluteNameOrOrigin):
                raise dns.exception.SyntaxError(f"a name {_NO_ORIGIN}") from None
            kind = records.type_to_text(number)
            raise dns.exception.SyntaxError(f"this is no {kind} rdata: {error}") from error
        if len(rdata) > records.MAX_RDATA:
            raise dns.exception.SyntaxError(f"rdata is over {records.MAX_RDATA} octets")
        return rdata

    def _name(self, text: str, tokens: Tokenizer) -> dns.name.Name:
        return self._absolute(dns.name.from_text(text, self._origin, tokens.idna_codec), text)

    def _absolute(self, name: dns.name.Name, text: str) -> dns.name.Name:
        if not name.is_absolute():
            raise dns.exception.SyntaxError(f"{text} {_NO_ORIGIN}")
        return name


def _word(tokens: Tokenizer) -> str:
    token = tokens.get()
    if not token.is_identifier():
        raise dns.exception.SyntaxError("the entry ends early")
    return str(token.value)


@functools.lru_cache(maxsize=1024)
def _ttl(text: str) -> int | None:
    """Parse a TTL, in seconds or with units; return None for a word that is none."""
    if text[:1] not in tuple("0123456789"):
        return None
    try:
        ttl = dns.ttl.from_text(text)
    except dns.ttl.BadTTL:
        ttl = -1
    if not 0 <= ttl <= records.MAX_TTL:
        raise dns.exception.SyntaxError(f"a TTL is 0 to {records.MAX_TTL} seconds, not {text}")
    return ttl


_type = functools.lru_cache(maxsize=1024)(records.type_from_text)


def _fail(tokens: Tokenizer, error: Exception) -> NoReturn:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror}"
    place = ":".join(map(str, tokens.where()))
    raise BadMasterFile(f"{place}: {text}") from error
