"""Registrations of acme-dns.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.acme_dns.IAcmeDns` for what they promise.
"""

from __future__ import annotations

from ddns.model.acme_dns import AcmeDnsRegistration
from ddns.model.records import TXT, RRset
from ddns.store.sqlite.acme_dns_reader import UNUSED
from ddns.store.sqlite.reader import known
from ddns.store.sqlite.unit_of_work import UnitOfWork


def add_acme_dns(unit: UnitOfWork, registration: AcmeDnsRegistration) -> None:
    unit.write_through()
    unit.execute(
        "insert into acme_dns (subdomain, zone, digest, account, allow_from, created, used, note,"
        " of_operator) values (?, (select id from zone where origin = ?), ?, ?, ?, ?, ?, ?, ?)",
        (
            registration.subdomain,
            registration.zone,
            registration.digest,
            registration.account,
            " ".join(registration.allow_from),
            registration.created,
            registration.used,
            registration.note,
            registration.of_operator,
        ),
    )


def change_acme_dns(unit: UnitOfWork, registration: AcmeDnsRegistration) -> None:
    unit.write_through()
    unit.execute(
        "update acme_dns set used = ?, note = ? where subdomain = ?",
        (registration.used, registration.note, registration.subdomain),
    )


def remove_acme_dns(unit: UnitOfWork, subdomain: str) -> None:
    registration = known(unit.acme_dns(subdomain), f"registration {subdomain}")
    unit.put_rrset(registration.zone, RRset(registration.name, TXT, 0, ()))
    unit.write_through()
    unit.execute("delete from acme_dns where subdomain = ?", (subdomain,))


def remove_acme_dns_of(unit: UnitOfWork, account: str) -> None:
    """Remove the registrations of an account."""
    found = unit.execute("select subdomain from acme_dns where account = ?", (account,)).fetchall()
    for (subdomain,) in found:
        remove_acme_dns(unit, subdomain)


def unused_acme_dns(
    unit: UnitOfWork, last: float, never: float, most: int
) -> list[AcmeDnsRegistration]:
    found = unit.execute(UNUSED, {"last": last, "never": never, "most": most}).fetchall()
    return [known(unit.acme_dns(subdomain), subdomain) for (subdomain,) in found[:most]]
