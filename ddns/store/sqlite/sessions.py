"""Changes of sessions.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.people.IChangingPeople` for what they promise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ddns.model.session import Session
from ddns.store.sqlite.unit_of_work import UnitOfWork


def put_sessions(unit: UnitOfWork, sessions: Sequence[Session]) -> None:
    unit.write_through()
    unit.connection.executemany(
        "insert into session (digest, account, password, created, used, peer, agent, strong)"
        " select ?1, name, ?3, ?4, ?5, ?6, ?7, ?8 from account where name = ?2"
        " on conflict (digest) do update set used = excluded.used",
        map(dataclasses.astuple, sessions),
    )


def remove_sessions(unit: UnitOfWork, digests: Sequence[bytes]) -> None:
    unit.write_through()
    unit.connection.executemany(
        "delete from session where digest = ?", [(digest,) for digest in digests]
    )
