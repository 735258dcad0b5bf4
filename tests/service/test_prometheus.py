"""The files for Prometheus and Grafana ask for what there is, and a real Prometheus takes them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests import certificates
from tests.conftest import HOST, ZONE
from tests.processes import Server, eventually, free_port
from tests.programs import program, run
from tests.service.dialects import filled
from tests.service.watching import OF_ITS_OWN_CERTIFICATE, scraped

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "ddns-alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "ddns.json"
WIDTH = 24
"""Columns of a dashboard."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("watched")
    server = Server(folder, "--no-sample").with_miniupdate().with_metrics()
    pair = certificates.make(folder)
    filled(server.with_https(pair.certificate, pair.private_key))
    # Its own secondary: one that refuses to be told, and has what there is.
    server.call("zone_set", origin=ZONE, secondaries=[f"127.0.0.1#{server.dns_port}"])
    eventually(lambda: "ddns_secondary_serial" in {name for name, _ in scraped(server)}, "asked")
    yield server
    server.clean_up()


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    port: int

    def get(self, path: str, **query: str) -> Any:
        """What its API answers (https://prometheus.io/docs/prometheus/latest/querying/api/)."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(query)}"
        with urllib.request.urlopen(url) as answer:
            body = json.load(answer)
        assert body["status"] == "success", body
        return body["data"]

    def value(self, expression: str) -> float | None:
        """The one number that an expression has now, if it has one."""
        found = self.get("query", query=expression)["result"]
        assert len(found) < 2
        return float(found[0]["value"][1]) if found else None

    def rules(self) -> list[Any]:
        """The rules, once all have been evaluated."""
        rules = [rule for group in self.get("rules")["groups"] for rule in group["rules"]]
        return [] if any(rule["health"] == "unknown" for rule in rules) else rules

    def answers(self) -> bool:
        """Whether it can be asked."""
        try:
            self.get("status/buildinfo")
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def prometheus(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """With our own files, but for who is to be asked and how often."""
    folder = tmp_path_factory.mktemp("prometheus")
    shutil.copy(RULES, folder)
    sample = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    for ours, theirs in (
        ("127.0.0.1:9253", f"127.0.0.1:{server.metrics_port}"),
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
    ):
        assert ours in sample
        sample = sample.replace(ours, theirs)
    (folder / "prometheus.yml").write_text(sample)
    port = free_port()
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [
                program("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=1h",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    running = Prometheus(port)
    try:
        eventually(running.answers, "Prometheus answers")
        yield running
    finally:
        process.terminate()
        process.wait()


def dashboard() -> Any:
    return json.loads(DASHBOARD.read_text())


def panels() -> list[Any]:
    found: list[Any] = dashboard()["panels"]
    return found


def shown() -> list[str]:
    """Every expression of the dashboard."""
    found = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    found += [one["expr"] for one in dashboard()["annotations"]["list"] if "expr" in one]
    assert len(found) > 40
    return found


def asked_for(text: str) -> set[str]:
    return set(re.findall(r"\b(?:ddns|process|python)_[a-z_]+\b", text))


def test_what_is_asked_for_is_there(server: Server) -> None:
    there = {name for name, _ in scraped(server)}
    for text in (RULES.read_text(), *shown()):
        assert asked_for(text) <= there | OF_ITS_OWN_CERTIFICATE


def test_what_is_there_is_shown() -> None:
    """All that is ours, by the page that documents it; a histogram's parts are the histogram."""
    page = (ROOT / "docs" / "monitoring.md").read_text()
    documented = set(re.findall(r"^\| `(ddns_\w+)` \|", page, re.MULTILINE))
    wanted = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked_for(" ".join(shown()))}
    listed = {"ddns_build_info"}  # by which servers are found
    assert documented - wanted == listed


def test_promtool_takes_the_files(tmp_path: Path) -> None:
    for file in DEPLOY.glob("prometheus/*.yml"):
        shutil.copy(file, tmp_path)
    for what, file_name in (("config", "prometheus.yml"), ("rules", "ddns-alerts.yml")):
        done = run([program("promtool"), "check", what, file_name], folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_when_they_are_to(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path)
    shutil.copy(ROOT / "tests" / "cases" / "monitoring" / "alerts.yml", tmp_path)
    done = run([program("promtool"), "test", "rules", "alerts.yml"], folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_can_be_imported() -> None:
    """It knows no data source by name, and panels are beside and below each other."""
    whole = dashboard()
    variables = {one["name"]: one["type"] for one in whole["templating"]["list"]}
    assert variables == {"datasource": "datasource", "instance": "query"}
    assert "id" not in whole, "that of an installation"
    ids = [panel["id"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= WIDTH
        taken |= cells
        if panel["type"] != "row":
            for one in (panel, *panel["targets"]):
                assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert all('instance=~"$instance"' in target["expr"] for target in panel["targets"])


def test_a_real_prometheus_gets_the_numbers(server: Server, prometheus: Prometheus) -> None:
    for _ in range(7):
        server.ask(HOST)
    now = scraped(server)
    for name in ("ddns_zones", "ddns_hosts", "ddns_journal_position"):
        (expected,) = (number for (known, _), number in now.items() if known == name)
        eventually(lambda name=name, e=expected: prometheus.value(name) == e, name)  # type: ignore[misc]
    queries = 'ddns_dns_queries_total{transport="udp"}'
    eventually(lambda: (prometheus.value(queries) or 0) >= 7, "it has seen the queries")
    assert prometheus.value("up") == 1
    (target,) = prometheus.get("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_a_real_prometheus_understands_every_expression(prometheus: Prometheus) -> None:
    eventually(lambda: prometheus.value("ddns_ready") == 1, "it has asked the server")
    for expression in shown():
        plain = expression.replace("$instance", ".*").replace("$__rate_interval", "1m")
        prometheus.get("query", query=plain)
    rules = eventually(prometheus.rules, "it has looked at every rule")
    assert len(rules) == RULES.read_text().count("- alert: ")
    assert {rule["health"] for rule in rules} == {"ok"}

    def firing() -> list[str]:
        return [rule["name"] for rule in prometheus.rules() if rule["state"] == "firing"]

    eventually(lambda: firing() == ["DdnsCertificateExpires"], "the test's own is for a day")
