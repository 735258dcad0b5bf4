"""Every dialect at the running server: its success is kept, its errors change nothing, and what
clients log in with is nowhere to be found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path

import pytest

from ddns.dialects import DIALECTS
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, basic, eventually
from tests.service.dialects import OTHER_SERVICES, UPDATES, Secrets, Update

every_dialect = pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)

PASSWORD = "canary-of-the-password"
WRONG = Secrets("canary-one-wrong", "canary-two-wrong", "canary-3-wrong")


@pytest.fixture
def server(make_server: Launch) -> Server:
    server = make_server().with_miniupdate().with_gnudip()
    with open(server.config, "a") as file:
        file.write("[store]\npatience = 0.2\n")
    return filled(server)


def filled(server: Server) -> Server:
    """It runs, and has a host that every dialect may update."""
    server.start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT, password=PASSWORD)
    first = [{"type": "A", "rdata": "127.0.0.1"}, {"type": "AAAA", "rdata": "::1"}]
    server.call("host_add", name=HOST, account=ACCOUNT, records=first)
    return server


def test_no_dialect_is_left_out() -> None:
    known = {"dyndns2", "securityspace", "minidns", "dondns", "checkip", *OTHER_SERVICES}
    known.remove("gnudip over TCP")
    known |= {"changeip", "freedns1"}  # ddclient speaks them: tests.clients.test_documented
    assert {dialect.name for dialect in DIALECTS} == known


def test_protocols_of_other_services(server: Server, secrets: Secrets) -> None:
    update_key, miniupdate_key = (
        server.call("key_add", account=ACCOUNT, kind=kind, hosts=[HOST])["key"]
        for kind in ("update", "miniupdate")
    )
    limited = Secrets(update_key, secrets.dondns, miniupdate_key)
    for number, (name, update) in enumerate(OTHER_SERVICES.items(), start=1):
        address = f"198.51.100.{number}"
        before = server.answers(HOST)
        for wrong in (WRONG, Secrets(secrets.dondns, secrets.miniupdate, secrets.update)):
            done, said = update(server, wrong, address)
            assert not done, (name, said)
            assert server.answers(HOST) == before
        for again in range(2):
            done, said = update(server, limited, address)
            assert done, (name, again, said)
            there = [] if update.removes else [address]
            assert server.answers(HOST) == server.stored(HOST) == there


@every_dialect
def test_what_is_said_to_be_done_is_answered_and_on_disk(
    server: Server, secrets: Secrets, update: Update
) -> None:
    for address in (*(f"198.51.100.{number}" for number in range(1, 9)), "2001:db8::7"):
        done, said = update(server, secrets, address)
        assert done, said
        assert server.answers(HOST, "AAAA" if ":" in address else "A") == [address]
    assert update(server, secrets, "2001:db8::7")[0]
    assert server.stored(HOST) == ["198.51.100.8"]
    assert server.stored(HOST, "AAAA") == ["2001:db8::7"]
    server.kill()
    server.start()
    assert server.answers(HOST) == ["198.51.100.8"]


@every_dialect
def test_whoever_may_not_changes_nothing(server: Server, secrets: Secrets, update: Update) -> None:
    before = server.export(ZONE)

    def refused(given: Secrets) -> None:
        done, said = update(server, given, "198.51.100.9")
        assert not done, said
        assert server.answers(HOST) == ["127.0.0.1"]

    refused(WRONG)
    refused(Secrets(secrets.dondns, secrets.miniupdate, secrets.update))  # of another kind
    for operation in ("key_disable", "key_revoke"):
        for number in (1, 2, 3):
            server.call(operation, number=number)
        refused(secrets)
    assert server.export(ZONE) == before


@every_dialect
def test_an_address_that_the_zone_does_not_allow(
    server: Server, secrets: Secrets, update: Update
) -> None:
    server.call("zone_set", origin=ZONE, addresses="public")
    for address in ("198.51.100.9", "10.0.0.1", "fd00::1"):
        done, said = update(server, secrets, address)
        assert not done, said
    assert server.answers(HOST) == ["127.0.0.1"]
    assert update(server, secrets, "8.8.4.4")[0]
    assert server.answers(HOST) == ["8.8.4.4"]


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the database."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("begin immediate")
    try:
        yield
    finally:
        connection.close()


@every_dialect
def test_a_store_that_fails_and_comes_back(
    server: Server, secrets: Secrets, update: Update
) -> None:
    with locked(server.database):
        done, said = update(server, secrets, "198.51.100.9")
        assert not done, said
        assert server.answers(HOST) == ["127.0.0.1"]
    done, said = update(server, secrets, "198.51.100.9")
    assert done, said
    assert server.answers(HOST) == ["198.51.100.9"]


def test_secrets_are_nowhere_to_be_found(server: Server, secrets: Secrets) -> None:
    """Right and wrong ones, through every dialect, while all is well, while the store fails, and
    while a mistake of ours leaves a traceback in the log."""
    password = Secrets(PASSWORD, PASSWORD, PASSWORD)

    def everything(address: str) -> None:
        for update in UPDATES.values():
            for given in (secrets, WRONG, password):
                update(server, given, address)
        for other in OTHER_SERVICES.values():
            other(server, secrets, address)

    for other in OTHER_SERVICES.values():
        for given in (WRONG, password):
            other(server, given, "198.51.100.1")
    everything("198.51.100.1")
    with locked(server.database):
        everything("198.51.100.2")
    assert "locked" in server.log
    with sqlite3.connect(server.database) as connection:
        connection.execute("update rrset set ttl = -1 where of_host = 1")
    connection.close()
    everything("198.51.100.3")
    eventually(lambda: "Traceback" in server.log, "a mistake has left a traceback")
    assert server.terminate() == 0

    clear = [*secrets.all, PASSWORD]
    clear += WRONG.all
    digest = md5(secrets.miniupdate.encode())
    found = {
        path.name: path.read_bytes()
        for path in server.folder.iterdir()
        if path.is_file() and not path.name.endswith(".key")
    }
    assert {"log", "ddns.sqlite"} <= found.keys()
    for name, content in found.items():
        for secret in clear:
            assert secret.encode() not in content, (name, secret)
            assert basic(f"{ACCOUNT}:{secret}").split()[1].encode() not in content, name
        assert digest.hexdigest().encode() not in content, name
        assert digest.digest() not in content, name


def test_a_copy_of_the_database_alone_opens_nothing(
    server: Server, secrets: Secrets, tmp_path: Path
) -> None:
    """Whoever has it may try everything that is in it as a secret."""
    assert all(update(server, secrets, "198.51.100.9")[0] for update in UPDATES.values())
    assert server.terminate() == 0
    with sqlite3.connect(server.database) as connection:
        kept: list[str] = []
        for (value,) in connection.execute(
            "select digest from key union all select sealed from key"
            " union all select password from account"
        ):
            if isinstance(value, bytes):
                kept += [value.hex(), value.decode("latin-1")]
            elif value is not None:
                kept.append(value)
    connection.close()
    (tmp_path / "ddns.sqlite.key").unlink()
    server.start()
    for value in kept:
        ascii_only = value.encode("ascii", "replace").decode().replace("\n", "?")
        for tried in {ascii_only, ascii_only[:24], ascii_only[:15]}:
            for update in UPDATES.values():
                done, said = update(server, Secrets(tried, tried, tried), "198.51.100.10")
                assert not done, said
    assert not UPDATES["miniupdate"](server, secrets, "198.51.100.10")[0]
    assert server.answers(HOST) == ["198.51.100.9"]
