"""Every dialect at the running server: its success is kept, and its errors change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ddns.dialects import DIALECTS
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server
from tests.service.dialects import (
    OTHER_SERVICES,
    UPDATES,
    WRONG,
    Secrets,
    Update,
    furnish,
    locked,
    speaking_all,
)

every_dialect = pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = speaking_all(Server(tmp_path_factory.mktemp("dialects"), "--no-sample")).start()
    yield server
    server.clean_up()


@pytest.fixture
def server(shared: Server) -> Iterator[Server]:
    """A server that others have had before, but neither this zone nor this account."""
    furnish(shared)
    yield shared
    shared.call("zone_remove", origin=ZONE)
    shared.call("account_remove", name=ACCOUNT)


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
        for key in server.call("key_list", account=ACCOUNT)["keys"]:
            server.call(operation, number=key["id"])
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
