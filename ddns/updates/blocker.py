"""Blocks accounts whose clients do not stop to change what comes too often."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

from twisted.logger import Logger

from ddns.model.account import Block
from ddns.model.journal import Author
from ddns.policy.update_limits import UpdateLimiter
from ddns.store.interfaces import IStore, ITransaction, StoreError


class Blocker:
    """Counts refusals and writes blocks.

    :param store: where blocks are written.
    :param limiter: counts, and says how many are too many.
    :param clock: monotonic, for the limiter.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        limiter: UpdateLimiter,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._clock = clock

    async def count_refusal(self, account: str, host: str, via: str, at: float) -> None:
        """Count a refused update, and block an account that does not stop.

        If the block cannot be written, the next refusal tries again.

        :param host: what was to be changed, and *via* which protocol.
        :param at: seconds since 1970.
        """
        limits = self._limiter.settings
        count = self._limiter.refuse(account, self._clock())
        if not limits.refusals or count < limits.refusals:
            return
        block = Block(
            f"{count} updates were refused because they came too often, the last one for"
            f" {host} by {via}",
            at,
            at + limits.block_time if limits.block_time else None,
        )
        work = partial(_put_block, account, block)
        try:
            committed = await self._store.transact(Author("server", "abuse", at), work)
        except StoreError as error:
            if not error.logged:
                self._log.error(
                    "account {account} cannot be blocked: {error}", account=account, error=error
                )
            return
        self._limiter.forget_refusals(account)
        if committed.value:
            self._log.warn(
                "account {account} is blocked: {reason}", account=account, reason=block.reason
            )


def _put_block(name: str, block: Block, transaction: ITransaction) -> bool:
    """Block an account; return False if it has gone or is blocked already."""
    account = transaction.account(name)
    if account is None or (account.block is not None and account.block.holds(block.since)):
        return False
    transaction.put_account(dataclasses.replace(account, block=block))
    return True
