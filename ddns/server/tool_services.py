"""The APIs of tools in a server, and who may use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.web.http_headers import Headers
from twisted.web.resource import IResource

from ddns.api.operations import Operations
from ddns.config.settings import Settings
from ddns.model.counters import DialectCounts
from ddns.net.http.tools import EitherResource, ToolResource
from ddns.policy.directory import Directory
from ddns.policy.token_bucket import Buckets
from ddns.policy.update_limits import refused_networks
from ddns.store.interfaces import IStore
from ddns.system.threads import LowPriorityPool
from ddns.tools.acme_dns.api import AcmeDns
from ddns.tools.acme_dns.register import Register
from ddns.tools.acme_dns.update import Update
from ddns.tools.admission import Admission
from ddns.tools.base import Tool
from ddns.tools.cloudflare import Cloudflare
from ddns.tools.httpreq import HttpReq
from ddns.tools.powerdns.changing import Changing
from ddns.tools.powerdns.tool import PowerDns, is_power_dns
from ddns.updates.pipeline import Pipeline

T = TypeVar("T")

_CHANGES = frozenset({b"PATCH", b"POST", b"PUT"})
_FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data")


class ToolServices:
    """What tools can ask for, as the settings have it.

    :param settings: all of them.
    :param directory: knows keys and accounts.
    :param pipeline: performs changes, and knows the time.
    :param clock: monotonic.
    :param reactor: runs what threads have done.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        pipeline: Pipeline,
        clock: Callable[[], float],
        reactor: Any,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._pipeline = pipeline
        self._clock = clock
        self._reactor = reactor
        # Not that of passwords, which must not wait for a zone's worth of records.
        self._readers = LowPriorityPool(0, 1, "ddns-tools")
        self.admission = Admission(directory, clock, pipeline.now)
        self._limit(settings, settings)

    def start(self) -> None:
        """Start the thread that reads large requests."""
        self._readers.start()

    def stop(self) -> None:
        """Stop the thread once it has done what it was given."""
        self._readers.stop()

    def _run_slow(self, function: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(self._reactor, self._readers, function)

    def apply(self, settings: Settings) -> None:
        """Use these settings. Where a limit has changed, calls are counted from zero."""
        old, self._settings = self._settings, settings
        self._limit(settings, old)

    def _limit(self, settings: Settings, old: Settings) -> None:
        self.admission.refused = refused_networks(settings.abuse)
        most = settings.tools.calls_per_minute
        if settings is old or most != old.tools.calls_per_minute:
            self.admission.calls = Buckets(most, 60.0) if most else None

    def resources(
        self,
        beside: Mapping[bytes, IResource],
        store: IStore,
        operations: Operations,
    ) -> Mapping[bytes, IResource]:
        """Return the APIs of tools and the resources *beside* them, by the first segment of their
        path.

        :param store: where tools read.
        :param operations: perform what accounts and an operator's keys may do.
        """
        if not self._settings.tools.enabled:
            return beside
        perform, admission = self._pipeline.perform_records, self.admission
        changing = Changing(self._pipeline, operations, store, self._run_slow)
        power_dns = self._resource(PowerDns(store, changing, admission, self._directory))
        httpreq = self._resource(HttpReq(perform, store, admission))
        acme_dns = AcmeDns(
            Register(operations, admission, self._clock),
            Update(perform, store, admission, self._clock),
        )
        return {
            **beside,
            **dict.fromkeys((b"present", b"cleanup"), httpreq),
            b"acme-dns": self._resource(acme_dns),
            b"client": self._resource(Cloudflare(self._pipeline, store, admission)),
            b"api": EitherResource(is_power_dns, power_dns, beside.get(b"api")),
        }

    def _resource(self, tool: Tool) -> IResource:
        # Counted from the beginning, so that a metric is there before the first change.
        self._pipeline.counts.dialects.setdefault(tool.name, DialectCounts())
        return ToolResource(tool, self._pipeline.loaded, self._pipeline.now)

    def max_body(self, method: bytes, target: bytes, headers: Headers) -> int:
        """Return how many octets the body of a request may have because of the key that it brings;
        0 for nothing but the usual. More is for what is read outside the reactor's thread: changes
        by PowerDNS's API, and no forms, which Twisted reads by itself."""
        path = tuple(target.partition(b"?")[0].decode("latin-1").split("/")[1:])
        types = headers.getRawHeaders(b"content-type", (b"",))
        is_form = method == b"POST" and types[0].strip().lower().startswith(_FORMS)
        if method not in _CHANGES or is_form or not is_power_dns(path):
            return 0
        secrets = headers.getRawHeaders(b"x-api-key", (b"",))
        if not self.admission.takes(secrets[0].decode("latin-1")):
            return 0
        return self._settings.tools.body
