"""twisted.names with nothing of ours: ``stock_names.py ZONEFILE PORT``."""

import sys

from twisted.internet import reactor
from twisted.names import authority, dns, server


class Zone(authority.FileAuthority):
    """A FileAuthority whose records come from the benchmark's zone file."""

    def loadFile(self, filename):
        self.records = {}
        with open(filename) as file:
            origin = next(file).split()[1].rstrip(".")
            next(file)
            for line in file:
                owner, _, kind, *rdata = line.split()
                name = origin if owner == "@" else f"{owner}.{origin}"
                record = {
                    "SOA": lambda rdata: dns.Record_SOA(
                        f"{rdata[0]}.{origin}", f"{rdata[1]}.{origin}", *map(int, rdata[2:]), ttl=10
                    ),
                    "NS": lambda rdata: dns.Record_NS(f"{rdata[0]}.{origin}", ttl=10),
                    "A": lambda rdata: dns.Record_A(rdata[0], ttl=10),
                    "AAAA": lambda rdata: dns.Record_AAAA(rdata[0], ttl=10),
                }[kind](rdata)
                self.records.setdefault(name.encode(), []).append(record)
                if kind == "SOA":
                    self.soa = (name.encode(), record)


factory = server.DNSServerFactory(authorities=[Zone(sys.argv[1])])
port = int(sys.argv[2])
reactor.listenUDP(port, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
reactor.run()
