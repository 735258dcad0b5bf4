"""The limit of descriptors, in processes of their own: it cannot be raised again."""

from __future__ import annotations

import subprocess
import sys

import pytest

RAISE = """
import resource, sys
from ddns.system.descriptors import raise_limit
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(raise_limit(wanted), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "limit"),
    [(100, 500, 300, 300), (100, 500, 900, 500), (100, 500, 50, 100), (100, 100, 900, 100)],
)
def test_it_is_raised_as_far_as_the_hard_one_goes(
    soft: int, hard: int, wanted: int, limit: int
) -> None:
    given = [sys.executable, "-c", RAISE, str(soft), str(hard), str(wanted)]
    done = subprocess.run(given, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(limit), str(limit), str(hard)]
