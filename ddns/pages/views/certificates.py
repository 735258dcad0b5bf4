"""Registrations of acme-dns: names that answer challenges for certificates of other names."""

from __future__ import annotations

import json

from ddns.api.errors import ApiError
from ddns.pages.request import Answer
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit

PLACE = "certificates"


async def overview(visit: Visit) -> Answer:
    """Show the registrations of the reader."""
    return await _page(visit, None)


async def add(visit: Visit) -> Answer:
    """Make a registration, and show its password for this once."""
    form = visit.request.field
    domain = form("domain").strip().rstrip(".")
    networks = form("allowfrom").replace(",", " ").split()
    try:
        made = await visit.operations.acme_dns_add(
            account=visit.caller.account, allowfrom=networks, note=domain
        )
    except MISTAKES as error:
        return await _page(visit, error)
    url = f"{visit.service.url() or visit.request.origin}/acme-dns"
    kept = json.dumps({domain or "NAME": made}, indent=2, ensure_ascii=False)
    return visit.page("certificate.html", made=made, domain=domain, server=url, kept=kept)


async def note(visit: Visit) -> Answer:
    """Change what is noted of a registration."""
    subdomain, text = visit.parameters["subdomain"], visit.request.field("note")
    try:
        await visit.operations.acme_dns_set(subdomain, text)
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect(PLACE, done="noted")


async def remove(visit: Visit) -> Answer:
    """Remove a registration with its records."""
    try:
        await visit.operations.acme_dns_remove(visit.parameters["subdomain"])
    except MISTAKES as error:
        return await _page(visit, error)
    return visit.redirect(PLACE, done="removed")


async def _page(visit: Visit, error: ApiError | None) -> Answer:
    operations, request = visit.operations, visit.request
    after = request.query.get("after") or None
    found = await operations.acme_dns_list(account=visit.caller.account, after=after)
    return visit.page(
        "certificates.html",
        200 if error is None else error.status,
        registrations=found["registrations"],
        next=found.get("next"),
        may_add=operations.may_register_for_acme_dns(),
        typed={field: request.field(field) for field in ("domain", "allowfrom")},
        error=error,
    )
