"""The compiled fast path: a test that needs it is skipped where it could not be compiled."""

from __future__ import annotations

import importlib.util
import shutil
import sysconfig
from pathlib import Path

import pytest

from ddns.zone.fast_path import compiled_fast_path
from ddns.zone.zone import Zones


def could_be_compiled() -> bool:
    """Whether this machine has what building it takes."""
    headers = Path(sysconfig.get_path("include"), "Python.h")
    return (
        shutil.which("cc") is not None
        and headers.exists()
        and importlib.util.find_spec("Cython") is not None
    )


def require_compiled() -> None:
    """Skip the test that needs it where nobody could compile it."""
    if compiled_fast_path(Zones(), 512) is None:
        if could_be_compiled():
            pytest.fail("the fast path is not compiled, though it could be: pip install -e .")
        pytest.skip("the fast path is not compiled: there is no compiler, or no Python.h")
