"""`tcl-circuits sweep`: its files, what it refuses, Ctrl-C, a killed worker, and --resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd
import psutil
import pytest
import xarray as xr
from conftest import StartTcl, Tcl

FILES = {"sweep.csv", "sweep.nc", "sweep.json", "cosine.png", "error.png", "runs.jsonl"}
QUICK = ("regression", "--epochs", 1, "--memory", ".1", "--g-range", "100", "--ratio", "10:1000:3")


@pytest.fixture
def whole(tcl: Tcl, tmp_path: Path) -> Path:
    result = tcl("sweep", *QUICK, "--theta", "1,2", "--workers", 1, "--out", "whole")
    assert result.exit_code == 0
    assert "6 points" in result.stdout
    return tmp_path / "whole"


def tables(out: Path) -> tuple[bytes, object]:
    return (out / "sweep.csv").read_bytes(), json.loads((out / "sweep.json").read_text())


def test_files(whole: Path) -> None:
    assert {path.name for path in whole.iterdir()} == FILES
    table = pd.read_csv(whole / "sweep.csv")
    assert list(table["ratio"]) == [10, 10, 100, 100, 1000, 1000]
    with xr.open_dataset(whole / "sweep.nc") as data:
        assert data["cosine"].to_numpy().ravel() == pytest.approx(table["cosine"].to_numpy())
        assert data["ratio"].attrs["units"] == "1"
    summary = json.loads((whole / "sweep.json").read_text())
    assert (summary["points"], summary["found"], summary["fault"]) == (6, 6, None)
    assert summary["best"]["test_loss"] == table["test_loss"].min()


def test_resume_and_force(tcl: Tcl, whole: Path) -> None:
    """Kept points are not computed again; others are added to them; --force begins anew."""
    more = ("sweep", *QUICK, "--theta", "1,2,3", "--workers", 1, "--out", whole)
    assert tcl(*more).exit_code == 2
    assert tcl(*more, "--resume").exit_code == 0
    lines = (whole / "runs.jsonl").read_text().splitlines()
    assert len(lines) == 1 + 9
    resumed = tables(whole)
    other = tcl("sweep", *QUICK, "--theta", "1,2,3", "--seed", 1, "--workers", 1, "--out", whole, "--resume")
    assert (other.exit_code, other.stderr.splitlines()[-1]) == (
        2,
        f"tcl-circuits: {whole}/runs.jsonl belongs to another run: seed was 0, is 1",
    )
    assert tables(whole) == resumed
    assert tcl(*more, "--force").exit_code == 0
    assert tables(whole) == resumed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("nope",), "there is no task 'nope'; there are"),
        (("iris", "--ratio", ","), "the axis ratio has no values"),
        (("iris", "--ratio", "1:10:3"), "ratio = 1.0 must be above 1"),
        (("iris", "--ratio", "10:1000"), "--ratio: '10:1000' is no axis; write 10,30,100 or LOW:HIGH:COUNT"),
        (("iris", "--g-range", "100:10:3"), "--g-range: '100:10:3' must go from a positive number"),
        (("iris", "--theta", "two"), "--theta: 'two' is not a number"),
        (("iris", "--executor", "slurm"), "there is no executor 'slurm'"),
        (("iris", "--executor", "dask:tcp://127.0.0.1:9"), "no dask scheduler answers"),
        (("iris", "--tau-f", "-1us"), "tau_f = -1e-06 must be positive"),
        (("iris", "--resume", "--out", "nowhere"), "nothing to resume"),
    ],
)
def test_refused(tcl: Tcl, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    result = tcl("sweep", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert not list(tmp_path.rglob("sweep.*"))


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any("spawn_main" in part for part in child.cmdline()):
                found.append(child)
    return found


def begin(start_tcl: StartTcl, store: Path, *options: object) -> subprocess.Popen[str]:
    """Start a sweep on two workers and wait for its first point."""
    process = start_tcl("sweep", *options, "--workers", 2, "--out", store.parent)
    deadline = time.monotonic() + 300
    while not store.exists() or store.read_bytes().count(b"\n") < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return process


def test_ctrl_c_and_resume(start_tcl: StartTcl, tcl: Tcl, whole: Path, tmp_path: Path) -> None:
    options = (*QUICK, "--theta", "1,2")
    process = begin(start_tcl, tmp_path / "o" / "runs.jsonl", *options, "--epochs", 5)
    workers = workers_of(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; what was reached is kept: go on with --resume"
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(workers, timeout=300)
    assert not alive
    for out, resume in (("o", ("--resume",)), ("again", ())):
        result = tcl("sweep", *options, "--epochs", 5, "--workers", 1, "--out", out, *resume)
        assert result.exit_code == 0
    assert tables(tmp_path / "o") == tables(tmp_path / "again")


@pytest.mark.slow
def test_a_worker_killed_in_the_middle(start_tcl: StartTcl, whole: Path, tmp_path: Path) -> None:
    process = begin(start_tcl, tmp_path / "o" / "runs.jsonl", *QUICK, "--theta", "1,2")
    os.kill(workers_of(process)[0].pid, signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert tables(tmp_path / "o") == tables(whole)
