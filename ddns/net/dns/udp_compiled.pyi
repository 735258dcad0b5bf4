from collections.abc import Callable
from socket import socket

from twisted.internet.interfaces import IReactorFDSet

from ddns.net.dns.responder import ErrorLog, Responder
from ddns.net.dns.stats import DnsStats
from ddns.net.dns.udp_batch import BatchReader
from ddns.zone.compiled import FastPath

class CompiledReader(BatchReader):
    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket,
        respond: Responder,
        errors: ErrorLog,
        stats: DnsStats,
        seconds: Callable[[], float],
        fast: FastPath,
    ) -> None: ...
