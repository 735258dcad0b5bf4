"""The counts of DNS as metrics of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import Metric

from ddns.net.dns.listener import DnsListener
from ddns.server.metric_families import Numbers, counter, counters, histograms
from ddns.zone.rrl import RateLimiter

NAMES = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"),
    *("YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"),
)
"""Names of the first RCODEs (RFC 6895 2.3); others are shown once they occur."""


def dns_metrics(dns: DnsListener, limiter: RateLimiter | None) -> Iterator[Metric]:
    """Yield what was asked and answered."""
    over = {("udp",): dns.udp, ("tcp",): dns.tcp.stats}
    queries: Numbers = {key: traffic.received() for key, traffic in over.items()}
    yield counters("ddns_dns_queries", "DNS messages that were read.", queries, "transport")
    for name, text, attribute in (
        ("unanswered", "Messages that got no reply.", "unanswered"),
        ("received_bytes", "Octets of messages.", "received_octets"),
        ("sent_bytes", "Octets of replies.", "sent_octets"),
    ):
        numbers: Numbers = {key: getattr(traffic, attribute) for key, traffic in over.items()}
        yield counters(f"ddns_dns_{name}", text, numbers, "transport")
    yield counters(
        "ddns_dns_responses",
        "Replies, by RCODE.",
        {
            (*key, name): traffic.rcodes[rcode]
            for key, traffic in over.items()
            for rcode, name in _rcodes(traffic.rcodes)
        },
        *("transport", "rcode"),
    )
    yield counter("ddns_dns_unsent", "UDP replies that could not be sent.", dns.udp.unsent)
    yield counters(
        "ddns_dns_rate_limited",
        "Replies over the rate: cut short, or not sent.",
        {
            ("slipped",): limiter.slipped if limiter else 0,
            ("dropped",): limiter.dropped if limiter else 0,
        },
        "action",
    )
    yield histograms(
        "ddns_dns_response_duration_seconds",
        "From a message's being read to its reply's being handed to the system.",
        {key: traffic.latency for key, traffic in over.items()},
        "transport",
    )


def _rcodes(counts: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Return the RCODEs that have a name, and those that have occurred."""
    for rcode, count in enumerate(counts):
        if rcode < len(NAMES):
            yield rcode, NAMES[rcode]
        elif count:
            yield rcode, f"RCODE{rcode}"
