"""Runs a Python client whose lookups of host names go to a given DNS server.

    python resolving.py PORT MODULE ARGUMENT...

Both noipy and dyndnsc ask the system what a host's address is now, and do nothing when it is right
already; dns-lexicon asks by dnspython for the zone of a name. Here they ask the server under test,
as they would through a resolver, and nobody else.
"""

from __future__ import annotations

import importlib
import ipaddress
import socket
import sys
from typing import Any

import dns.message
import dns.query
import dns.resolver

PORT, MODULE, *ARGUMENTS = sys.argv[1:]
SYSTEM = socket.getaddrinfo


def lookup(host: str, port: Any, family: int = 0, *rest: Any, **more: Any) -> Any:
    """getaddrinfo for names; addresses go the usual way."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        query = dns.message.make_query(host, "A")
        answer = dns.query.udp(query, "127.0.0.1", port=int(PORT), timeout=20).answer
        found = [str(rdata) for rrset in answer for rdata in rrset]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address") from None
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 0)) for text in found]
    return SYSTEM(host, port, family, *rest, **more)


socket.getaddrinfo = lookup  # type: ignore[assignment]
dns.resolver.default_resolver = dns.resolver.Resolver(configure=False)
dns.resolver.default_resolver.nameservers = ["127.0.0.1"]
dns.resolver.default_resolver.port = int(PORT)
socket.gethostbyname = lambda host: lookup(host, None)[0][4][0]
sys.argv = [MODULE, *ARGUMENTS]
sys.exit(importlib.import_module(MODULE).main())
