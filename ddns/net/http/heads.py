"""Requests that come in one piece and have no body, as nearly all updates do."""

from __future__ import annotations

import re

WHOLE = re.compile(
    rb"(GET|HEAD) (/[!-~]*) (HTTP/1\.[01])\r\n"
    rb"((?:(?!(?i:content-length|transfer-encoding|expect):)"
    rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*)"
    rb"\r\n"
)
"""Matches such a request: method, target, version, and fields with their ends of line (RFC 9112 2
to 5). Whatever is allowed beyond that, such as lines that end in LF alone, is for a slower reader.
"""
