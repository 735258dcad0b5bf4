"""``twistd ddns``: options to Settings to a service. Opens nothing: that is for startService."""

from __future__ import annotations

import atexit
import dataclasses
import os
import signal
import sys
import time
from types import TracebackType
from typing import Any

from twisted.application.service import IService
from twisted.python import usage

from ddns import config
from ddns.config import ConfigError, Settings
from ddns.service import DdnsService, StartupError


class Options(usage.Options):
    """The command line. An option that was given replaces what the configuration file says."""

    synopsis = "[options]"
    longdesc = (
        "A dynamic DNS server in one process: authoritative DNS and updates by dyndns2 over HTTP,"
        " on one SQLite database."
    )
    optFlags = [  # noqa: RUF012
        ["no-sample", None, "Do not create a sample host in a new database"],
    ]
    optParameters = [  # noqa: RUF012
        ["config", "c", None, "A TOML file with settings"],
        ["database", "d", None, "The SQLite database (default: ddns.sqlite)"],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["dns"] = []
        self["http"] = []

    def opt_dns(self, address: str) -> None:
        """Answer DNS on ADDRESS:PORT; repeatable, or "off" (default: 127.0.0.1:5300)"""
        self["dns"].append(address)

    def opt_http(self, description: str) -> None:
        """Serve HTTP on STRPORTS; repeatable; "off" (default: tcp:8245:interface=127.0.0.1)"""
        self["http"].append(description)

    def postOptions(self) -> None:
        """Make the settings, so that what is wrong with them is a usage error."""
        try:
            self.settings = self._settings()
        except ConfigError as error:
            raise usage.UsageError(str(error)) from error

    def _settings(self) -> Settings:
        settings = config.load(self["config"]) if self["config"] else Settings()
        if self["database"]:
            settings = dataclasses.replace(settings, database=self["database"])
        if self["no-sample"]:
            settings = dataclasses.replace(settings, sample=False)
        if self["dns"]:
            listen = _listeners(self["dns"])
            settings = dataclasses.replace(
                settings, dns=dataclasses.replace(settings.dns, listen=listen)
            )
        if self["http"]:
            listen = _listeners(self["http"])
            settings = dataclasses.replace(
                settings, http=dataclasses.replace(settings.http, listen=listen)
            )
        # twistd changes into another directory when it daemonizes
        settings = dataclasses.replace(settings, database=os.path.abspath(settings.database))
        return config.check(settings)


def _listeners(given: list[str]) -> tuple[str, ...]:
    return tuple(text for text in given if text != "off")


def makeService(options: Options) -> IService:
    """The service for twistd and twist, whose process is ours alone."""
    from twisted.internet import reactor

    _own_the_process(reactor)
    terminal = sys.__stdout__.fileno() if sys.__stdout__ and sys.__stdout__.isatty() else None
    return DdnsService(
        options.settings, reactor, failed=lambda line: _fail(reactor, line), terminal=terminal
    )


def _own_the_process(reactor: Any) -> None:
    """What only the owner of a process may do: its clock, its signals, its last words."""
    if not reactor.getDelayedCalls():
        # Twisted's timers follow the wall clock, and would stand still for an hour when that is set
        # back by one.
        reactor.seconds = time.monotonic
    # Twisted's own handler ends the process by the signal; a supervisor wants status 0.
    reactor.callWhenRunning(
        lambda: signal.signal(
            signal.SIGTERM, lambda *_: reactor.callFromThread(_stop_if_running, reactor)
        )
    )
    # Daemonizing leads standard error away before anything is opened, and twistd shows a hundred
    # octets of an error; so keep the way to whoever waits for the start, until it is over.
    errors = os.dup(sys.__stderr__.fileno()) if sys.__stderr__ else None
    if errors is not None:
        reactor.callWhenRunning(os.close, errors)
    sys.excepthook = _say_it_in_a_line(sys.excepthook, errors)


def _stop_if_running(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()


def _say_it_in_a_line(otherwise: Any, errors: int | None) -> Any:
    """An excepthook that shows a failed start without a traceback."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, StartupError) and errors is not None:
            os.write(errors, f"ddns: {error}\n".encode(errors="surrogateescape"))
        else:
            otherwise(kind, error, traceback)

    return hook


def _fail(reactor: Any, line: str) -> None:
    """End the process with status 1 after what can be stopped in order has been."""
    print(f"ddns: {line}", file=sys.__stderr__)
    atexit.register(os._exit, 1)  # when twistd, which would end with 0, has removed its pid file
    _stop_if_running(reactor)
