"""Runs killed at any moment: whatever they left opens, and --resume completes the same run."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import StartTcl, Tcl
from PIL import Image

pytestmark = pytest.mark.slow

SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
RUNS = {
    "reference": (("train", "regression", "--engine", "reference", "--epochs", 40), "checkpoint.npz"),
    "ngspice": (("train", "regression", "--engine", "ngspice", "--epochs", 4), "checkpoint.npz"),
    "learn": (("learn-in-circuit", "regression", "--cycles", 40), "stream.json"),
    "ep": (("ep", "--data", "digits", "--hidden", 10, "--epochs", 20), "checkpoint.npz"),
    "sweep": (("sweep", "allostery", "--points", 2, "--epochs", 2, "--workers", 1), "runs.jsonl"),
}


def load_array(path: Path) -> None:
    with np.load(path) as file:
        assert all(file[name].size for name in file.files)


def load_data(path: Path) -> None:
    with xr.open_dataset(path) as data:
        data.load()


def load_picture(path: Path) -> None:
    with Image.open(path) as picture:
        picture.load()


OPEN: dict[str, Callable[[Path], object]] = {
    ".json": lambda path: json.loads(path.read_bytes()),
    ".csv": pd.read_csv,
    ".npz": load_array,
    ".nc": load_data,
    ".png": load_picture,
    ".gif": load_picture,
}


def open_all(out: Path) -> None:
    """Open every file of a run but those that were being written."""
    for path in out.glob("[!.]*"):
        OPEN.get(path.suffix, Path.read_bytes)(path)


def results(out: Path) -> pd.DataFrame:
    """What a run came to, but for the time that it took."""
    if (out / "sweep.csv").exists():
        return pd.read_csv(out / "sweep.csv")
    return pd.read_csv(out / "history.csv").drop(columns="cpu_s", errors="ignore")


def names(out: Path) -> set[str]:
    """Files of a run, and those of the first cycles, which a run killed in these lacks."""
    return {path.name for path in out.iterdir()} | {"waveforms.nc", "waveforms.png"}


@pytest.mark.parametrize("name", RUNS)
def test_killed_and_resumed(tcl: Tcl, start_tcl: StartTcl, tmp_path: Path, name: str) -> None:
    (command, state), rng = RUNS[name], random.Random(name)
    out, whole = tmp_path / "out", tmp_path / "whole"
    process, begun = start_tcl(*command, "--out", whole), time.monotonic()
    while not (whole / state).exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    first = time.monotonic() - begun
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    length = time.monotonic() - begun
    open_all(whole)

    def resumed() -> list[str]:
        if (out / state).exists():
            return ["--resume"]
        shutil.rmtree(out, ignore_errors=True)
        return []

    for how in SIGNALS:
        process = start_tcl(*command, "--out", out, *resumed())
        time.sleep(rng.uniform(first, length))
        process.send_signal(how)
        _, said = process.communicate(timeout=600)
        assert process.returncode in (-how, 128 + how, 0), said
        assert "Traceback" not in said
        if out.exists():
            open_all(out)
    assert tcl(*command, "--out", out, *resumed()).exit_code == 0
    open_all(out)
    assert names(out) == names(whole)
    # A transient that begins anew takes time steps of its own.
    tolerance = 0.1 if name == "learn" else 0
    pd.testing.assert_frame_equal(results(out), results(whole), rtol=tolerance, atol=tolerance * 1e-3)
