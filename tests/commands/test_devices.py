"""`tcl-circuits devices`: the list, a model's files, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Tcl

from tcl_circuits.circuit.memristors import MODELS, named_memristor
from tcl_circuits.commands import devices as command


def test_list(tcl: Tcl) -> None:
    result = tcl("devices")
    assert result.exit_code == 0
    for name in MODELS:
        assert f" {name} " in result.stdout
    told = json.loads(tcl("devices", "--json").stdout)
    assert [one["name"] for one in told] == list(MODELS)
    assert all(one["citation"] for one in told)
    assert not list(Path().iterdir())


def test_files(tcl: Tcl) -> None:
    result = tcl("devices", "vteam", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert {path.name for path in Path("out").iterdir()} == {"loop.csv", "loop.png", "vteam.subckt"}
    assert "89 MHz" in result.stdout
    table = pd.read_csv("out/loop.csv")
    assert list(table.columns) == ["engine", "frequency_Hz", "time_s", "voltage_V", "current_A", "state"]
    assert set(table["engine"]) == {"numpy", "ngspice"}
    assert table["frequency_Hz"].nunique() == 3
    low, high = named_memristor("vteam").bounds
    assert table["state"].between(low, high).all()
    assert np.isfinite(table.drop(columns="engine").to_numpy()).all()
    assert ".subckt vteam p n x x0=" in Path("out/vteam.subckt").read_text()
    refused = tcl("devices", "vteam", "--out", "out")
    assert refused.exit_code == 2
    assert "holds files already" in refused.stderr


def test_numbers(tcl: Tcl) -> None:
    told = json.loads(tcl("devices", "ion_drift_biolek", "--json").stdout)
    assert Path("runs/device-ion_drift_biolek/loop.png").exists()
    loops = told["loops"]
    assert [loop["frequency"] / loops[0]["frequency"] for loop in loops] == pytest.approx([1, 3, 10])
    assert all(loop["current_error"] < 1e-2 and loop["state_error"] < 1e-2 for loop in loops)
    assert loops[0]["lobes"] > loops[1]["lobes"] > loops[2]["lobes"]


def test_without_ngspice(tcl: Tcl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_library", lambda: None)
    result = tcl("devices", "threshold", "--out", "out")
    assert result.exit_code == 0
    assert "NumPy alone is used: libngspice is not installed; install" in result.stderr
    assert set(pd.read_csv("out/loop.csv")["engine"]) == {"numpy"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flux",), "there is no memristor 'flux'; there are threshold, vteam"),
        (("--out", "out"), "name a model"),
    ],
)
def test_what_it_refuses(tcl: Tcl, arguments: tuple[str, ...], said: str) -> None:
    result = tcl("devices", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(Path().iterdir())
