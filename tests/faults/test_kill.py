"""kill -9 at random moments under load: nothing that was acknowledged is lost. The script
tests/faults/kills.py does the same for as long as one likes."""

from __future__ import annotations

import copy
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Launch
from tests.faults.killing import MOMENTS, Lost, Run

KILLS = 12


@pytest.fixture
def run(make_server: Launch) -> Run:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    return Run(make_server(), random.Random(seed))


def test_no_acknowledged_update_is_lost(run: Run) -> None:
    """By any dialect, nor through the API, nor of an import."""
    for moment in MOMENTS:
        run.kill(moment)
    while run.kills.total() < KILLS:
        run.kill()
    run.finish()


TAMPERING = {
    "delete from journal where position = (select max(position) from journal)": "is not what",
    "update journal set position = position + 1 where position = (select max(position)"
    " from journal)": "is not what",
    "update rrset set rdatas = x'00040a000000' where type = 1": "the records are",
    "update zone set serial = 1": ": serial 1 after ",
}


def test_what_is_lost_is_noticed(run: Run) -> None:
    """All of the above would be nothing if the looking saw nothing."""
    server = run.server
    before = server.database.read_bytes()
    run.kill("under load")
    server.start()
    assert server.terminate() == 0
    after = server.database.read_bytes()
    for statement, expected in TAMPERING.items():
        tamper(server.database, statement)
        ledger = copy.deepcopy(run.ledger)
        ledger.read(server.database)
        assert any(expected in failure for failure in ledger.failures), statement
        server.database.write_bytes(after)
    ledger = copy.deepcopy(run.ledger)
    ledger.read(server.database)
    assert ledger.failures == []
    server.database.write_bytes(before)  # the load of the last kill was never there
    with pytest.raises(Lost, match=r"DNS answers .* the database has"):
        run.kill("under load")


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)
