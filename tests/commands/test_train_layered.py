"""`tcl-circuits train` on layered circuits: files, checks in ngspice, resuming, wrong requests."""

from __future__ import annotations

import gzip
import json
import re
import signal
import struct
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import StartTcl, Tcl, run_ngspice
from test_train import KEYS

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.layered import tasks
from tcl_circuits.layered.circuit import with_bias

FILES = {"summary.json", "history.csv", "weights.npz", "netlist.cir", "checkpoint.npz", "loss.png"}


def idx_folder(folder: Path, images: int = 60) -> Path:
    """A folder like MNIST's, of small random images."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for part, count in (("train", images), ("t10k", 20)):
        pixels = rng.integers(0, 256, (count, 6, 5), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        with gzip.open(folder / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(struct.pack(">IIII", 0x803, count, 6, 5) + pixels.tobytes())
        with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(struct.pack(">II", 0x801, count) + labels.tobytes())
    return folder


def test_files_and_summary(tcl: Tcl, tmp_path: Path) -> None:
    result = tcl("train", "digits", "--epochs", 2, "--hidden", 12, "--check", 3, "--out", "run")
    assert result.exit_code == 0
    assert "checked in ngspice on 3 test inputs" in result.output
    assert "of 3 predictions the same" in result.output
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES | {"network.json", "features.png"}
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert summary.keys() >= KEYS
    assert (summary["hidden"], summary["edges"], summary["nodes"]) == (12, 2 * 65 * 12 + 14 * 20, 130 + 46)
    assert summary["check"]["agreement"] == 1
    assert summary["check"]["output_max_difference_V"] < 2e-6
    assert summary["baseline_name"] == "perceptron with 12 hidden nodes"
    assert summary["cycles"] == 2800
    assert summary["energy_J_per_cycle"] > 0
    history = pd.read_csv(tmp_path / "run/history.csv")
    assert list(history["epoch"]) == [0, 1, 2]
    network = read_network(tmp_path / "run/network.json")
    with np.load(tmp_path / "run/weights.npz", allow_pickle=False) as weights:
        assert weights["plus"].shape == (65, 12)
        assert network.conductance[0] == weights["plus"][0, 0]
        assert network.conductance[-1] == weights["inner"][-1, -1]
    assert network.edge_count == summary["edges"]
    assert len(network.parts) == 24


def test_netlist_runs_in_ngspice(tcl: Tcl, tmp_path: Path) -> None:
    assert tcl("train", "xor-layered", "--epochs", 1, "--hidden", 4, "--out", "run").exit_code == 0
    assert (tmp_path / "run/network.png").exists()
    found = run_ngspice(tmp_path / "run/netlist.cir")
    assert found.returncode == 0, found.stderr
    printed = re.findall(r"^free_n_y\w+\s*=\s*(\S+)", found.stdout, re.MULTILINE)
    # The netlist's inputs are folded, those of the graph are not.
    network, weights = read_network(tmp_path / "run/network.json"), np.load(tmp_path / "run/weights.npz")
    x = with_bias(tasks.find("xor-layered").data(0, None).train_x[:1])[0]
    rows, rail = weights["volts"] * np.stack([x, -x], axis=1).ravel(), float(weights["rail"])
    exact = OperatingPoints(network).free(np.array([[*rows, rail, -rail]])).voltages[0, network.outputs]
    assert [float(value) for value in printed] == pytest.approx(exact.tolist(), abs=1e-4)
    text = (tmp_path / "run/netlist.cir").read_text("ascii")
    assert re.search(r"^\* e0: t0--h0, G = ", text, re.MULTILINE)


@pytest.mark.parametrize("task", ["mnist", "fashion-mnist"])
def test_images_from_a_folder(tcl: Tcl, tmp_path: Path, task: str) -> None:
    idx_folder(tmp_path / "images")
    arguments = ("--data", "images", "--hidden", 5, "--epochs", 1, "--shift", 1, "--json", "--out", "run")
    result = tcl("train", task, *arguments)
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert (summary["task"], summary["train_samples"], summary["recipe"]["shift"]) == (task, 60, 1)


def test_interrupted_run_is_kept_and_resumed(tcl: Tcl, start_tcl: StartTcl, tmp_path: Path) -> None:
    run = ("train", "digits", "--hidden", 10, "--epochs", 40)
    process = start_tcl(*run, "--out", "run")
    deadline = time.monotonic() + 100
    while not (tmp_path / "run/checkpoint.npz").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "go on with --resume" in told
    assert tcl(*run, "--out", "run", "--resume").exit_code == 0
    assert tcl(*run, "--out", "whole").exit_code == 0
    one, other = (pd.read_csv(tmp_path / name / "history.csv") for name in ("run", "whole"))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("digits", "--engine", "ngspice"), "--engine belongs to networks"),
        (("digits", "--tau-f", "1us"), "--tau-f belongs to networks"),
        (("iris", "--hidden", "5"), "--hidden belongs to layered circuits"),
        (("digits-linear", "--hidden", "5"), "has no hidden nodes"),
        (("mnist",), "needs --data DIR"),
        (("mnist", "--data", "none"), "no folder 'none'|none"),
        (("digits", "--data", "."), "brings its own images"),
        (("digits", "--rule", "hebb"), "no rule 'hebb'"),
        (("digits", "--check", "999"), "--check 999 must lie in"),
        (("xor-layered", "--shift", "1"), "could be shifted"),
        (("mnits",), "there is no task 'mnits'.*mnist-12k"),
    ],
)
def test_requests_that_mean_nothing(tcl: Tcl, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    result = tcl("train", *arguments)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(result.stderr)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_files_of_another_run_are_left_alone(tcl: Tcl, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/mine.txt").write_text("mine")
    result = tcl("train", "digits", "--out", "run")
    assert result.exit_code == 2
    assert "holds files already" in result.stderr
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["mine.txt"]


def test_tasks_are_listed(tcl: Tcl) -> None:
    listed = tcl("tasks").output
    for name in ("digits", "digits-linear", "mnist-12k", "mnist", "fashion-mnist", "xor-layered"):
        assert f" {name} " in listed
