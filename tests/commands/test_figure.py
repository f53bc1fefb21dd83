"""`tcl-circuits figure`: files, table, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import Tcl


def test_files(tcl: Tcl) -> None:
    result = tcl("figure", "8", "--points", "10", "--seed", "3", "--out", "out")
    assert result.exit_code == 0
    assert {path.name for path in Path("out").iterdir()} == {"8.csv", "8.json", "8.png"}
    assert list(pd.read_csv("out/8.csv").columns) == ["tau_f", "ratio", "method"]
    told = json.loads(Path("out/8.json").read_text())
    assert (told["figure"], told["points"], told["seed"]) == ("8", 10, 3)
    assert told["parameters"]["tau_k"] == 0.05
    assert "ratio at the longest" in result.stdout
    again = tcl("figure", "8", "--points", "10", "--out", "out", "--force", "--json")
    assert json.loads(again.stdout)["8"] == told["headline"]


def test_all_ends_with_the_headlines_of_each(tcl: Tcl) -> None:
    result = tcl("figure", "all", "--points", "8", "--out", "out")
    assert result.exit_code == 0
    for name in ("4b", "4c", "5b", "5c", "6b", "8"):
        assert Path("out", f"{name}.png").exists()
        assert f" {name} " in result.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("9z",), "there is no figure '9z'; there are 4b, 4c, 5b, 5c, 6b, 8 and all"),
        (("8", "--points", "1"), "--points 1 must be at least 2"),
        (("8", "--seed", "-1"), "--seed"),
    ],
)
def test_what_it_refuses(tcl: Tcl, options: tuple[str, ...], said: str) -> None:
    result = tcl("figure", *options, "--out", "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("out").exists()
