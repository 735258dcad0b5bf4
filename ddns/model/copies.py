"""Copies of a wildcard's RRsets, at names that a challenge makes exist; see
:mod:`ddns.policy.wildcards`."""

from __future__ import annotations

from typing import NamedTuple

from ddns.model.records import RRset


class Touched(NamedTuple):
    """An owner name of a zone at which work has put RRsets, and whether it had any before, and has
    any now; copies do not count."""

    zone: bytes
    owner: bytes
    existed: bool
    exists: bool


class Copy(NamedTuple):
    """An RRset of a zone that is a copy of one at the owner name ``source``; without rdatas, where
    the copy is to go."""

    zone: bytes
    rrset: RRset
    source: bytes
