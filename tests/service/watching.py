"""What a running server tells of itself, and how it changes."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.processes import Reply, Server, eventually
from tests.programs import PATIENCE

WATCHING = ("listener", "metrics")

OF_ITS_OWN_CERTIFICATE = {
    "ddns_certificate_issued_timestamp_seconds",
    "ddns_certificate_renewal_timestamp_seconds",
}
"""Numbers of a server that gets its certificate itself."""

Sample = tuple[str, frozenset[tuple[str, str]]]
Numbers = Mapping[Sample, float]


def sample(name: str, **labels: str) -> Sample:
    """The name of a number."""
    return name, frozenset(labels.items())


def page(server: Server, path: str, method: str = "GET") -> Reply:
    """One of the pages for watchers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.metrics_port, timeout=PATIENCE)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read().decode())
    finally:
        connection.close()


def scraped(server: Server) -> Numbers:
    """All numbers."""
    families = text_string_to_metric_families(page(server, "/metrics").body)
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def changed(before: Numbers, after: Numbers, *names: str) -> dict[Sample, float]:
    """By how much the numbers of these names have changed, those that have; but for what changes
    because somebody looks."""
    return {
        key: value - before.get(key, 0.0)
        for key, value in after.items()
        if key[0] in names and value != before.get(key, 0.0) and WATCHING not in key[1]
    }


def changes(server: Server, work: Callable[[], object], expected: Mapping[Sample, float]) -> None:
    """Do something, and wait until all numbers of the names that are expected to change have
    changed by as much as expected and no others."""
    names = {name for name, _ in expected}
    before = settled(server)
    work()
    until = time.monotonic() + PATIENCE
    while (found := changed(before, scraped(server), *names)) != expected:
        wrong = dict(found.items() ^ expected.items())
        assert time.monotonic() < until, f"expected otherwise: {sorted(map(str, wrong.items()))}"
        time.sleep(0.05)


def settled(server: Server) -> Numbers:
    """Numbers that are those of now: they are not made anew each time that somebody asks."""
    made = sample("ddns_connections_accepted_total", listener="metrics")
    first = scraped(server)
    found: Numbers = eventually(
        lambda: (now := scraped(server))[made] > first[made] and now, "the numbers are made anew"
    )
    return found
