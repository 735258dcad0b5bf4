"""What clients of a running server log in with."""

from __future__ import annotations

import pytest

from tests.processes import Server
from tests.service import dialects


@pytest.fixture
def secrets(server: Server) -> dialects.Secrets:
    """Keys of the account, one of each kind."""
    return dialects.keys(server)
