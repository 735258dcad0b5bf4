"""What clients of a running server log in with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.booting import DEPLOY, Machine, booted
from tests.processes import Server
from tests.service import dialects


@pytest.fixture
def secrets(server: Server) -> dialects.Secrets:
    """Keys of the account, one of each kind."""
    return dialects.keys(server)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with the settings of deploy/ in place, on whose network this thread is."""
    with booted(tmp_path_factory.mktemp("machine")) as machine:
        (machine.root / "etc" / "ddns").mkdir()
        shutil.copy(DEPLOY / "ddns.toml", machine.root / "etc" / "ddns")
        yield machine
