"""The compiled fast path under AddressSanitizer and UndefinedBehaviorSanitizer.

    python -m tests.faults.sanitized [PYTEST ARGUMENT]...

It builds a copy with them and runs there the tests that hand packets to it; the interpreter's own
memory comes from malloc, so that each object has its borders. By hand, since it takes minutes. It
needs gcc with its libasan and Python's headers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FLAGS = (
    "-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined"
)
TESTS = (
    *("tests/zone/test_compiled.py", "tests/zone/test_engine.py", "tests/zone/test_reference.py"),
    *("tests/zone/test_engine_limits.py", "tests/zone/test_engine_cookies.py"),
    *(f"tests/net/dns/test_{what}.py" for what in ("udp", "udp_compiled", "stats", "later")),
)


def main() -> int:
    """Build, run the tests, and return pytest's status."""
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made)
        for name in ("ddns", "tests"):
            ignored = shutil.ignore_patterns("*.so", "__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignored)
        for name in (
            "setup.cfg",
            "setup.py",
            "pyproject.toml",
            "conftest.py",
            "README.md",
            "LICENSE",
        ):
            shutil.copy(ROOT / name, copy)
        build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
        flags = {"CFLAGS": FLAGS, "LDFLAGS": FLAGS}
        subprocess.run(build, cwd=copy, env=os.environ | flags, check=True)
        ask = ["gcc", "-print-file-name=libasan.so"]
        library = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
        environment = {
            "LD_PRELOAD": library,
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
        }
        command = [sys.executable, "-m", "pytest", "--capture=sys", *TESTS, *sys.argv[1:]]
        return subprocess.run(command, cwd=copy, env=os.environ | environment).returncode


if __name__ == "__main__":
    sys.exit(main())
