"""JSON forms of notices, of what owners are told, and of where it is sent."""

from __future__ import annotations

from collections.abc import Iterable

from ddns.api.serializers import Json, time_json
from ddns.model import names
from ddns.model.notices import Kind, Notice, Target, Terms


def target_json(target: Target, waiting: Iterable[Notice] = ()) -> Json:
    """Return where notices are sent, without what is secret of it; ``next`` is when it is tried
    again, by the notices that are *waiting*."""
    due = min((one.due for one in waiting if one.target == target.id), default=None)
    return {
        "id": target.id,
        "account": target.account,
        "host": host_json(target.host),
        "way": str(target.way),
        "shown": target.shown,
        "created": time_json(target.created),
        "failing": None if target.failing is None else time_json(target.failing),
        "problem": target.problem,
        "next": None if target.failing is None or due is None else time_json(due),
        "given_up": target.given_up,
    }


def terms_json(terms: Terms) -> Json:
    """Return what an account is told of a host, or of itself; null is what was not said."""
    return {
        "host": host_json(terms.host),
        "mail": None if terms.mail is None else kinds_json(terms.mail),
        "targets": None if terms.push is None else kinds_json(terms.push),
        "silent_days": terms.silent_days,
    }


def notice_json(notice: Notice) -> Json:
    """Return a notice that waits to be sent."""
    return {
        "kind": str(notice.kind),
        "host": host_json(notice.host),
        "details": dict(notice.details),
        "way": str(notice.way),
        "target": notice.target,
        "created": time_json(notice.created),
    }


def kinds_json(kinds: frozenset[Kind]) -> list[str]:
    """Return kinds of notices in their usual order."""
    return [str(kind) for kind in Kind if kind in kinds]


def host_json(host: bytes | None) -> str | None:
    """Return a host's name; None for what is about the account."""
    return None if host is None else names.to_text(host)
