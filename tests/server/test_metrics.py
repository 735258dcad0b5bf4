"""What Prometheus is shown: names and numbers that are what was counted, and nothing that clients
could make grow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from ddns.config.settings import MetricsSettings, Settings
from ddns.dialects import DIALECTS
from ddns.model import names
from ddns.model.account import Account, Block, ZoneInfo
from ddns.model.secondaries import secondary
from ddns.model.update import Outcome, Status
from ddns.server.service import DdnsService
from ddns.zone.requests import Reply
from tests.net.reactors import RunningReactor
from tests.programs import program, run

ROOT = Path(__file__).parents[2]
THEIRS = ("python_", "process_")
"""Prefixes of what prometheus_client collects by itself."""

NO_DIALECTS = ("miniupdate", "rfc2136", "powerdns", "httpreq", "acme-dns", "cloudflare")
"""What else changes hosts and records."""


@pytest.fixture
def service(running: RunningReactor, tmp_path: Path) -> DdnsService:
    """A server that is never started."""
    settings = Settings(database=str(tmp_path / "ddns.sqlite"))
    return DdnsService(settings, running.reactor, now=lambda: 1000.0)


def text_of(service: DdnsService) -> str:
    return generate_latest(service.monitoring.registry).decode()


def families(service: DdnsService) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text_of(service))}


def ours(service: DdnsService) -> Iterator[Metric]:
    for family in families(service).values():
        if not family.name.startswith(THEIRS):
            yield family


def numbers(service: DdnsService, name: str) -> dict[tuple[str, ...], float]:
    """The samples of that name, by the values of their labels in the order of their names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families(service).values()
        for sample in family.samples
        if sample.name == name
    }


def test_it_can_be_asked_before_it_is_started(service: DdnsService) -> None:
    assert numbers(service, "ddns_ready") == {(): 0}
    assert numbers(service, "ddns_zones") == {(): 0}
    assert numbers(service, "ddns_hosts") == {}, "nobody has counted them"
    assert numbers(service, "ddns_certificate_expiry_timestamp_seconds") == {}


def test_all_are_ours_and_say_what_they_are(service: DdnsService) -> None:
    for family in ours(service):
        assert re.fullmatch(r"ddns_[a-z_]+", family.name)
        assert family.documentation.endswith("."), family.name


def test_promtool_finds_nothing_to_complain_about(service: DdnsService) -> None:
    done = run([program("promtool"), "check", "metrics"], text_in=text_of(service))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def documented() -> dict[str, tuple[str, str]]:
    """Kind and labels by name, from the tables of the page."""
    page = (ROOT / "docs" / "monitoring.md").read_text()
    rows = re.findall(r"^\| `(ddns_\w+)` \| (\w+) \|([^|]*)\|", page, re.MULTILINE)
    found = {name: (kind, " ".join(re.findall(r"\w+", labels))) for name, kind, labels in rows}
    assert len(found) == len(rows), "each once"
    return found


@pytest.fixture
def followed(service: DdnsService, running: RunningReactor) -> Iterator[DdnsService]:
    """With a zone that two name servers follow, if they do."""
    info = ZoneInfo(names.from_text("example.net"), 7, secondaries=tuple(map(secondary, OTHERS)))
    core = service.core

    def begin() -> None:
        core.directory.secondaries.put(info)
        core.notifier._renew(info.origin)
        one, two = core.notifier._followed[info.origin].followers.values()
        one.has_told(Reply(7), 7, 0.0)
        core.notifier._retries.done(one)
        two.is_silent("no answer", running.reactor.seconds() - 60.0)

    running.call(begin)
    yield service
    running.call(core.notifier.stop)


OTHERS = ("192.0.2.53", "2001:db8::53#5353,xfr.example")


