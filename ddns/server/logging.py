"""Formatting events of twisted.logger, and writing them where twistd would.

No event can begin another line of the log or steer a terminal: what is not printable is escaped.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import syslog
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogFilterPredicate,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    PredicateResult,
    formatEvent,
    formatTime,
)
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile
from twisted.python.reflect import safe_str
from zope.interface import implementer

from ddns.config.settings import LogSettings
from ddns.model.text import printable

QUIET = 60.0
"""Seconds in which descriptors that are missing are logged once."""

_LEGACY = frozenset({"failure", "format", "isError", "message", "printed", "system", "time", "why"})
"""Fields that twisted.python.log puts into its events."""


def as_text(event: LogEvent) -> str:
    """Return a line as twistd writes it, and the lines of a traceback, each after a tab."""
    said = _with_system(event)
    return f"{formatTime(event.get('log_time'))} {said}\n" if said else ""


def as_json(event: LogEvent) -> str:
    """Return a line with a JSON object in ASCII: ``time`` (RFC 3339, UTC), ``level``,
    ``namespace``, ``message``, the other simple fields of the event, and a ``traceback``."""
    message, traceback = _parts(event)
    if not message and not traceback:
        return ""
    level = event.get("log_level")
    shown: dict[str, object] = {
        "time": _rfc3339(event.get("log_time")),
        "level": level.name if level is not None else None,
        "namespace": event.get("log_namespace"),
        "message": _simple(message),
    }
    for name, value in event.items():
        own = name.startswith("log_") or name in _LEGACY or name == "traceback"
        if not own and isinstance(value, str | int | float):
            shown.setdefault(name, _simple(value))
    if traceback:
        shown["traceback"] = _simple(traceback)
    return json.dumps(shown) + "\n"


def _with_system(event: LogEvent) -> str:
    """Return message and traceback after the name of their system; nothing for an empty event."""
    message, traceback = _parts(event)
    if not message and not traceback:
        return ""
    system = event.get("log_system")
    if system is None:
        level = event.get("log_level")
        system = f"{event.get('log_namespace', '-')}#{level.name if level is not None else '-'}"
    lines = [f"[{printable(safe_str(system))}] {printable(message)}"]
    lines += map(printable, traceback.split("\n") if traceback else ())
    return "\n\t".join(lines)


def _parts(event: LogEvent) -> tuple[str, str]:
    """Return the message of an event and its traceback."""
    failure = event.get("log_failure")
    if failure is None and isinstance(event.get("failure"), Failure):  # by twisted.python.log
        failure = event["failure"]
        message = safe_str(event.get("why") or "Unhandled Error")
    else:
        message = formatEvent(event)
    traceback = failure.getTraceback() if isinstance(failure, Failure) else ""
    return message.rstrip("\n"), traceback.rstrip("\n")


def _rfc3339(when: float | None) -> str | None:
    if when is None:
        return None
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _simple(value: str | int | float) -> str | int | float:
    """Return the value as JSON can hold it: valid Unicode, finite numbers."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value if isinstance(value, int) or math.isfinite(value) else str(value)


# twistd ----------------------------------------------------------------------------------------


def observer_for(settings: LogSettings, twistd: Mapping[str, Any] | None, reactor: Any) -> Any:
    """Return an observer in place of twistd's own, which writes where *twistd*'s options say.

    None where something else is in charge: under ``twist``, which has options for all of this, with
    ``--logger``, and for a daemon that would log to standard output, which twistd refuses.
    """
    if twistd is None or "nodaemon" not in twistd:
        return None
    if twistd["logger"]:
        return None
    as_line = as_json if settings.format == "json" else as_text
    file, foreground = twistd["logfile"], bool(twistd["nodaemon"])
    observer: Any
    if twistd["syslog"]:
        observer = SyslogObserver(twistd["prefix"], settings.format == "json")
    elif foreground and file in (None, "", "-"):
        observer = FileLogObserver(sys.stdout.buffer, as_line)
    elif file == "-":
        return None
    else:
        observer = FileLogObserver(_file(file or "twistd.log", reactor), as_line)
    level = LogLevel.levelWithName(settings.level)
    return FilteringLogObserver(observer, [LogLevelFilterPredicate(level), Seldom()])


@implementer(ILogFilterPredicate)
class Seldom:
    """Lets one event a minute through that tells of no descriptors for a connection. Twisted tells
    of each, which any stranger can cause thousands of times a second."""

    _quiet_until = 0.0

    def __call__(self, event: LogEvent) -> Any:
        """Return whether to keep an event."""
        text = event.get("log_format") or ""
        is_it = str(event.get("log_namespace")).startswith("twisted.internet.tcp")
        if not is_it or not any(word in text for word in ("EMFILE", "Could not accept")):
            return PredicateResult.maybe
        now = time.monotonic()
        if now < self._quiet_until:
            return PredicateResult.no
        self._quiet_until = now + QUIET
        return PredicateResult.maybe


def _file(path: str, reactor: Any) -> Any:
    """Open a file that is rotated by size and by SIGUSR1, as twistd's own. If logrotate has moved
    it away already, SIGUSR1 only begins a new one."""
    file = LogFile.fromFullPath(path)

    def rotate() -> None:
        if os.path.exists(file.path):
            file.rotate()
        else:
            file.reopen()

    if signal.getsignal(signal.SIGUSR1) in (None, signal.SIG_DFL):
        signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(rotate))
    return file


@implementer(ILogObserver)
class SyslogObserver:
    """Writes events to the system's log, with a *prefix*."""

    def __init__(self, prefix: str, json: bool) -> None:
        self._format: Callable[[LogEvent], str] = as_json if json else _with_system
        syslog.openlog(prefix, 0, syslog.LOG_USER)

    def __call__(self, event: LogEvent) -> None:
        """Write an event."""
        level = event.get("log_level")
        bad = level in (LogLevel.error, LogLevel.critical)
        for line in self._format(event).splitlines():
            syslog.syslog(syslog.LOG_ALERT if bad else syslog.LOG_INFO, line)
