"""What strangers wrote into a master file does not steer the terminal of who imports it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_control_characters_are_shown_as_escapes(tmp_path: Path) -> None:
    file = tmp_path / "zone"
    file.write_text("$ORIGIN a.example.\n@ SOA ns hm 1 1 1 1 1\nx \x1b[31mEVIL 1\n")
    program = Path(sys.executable).with_name("ddns")
    done = subprocess.run(
        [program, "zone", "import", file, f"--database={tmp_path / 'ddns.sqlite'}"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "\\x1b[31mEVIL" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
