"""The counts of notices as metrics of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import Metric

from ddns.model.notices import Way
from ddns.server.metric_families import Numbers, counters, gauges


def notice_metrics(
    waiting: Mapping[Way, int], counts: Mapping[tuple[Way, str], int]
) -> Iterator[Metric]:
    """Yield how many notices wait, and what came of those that were tried."""
    numbers: Numbers = {(str(way),): count for way, count in waiting.items()}
    yield gauges("ddns_notices_waiting", "Notices that wait to be sent.", numbers, "way")
    yield counters(
        "ddns_notices",
        "Attempts to send a notice, by what came of it.",
        {(str(way), outcome): count for (way, outcome), count in counts.items()},
        *("way", "outcome"),
    )
