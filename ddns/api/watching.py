"""Operations that show operators what goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from twisted.internet.defer import DeferredQueue, QueueOverflow

from ddns.api import parsing
from ddns.api.access import ReadContext
from ddns.api.base import BaseOperations
from ddns.api.caller import Permission
from ddns.api.errors import Invalid
from ddns.api.serializers import Json, live_request_json, seen_request_json
from ddns.model.request_log import LoggedRequest
from ddns.store.paging import RequestPage

MAX_WAITING = 100
"""Requests that wait for whoever looks at them as they come; more are left out."""

STREAM = 600.0
"""Seconds for which requests are shown as they come."""


class WatchingOperations(BaseOperations):
    """Requests of clients, secondaries, and what was measured."""

    async def request_list(
        self,
        account: str | None = None,
        host: str | None = None,
        became: str | None = None,
        before: int | None = None,
        limit: int = parsing.MAX_LISTED,
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

    def request_listen(
        self,
        listener: Callable[[Json], None],
        account: str | None = None,
        host: str | None = None,
        became: str | None = None,
    ) -> Callable[[], None]:
        """Call *listener* with each request, as ``request_list`` shows it but without a number, as
        soon as it is answered, until what is returned is called.

        :raises ApiError: for callers who are no operators, and for filters that make no sense.
        """
        return self._listen(listener, self._filters(account, host, became))

    def request_stream(
        self, account: str | None = None, host: str | None = None, became: str | None = None
    ) -> AsyncGenerator[Json, None]:
        """Return requests as they are answered, filtered as by ``request_listen``. It ends with a
        request that comes after ten minutes, so that whoever may not look any more stops to.

        :raises ApiError: as ``request_listen`` does.
        """
        return self._stream(self._filters(account, host, became), self._now() + STREAM)

    def _filters(self, account: str | None, host: str | None, became: str | None) -> RequestPage:
        self._caller.check(Permission.OPERATOR)
        return _page(account, host, became, None, 1)

    def _listen(self, listener: Callable[[Json], None], filters: RequestPage) -> Callable[[], None]:
        def hear(request: LoggedRequest) -> None:
            if filters.account not in (None, request.account):
                return
            if filters.host is not None and filters.host not in request.hosts:
                return
            shown = live_request_json(request)
            if filters.became in (None, shown["became"]):
                listener(shown)

        return self._running.listen(hear)

    async def _stream(self, filters: RequestPage, until: float) -> AsyncGenerator[Json, None]:
        came: DeferredQueue[Json] = DeferredQueue(size=MAX_WAITING)

        def put(shown: Json) -> None:
            with suppress(QueueOverflow):  # the reader is slow; there will be others
                came.put(shown)

        end = self._listen(put, filters)
        try:
            while self._now() < until:
                yield await came.get()
        finally:
            end()

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
        parsing.listed(limit),
        before,
        parsing.optional(parsing.account_name, account),
        parsing.optional(parsing.host_name, host),
        parsing.optional(parsing.became, became),
    )
