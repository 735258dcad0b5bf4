"""JSON Schemas of notices; see :mod:`ddns.api.schemas`."""

from __future__ import annotations

from ddns.api.schema_parts import (
    FLAG,
    NAME,
    NUMBER,
    STRING,
    TIME,
    Schema,
    list_of,
    object_of,
    or_null,
)
from ddns.model.notices import Kind, Way

_KINDS: Schema = {"type": "array", "items": {"enum": list(Kind)}}
_target = {
    "id": NUMBER,
    "account": STRING,
    "host": or_null(NAME),
    "way": {"enum": [Way.WEBHOOK, Way.APPRISE]},
    "shown": STRING,
    "created": TIME,
    "failing": or_null(TIME),
    "problem": STRING,
    "next": or_null(TIME),
    "given_up": NUMBER,
}

NOTICE_SCHEMAS: dict[str, Schema] = {
    "NoticeTerms": object_of(
        account=STRING,
        host=or_null(NAME),
        mail=_KINDS,
        targets=_KINDS,
        silent_days=NUMBER,
        own=FLAG,
        email=FLAG,
        sent_to=list_of("NoticeTarget"),
    ),
    "NoticeTarget": object_of(**_target),
    "NewNoticeTarget": object_of(secret=or_null(STRING), **_target),
    "NoticeOff": object_of(host=or_null(NAME), kind={"enum": list(Kind)}),
}

NOTICE_ARGUMENTS: dict[str, Schema] = {
    "notice_set.mail": _KINDS,
    "notice_set.targets": _KINDS,
    "way": {"enum": [Way.WEBHOOK, Way.APPRISE]},
}
