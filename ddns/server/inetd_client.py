"""``ddns-inetd``: the program that inetd, xinetd or tcpserver start for each connection.

It hands the connection on descriptor 0 to the running server, which takes milliseconds, and ends.
Without a server it executes one, ``twistd ddns-inetd``, under the database's lock; later
connections find its control socket. Nothing is ever written to the client here.

It runs once for each connection, so it imports nothing slow: no argparse, no Twisted.
"""

from __future__ import annotations

import os
import sys

from ddns.system import handover

PATIENCE = 20.0
MAX_PATIENCE = 86_400.0
USAGE = """\
usage: ddns-inetd [--database FILE] [--config FILE] [--log FILE] [--patience SECONDS] SERVICE

Serves the connection on descriptor 0, which a super-server has accepted, for SERVICE: http,
https, miniupdate or gnudip.

  --database FILE     the SQLite database (default: ddns.sqlite)
  --config FILE       a TOML file with settings, for when no server runs
  --log FILE          where to log (default: standard error, or syslog where that is the client)
  --patience SECONDS  how long to wait for somebody to serve the connection (default: 20)
"""
_TWISTD = "from twisted.scripts.twistd import run; run()"


class UsageError(Exception):
    """An invalid command line; ``str()`` says what is wrong."""


def main() -> None:
    """Run the program. It ends without Python's cleanup, which would take longer than the work."""
    _have_standard_descriptors()
    try:
        options = parse(sys.argv[1:])
    except UsageError as error:
        handover.report(f"{error}; ddns-inetd --help says more")
        os._exit(2)
    if "help" in options:
        if not handover.is_client(1):
            os.write(1, USAGE.encode())
        os._exit(0)
    os._exit(run(options))


def parse(given: list[str]) -> dict[str, str]:
    """Parse the command line into options by name.

    :raises UsageError: for an invalid one.
    """
    options = {"database": "ddns.sqlite", "patience": str(PATIENCE)}
    waiting = list(given)
    while waiting:
        word = waiting.pop(0)
        name, is_set, value = word.removeprefix("--").partition("=")
        if word in ("-h", "--help"):
            return {"help": ""}
        if not word.startswith("-"):
            if "service" in options:
                raise UsageError(f"one service is enough: {word}")
            options["service"] = word
        elif word.startswith("--") and name in ("database", "config", "log", "patience"):
            if not is_set and not waiting:
                raise UsageError(f"{word} needs a value")
            options[name] = value if is_set else waiting.pop(0)
        else:
            raise UsageError(f"there is no option {word}")
    if not options.get("service", "").isalnum():
        raise UsageError("expected the name of a service")
    try:
        sensible = 0 < float(options["patience"]) <= MAX_PATIENCE
    except ValueError:
        sensible = False
    if not sensible:
        raise UsageError("--patience: expected a number of seconds")
    return options


def run(options: dict[str, str]) -> int:
    """Hand the connection over, or become its server; return the exit status."""
    try:
        if "log" in options:
            _log_to(options["log"])
        database, service = options["database"], options["service"]
        lock = handover.hand_over_or_lock(database, service, 0, float(options["patience"]))
        if lock is not None:
            _serve(options, lock)
    except (handover.Refused, OSError) as error:
        handover.report(str(error))
        return 1
    return 0


def _serve(options: dict[str, str], lock: int) -> None:
    """Execute a server that holds the lock and the connection, and logs where this program would.

    It replaces this process, so that the super-server goes on waiting for the same one, and so that
    the lock is never free in between: it belongs to the descriptor, which exec keeps open.
    """
    log = ["--syslog", "--prefix=ddns-inetd"]
    if not handover.is_client(2):
        os.dup2(2, 1)
        log = ["--logfile=-"]
    connection = handover.take_client()
    arguments = [f"--connection={connection}", f"--lock={lock}"]
    arguments += [f"--{name}={options[name]}" for name in ("database", "config") if name in options]
    os.set_inheritable(connection, True)
    os.set_inheritable(lock, True)
    twistd = [sys.executable, "-P", "-c", _TWISTD, "-n", "--pidfile=", *log]
    os.execv(sys.executable, [*twistd, "ddns-inetd", *arguments, options["service"]])


def _log_to(file: str) -> None:
    """Redirect standard error to a file."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    log = os.open(file, flags, 0o600)
    os.dup2(log, 2)


def _have_standard_descriptors() -> None:
    """Open descriptors 0 to 2 where they are missing, so that no later file gets their number."""
    while (spare := os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)) <= 2:
        os.set_inheritable(spare, True)
    os.close(spare)
