"""The counts of a server as metrics of Prometheus.

Nothing is counted here: the parts of a server keep plain numbers, which are read when somebody
asks. The number of labels is bounded, whatever clients send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ddns import __version__
from ddns.model import names
from ddns.model.notices import Way
from ddns.net.dns.listener import DnsListener
from ddns.net.http.site import LimitedSite
from ddns.net.listeners import Counted
from ddns.server.certificate import ServerCertificate
from ddns.server.core import Core
from ddns.server.dns_metrics import dns_metrics
from ddns.server.metric_families import Numbers, counter, counters, gauge, gauges, histograms
from ddns.server.notice_metrics import notice_metrics
from ddns.updates.expiring import EXPIRY, LEASE

NOTHING_ASKED = "answered"
"""The status of a request that names no host: a login, a check page."""

MAX_SERIALS = 100
"""Zones of secondaries whose serials are shown."""


@dataclass(slots=True)
class Watched:
    """The parts of a server whose numbers are read.

    :param core: zones, store, accounts and updates.
    :param dns: its counts of queries.
    :param frontends: returns what has connections, by the name of its service.
    :param certificate: that for TLS.
    :param not_ready: returns why the server is not ready, or nothing.
    :param now: seconds since 1970.
    :param hosts: how many hosts there are, kept up to date by others; None while unknown.
    :param leases: how many records are under a lease, likewise.
    :param notices: how many notices wait, by way, likewise.
    :param relays: how many relays are due, likewise.
    """

    core: Core
    dns: DnsListener
    frontends: Callable[[], Iterable[tuple[str, Counted]]]
    certificate: ServerCertificate
    not_ready: Callable[[], str]
    now: Callable[[], float]
    hosts: int | None = None
    leases: int | None = None
    notices: Mapping[Way, int] = field(default_factory=lambda: dict.fromkeys(Way, 0))
    relays: int | None = None


def registry_of(watched: Watched) -> CollectorRegistry:
    """Return a registry of this server alone, for the process may have others."""
    registry = CollectorRegistry()
    registry.register(ServerCollector(watched))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class ServerCollector(Collector):
    """Reads the numbers of a server and gives them names."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def collect(self) -> Iterator[Metric]:
        """See the base class."""
        yield from self._server()
        yield from dns_metrics(self._watched.dns, self._watched.core.limiter)
        yield from self._updates()
        yield from self._connections()
        yield from self._store()
        yield from self._contents()
        yield from self._lasting()
        yield from self._secondaries()
        yield from self._relays()
        yield from self._queues()
        counts = self._watched.core.notices.courier.counts
        yield from notice_metrics(self._watched.notices, counts)

    def _server(self) -> Iterator[Metric]:
        yield gauges("ddns_build_info", "What runs.", {(__version__,): 1}, "version")
        yield gauge("ddns_ready", "1 when /readyz says ok.", 0 if self._watched.not_ready() else 1)
        yield gauge(
            "ddns_certificate_expiry_timestamp_seconds",
            "When the certificate for HTTPS runs out, in seconds since 1970.",
            self._watched.certificate.expiry(),
        )
        yield from self._own_certificate()

    def _own_certificate(self) -> Iterator[Metric]:
        state = self._watched.certificate.state()
        due, issued, failures = None, None, 0
        if state is not None:
            due, issued, failures = state.renewal, state.issued_at, state.failures
        for name, text, at in (
            ("renewal", "When the next order for a certificate is due", due),
            ("issued", "When the last order brought a certificate", issued),
        ):
            full = f"ddns_certificate_{name}_timestamp_seconds"
            yield gauge(full, f"{text}, in seconds since 1970.", at)
        text = "Orders for a certificate that failed."
        yield counter("ddns_certificate_failures", text, failures)

    def _updates(self) -> Iterator[Metric]:
        dialects = self._watched.core.pipeline.counts.dialects
        yield counters(
            "ddns_updates",
            "What became of each host that a request named, or of the whole request.",
            {
                (name, status.name.lower() if status else NOTHING_ASKED): count
                for name, dialect in dialects.items()
                for status, count in dialect.statuses.items()
            },
            *("dialect", "status"),
        )
        yield histograms(
            "ddns_update_duration_seconds",
            "From a request for an update to what came of it.",
            {(name,): dialect.seconds for name, dialect in dialects.items()},
            "dialect",
        )

    def _connections(self) -> Iterator[Metric]:
        frontends = dict(self._watched.frontends())
        open_now: Numbers = {(name,): door.connections() for name, door in frontends.items()}
        yield gauges("ddns_connections", "Open connections.", open_now, "listener")
        for attribute, text in (
            ("accepted", "Connections that were taken."),
            ("refused", "Connections that were refused, because there were too many."),
            ("displaced", "Connections that were ended in favour of a new one."),
        ):
            numbers: Numbers = {
                (name,): getattr(door.admissions, attribute) for name, door in frontends.items()
            }
            yield counters(f"ddns_connections_{attribute}", text, numbers, "listener")
        yield counters(
            "ddns_http_responses",
            "HTTP answers, by the class of their status.",
            {
                (name, f"{digit}xx"): door.answers[digit]
                for name, door in frontends.items()
                if isinstance(door, LimitedSite)
                for digit in range(1, 6)
            },
            *("listener", "code"),
        )

    def _store(self) -> Iterator[Metric]:
        stats = self._watched.core.store.stats()
        commits = stats.commits
        yield gauge("ddns_journal_position", "The journal's last position.", stats.position)
        yield gauge("ddns_store_queue_length", "Works that wait for a commit.", stats.waiting)
        yield histograms("ddns_store_commit_works", "Works in a commit.", {(): commits.works})
        yield histograms(
            "ddns_store_commit_duration_seconds",
            "From the beginning of a transaction until it was on disk.",
            {(): commits.seconds},
        )
        yield counter("ddns_store_failures", "Works that the database failed.", commits.failed)
        yield gauge("ddns_store_database_bytes", "The database's file.", stats.data_size)
        yield gauge("ddns_store_wal_bytes", "Its write-ahead log.", stats.log_size)

    def _contents(self) -> Iterator[Metric]:
        core = self._watched.core
        accounts, blocked, keys = core.directory.census(self._watched.now())
        loading, failed = core.publisher.behind()
        yield gauge("ddns_zones", "Zones that are answered.", len(core.zones))
        yield gauge("ddns_zones_loading", "Zones that are being loaded.", loading)
        yield gauge("ddns_zones_failed", "Zones that could not be loaded.", failed)
        yield gauge("ddns_hosts", "Hosts.", self._watched.hosts)
        yield gauge("ddns_accounts", "Accounts.", accounts)
        yield gauge("ddns_accounts_blocked", "Accounts that are blocked.", blocked)
        yield gauge("ddns_keys", "Keys.", keys)

    def _lasting(self) -> Iterator[Metric]:
        counts = self._watched.core.expirer.counts
        yield gauge("ddns_leases", "Records under a lease.", self._watched.leases)
        yield counter("ddns_leases_ended", "Records whose lease has ended.", counts[LEASE])
        yield counter(
            "ddns_hosts_expired",
            "Hosts that went offline because no client was heard of.",
            counts[EXPIRY],
        )

    def _secondaries(self) -> Iterator[Metric]:
        notifier = self._watched.core.notifier
        behind = notifier.behind()
        for name, text, found in (
            ("zones", "Zones that a secondary is to have.", notifier.counts),
            ("zones_behind", "Those that it has not the last changes of.", _column(behind, 0)),
            ("seconds_behind", "For how long it has lacked a change.", _column(behind, 1)),
        ):
            numbers: Numbers = {(at,): number for at, number in found.items()}
            yield gauges(f"ddns_secondary_{name}", text, numbers, "secondary")
        yield gauges(
            "ddns_secondary_serial",
            "The serial that a secondary has of a zone, of some of them.",
            {
                (names.to_text(origin), secondary.at): serial
                for origin, secondary, serial in notifier.serials(MAX_SERIALS)
            },
            *("zone", "secondary"),
        )

    def _relays(self) -> Iterator[Metric]:
        relayer = self._watched.core.outward.relayer
        yield gauge("ddns_relays_due", "Relays whose time has come.", self._watched.relays)
        yield gauge("ddns_relays_in_flight", "Deliveries that go on.", relayer.going())
        yield counter("ddns_relays_delivered", "Deliveries that were taken.", relayer.delivered)
        yield counter("ddns_relays_failed", "Deliveries that were not.", relayer.failed)

    def _queues(self) -> Iterator[Metric]:
        core = self._watched.core
        checks, mailer = core.updates.authenticator, core.account_services.mailer
        waiting = checks.waiting()
        yield gauge("ddns_password_checks_waiting", "Passwords that wait for argon2.", waiting)
        yield counter("ddns_password_checks", "Passwords that argon2 looked at.", checks.checked)
        yield counter(
            "ddns_password_checks_put_off",
            "Passwords that were put off, because too many waited.",
            checks.put_off,
        )
        waiting, sent, failed = (
            (mailer.waiting(), mailer.sent, mailer.failed) if mailer else (0, 0, 0)
        )
        yield gauge("ddns_mails_waiting", "Mails that wait for the relay.", waiting)
        yield counter("ddns_mails_sent", "Mails that the relay took.", sent)
        yield counter("ddns_mails_failed", "Mails that were given up.", failed)
        yield counter(
            "ddns_request_log_dropped",
            "Requests that the log of requests did not keep.",
            core.updates.requests.left_out,
        )


def _column(rows: Mapping[str, tuple[float, ...]], number: int) -> Mapping[str, float]:
    return {key: row[number] for key, row in rows.items()}
