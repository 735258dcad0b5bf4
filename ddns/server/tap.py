"""``twistd ddns``: from options to Settings to a service, which opens nothing before it starts."""

from __future__ import annotations

import atexit
import dataclasses
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from twisted.application.service import IService
from twisted.logger import ILogObserver, Logger
from twisted.python import usage
from twisted.python.components import Componentized

from ddns.config.load import check_settings, load_settings
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError
from ddns.server.logging import observer_for
from ddns.server.service import DdnsService
from ddns.server.sockets import StartupError
from ddns.system import sd_notify, socket_activation
from ddns.system.socket_activation import STREAMS

YOUNG = 10_000
"""New objects after which garbage is looked for among them: what some fifty updates leave."""


class Options(usage.Options):
    """The command line. An option that was given replaces what the configuration file says."""

    synopsis = "[options]"
    longdesc = (
        "A dynamic DNS server in one process: authoritative DNS, and updates over HTTP and by"
        " miniupdate, on one SQLite database."
    )
    optFlags = [  # noqa: RUF012
        ["no-sample", None, "Do not create a sample host in a new database"],
    ]
    optParameters = [  # noqa: RUF012
        ["config", "c", None, "A TOML file with settings"],
        ["database", "d", None, "The SQLite database (default: ddns.sqlite)"],
        ["pages", None, None, 'Serve web pages: "on" (default) or "off"'],
        ["ready-fd", None, None, "Write a line to this descriptor when the server answers, for s6"],
    ]

    def __init__(self) -> None:
        super().__init__()
        self.ready: int | None = None
        for name in ("dns", *STREAMS, "certificate", "private-key"):
            self[name] = []

    def opt_dns(self, address: str) -> None:
        """Answer DNS on ADDRESS:PORT; repeatable, or "off" (default: 127.0.0.1:5300)"""
        self["dns"].append(address)

    def opt_http(self, description: str) -> None:
        """Serve HTTP on STRPORTS; repeatable; "off" (default: tcp:8245:interface=127.0.0.1)"""
        self["http"].append(description)

    def opt_https(self, description: str) -> None:
        """Serve HTTPS on STRPORTS; repeatable, or "off" (default)"""
        self["https"].append(description)

    def opt_dot(self, description: str) -> None:
        """Serve DNS over TLS on STRPORTS; repeatable, or "off" (default)"""
        self["dot"].append(description)

    def opt_miniupdate(self, description: str) -> None:
        """Serve miniupdate on STRPORTS; likewise (default: tcp:9120:interface=127.0.0.1)"""
        self["miniupdate"].append(description)

    def opt_gnudip(self, description: str) -> None:
        """Serve GnuDIP over TCP on STRPORTS; repeatable, or "off" (default)"""
        self["gnudip"].append(description)

    def opt_certificate(self, file: str) -> None:
        """The certificate for HTTPS and its chain, a PEM file; repeatable, for ECDSA and RSA"""
        self["certificate"].append(file)

    def opt_private_key(self, file: str) -> None:
        """Its private key, a PEM file; repeatable likewise (default: the same files)"""
        self["private-key"].append(file)

    def postOptions(self) -> None:
        """Make the settings, so that an error in them is a usage error."""
        if self["ready-fd"] is not None:
            self.ready = _descriptor(self["ready-fd"])
        self._folder = os.getcwd()  # twistd goes to another one when it daemonizes
        try:
            self.settings = self.reread()
        except ConfigError as error:
            raise usage.UsageError(str(error)) from error

    def _absolute(self, path: str) -> str:
        return path and os.path.join(self._folder, path)

    def _all_absolute(self, paths: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if isinstance(paths, str):
            return self._absolute(paths)
        return tuple(map(self._absolute, paths))

    def reread(self) -> Settings:
        """Return the settings of file and options.

        :raises ConfigError: naming the file, or option, and what was expected.
        """
        file = self["config"]
        settings = load_settings(self._absolute(file), file) if file else Settings()
        if self["database"]:
            settings = dataclasses.replace(settings, database=self["database"])
        if self["no-sample"]:
            settings = dataclasses.replace(settings, sample=False)
        if self["pages"]:
            if self["pages"] not in ("on", "off"):
                raise ConfigError(f'--pages: expected "on" or "off", got {self["pages"]!r}')
            pages = dataclasses.replace(settings.pages, enabled=self["pages"] == "on")
            settings = dataclasses.replace(settings, pages=pages)
        for name in ("dns", *STREAMS):
            if self[name]:
                of = dataclasses.replace(getattr(settings, name), listen=_listeners(self[name]))
                settings = dataclasses.replace(settings, **{name: of})
        https = settings.https
        if self["certificate"] or self["private-key"]:
            https = dataclasses.replace(
                https,
                certificate=tuple(self["certificate"]) or https.certificate,
                private_key=tuple(self["private-key"]),
            )
        used = https.listen or settings.dot.listen
        if (self["certificate"] or self["private-key"]) and not used:
            raise ConfigError("--certificate: expected --https or --dot to say where it is used")
        https = dataclasses.replace(
            https,
            certificate=self._all_absolute(https.certificate),
            private_key=self._all_absolute(https.private_key),
            acme=dataclasses.replace(https.acme, ca=self._absolute(https.acme.ca)),
        )
        mail = dataclasses.replace(settings.mail, ca=self._absolute(settings.mail.ca))
        database = os.path.normpath(self._absolute(settings.database))
        return check_settings(
            dataclasses.replace(settings, https=https, mail=mail, database=database)
        )


def _descriptor(text: str) -> int:
    try:
        os.fstat(number := int(text))
    except (ValueError, OverflowError, OSError):
        raise usage.UsageError(
            f"--ready-fd: expected the number of an open descriptor, got {text!r}"
        ) from None
    return number


def _listeners(given: list[str]) -> tuple[str, ...]:
    return tuple(text for text in given if text != "off")


class OwnService(DdnsService):
    """The service in a process of its own.

    :param make_observer: returns the observer of the process's log, None for twistd's.
    """

    def __init__(self, *args: Any, make_observer: Callable[[], Any], **more: Any) -> None:
        super().__init__(*args, **more)
        self._log = Logger("ddns.server.service.DdnsService", self)  # docs name this namespace
        self._make_observer = make_observer

    def setServiceParent(self, parent: Any) -> None:
        """Set the application's log observer, for which twistd asks as soon as it has a service."""
        super().setServiceParent(parent)
        if isinstance(parent, Componentized) and (observer := self._make_observer()) is not None:
            parent.setComponent(ILogObserver, observer)


def makeService(options: Options) -> IService:
    """Return the service for twistd and twist, whose process is ours alone."""
    from twisted.internet import reactor as installed

    reactor: Any = installed

    def reload() -> None:
        service.reload()

    own_the_process(reactor, reload)
    terminal = sys.__stdout__.fileno() if sys.__stdout__ and sys.__stdout__.isatty() else None
    service: OwnService = OwnService(
        options.settings,
        reactor,
        failed=lambda line: _fail(reactor, line),
        terminal=terminal,
        inherited=_inherited(options.settings),
        reread=options.reread,
        supervisor=sd_notify.from_environment(os.environ, os.getpid(), reactor, options.ready),
        make_observer=lambda: observer_for(options.settings.log, options.parent, reactor),
    )
    return service


def _inherited(settings: Settings) -> socket_activation.InheritedSockets:
    """Return the sockets that systemd has bound, unless the settings name them in Twisted's way."""
    services = (getattr(settings, name) for name in STREAMS)
    listeners = (description for service in services for description in service.listen)
    if any(description.startswith("systemd:") for description in listeners):
        return {}
    try:
        read = "twisted.internet.endpoints" in sys.modules
        return socket_activation.take(os.environ, os.getpid(), read=read)
    except socket_activation.BadSockets as error:
        raise StartupError(str(error)) from None


def own_the_process(reactor: Any, reload: Callable[[], None]) -> None:
    """Set what only the owner of a process may set: its clock, its signals, its excepthook."""
    if not reactor.getDelayedCalls():
        # Twisted's timers follow the wall clock: set back by an hour, it would stop them for one.
        reactor.seconds = time.monotonic
    # Twisted's own handler ends the process by the signal; a supervisor wants status 0.
    reactor.callWhenRunning(
        lambda: signal.signal(
            signal.SIGTERM, lambda *_: reactor.callFromThread(_stop_if_running, reactor)
        )
    )
    # What has been loaded by now stays. Frozen, it is not searched for garbage again and again,
    # which would hold up answers for milliseconds each time; nor is what requests leave behind, of
    # which little is garbage that refers to itself, looked at after every third of them.
    reactor.callWhenRunning(gc.freeze)
    reactor.callWhenRunning(gc.set_threshold, YOUNG)
    reactor.callWhenRunning(
        lambda: signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(reload))
    )
    # twistd daemonizes, which redirects standard error, before it starts services, and then shows
    # a hundred octets of an error. Until the start is over, keep the terminal that waits for it.
    errors = os.dup(sys.__stderr__.fileno()) if sys.__stderr__ else None
    if errors is not None:
        reactor.callWhenRunning(os.close, errors)
    sys.excepthook = _say_it_in_a_line(sys.excepthook, errors)


def _stop_if_running(reactor: Any) -> None:
    if reactor.running:
        reactor.stop()


def _say_it_in_a_line(otherwise: Any, errors: int | None) -> Any:
    """Return an excepthook that shows a failed start in a line, without a traceback."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, StartupError) and errors is not None:
            os.write(errors, f"ddns: {error}\n".encode(errors="surrogateescape"))
        else:
            otherwise(kind, error, traceback)

    return hook


def _fail(reactor: Any, line: str) -> None:
    """Stop in order, and end the process with status 1."""
    print(f"ddns: {line}", file=sys.__stderr__)
    end_with_1()
    _stop_if_running(reactor)


def end_with_1() -> None:
    """Have the process end with status 1 once twistd, which would end with 0, has tidied up."""
    atexit.register(os._exit, 1)
