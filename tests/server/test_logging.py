"""Lines of the log: one an event, whatever it says, and where twistd would have them."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
import syslog
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import FilteringLogObserver, LogEvent, Logger, LogLevel, LogPublisher
from twisted.python import log as legacy
from twisted.python.failure import Failure

from ddns.config.settings import LogSettings
from ddns.server.logging import QUIET, Seldom, as_json, as_text, observer_for

FORGED = "x\n2026-11-22T14:34:03+0000 [ddns.service#info] alice logged in\r\x1b[31m\x85\u2028\u202e"
"""What somebody would write who wanted to be in the log as ourselves."""

texts = st.text(st.characters(), max_size=40)  # surrogates and control characters among them
formats = pytest.mark.parametrize("format", [as_text, as_json])

Format = Callable[[LogEvent], str]


def event(say: Callable[[Logger], None]) -> LogEvent:
    """The event that a logger makes of it."""
    found: list[LogEvent] = []
    say(Logger("ddns.test", observer=found.append))  # type: ignore[arg-type]
    return found[0]


def failing(text: str) -> Failure:
    try:
        raise ValueError(text)
    except ValueError:
        return Failure()


def test_descriptors_that_are_missing_are_told_of_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twisted tells of every connection."""
    now = 1000.0
    monkeypatch.setattr("ddns.server.logging.time.monotonic", lambda: now)
    kept: list[LogEvent] = []
    observer: Any = FilteringLogObserver(kept.append, [Seldom()])  # type: ignore[arg-type]

    def one_more() -> int:
        before = len(kept)
        port = Logger("twisted.internet.tcp.Port", observer=observer)
        for _ in range(100):
            port.info("EMFILE encountered; releasing reserved file descriptor.")
            port.info("EMFILE recovery: Closed socket from {address}", address="192.0.2.1")
            port.info("Could not accept new connection ({acceptError})", acceptError="ENFILE")
        return len(kept) - before

    assert one_more() == 1
    assert one_more() == 0
    now += QUIET
    assert one_more() == 1
    for namespace in ("ddns.server.service", "twisted.internet.tcp.Port"):
        Logger(namespace, observer=observer).info("something else")
    assert len(kept) == 4


def test_text_is_as_twistd_writes_it() -> None:
    said = event(lambda log: log.warn("mail {id} was not sent", id="<1@example.net>"))
    said["log_time"] = datetime(2026, 11, 22, 14, 34, 3, 999999, UTC).timestamp()
    when, rest = as_text(said).split(" ", 1)
    assert re.fullmatch(r"2026-11-2\dT\d\d:\d\d:\d\d[+-]\d{4}", when)
    assert datetime.fromisoformat(when).timestamp() == int(said["log_time"])
    assert rest == "[ddns.test#warn] mail <1@example.net> was not sent\n"


def test_json_has_the_fields() -> None:
    said = event(
        lambda log: log.info(
            "{path} has {count}", path="/var/lib", count=3, part=0.5, yes=True, other=object()
        )
    )
    said["log_time"] = 1795358043.120841
    assert json.loads(as_json(said)) == {
        "time": "2026-11-22T14:34:03.120841Z",
        "level": "info",
        "namespace": "ddns.test",
        "message": "/var/lib has 3",
        "path": "/var/lib",
        "count": 3,
        "part": 0.5,
        "yes": True,
    }


def test_a_whole_second_has_microseconds_as_well() -> None:
    said = event(lambda log: log.info("x"))
    said["log_time"] = 1795358043.0
    assert json.loads(as_json(said))["time"] == "2026-11-22T14:34:03.000000Z"


def test_fields_do_not_take_the_place_of_ours() -> None:
    said = event(lambda log: log.info("right"))
    names = ("time", "level", "namespace", "message", "traceback", "system", "why")
    found = json.loads(as_json({**said, **dict.fromkeys(names, "forged")}))
    assert found["message"] == "right"
    assert "forged" not in found.values()


def test_numbers_that_json_does_not_have() -> None:
    said = as_json(event(lambda log: log.info("x", a=float("nan"), b=float("inf"))))
    found = json.loads(said, parse_constant=lambda name: pytest.fail(name))
    assert (found["a"], found["b"]) == ("nan", "inf")


@formats
def test_a_traceback_belongs_to_its_event(format: Format) -> None:
    failure = failing("why")
    line = format(event(lambda log: log.failure("it failed", failure=failure)))
    if format is as_json:
        found = json.loads(line)
        assert found["message"] == "it failed"
        assert found["traceback"].startswith("Traceback")
        assert found["traceback"].endswith("ValueError: why")
        assert line.count("\n") == 1
    else:
        first, *more = line.splitlines()
        assert first.endswith("[ddns.test#critical] it failed")
        assert more[0] == "\tTraceback (most recent call last):"
        assert all(one.startswith("\t") for one in more)
        assert more[-1].endswith("ValueError: why")


