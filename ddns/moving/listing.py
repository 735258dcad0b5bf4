"""What a list of hosts comes to: hosts with their records, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ddns.model import names, records
from ddns.model.records import CNAME, MX
from ddns.policy.registration import HOST_TYPES

MAX_LEFT_OUT = 1000
"""Maximum of things that are left out; a file with more is something else."""

MAX_SHOWN = 250
"""Characters that are told of any of them."""


class BadList(ValueError):
    """A file is not a list of hosts in the form that it should have; ``str()`` explains why."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a file that is not imported, and why."""

    what: str
    why: str


@dataclass(slots=True)
class ListedHost:
    """A host of a list, with names in presentation form.

    - ``records``: owner, type and rdata of each, in the order of the file.
    - ``interface_id``, ``follows``: its place in a LAN, empty for none.
    """

    name: str
    records: dict[tuple[str, str, str], None] = field(default_factory=dict)
    interface_id: str = ""
    follows: str = ""


class Suffixes:
    """New names for all that is below others.

    :param given: ``OLD=NEW`` each; of several that a name is below, the longest is replaced.
    :raises BadList: for one that is not so.
    """

    def __init__(self, given: Iterable[str] = ()) -> None:
        self._new: dict[bytes, bytes] = {}
        for text in given:
            old, equals, new = text.partition("=")
            if not equals:
                raise BadList(f"{text!r} is not OLD=NEW, the ends of names")
            try:
                self._new[names.from_text(old.strip())] = names.from_text(new.strip())
            except names.BadName as error:
                raise BadList(str(error)) from None

    def renamed(self, name: bytes) -> bytes:
        """Return a name with its new end.

        :raises ddns.model.names.BadName: if it is over 255 octets.
        """
        for above in names.ancestors(name):
            if above in self._new:
                return names.below(name[: len(name) - len(above)], self._new[above])
        return name


class Listing:
    """Collects the hosts of files, by their new names.

    :param suffixes: new names.
    :param zone: where hosts are whose names have one label, if anywhere.
    """

    def __init__(self, suffixes: Suffixes | None = None, zone: str | None = None) -> None:
        self._suffixes = suffixes or Suffixes()
        self._zone = zone
        self._hosts: dict[bytes, ListedHost] = {}
        self._left_out: dict[LeftOut, None] = {}

    @property
    def hosts(self) -> list[ListedHost]:
        """The hosts in the order of the files."""
        return list(self._hosts.values())

    @property
    def left_out(self) -> list[LeftOut]:
        """What is left out, in the order of the files."""
        return list(self._left_out)

    def leave_out(self, what: str, why: str) -> None:
        """Note that something is not imported.

        :raises BadList: when there is too much of that.
        """
        if len(self._left_out) >= MAX_LEFT_OUT:
            raise BadList(f"over {MAX_LEFT_OUT} things in it are no hosts; is it such a list?")
        self._left_out[LeftOut(what[:MAX_SHOWN], why[:MAX_SHOWN])] = None

    def add(self, name: str) -> ListedHost | None:
        """Return the host that a name is or belongs to; None if it is left out."""
        found = self._located(name)
        return found and found[1]

    def add_record(self, owner: str, kind: str, rdata: str) -> None:
        """Add a record in presentation form, with absolute names."""
        kind = kind.upper()
        if kind not in _TYPES:
            self.leave_out(f"{owner} {kind}", f"hosts have {', '.join(_TYPES)} records")
        elif found := self._located(owner):
            name, host = found
            if not rdata.isprintable():
                self.leave_out(f"{owner} {kind}", "it has characters that are no text")
                return
            if kind in _POINTING:
                rdata = self._pointing_to_new(rdata)
            host.records[names.to_text(name), kind, rdata] = None

    def add_addresses(self, name: str, texts: Iterable[str]) -> None:
        """Add a host with its addresses; texts that are none are left out."""
        if self.add(name) is None:
            return
        for text in texts:
            packed = records.address_from_text(text)
            if packed is None:
                self.leave_out(f"{name} {text}", "this is not an address")
            else:
                self.add_record(name, "A" if len(packed) == 4 else "AAAA", text)

    def _located(self, text: str) -> tuple[bytes, ListedHost] | None:
        """Return a new name and the host that it belongs to."""
        try:
            name = names.from_text(text)
            if self._zone is not None and names.parent(name) == names.ROOT:
                name = names.below(name[:-1], names.from_text(self._zone))
            name = self._suffixes.renamed(name)
            if names.parent(name) == names.ROOT:
                self.leave_out(text, "a name of one label is in no zone; --zone ORIGIN says which")
                return None
            shown = names.to_text(names.host_of(name))
            return name, self._hosts.setdefault(names.host_from_text(shown), ListedHost(shown))
        except names.BadName as error:
            self.leave_out(text, str(error))
            return None

    def _pointing_to_new(self, rdata: str) -> str:
        """Return rdata whose last word is a name, with its new name."""
        before, space, target = rdata.rpartition(" ")
        try:
            renamed = self._suffixes.renamed(names.from_text(target))
        except names.BadName:  # whoever parses the rdata will say so
            return rdata
        return f"{before}{space}{names.to_text(renamed).removesuffix('.')}."


_TYPES = tuple(map(records.type_to_text, HOST_TYPES))
_POINTING = tuple(map(records.type_to_text, (CNAME, MX)))
