"""Reading of the registrations of acme-dns; part of a :class:`ddns.store.sqlite.reader.Reader`."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from zope.interface import implementer

from ddns.model.acme_dns import AcmeDnsRegistration, subdomain_of
from ddns.store.acme_dns import IReadingAcmeDns
from ddns.store.paging import RegistrationPage
from ddns.store.sqlite.row_objects import from_row

SELECT = (
    "select subdomain, zone.origin, digest, acme_dns.account, allow_from, acme_dns.created, used,"
    " note, of_operator from acme_dns join zone on zone.id = acme_dns.zone"
)
UNUSED = (  # by an index for each
    "select subdomain from (select subdomain from acme_dns where coalesce(used, created) <= :last"
    " order by coalesce(used, created) limit :most) union"
    " select subdomain from (select subdomain from acme_dns where account is null"
    " and of_operator = 0 and used is null and created <= :never order by created limit :most)"
)


@from_row
def make_registration(*row: Any) -> AcmeDnsRegistration:
    subdomain, zone, digest, account, allow_from, created, used, note, of_operator = row
    networks = tuple(allow_from.split())
    return AcmeDnsRegistration(
        *(subdomain, zone, digest, account, networks, created, used, note), bool(of_operator)
    )


@implementer(IReadingAcmeDns)
class AcmeDnsReader:
    """One connection's view of registrations. The caller begins and ends the transaction around
    it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def acme_dns(self, subdomain: str) -> AcmeDnsRegistration | None:
        found = self.execute(f"{SELECT} where subdomain = ?", (subdomain,)).fetchone()
        return None if found is None else make_registration(*found)

    def acme_dns_at(self, name: bytes) -> AcmeDnsRegistration | None:
        subdomain = subdomain_of(name)
        found = None if subdomain is None else self.acme_dns(subdomain)
        return found if found is not None and found.name == name else None

    def acme_dns_registrations(self, page: RegistrationPage) -> list[AcmeDnsRegistration]:
        rows = self.execute(
            f"{SELECT} where subdomain > :after"
            " and (:account is null or acme_dns.account = :account)"
            " order by subdomain limit :limit",
            dataclasses.asdict(page),
        )
        return [make_registration(*row) for row in rows]

    def count_acme_dns(self, account: str | None) -> int:
        of = "select count(*) from acme_dns where account is ? and of_operator = 0"
        return int(self.execute(of, (account,)).fetchone()[0])

    def is_acme_dns_unused(self, last: float, never: float) -> bool:
        given = {"last": last, "never": never, "most": 1}
        return bool(self.execute(UNUSED, given).fetchall())
