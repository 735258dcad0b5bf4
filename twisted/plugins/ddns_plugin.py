"""Makes ``twistd ddns`` and ``twist ddns`` known to Twisted."""

from twisted.application.service import ServiceMaker

ddns = ServiceMaker(
    "Dynamic DNS",
    "ddns.tap",
    "A dynamic DNS server: authoritative DNS and dyndns2 updates in one process.",
    "ddns",
)
