"""What numba keeps between runs: damaged, it is compiled anew, to the same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

numba = pytest.importorskip("numba")

PROGRAM = """
from tcl_circuits.layered.compiled import compiled

@compiled
def total(values):
    found = 0.0
    for value in values:
        found += value * value
    return found

import numpy as np
print(total(np.arange(5.0)), sum(total.stats.cache_hits.values()))
"""


def run(place: Path) -> list[str]:
    program = place / "program.py"
    if not program.exists():
        program.write_text(PROGRAM)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(place / "kept")}
    done = subprocess.run(
        [sys.executable, program], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("how", ["empty", "half", "other bytes", "one bit", "a directory"])
def test_damaged_files_are_made_anew(tmp_path: Path, suffix: str, how: str) -> None:
    assert run(tmp_path) == ["30.0", "0"]
    assert run(tmp_path) == ["30.0", "1"]
    (path,) = (tmp_path / "kept").rglob(f"*.{suffix}")
    content = path.read_bytes()
    if how == "a directory":
        path.unlink()
        path.mkdir()
        assert run(tmp_path)[0] == "30.0"
        return
    middle = len(content) // 2
    path.write_bytes(
        {
            "empty": b"",
            "half": content[:middle],
            "other bytes": bytes(range(100)),
            "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        }[how]
    )
    assert run(tmp_path)[0] == "30.0"
    assert run(tmp_path) == ["30.0", "1"]
