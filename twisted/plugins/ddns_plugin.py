"""Makes ``twistd ddns`` and ``twist ddns`` known to Twisted."""

from twisted.application.service import ServiceMaker

ddns = ServiceMaker(
    "Dynamic DNS",
    "ddns.tap",
    "A dynamic DNS server: authoritative DNS and every update dialect in one process.",
    "ddns",
)
