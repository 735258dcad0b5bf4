"""How many file descriptors the process may have."""

from __future__ import annotations

import resource
from contextlib import suppress

UNLIMITED = 2**31
"""What stands for no limit."""


def raise_limit(wanted: int) -> int:
    """Raise the soft limit to *wanted*, as far as the hard one lets us; return what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = UNLIMITED if hard == resource.RLIM_INFINITY else hard
    now = UNLIMITED if soft == resource.RLIM_INFINITY else soft
    if now < wanted and now < ceiling:
        with suppress(OSError, ValueError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, ceiling), hard))
            now = min(wanted, ceiling)
    return now
