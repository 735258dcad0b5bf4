"""Which dialect answers a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ddns.dialects.base import Dialect, Request, asked_host


def match_path(pattern: str, path: str) -> dict[str, str] | None:
    """Return the parameters of a path that a pattern matches; None if it does not. A name that
    stands twice in the pattern stands for the same text."""
    wanted, given = pattern.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    parameters: dict[str, str] = {}
    for segment, text in zip(wanted, given, strict=True):
        if segment.startswith("{") and segment.endswith("}") and text:
            if parameters.setdefault(segment[1:-1], text) != text:
                return None
        elif segment != text:
            return None
    return parameters


Claims = Callable[[Request], bool]

SERVICES = {
    **dict.fromkeys(("members.dyndns.org", "members.dyndns.com"), "dyndns2"),
    **dict.fromkeys(("dynupdate.no-ip.com", "dynupdate.noip.com"), "dyndns2"),
    **dict.fromkeys(("www.ovh.com", "dns.eu.ovhapis.com", "domains.google.com"), "dyndns2"),
    **dict.fromkeys(("ipv4.nsupdate.info", "ipv6.nsupdate.info", "nsupdate.info"), "dyndns2"),
    **dict.fromkeys(("dyndns.inwx.com", "dyndns.strato.com", "infomaniak.com"), "dyndns2"),
    "dyn.dns.he.net": "he",
    "nic.changeip.com": "changeip",
    **dict.fromkeys(("ipv64.net", "www.ipv64.net"), "ipv64"),
    **dict.fromkeys(("update.dedyn.io", "update6.dedyn.io", "ddns.do.de"), "desec"),
    **dict.fromkeys(("www.duckdns.org", "duckdns.org"), "duckdns"),
    "dynamicdns.park-your-domain.com": "namecheap",
    **dict.fromkeys(("freemyip.com", "api.ddns.fm"), "freemyip"),
    "dyndns.regfish.de": "regfish",
}
"""The names by which clients call services whose paths several protocols have, and what is spoken
there. A client that knows no other name asks us by it where its DNS leads to us."""


class Route(NamedTuple):
    """The dialects that have a path, the first of which to claim a request answers it, and the
    parameters that the path has."""

    candidates: tuple[tuple[Dialect, Claims | None], ...]
    parameters: Mapping[str, str]

    def dialect(self, request: Request) -> Dialect | None:
        """Return the dialect that a request is for: that of the service by whose name the client
        calls us, or else the first that claims it; None if none of them does."""
        if len(self.candidates) > 1 and (name := SERVICES.get(asked_host(request))):
            for dialect, _ in self.candidates:
                if dialect.name == name:
                    return dialect
        for dialect, claims in self.candidates:
            if claims is None or claims(request):
                return dialect
        return None


class Routes:
    """The paths of dialects.

    :param dialects: where several have a path, those that come later are asked first.
    """

    def __init__(self, dialects: Iterable[Dialect]) -> None:
        self._exact: dict[str, Route] = {}
        self._patterns: dict[str, Route] = {}
        for dialect in dialects:
            claims: Claims | None = getattr(dialect, "claims", None)
            for path in dialect.paths:
                routes = self._patterns if "{" in path else self._exact
                others = routes[path].candidates if claims and path in routes else ()
                routes[path] = Route(((dialect, claims), *others), {})

    def find(self, path: str) -> Route | None:
        """Return the route of a path without a final slash; one without parameters comes first."""
        route = self._exact.get(path)
        if route is not None:
            return route
        for pattern, route in reversed(self._patterns.items()):
            if (parameters := match_path(pattern, path)) is not None:
                return route._replace(parameters=parameters)
        return None
