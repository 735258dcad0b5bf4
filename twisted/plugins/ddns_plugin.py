"""Makes ``twistd ddns``, ``twist ddns`` and ``twistd ddns-inetd`` known to Twisted."""

from twisted.application.service import ServiceMaker

ddns = ServiceMaker(
    "Dynamic DNS",
    "ddns.server.tap",
    "A dynamic DNS server: authoritative DNS and dyndns2 updates in one process.",
    "ddns",
)

inetd = ServiceMaker(
    "Dynamic DNS under inetd",
    "ddns.server.inetd",
    "Serves a connection that a super-server has accepted; see the program ddns-inetd.",
    "ddns-inetd",
)
