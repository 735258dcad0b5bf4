"""Pages for everybody: what this service is, and the reader's language."""

from __future__ import annotations

from ddns.pages.request import Answer
from ddns.pages.visit import Visit, segments_of


async def welcome(visit: Visit) -> Answer:
    """Say what this service is, and which address the reader has."""
    zones = await visit.operations.zone_list()
    return visit.page("welcome.html", zones=zones["zones"])


async def language(visit: Visit) -> Answer:
    """Have pages in another language from now on."""
    visit.keep_language(visit.request.field("language"))
    return visit.redirect(*segments_of(visit.request.field("back")))
