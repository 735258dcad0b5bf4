"""Write down what the owners of accounts are to be told, in the transaction of whoever found it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ddns.model.account import Account
from ddns.model.notices import Details, Kind, Mark, Notice, Way
from ddns.policy.notices import NoticeRules, counted, merged, terms_of
from ddns.store.interfaces import ITransaction


class News(NamedTuple):
    """Something to be told to an account, of a host or with None of itself. With a word in
    ``quiet``, what has the same one is told again only after some time."""

    account: str
    host: bytes | None
    kind: Kind
    details: Details
    quiet: str = ""


Targets = Sequence[tuple[Way, int | None]]


def put_news(
    transaction: ITransaction, news: Iterable[News], rules: NoticeRules, now: float
) -> None:
    """Write notices of what the terms of accounts have told, as far as that is not too much."""
    for one in news:
        account = transaction.account(one.account)
        if account is not None:
            targets = _targets(transaction, account, one, rules)
            if targets and not _is_repeated(transaction, one, rules, now):
                _put(transaction, one, targets, rules, now)


def _targets(transaction: ITransaction, account: Account, one: News, rules: NoticeRules) -> Targets:
    """Return where to send a notice."""
    own = transaction.notice_terms(account.name, one.host) if one.host else None
    usual = transaction.notice_terms(account.name)
    terms = terms_of(usual, own, account.name, one.host)
    by_mail = rules.mail and account.email is not None and one.kind in (terms.mail or ())
    found: list[tuple[Way, int | None]] = [(Way.MAIL, None)] if by_mail else []
    if one.kind in (terms.push or ()):
        targets = transaction.notice_targets(account.name)
        found += [(each.way, each.id) for each in targets if each.host in (None, one.host)]
    return found


def _is_repeated(transaction: ITransaction, one: News, rules: NoticeRules, now: float) -> bool:
    """Return whether the same was told a short time ago, and remember that it is told now."""
    if not one.quiet:
        return False
    mark = transaction.notice_mark(one.account, one.host, one.quiet)
    if mark is not None and 0 <= now - mark.since < rules.quiet:
        return True
    transaction.put_notice_mark(one.account, one.host, one.quiet, Mark(now, 1))
    return False


def _put(
    transaction: ITransaction, one: News, targets: Targets, rules: NoticeRules, now: float
) -> None:
    due = now
    if one.kind is Kind.CHANGED:
        joined = _join(transaction, one, now)
        targets = [target for target in targets if target not in joined]
        due += rules.settle
    if targets and _fits(transaction, one, rules, now):
        for way, number in targets:
            transaction.add_notice(
                Notice(0, one.account, one.host, one.kind, one.details, now, way, number, 0, due)
            )


def _join(transaction: ITransaction, one: News, now: float) -> set[tuple[Way, int | None]]:
    """Join a change to those of the host that wait to be told; return where these go to."""
    waiting = transaction.waiting_notices(one.account, one.host, one.kind, now)
    for notice in waiting:
        details = merged(notice.details, one.details)
        changed = dataclasses.replace(notice, details=details) if details else None
        transaction.change_notice(notice.id, changed)
    return {(notice.way, notice.target) for notice in waiting}


def _fits(transaction: ITransaction, one: News, rules: NoticeRules, now: float) -> bool:
    """Count a notice; return whether there were not too many. What is about the account itself is
    rare enough."""
    if one.host is None or one.kind is Kind.MORE:
        return True
    for host, most in ((one.host, rules.per_host), (None, rules.per_account)):
        mark, fits = counted(transaction.notice_mark(one.account, host, ""), most, now)
        transaction.put_notice_mark(one.account, host, "", mark)
        if not fits:
            return False
    return True
