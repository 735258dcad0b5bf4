"""Part of the contract: hosts that follow another one into the prefixes of its LAN."""

from __future__ import annotations

import dataclasses
import json
from ipaddress import IPv6Address, IPv6Network

from ddns.model import names
from ddns.model.account import Host
from tests.store.sqlite.blocking import HOME, ORIGIN, Blocking, fill

LEADER = Host(HOME, ORIGIN, "alice", 60, 4.0)
NAS = Host(
    names.from_text("nas.example.net"),
    ORIGIN,
    "alice",
    created=5.0,
    interface_id=IPv6Address("::a"),
    follows=HOME,
    follows_address=True,
)
PREFIXES = (IPv6Network("2001:db8:1::/64"), IPv6Network("fd00::/56"))


class LeadingContract:
    """See the module."""

    def test_hosts_that_follow_another(self, store: Blocking) -> None:
        other = dataclasses.replace(NAS, name=b"\1a" + ORIGIN, interface_id=None)
        store.commit(fill)
        store.commit(lambda t: (t.put_host(NAS), t.put_host(other)))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.host(NAS.name)) == NAS
            assert read(lambda r: r.followers(HOME)) == [other, NAS]
            assert read(lambda r: r.followers(NAS.name)) == []
        store.commit(lambda t: t.put_host(dataclasses.replace(other, follows=None)))
        assert store.read(lambda r: r.followers(HOME)) == [NAS]
        store.commit(lambda t: t.remove_host(HOME))
        assert store.read(lambda r: r.followers(HOME)) == [NAS]

    def test_the_journal_has_what_a_host_follows(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_host(NAS))
        shown = json.loads(store.since(0)[-1].after or b"")
        assert (shown["interface_id"], shown["follows"]) == ("::a", "home.example.net")

    def test_prefixes_that_were_told(self, store: Blocking) -> None:
        """They change without an event, and stay when the host changes."""
        store.commit(fill)
        before = store.since(0)
        store.commit(lambda t: t.put_host_prefixes(HOME, PREFIXES))
        told = dataclasses.replace(LEADER, prefixes=PREFIXES)
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.host(HOME)) == told
        assert store.since(0) == before
        store.commit(lambda t: t.put_host(dataclasses.replace(told, ttl=5)))
        assert store.read(lambda r: r.host(HOME)) == dataclasses.replace(told, ttl=5)
        assert b"prefixes" not in (store.since(0)[-1].after or b"prefixes")
        store.commit(lambda t: t.put_host_prefixes(HOME, ()))
        assert store.read(lambda r: r.host(HOME)) == dataclasses.replace(LEADER, ttl=5)
