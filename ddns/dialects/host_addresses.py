"""Addresses for single hosts among those of a request: deSEC's ``myipv4:HOST``, ``myipv6:HOST``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ddns.dialects.addresses import Parameters, address_edits, said_of, split_list
from ddns.dialects.parsing import key_of
from ddns.model.records import AAAA, A
from ddns.model.update import Edit, Status

MAX_HOSTS = 100
"""Hosts of a request that may have addresses of their own."""

_FAMILIES = {"myipv4": A, "myipv6": AAAA}


class HostAddresses(NamedTuple):
    """A host as the client wrote it, and the parameters that speak of its addresses alone."""

    host: str
    said: Parameters


class AddressesOfHosts:
    """The parameters of a request that speak of single hosts, which are updated beside those that
    it names.

    :param args: all parameters of the request.

    Such a parameter may have several hosts, with commas in between. ``hosts`` are all of them.
    """

    def __init__(self, args: Mapping[str, str]) -> None:
        self._of: dict[str, HostAddresses] = {}
        for name, value in args.items():
            word, colon, hosts = name.partition(":")
            if not colon or word not in _FAMILIES or len(self._of) > MAX_HOSTS:
                continue
            for host in split_list(hosts)[: MAX_HOSTS + 1]:
                key, parameter = key_of(host), (value, _FAMILIES[word])
                before = self._of.get(key, HostAddresses(host, ()))
                self._of[key] = before._replace(said=(*before.said, parameter))
        self.hosts = [one.host for one in self._of.values()]

    def beside(self, named: Iterable[str]) -> list[str]:
        """Return the hosts that are named, and those of these parameters that are not yet."""
        hosts = list(named)
        if not self._of:
            return hosts
        keys = set(map(key_of, hosts))
        return [*hosts, *(one.host for key, one in self._of.items() if key not in keys)]

    def edits(
        self, named: Iterable[str], of_all: tuple[Edit, ...]
    ) -> tuple[dict[str, tuple[Edit, ...]], Status | None]:
        """Return the edits of these hosts by their :func:`~ddns.dialects.parsing.key_of`, and why
        the request is refused, if it is.

        :param named: the hosts that the request names otherwise.
        :param of_all: the edits of these, which hold for one of ours too, but for the families of
            which the client has said something for it alone.
        """
        if not self._of:
            return {}, None
        if len(self._of) > MAX_HOSTS:
            return {}, Status.NUMHOST
        keys = set(map(key_of, named))
        found: dict[str, tuple[Edit, ...]] = {}
        for key, (_, said) in self._of.items():
            own = address_edits(said, None)
            if own is None:
                return {}, Status.BADADDRESS
            families = {family for _, family in said}
            rest = [edit for edit in of_all if edit.type not in families] if key in keys else []
            found[key] = (*rest, *own)
        return found, None

    def said_with(self, of_all: Parameters) -> str:
        """Return what all parameters say of addresses, as an Update has it."""
        return said_of([*of_all, *(one for _, said in self._of.values() for one in said)])
