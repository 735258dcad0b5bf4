"""Hosts that clients name in short, or not at all, because at other services that is enough."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from ddns.model import names
from ddns.model.account import Key
from ddns.model.update import Change, Status, Update, change_of


def in_full(update: Update, key: Key | None) -> Update:
    """Return an update whose hosts have their whole names.

    :param key: the one that its client has sent, if it is one.

    A name of one label is the host of a key limited to hosts that begins with it, or else one of
    the domain that the client asked. An empty name stands for all hosts of such a key. Without a
    key nothing is looked up, for the update will be refused.
    """
    if update.within is None or key is None:
        return update
    hosts = {names.to_text(host): host for host in sorted(key.hosts or ())}
    changes = tuple(
        full for change in update.changes for full in _in_full(change, hosts, update.within)
    )
    refusal = update.refusal if changes or update.refusal else Status.MISSING
    return dataclasses.replace(update, changes=changes, refusal=refusal)


def _in_full(change: Change, hosts: dict[str, bytes], domain: str) -> Iterator[Change]:
    if change.name is not None or "." in change.host:
        yield change
    elif not change.host:
        yield from (Change(text, host, change.edits) for text, host in hosts.items())
    else:
        yield change_of(
            _host_of(change.host.lower(), hosts) or f"{change.host}.{domain}", change.edits
        )


def _host_of(label: str, hosts: Collection[str]) -> str | None:
    """Return the only one of the hosts that begins with a label."""
    found = [host for host in hosts if host.partition(".")[0] == label]
    return found[0] if len(found) == 1 else None
