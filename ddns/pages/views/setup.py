"""Configurations of clients, ready to be copied: for a host, and for everybody."""

from __future__ import annotations

from typing import Any

from ddns.api.errors import ApiError, NotFound
from ddns.model.account import Right
from ddns.pages import clients
from ddns.pages.clients import Setup
from ddns.pages.request import Answer
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit

EXAMPLE = ("home.example.net", "alice")
"""Host and account where there is nobody to show theirs."""


async def choose(visit: Visit) -> Answer:
    """Choose the client of a host."""
    host = await visit.operations.host_show(visit.parameters["name"])
    return visit.page("setup_choose.html", host=host["name"], setups=clients.setups().values())


async def show(visit: Visit) -> Answer:
    """Show a client's configuration for a host."""
    host = await visit.operations.host_show(visit.parameters["name"])
    return _page(visit, host)


async def make_key(visit: Visit) -> Answer:
    """Make a key for the host, and show the configuration with it: for this once."""
    _setup(visit)  # or a key would be made that nobody sees
    host = await visit.operations.host_show(visit.parameters["name"])
    try:
        made = await visit.operations.key_add(
            account=host["account"], hosts=[host["name"]], rights=[Right.UPDATE]
        )
    except MISTAKES as error:
        return _page(visit, host, error=error)
    return _page(visit, host, made["key"])


async def help_choose(visit: Visit) -> Answer:
    """List all clients, for everybody."""
    return visit.page("setup_choose.html", host="", setups=clients.setups().values())


async def help_show(visit: Visit) -> Answer:
    """Show a client's configuration for an example of a host."""
    return _page(visit, None)


def _page(
    visit: Visit, host: dict[str, Any] | None, key: str = "", error: ApiError | None = None
) -> Answer:
    name, account = (host["name"], host["account"]) if host else EXAMPLE
    url = clients.server_url(visit.request.origin, visit.service.url())
    return visit.page(
        "setup.html",
        200 if error is None else error.status,
        host=name if host else "",
        setup=_setup(visit).filled(clients.values(url, name, account, key or "KEY")),
        secure=url.startswith("https:"),
        key=key,
        error=error,
    )


def _setup(visit: Visit) -> Setup:
    """Return the set-up that the path names.

    :raises NotFound: if there is none.
    """
    setup = clients.setups().get(visit.parameters["client"])
    if setup is None:
        raise NotFound("there is no such page")
    return setup
