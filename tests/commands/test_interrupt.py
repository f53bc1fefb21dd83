"""Ctrl-C and SIGKILL at real processes: what was reached is kept, and --resume completes the same run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from conftest import StartTcl, Tcl
from typer.testing import CliRunner

from tcl_circuits.cli import app

RUNS = {
    "chirp, reference": ("allostery", "--engine", "reference", "--epochs", 12),
    "no chirp, ngspice": ("iris", "--engine", "ngspice", "--epochs", 3, "--workers", 2),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Directories of runs that no one interrupts."""

    @cache
    def run(name: str) -> Path:
        out = tmp_path_factory.mktemp("whole") / "run"
        result = CliRunner().invoke(app, ["train", *map(str, RUNS[name]), "--out", str(out)])
        assert result.exit_code == 0
        return out

    return run


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that hold ngspice for a process."""
    found = []
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess):
            if any("ngspice_worker" in part for part in child.cmdline()):
                found.append(child)
    return found


def begin(start_tcl: StartTcl, out: Path, *arguments: object) -> subprocess.Popen[str]:
    """Start a training and wait for its first checkpoint."""
    process = start_tcl("train", *arguments, "--out", out)
    deadline = time.monotonic() + 300
    while not (out / "checkpoint.npz").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return process


def arrays(path: Path) -> dict[str, bytes]:
    with np.load(path) as file:
        return {name: file[name].tobytes() for name in file.files}


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return {name: value for name, value in found.items() if name not in ("wall_s", "cpu_s")}


def same_run(out: Path, whole: Path) -> None:
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}
    for name in ("history.csv", "network.json", "netlist.cir"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert arrays(out / "checkpoint.npz") == arrays(whole / "checkpoint.npz")
    assert summary(out) == summary(whole)


@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_and_resume(
    tcl: Tcl, start_tcl: StartTcl, tmp_path: Path, whole: Callable[[str], Path], name: str
) -> None:
    arguments, out = RUNS[name], tmp_path / "out"
    process = begin(start_tcl, out, *arguments)
    workers = workers_of(process)
    assert len(workers) == (2 if "ngspice" in name else 0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; what was reached is kept: go on with --resume"
    assert "Traceback" not in said
    assert [path.name for path in out.iterdir()] == ["checkpoint.npz"]
    assert not any(worker.is_running() for worker in workers)
    assert tcl("train", *arguments, "--out", out, "--resume").exit_code == 0
    same_run(out, whole(name))


@pytest.mark.parametrize("left", [None, "--force"])
def test_before_the_first_checkpoint(
    tcl: Tcl, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, left: str | None
) -> None:
    """Nothing is said of a checkpoint that is not there, or is another run's; what is there stays."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tcl_circuits.training.run.step_gain", interrupted)
    out = tmp_path / "out"
    if left is not None:
        out.mkdir()
        (out / "checkpoint.npz").write_bytes(b"of another run")
    before = {path.name: path.read_bytes() for path in out.glob("*")}
    result = tcl(
        "train", "allostery", "--engine", "reference", "--out", out, *([] if left is None else [left])
    )
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines() == ["interrupted"]
    assert {path.name: path.read_bytes() for path in out.glob("*")} == before


def test_sigkill_and_resume(
    tcl: Tcl, start_tcl: StartTcl, tmp_path: Path, whole: Callable[[str], Path]
) -> None:
    name, out = "no chirp, ngspice", tmp_path / "out"
    process = begin(start_tcl, out, *RUNS[name])
    workers = workers_of(process)
    time.sleep(0.05)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=300)
    assert not alive
    assert tcl("train", *RUNS[name], "--out", out, "--resume").exit_code == 0
    same_run(out, whole(name))


def test_ctrl_c_at_a_simulation(start_tcl: StartTcl, tmp_path: Path) -> None:
    """Ctrl-C stops ngspice within a run, too."""
    edges = [{"source": k, "target": j} for k in range(90) for j in range(k)]
    nodes = [{"id": 0, "role": "input"}, {"id": 1, "role": "ground"}, {"id": 2, "role": "output"}]
    graph = {"nodes": [*nodes, *({"id": k} for k in range(3, 90))], "edges": edges}
    (tmp_path / "dense.json").write_text(json.dumps(graph))
    process = start_tcl("simulate", "dense.json", "--engine", "ngspice", "--out", "out")
    deadline = time.monotonic() + 300
    while not workers_of(process):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    (worker,) = workers_of(process)
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert said == "4005 of 4005 conductances drawn, seed 0\ninterrupted\n"
    assert not worker.is_running()


@pytest.fixture(scope="module")
def epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a run of one epoch."""
    out = tmp_path_factory.mktemp("epoch") / "run"
    arguments = ["train", "regression", "--engine", "reference", "--epochs", "1", "--out", str(out)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    return out


class TestResume:
    @pytest.fixture
    def run(self, epoch: Path, tmp_path: Path) -> Path:
        """A copy of it."""
        return Path(shutil.copytree(epoch, tmp_path / "run"))

    def refused(self, tcl: Tcl, out: Path, *options: object) -> str:
        before = {path.name: path.read_bytes() for path in out.iterdir()} if out.exists() else None
        result = tcl(
            "train", "regression", "--engine", "reference", "--epochs", 1, "--resume", "--out", out, *options
        )
        assert (result.exit_code, result.stdout) == (2, "")
        assert before == ({path.name: path.read_bytes() for path in out.iterdir()} if before else None)
        (line,) = result.stderr.splitlines()
        return line

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (("--seed", 1), "seed was 0, is 1"),
            (("--rule", "contrast"), "rule was 'tcl', is 'contrast'"),
            (("--engine", "ngspice"), "engine was 'reference', is 'ngspice'"),
            (("--signal", "abs"), "signal was 'power', is 'abs'"),
            (("--tau-f", "20us"), "tau_f was 1e-05, is 2e-05"),
            (("--no-chirp",), "chirp was True, is False"),
            (("--epochs", 2), "epochs was 1, is 2"),
        ],
    )
    def test_another_run(self, tcl: Tcl, run: Path, options: tuple[object, ...], named: str) -> None:
        assert named in self.refused(tcl, run, *options)

    def test_a_damaged_checkpoint(self, tcl: Tcl, run: Path) -> None:
        path = run / "checkpoint.npz"
        whole = path.read_bytes()
        for content in (whole[:1000], b"", b"\x80\x04\x95junk", os.urandom(500)):
            path.write_bytes(content)
            assert f"{path} can't be read as a checkpoint" in self.refused(tcl, run)

    def test_no_checkpoint(self, tcl: Tcl, run: Path) -> None:
        (run / "checkpoint.npz").unlink()
        assert "there is no checkpoint" in self.refused(tcl, run)

    def test_no_directory(self, tcl: Tcl, tmp_path: Path) -> None:
        assert "nothing to resume" in self.refused(tcl, tmp_path / "nowhere")
        assert not (tmp_path / "nowhere").exists()
