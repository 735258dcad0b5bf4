"""The update dialects: they turn requests into Updates, and Outcomes into the answers expected.

A dialect is one object in one file; to add one, write it and name it here.
"""

from ddns.dialects.base import Dialect
from ddns.dialects.checkip import CheckIP
from ddns.dialects.dondns import DonDNS
from ddns.dialects.duckdns import DuckDNS
from ddns.dialects.dyndns2 import DynDNS2
from ddns.dialects.minidns import MiniDNS
from ddns.dialects.securityspace import SecuritySpace

DIALECTS: tuple[Dialect, ...] = (
    DynDNS2(),
    SecuritySpace(),
    MiniDNS(),
    DonDNS(),
    DuckDNS(),
    CheckIP(),
)
