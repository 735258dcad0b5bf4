"""What a client of miniupdate may cost: times and connections; and how a server stops."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from ddns.config.settings import MiniupdateSettings
from ddns.net.proxy.trust import Proxies
from ddns.policy.addresses import NetworkSet
from tests.net.http_clients import until
from tests.net.line_clients import PATIENT, SECRET, UPDATE, Serving, mapped, read_all, serving
from tests.net.reactors import PATIENCE, RunningReactor

CROWDED = "ERR Too many connections"
IDLE = "ERR Nothing was said for too long"
OVERTIME = "ERR The session lasted too long"


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with serving(running, MiniupdateSettings(**PATIENT)) as served:
        yield served


# Times -----------------------------------------------------------------------------------------


def test_a_client_without_a_word(running: RunningReactor) -> None:
    with (
        serving(running, MiniupdateSettings(**{**PATIENT, "idle_time": 0.2})) as served,
        served.connect() as client,
    ):
        start = time.monotonic()
        assert client.read() == IDLE
        assert time.monotonic() - start > 0.1
        assert client.ended()


def test_every_answer_gives_new_time(running: RunningReactor) -> None:
    with (
        serving(running, MiniupdateSettings(**{**PATIENT, "idle_time": 0.6})) as served,
        served.connect() as client,
    ):
        client.ask("AGENT x")
        for _ in range(4):
            time.sleep(0.3)
            assert client.version().startswith("OK ")
        assert client.read() == IDLE
        assert client.ended()


def test_half_a_line_gives_no_time(running: RunningReactor) -> None:
    with (
        serving(running, MiniupdateSettings(**{**PATIENT, "idle_time": 0.3})) as served,
        served.connect() as client,
    ):
        start = time.monotonic()
        client.socket.settimeout(0.02)
        while time.monotonic() - start < PATIENCE:
            with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
                client.send(b"x")
                if client.socket.recv(100).decode() == IDLE + "\n":
                    return
        raise AssertionError("it was allowed to go on")


def test_a_session_has_a_time_in_all_however_lively(running: RunningReactor) -> None:
    with (
        serving(running, MiniupdateSettings(**{**PATIENT, "session_time": 0.5})) as served,
        served.connect() as client,
    ):
        answers = []
        start = time.monotonic()
        for _ in range(9):
            time.sleep(0.1)
            with contextlib.suppress(BrokenPipeError):
                answers.append(client.ask("AGENT x"))
            if answers[-1] == OVERTIME:
                break
        assert 0.4 < time.monotonic() - start < PATIENCE
        assert set(answers[:-1]) == {"OK Agent accepted"}
        assert answers[-1] == OVERTIME


def test_a_command_that_is_performed_is_not_cut(running: RunningReactor) -> None:
    with serving(running, MiniupdateSettings(idle_time=1, session_time=1)) as served:
        client = served.begin()
        with client:
            client.send(UPDATE % 8)
            time.sleep(1.2)
            assert served.connections() == 1
            served.open_gate()
            assert client.read() == mapped(7)
            assert client.read() == OVERTIME  # the second command is not begun any more
            assert client.ended()
    assert len(served.pipeline.updates) == 2


# Connections -----------------------------------------------------------------------------------


def test_connections_are_counted(running: RunningReactor) -> None:
    limits = MiniupdateSettings(**{**PATIENT, "connections_per_address": 3})
    with serving(running, limits) as served:
        clients = [served.connect() for _ in range(3)]
        for client in clients:
            assert client.ask("AGENT x") == "OK Agent accepted"
        for _ in range(5):
            with served.connect() as refused:
                assert refused.banner == CROWDED
                assert refused.ended()
        until(lambda: served.connections() == 3)
        with clients.pop():
            pass
        until(lambda: served.connections() == 2)
        with served.connect() as client:
            assert client.ask("AGENT x") == "OK Agent accepted"
        for client in clients:
            with client:
                assert client.version().startswith("OK")


def test_who_has_been_silent_for_longest_makes_room(running: RunningReactor) -> None:
    """Whatever it did before; a client whose command is performed stays."""
    with serving(running, MiniupdateSettings(**{**PATIENT, "connections": 3})) as served:
        busy = served.begin()
        with busy, served.connect() as silent, served.connect() as lively:
            assert silent.ask("AGENT x") == "OK Agent accepted"
            silent.send(b"VERS")
            assert lively.ask("AGENT x") == "OK Agent accepted"
            with served.connect() as newer:
                assert newer.banner.startswith("twistd-ddns ")
                with contextlib.suppress(ConnectionResetError):
                    assert silent.ended()
                assert served.connections() == 3
                assert lively.version().startswith("OK")
                served.open_gate()
                assert busy.read() == mapped(7)


def test_a_refused_client_that_has_sent_before_it_reads(running: RunningReactor) -> None:
    limits = MiniupdateSettings(**{**PATIENT, "connections_per_address": 1})
    with (
        serving(running, limits) as served,
        served.connect(),
        socket.create_connection((served.host, served.port), PATIENCE) as client,
    ):
        client.sendall(b"AGENT x\n" * 1000)
        time.sleep(0.05)
        assert client.recv(1000) == CROWDED.encode() + b"\n"
        assert client.recv(1000) == b""


def test_those_that_are_told_why_are_counted_too(running: RunningReactor) -> None:
    """Those that have been told go for others."""
    limits = {**PATIENT, "connections": 2, "connections_per_address": 2}
    with serving(running, MiniupdateSettings(**limits)) as served:
        clients = [served.connect() for _ in range(7)]
        assert [client.banner == CROWDED for client in clients] == [False] * 2 + [True] * 5
        assert served.connections() == 4
        for client in clients:
            with client:
                pass


def test_addresses_are_counted_each_by_itself(running: RunningReactor) -> None:
    limits = MiniupdateSettings(**{**PATIENT, "connections_per_address": 1})
    with (
        serving(running, limits) as served,
        served.connect() as one,
        socket.create_connection(
            (served.host, served.port), PATIENCE, source_address=("127.0.0.2", 0)
        ) as other,
    ):
        assert one.ask("AGENT x") == "OK Agent accepted"
        assert other.recv(1000).startswith(b"twistd-ddns ")
        with served.connect() as refused:
            assert refused.banner == CROWDED


def test_those_of_a_trusted_proxy_are_not_counted_by_address(running: RunningReactor) -> None:
    limits = MiniupdateSettings(**{**PATIENT, "connections_per_address": 1})
    proxies = Proxies(NetworkSet([ip_network("127.0.0.1/32")]))
    with serving(running, limits, proxies=proxies) as served, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(served.connect()) for _ in range(3)]
        assert CROWDED not in [client.banner for client in clients]


def test_nothing_is_left_of_connections(running: RunningReactor) -> None:
    with serving(running) as served:
        for octets in (b"", b"x", b"\n", b"EXIT\n", b"x" * 9000, b"AGENT x\n" * 20):
            with served.connect() as client:
                client.send(octets)
        until(lambda: not served.connections())
        assert running.call(lambda: served.factory.table.networks()) == 0
    until(lambda: not running.leftovers())


# Stop ------------------------------------------------------------------------------------------


def test_closing_leaves_commands_alone(served: Serving) -> None:
    with served.connect() as idle, served.begin() as busy:
        ended = served.running.end(served.factory)
        assert idle.ended()
        until(lambda: served.connections() == 1)
        busy.send(UPDATE % 8)
        served.open_gate()
        assert busy.read() == mapped(7)
        assert busy.read() == mapped(8)
        assert busy.ended()
        served.running.call(lambda: ended)
    until(lambda: served.connections() == 0)


def test_closing_lets_sessions_finish(served: Serving) -> None:
    with served.connect() as client:
        ended = served.running.end(served.factory)
        assert client.login("alice", SECRET) == "OK Authenticated"
        client.send(UPDATE % 7)
        assert client.read() == mapped(7)
        assert client.exit() == "OK Bye!"
        assert client.ended()
    served.running.call(lambda: ended)


def test_closing_ends_those_that_linger(served: Serving) -> None:
    with served.connect() as client:
        assert client.exit() == "OK Bye!"
        assert client.ended()
        assert served.connections() == 1
        served.running.call(served.factory.close_connections, False)
        until(lambda: served.connections() == 0)


def test_aborting_ends_all(served: Serving) -> None:
    with served.connect() as idle, served.begin() as busy:
        served.running.call(served.factory.abort_connections)
        for client in (idle, busy):
            with contextlib.suppress(ConnectionResetError):
                assert client.ended()
        until(lambda: served.connections() == 0)
        served.open_gate()
        assert served.running.call(served.running.reactor.getDelayedCalls) == []


def test_a_unix_socket(running: RunningReactor, tmp_path: Path) -> None:
    """Everybody there is somebody on this machine, and not counted by address."""
    with serving(
        running, MiniupdateSettings(**{**PATIENT, "connections_per_address": 1})
    ) as served:
        path = str(tmp_path / "socket")
        port = running.call(lambda: running.reactor.listenUNIX(path, served.factory))
        try:
            with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
                for client in (one, other):
                    client.settimeout(PATIENCE)
                    client.connect(path)
                    assert client.recv(1000).startswith(b"twistd-ddns ")
                for client in (one, other):
                    client.sendall(b"EXIT\n")
                    client.shutdown(socket.SHUT_WR)
                    assert read_all(client) == b"OK Bye!\n"
        finally:
            running.call(port.stopListening)
        assert not os.path.exists(path)
