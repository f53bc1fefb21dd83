"""`tcl-circuits learn-in-circuit`: its files, what it refuses, and runs that end early."""

from __future__ import annotations

import json
import re
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import StartTcl, Tcl, run_ngspice

import tcl_circuits
from tcl_circuits.circuit.graphfile import read_network

COMMAND = "learn-in-circuit"
FILES = {
    "summary.json",
    "history.csv",
    "trajectories.nc",
    "network.json",
    "netlist.cir",
    "stream.bin",
    "stream.json",
    "waveforms.nc",
    "loss.png",
    "conductances.png",
    "network.png",
    "waveforms.png",
    "film.png",
    "film.gif",
}


def test_a_run_leaves_its_files(tcl: Tcl, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = tcl(COMMAND, "regression", "--cycles", 16, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    assert {path.name for path in out.iterdir()} == FILES
    summary = json.loads(result.stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    assert summary["cycles"] == 16
    assert summary["polarity"] == "inverted"
    assert summary["lambda_max"] == pytest.approx(3)
    assert summary["lambda_max"] < summary["lambda_max_bound"]
    assert summary["lambda_max_final"] == pytest.approx(3, rel=0.5)
    assert summary["final_loss"] < summary["initial_loss"] / 20
    assert abs(summary["energy_balance_error"]) < 0.01
    assert summary["energy_J"]["conductances"] > 0
    assert "lambda_max 3 (at most" in result.stderr
    assert "faithful up to 4" in result.stderr
    past = pd.read_csv(out / "history.csv")
    assert past["cycle"].tolist() == [0, 8, 16]
    assert past["loss"].iloc[-1] == summary["final_loss"]
    with xr.open_dataset(out / "trajectories.nc") as data:
        assert data["conductance"].attrs["units"] == "S"
        assert float(data["time"][-1]) == pytest.approx(summary["circuit_time_s"])
        trained = read_network(out / "network.json")
        np.testing.assert_allclose(trained.conductance, data["conductance"].to_numpy()[-1], rtol=1e-12)
    again = tcl(COMMAND, "regression", "--cycles", 16, "--out", out)
    assert again.exit_code == 2
    assert "holds files already" in again.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("irises",), "there is no task 'irises'"),
        (("regression", "--polarity", "standard", "--gain", 2), "--force-unstable"),
        (("regression", "--gate-hold", "0s"), "never opens"),
        (("regression", "--gate-hold", "5us"), "before its end"),
        (("regression", "--rest", "-3us"), "after the inputs have begun to switch"),
        (("regression", "--threshold", 500), "above any signal"),
        (("regression", "--settle", "4us"), "switch slower"),
        (("regression", "--tau-f", "1M"), "ambiguous"),
        (("regression", "--time-limit", -1), "--time-limit"),
        (("regression", "--kind", "vteam", "--alpha", 0), "alpha"),
    ],
)
def test_bad_input_is_told_before_anything_runs(
    tcl: Tcl, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    result = tcl(COMMAND, *options, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_ctrl_c_and_resume(tcl: Tcl, start_tcl: StartTcl, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("regression", "--cycles", 2000, "--out", out)
    here = str(Path(tcl_circuits.__file__).parents[1])
    process = start_tcl(COMMAND, *options, environment={"PYTHONPATH": here})
    deadline = time.monotonic() + 300
    while not (out / "stream.bin").exists() or (out / "stream.bin").stat().st_size < 50_000:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "go on with --resume" in said
    assert "Traceback" not in said
    reached = pd.read_csv(out / "history.csv")
    assert 1 <= len(reached) < 21
    with xr.open_dataset(out / "trajectories.nc") as data:
        cycles = int(data["cycle"][-1])
    assert 0 < cycles < 2000
    other = tcl(COMMAND, "regression", "--cycles", 2001, "--out", out, "--resume")
    assert other.exit_code == 2
    assert "cycles was 2000, is 2001" in other.stderr
    limited = tcl(COMMAND, *options, "--resume", "--time-limit", 0.5)
    assert limited.exit_code == 1
    assert "what was reached is kept" in limited.stderr


def test_a_run_that_broke_off_goes_on_to_its_end(tcl: Tcl, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("regression", "--cycles", 160, "--out", out)
    assert tcl(COMMAND, *options).exit_code == 0
    whole = pd.read_csv(out / "history.csv")
    # As a machine that went down would leave it.
    for path in out.iterdir():
        if path.name not in ("stream.bin", "stream.json", "waveforms.nc", "netlist.cir"):
            path.unlink()
    stream = (out / "stream.bin").read_bytes()
    (out / "stream.bin").write_bytes(stream[: int(0.55 * len(stream))])
    result = tcl(COMMAND, *options, "--resume")
    assert result.exit_code == 0, result.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["initial_loss"] / summary["final_loss"] > 300
    assert {path.name for path in out.iterdir()} == FILES
    past = pd.read_csv(out / "history.csv")
    assert past["cycle"].tolist() == whole["cycle"].tolist() == list(range(0, 161, 8))
    np.testing.assert_allclose(past["loss"], whole["loss"], rtol=0.1)
    assert summary["circuit_time_s"] == pytest.approx(float(whole["circuit_time_s"].iloc[-1]), rel=0.01)


def test_a_runaway_is_told_and_kept(tcl: Tcl, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--polarity", "standard", "--gain", 60, "--force-unstable", "--out", out)
    result = tcl(COMMAND, "regression", *options)
    assert result.exit_code == 1
    assert "forced: the standard sawtooth may run away" in result.stderr
    assert "what was reached is kept; likely the network runs away" in result.stderr
    assert (out / "trajectories.nc").exists()


def test_without_ngspice_it_says_how_to_have_it(
    tcl: Tcl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = tcl(COMMAND, "regression", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "ngspice is not installed" in result.stderr


def test_its_netlist_alone_prints_where_it_ends(tcl: Tcl, tmp_path: Path) -> None:
    result = tcl(COMMAND, "xor-single", "--cycles", 4, "--look-every", 4, "--out", "run")
    assert result.exit_code == 0, result.stderr
    done = run_ngspice(tmp_path / "run/netlist.cir")
    assert done.returncode == 0, done.stderr
    states = re.findall(r"^end_v\d+\s*=\s*(\S+)", done.stdout, re.MULTILINE)
    text = (tmp_path / "run/netlist.cir").read_text("ascii")
    slope = float(re.findall(r"^\* whose conductance is (\S+) S/V", text, re.MULTILINE)[0])
    with xr.open_dataset(tmp_path / "run/trajectories.nc") as found:
        last = found["conductance"].to_numpy()[-1]
    assert [slope * float(volts) for volts in states] == pytest.approx(last.tolist(), rel=1e-3)
    assert len(re.findall(r"^\* e\d+: \S+--\S+, G = ", text, re.MULTILINE)) == last.size
