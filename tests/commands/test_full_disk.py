"""A disk that fills while a command runs: one line that names the file, and --resume completes the run."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import pytest
from conftest import StartTcl, Tcl

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bounds the files of a running process")

RUNS = {
    "train": (("train", "regression", "--engine", "reference", "--epochs", 20), "checkpoint.npz", 0),
    "learn-in-circuit": (("learn-in-circuit", "regression", "--cycles", 40), "stream.bin", 20_000),
    "sweep": (("sweep", "allostery", "--points", 2, "--epochs", 2, "--workers", 1), "runs.jsonl", 500),
}


@pytest.mark.parametrize("name", RUNS)
def test_what_was_reached_goes_on_once_there_is_space(
    tcl: Tcl, start_tcl: StartTcl, tmp_path: Path, name: str
) -> None:
    arguments, state, reached = RUNS[name]
    process = start_tcl(*arguments, "--out", "out")
    path = tmp_path / "out" / state
    deadline = time.monotonic() + 300
    while not path.exists() or path.stat().st_size <= reached:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    # Files may not grow from here on: what a full disk says, but for the word.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (reached, reached))
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1, said
    last = said.splitlines()[-1]
    assert (
        last == f"tcl-circuits: out/{state}: File too large; what {state} holds is kept: go on with --resume"
    )
    assert "Traceback" not in said
    resumed = tcl(*arguments, "--out", "out", "--resume")
    assert resumed.exit_code == 0, resumed.stderr
    assert not [left for left in path.parent.iterdir() if left.name.startswith(".")]
