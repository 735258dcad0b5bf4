"""Operations on registrations of acme-dns: names that answer ACME's challenges for others."""

from __future__ import annotations

import dataclasses
import uuid

from ddns.api import paging, parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.api.serializers import Json, registration_json
from ddns.model import names
from ddns.model.acme_dns import AcmeDnsRegistration, OpenTo
from ddns.policy import secrets
from ddns.store.paging import RegistrationPage

PASSWORD_LENGTH = 40  # as acme-dns has it

MAX_NOTE = 200


class AcmeDnsOperations(BaseOperations):
    """Registrations of acme-dns."""

    async def acme_dns_list(
        self, account: str | None = None, after: str | None = None, limit: int | None = None
    ) -> Json:
        """List the acme-dns registrations of an account, or all of the caller's, without their
        passwords, a page at a time in the order of their subdomains. ``next`` is what to give as
        *after* for the next page."""
        of_account = parsing.optional(parsing.account_name, account)
        most = paging.listed(limit)

        def work(context: ReadContext) -> Json:
            whose = context.account_filter(of_account)
            page = RegistrationPage(most + 1, after or "", whose)
            found = context.transaction.acme_dns_registrations(page)
            listed = {"registrations": [registration_json(one) for one in found[:most]]}
            return {**listed, "next": found[most - 1].subdomain} if len(found) > most else listed

        return await self._read(work)

    def may_register_for_acme_dns(self) -> bool:
        """Return whether the caller may register names, if there are not too many."""
        rules = self.rules.acme_dns
        may = self._caller.operator or rules.open_to is not OpenTo.CLOSED
        return rules.zone is not None and may

    async def acme_dns_add(
        self,
        account: str | None = None,
        zone: str | None = None,
        allowfrom: list[str] | None = None,
        note: str = "",
    ) -> Json:
        """Register a name for acme-dns, whose TXT records clients of acme-dns set. The answer is
        what they keep of it, with the password, which is not stored and cannot be shown again.
        *allowfrom* are networks, from which alone updates are taken. People need not name the
        account: it is their own. The operator may name another zone than that of the settings, and
        no account."""
        owner = self._caller.account if account is None else parsing.account_name(account)
        origin = parsing.optional(parsing.name, zone)
        networks = parsing.networks_of_clients(allowfrom or [])
        said = _note(note)
        password = secrets.generate_key(PASSWORD_LENGTH)

        def work(context: WriteContext) -> Json:
            if owner is not None:
                context.own_account(owner)
            below = context.rules.acme_dns.zone if origin is None else origin
            if origin is not None and not context.caller.operator:
                raise Forbidden("only the operator may name another zone than that of the settings")
            if below is None and context.caller.operator:
                raise Conflict("no zone is named for acme-dns: set acme_dns.zone, or give --zone")
            if below is None:
                raise Conflict("this server has no zone for acme-dns: its operator names one")
            if context.transaction.zone(below) is None:
                raise Conflict(
                    "this server has no zone {origin}, which is that for acme-dns",
                    origin=names.to_text(below),
                )
            _check_limits(context, owner)
            made = AcmeDnsRegistration(
                str(uuid.uuid4()),
                below,
                secrets.digest_key(password),
                owner,
                networks,
                context.now,
                note=said,
                of_operator=owner is None and context.caller.operator,
            )
            context.transaction.add_acme_dns(made)
            return {
                "username": made.subdomain,
                "password": password,
                "fulldomain": names.to_text(made.name),
                "subdomain": made.subdomain,
                "allowfrom": list(made.allow_from),
            }

        return await self._transact(work)

    async def acme_dns_set(self, subdomain: str, note: str) -> Json:
        """Change what is noted of an acme-dns registration."""
        said = _note(note)

        def work(context: WriteContext) -> Json:
            changed = dataclasses.replace(_own(context, subdomain), note=said)
            context.transaction.change_acme_dns(changed)
            return registration_json(changed)

        return await self._transact(work)

    async def acme_dns_remove(self, subdomain: str) -> Json:
        """Remove an acme-dns registration with its TXT records. Clients cannot use it any more."""

        def work(context: WriteContext) -> Json:
            gone = _own(context, subdomain)
            context.transaction.remove_acme_dns(gone.subdomain)
            return registration_json(gone)

        return await self._transact(work, even_if_blocked=True)


def _check_limits(context: WriteContext, owner: str | None) -> None:
    """Refuse a registration that the caller may not make.

    :raises Forbidden: also as Exceeded, when there are too many.
    """
    caller, rules = context.caller, context.rules.acme_dns
    if caller.operator:
        return
    if rules.open_to is OpenTo.CLOSED:
        raise Forbidden("only the operator makes registrations here")
    if owner is None and rules.open_to is not OpenTo.OPEN:
        raise Forbidden("only people with an account may register here")
    limit = rules.strangers if owner is None else rules.per_account
    if context.transaction.count_acme_dns(owner) < limit:
        return
    if owner is None:
        raise Exceeded("there are as many registrations without an account as there may be")
    raise Exceeded(
        "account {account} may have {limit} registrations and has them", account=owner, limit=limit
    )


def _own(context: ReadContext, subdomain: str) -> AcmeDnsRegistration:
    """Return a registration of the caller's."""
    found = context.transaction.acme_dns(subdomain.lower())
    if found is None or not context.caller.owns(found.account):
        raise NotFound("there is no registration {subdomain}", subdomain=subdomain)
    return found


def _note(text: str) -> str:
    """Check what people note."""
    note = " ".join(text.split())
    if len(note) > MAX_NOTE or not note.isprintable():
        raise Invalid("a note is one line of {most} characters at most", most=MAX_NOTE)
    return note