def test_secondaries(followed: DdnsService) -> None:
    assert numbers(followed, "ddns_secondary_zones") == {
        ("192.0.2.53",): 1,
        ("2001:db8::53#5353",): 1,
    }
    behind = numbers(followed, "ddns_secondary_zones_behind")
    assert behind == {("192.0.2.53",): 0, ("2001:db8::53#5353",): 1}
    seconds = numbers(followed, "ddns_secondary_seconds_behind")
    assert seconds["192.0.2.53",] == 0
    assert 60 <= seconds["2001:db8::53#5353",] < 90
    assert numbers(followed, "ddns_secondary_serial") == {("192.0.2.53", "example.net"): 7}


def test_every_metric_is_documented_and_no_other(followed: DdnsService) -> None:
    found: dict[str, tuple[str, str]] = {}
    for family in followed.monitoring.registry.collect():
        if family.name.startswith(THEIRS):
            continue
        name = family.name + ("_total" if family.type == "counter" else "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = (family.type, " ".join(sorted(labels)))
    assert documented() == found


def test_what_becomes_of_updates(service: DdnsService) -> None:
    updates = service.core.pipeline.counts
    updates.performed("dyndns2", Outcome(Status.BADAUTH), 0.004)
    updates.performed("dyndns2", Outcome(Status.BADAUTH), 0.2)
    updates.answered("checkip", Outcome())
    counted = {key: count for key, count in numbers(service, "ddns_updates_total").items() if count}
    assert counted == {("dyndns2", "badauth"): 2, ("checkip", "answered"): 1}
    within = numbers(service, "ddns_update_duration_seconds_bucket")
    assert within["dyndns2", "0.005"] == 1
    assert within["dyndns2", "0.25"] == within["dyndns2", "+Inf"] == 2
    assert numbers(service, "ddns_update_duration_seconds_count")["dyndns2",] == 2
    assert numbers(service, "ddns_update_duration_seconds_sum")["dyndns2",] == pytest.approx(0.204)


def test_every_dialect_and_status_is_there_from_the_start(service: DdnsService) -> None:
    """So that the first failure is an increase."""
    expected = {
        (name, status)
        for name in (*(dialect.name for dialect in DIALECTS), *NO_DIALECTS)
        for status in (*(status.name.lower() for status in Status), "answered")
    }
    assert numbers(service, "ddns_updates_total").keys() == expected


def test_rcodes_without_a_name(service: DdnsService) -> None:
    traffic = service.monitoring.watched.dns.udp
    assert len(numbers(service, "ddns_dns_responses_total")) == 22
    for rcode in range(16):
        traffic.record_reply(bytes([0, 0, 0, rcode]), 0.0)
    found = numbers(service, "ddns_dns_responses_total")
    assert len(found) == 27
    assert found["NXDOMAIN", "udp"] == found["RCODE15", "udp"] == 1
    assert found["NXDOMAIN", "tcp"] == 0


def test_accounts_that_are_blocked_now(service: DdnsService) -> None:
    directory = service.monitoring.watched.core.directory
    for name, block in (
        ("alice", None),
        ("bob", Block("why", 0.0)),
        ("carol", Block("why", 0.0, until=999.0)),
        ("dave", Block("why", 0.0, until=1001.0)),
        ("erin", Block("why", 0.0)),
        ("frank", Block("why", 0.0)),
    ):
        directory.put_account(Account(name, block=block))
    directory.put_account(Account("erin"))
    directory.remove_account("frank")
    assert numbers(service, "ddns_accounts") == {(): 5}
    assert numbers(service, "ddns_accounts_blocked") == {(): 2}


def test_servers_in_one_process_know_nothing_of_each_other(
    service: DdnsService, running: RunningReactor, tmp_path: Path
) -> None:
    settings = Settings(
        database=str(tmp_path / "other.sqlite"), metrics=MetricsSettings(("tcp:0",))
    )
    other = DdnsService(settings, running.reactor)
    service.core.pipeline.counts.answered("checkip", Outcome())
    assert numbers(service, "ddns_updates_total")["checkip", "answered"] == 1
    assert numbers(other, "ddns_updates_total")["checkip", "answered"] == 0
    known: Any = [family.name for family in REGISTRY.collect()]
    assert not any(name.startswith("ddns") for name in known), "nor does anybody else"
