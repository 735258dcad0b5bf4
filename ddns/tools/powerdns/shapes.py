"""What answers consist of: the JSON of servers, zones and RRsets.

It has no spaces and its keys are in alphabetical order, as PowerDNS has it: acme.sh reads answers
by pattern.
"""

from __future__ import annotations

import json

from ddns.model import records
from ddns.model.account import ZoneInfo
from ddns.model.records import RRset
from ddns.tools.powerdns.zone_ids import dotted, to_id

Json = dict[str, object]

VERSION = "4.9.0"
"""The version of PowerDNS whose API this is: octoDNS asks, to know which errors to expect."""

SERVER = "localhost"
"""The id that every server calls itself by."""

_SERVERS = "/api/v1/servers"


def dumps(value: object) -> bytes:
    """Return compact JSON in ASCII, its keys in alphabetical order."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def versions_json() -> list[Json]:
    """Return which versions of the API there are."""
    return [{"url": "/api/v1", "version": 1}]


def server_json() -> Json:
    """Return what there is to know about the server."""
    url = f"{_SERVERS}/{SERVER}"
    return {
        "config_url": f"{url}/config{{/config_setting}}",
        "daemon_type": "authoritative",
        "id": SERVER,
        "type": "Server",
        "url": url,
        "version": VERSION,
        "zones_url": f"{url}/zones{{/zone}}",
    }


def zone_json(zone: ZoneInfo, *, whole: bool) -> Json:
    """Return a zone as it is listed.

    Its kind is Native whether it has secondaries or not: of others, tools think that they have to
    tell these of changes, which the server does by itself.

    :param whole: whether to tell whose it is.
    """
    return {
        "account": zone.account or "" if whole else "",
        "catalog": "",
        "dnssec": False,
        "edited_serial": zone.serial,
        "id": to_id(zone.origin),
        "kind": "Native",
        "last_check": 0,
        "masters": [],
        "name": dotted(zone.origin),
        "notified_serial": zone.serial,
        "serial": zone.serial,
        "url": f"{_SERVERS}/{SERVER}/zones/{to_id(zone.origin)}",
    }


def zone_detail_json(zone: ZoneInfo, *, whole: bool) -> Json:
    """Return a zone as it is shown, without its RRsets; see :func:`zone_json` for *whole*."""
    return {
        **zone_json(zone, whole=whole),
        "api_rectify": False,
        "master_tsig_key_ids": [],
        "nsec3narrow": False,
        "nsec3param": "",
        "slave_tsig_key_ids": [],
        "soa_edit": "",
        "soa_edit_api": "",
    }


def rrset_json(rrset: RRset) -> Json:
    """Return an RRset; it has no comments, and none of its records is disabled."""
    return {
        "comments": [],
        "name": dotted(rrset.owner),
        "records": [
            {"content": records.rdata_to_text(rrset.type, rdata), "disabled": False}
            for rdata in rrset.rdatas
        ],
        "ttl": rrset.ttl,
        "type": records.type_to_text(rrset.type),
    }


def master_lines(rrset: RRset) -> bytes:
    """Return the lines of a master file (RFC 1035 5.1) that an RRset is, one a record."""
    head = f"{dotted(rrset.owner)}\t{rrset.ttl}\tIN\t{records.type_to_text(rrset.type)}"
    texts = (records.rdata_to_text(rrset.type, rdata) for rdata in rrset.rdatas)
    return "".join(f"{head}\t{text}\n" for text in texts).encode()
