"""What must be true at the moment a client has been told that its update was good."""

from __future__ import annotations

from tests.processes import Server


def assert_holds(server: Server, host: str, address: str) -> None:
    """DNS answers the address, to dig and to a library, and the database has it."""
    kind = "AAAA" if ":" in address else "A"
    assert server.dig(host, kind) == [address]
    assert server.answers(host, kind) == [address]
    assert server.stored(host, kind) == [address]
