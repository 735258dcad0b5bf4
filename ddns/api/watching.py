"""Operations that show operators what goes on."""

from __future__ import annotations

from ddns.api import paging, parsing
from ddns.api.access import ReadContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Invalid
from ddns.api.serializers import Json, seen_request_json
from ddns.store.paging import RequestPage


class WatchingOperations(BaseOperations):
    """Requests of clients, secondaries, and what was measured."""

    async def request_list(
        self,
        account: str | None = None,
        host: str | None = None,
        became: str | None = None,
        before: int | None = None,
        limit: int = paging.MAX_LISTED,
    ) -> Json:
        """List the requests of clients that are kept, newest first: those of an account or its
        hosts, of a host, or those that were *done*, *refused*, or *failed* for wrong credentials.
        *limit* is 1 to 100 of them; ``next`` is what *before* has to be for the next page, if
        there is any."""
        await self._flush_request_log()
        page = _page(account, host, became, before, limit)

        def work(context: ReadContext) -> Json:
            found = context.transaction.requests(page)
            more = {"next": found[-1].number} if len(found) == page.limit else {}
            return {"requests": [seen_request_json(one) for one in found], **more}

        return await self._read(work)

    async def secondary_list(self) -> Json:
        """List all secondaries: how many zones each is to have, of how many it lacks changes, and
        for how many seconds the oldest of these."""
        return {
            "secondaries": [
                {"secondary": at, "zones": zones, "zones_behind": behind, "seconds_behind": seconds}
                for at, (zones, behind, seconds) in sorted(self._running.secondaries().items())
            ]
        }

    async def sample_list(self) -> Json:
        """Show what was measured over the last hour and day, if a server runs: rates a second, and
        lengths of queues."""
        return self._running.samples()


def _page(
    account: str | None, host: str | None, became: str | None, before: int | None, limit: int
) -> RequestPage:
    if before is not None and not 0 <= before < 2**63:  # SQLite's integers
        raise Invalid("before: expected the number of a request")
    return RequestPage(
        paging.listed(limit),
        before,
        parsing.optional(parsing.account_name, account),
        parsing.optional(parsing.host_name, host),
        parsing.optional(parsing.became, became),
    )
