"""Copies of a wildcard's RRsets, at names that a challenge makes exist; see
:mod:`ddns.policy.wildcards`."""

from __future__ import annotations

from typing import NamedTuple

from ddns.model.records import RRset


class Copy(NamedTuple):
    """An RRset of a zone that is a copy of one at the owner name ``source``; without rdatas, where
    the copy is to go."""

    zone: bytes
    rrset: RRset
    source: bytes
