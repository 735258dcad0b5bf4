"""The update dialects: they turn requests into Updates, and Outcomes into the answers expected.

A dialect is one object in one file; to add one, write it and name it here.
"""

from ddns.dialects.base import Dialect
from ddns.dialects.changeip import ChangeIP
from ddns.dialects.checkip import CheckIP
from ddns.dialects.desec import DeSEC
from ddns.dialects.dnsexit import DNSExit
from ddns.dialects.dnsexit_json import DNSExitJSON
from ddns.dialects.dondns import DonDNS
from ddns.dialects.duckdns import DuckDNS
from ddns.dialects.dyndns1 import DynDNS1
from ddns.dialects.dyndns2 import DynDNS2
from ddns.dialects.dynv6 import Dynv6
from ddns.dialects.easydns import EasyDNS
from ddns.dialects.freedns import FreeDNS
from ddns.dialects.freedns_v1 import FreeDNSList
from ddns.dialects.freemyip import FreeMyIP
from ddns.dialects.gnudip import GnuDIP
from ddns.dialects.he import HurricaneElectric
from ddns.dialects.ipv64 import IPv64
from ddns.dialects.minidns import MiniDNS
from ddns.dialects.namecheap import Namecheap
from ddns.dialects.nsupdate_info import NsupdateInfo
from ddns.dialects.regfish import Regfish
from ddns.dialects.securityspace import SecuritySpace
from ddns.dialects.zoneedit import ZoneEdit

DIALECTS: tuple[Dialect, ...] = (
    DynDNS2(),
    ChangeIP(),  # /nic/update, as the next two
    HurricaneElectric(),
    IPv64(),
    SecuritySpace(),
    MiniDNS(),
    DonDNS(),
    DeSEC(),
    FreeMyIP(),  # /update, as the next two
    Namecheap(),
    DuckDNS(),
    Regfish(),  # /
    FreeDNS(),
    FreeDNSList(),
    Dynv6(),
    DynDNS1(),
    NsupdateInfo(),
    EasyDNS(),
    ZoneEdit(),
    DNSExit(),
    DNSExitJSON(),
    GnuDIP(),
    CheckIP(),
)
"""Of several that have a path, those that come later are asked first whether they claim a request;
the first is for what nobody claims."""