@formats
def test_events_of_the_old_kind(format: Format) -> None:
    found: list[LogEvent] = []
    old = legacy.LogPublisher(publishPublisher=LogPublisher(found.append))  # type: ignore[arg-type]
    old.msg("old", "words", system="somebody")
    old.msg(failure=failing("why"), why="It broke", isError=1)
    plain, failed = map(format, found)
    if format is as_json:
        assert json.loads(plain)["message"] == "old words"
        assert json.loads(failed)["message"] == "It broke"
        assert json.loads(failed)["level"] == "critical"
        assert "ValueError: why" in json.loads(failed)["traceback"]
    else:
        assert plain.endswith("[somebody] old words\n")
        assert failed.splitlines()[0].endswith("It broke")
        assert "\tTraceback" in failed


@formats
def test_events_that_say_nothing(format: Format) -> None:
    assert format(event(lambda log: log.info(""))) == ""
    assert format({}) == ""


def test_events_that_lack_what_others_have() -> None:
    assert as_text({"log_format": "x"}) == "- [-#-] x\n"
    assert json.loads(as_json({"log_format": "x"}))["time"] is None


@formats
@pytest.mark.parametrize("where", ["field", "system", "failure"])
def test_nobody_writes_our_lines(format: Format, where: str) -> None:
    said = event(lambda log: log.info("host {host}", host=FORGED))
    if where == "system":
        said["log_system"] = FORGED
    elif where == "failure":
        said["log_failure"] = failing(FORGED)
    check_line(format(said))


@formats
@given(message=texts, name=texts, failure=texts)
def test_whatever_is_said_is_one_line(
    format: Format, message: str, name: str, failure: str
) -> None:
    said = event(lambda log: log.failure("{a}", failure=failing(failure), a=message, b=name))
    said["log_namespace"] = name
    line = format(said)
    check_line(line)
    if format is as_json:
        json.loads(line)
    line.encode()


def check_line(line: str) -> None:
    """It ends where it ends, what follows is behind a tab, and nothing steers a terminal."""
    assert line.endswith("\n")
    first, *more = line[:-1].split("\n")
    assert first.isprintable()
    for one in more:
        assert one[0] == "\t"
        assert one[1:].isprintable()


# In twistd's stead -----------------------------------------------------------------------------


def twistd(**options: Any) -> dict[str, Any]:
    """twistd's options, as it has parsed them."""
    usual = {"logfile": None, "nodaemon": 1, "syslog": 0, "prefix": "twisted", "logger": None}
    return {**usual, **options}


def say(observer: Any) -> None:
    """One event of each level."""
    logger = Logger("ddns.test", observer=observer)
    for level in LogLevel.iterconstants():
        logger.emit(level, "{what}", what=level.name)


class Output(io.TextIOWrapper):
    """Standard output as a program has it that may write ASCII only."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), "ascii")

    def written(self) -> str:
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("logfile", [None, "-"])
def test_in_the_foreground_it_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, logfile: str | None
) -> None:
    monkeypatch.setattr(sys, "stdout", output := Output())
    observer = observer_for(LogSettings(), twistd(logfile=logfile), None)
    Logger("ddns.test", observer=observer).info("más")
    assert output.written().endswith("[ddns.test#info] más\n")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"nodaemon": 0}, "twistd.log"),
        ({"logfile": "x"}, "x"),
        ({"nodaemon": 0, "logfile": "x"}, "x"),
    ],
)
def test_otherwise_to_a_file(
    options: dict[str, Any], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "getsignal", lambda number: print)
    say(observer_for(LogSettings("json", "warn"), twistd(**options), None))
    lines = (tmp_path / name).read_text().splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["warn", "error", "critical"]


@pytest.mark.parametrize("level", [one.name for one in LogLevel.iterconstants()])
def test_what_is_less_is_left_out(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setattr(sys, "stdout", output := Output())
    say(observer_for(LogSettings("text", level), twistd(), None))
    names = [one.name for one in LogLevel.iterconstants()]
    assert output.written().split()[2::3] == names[names.index(level) :]


@pytest.mark.parametrize(
    "options",
    [
        None,  # no runner
        {"logFile": None, "fileLogObserverFactory": None},  # twist's
        twistd(logger=print),
        twistd(logfile="-", nodaemon=0),  # for which twistd does not start
    ],
)
def test_where_others_know_better(options: dict[str, Any] | None) -> None:
    assert observer_for(LogSettings(), options, None) is None


@pytest.mark.parametrize("format", ["text", "json"])
def test_the_systems_log(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    opened: list[object] = []
    written: list[tuple[int, str]] = []
    monkeypatch.setattr(syslog, "openlog", lambda *args: opened.append(args))
    monkeypatch.setattr(syslog, "syslog", lambda *args: written.append(args))
    observer = observer_for(LogSettings(format), twistd(syslog=1, prefix="ddns"), None)
    logger = Logger("ddns.test", observer=observer)
    logger.info("host {host}", host=FORGED)
    logger.failure("it failed", failure=failing(FORGED))
    assert opened == [("ddns", 0, syslog.LOG_USER)]
    assert all(line.lstrip("\t").isprintable() for _, line in written)
    assert {number for number, _ in written} == {syslog.LOG_INFO, syslog.LOG_ALERT}
    if format == "json":
        assert [json.loads(line)["level"] for _, line in written] == ["info", "critical"]
    else:
        assert [line for _, line in written if line[0] != "\t"] == [written[0][1], written[1][1]]
        assert written[0][1].startswith("[ddns.test#info] host x\\n2026")
