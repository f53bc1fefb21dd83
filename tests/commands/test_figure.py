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
    result = tcl("figure", "all", "--points", "2", "--out", "out")
    assert result.exit_code == 0
    for name in ("3b", "4b", "4c", "5b", "5c", "6b", "8"):
        assert Path("out", f"{name}.png").exists()
        assert f" {name} " in result.stdout


def leave_run(summary: str) -> None:
    """A run of three epochs in the place of Fig. 3's with seed 4."""
    run = Path("runs/ep-mnist-12k-tcl-published-seed4")
    run.mkdir(parents=True)
    run.joinpath("history.csv").write_text(
        "epoch,train_error,test_error,cpu_s\n1,14.5,10.5,1\n2,7.5,8.25,1\n3,5.5,7,1\n"
    )
    run.joinpath("summary.json").write_text(summary)


def test_3b_reads_a_run_that_is_there(tcl: Tcl) -> None:
    leave_run('{"data": "mnist-12k", "sizes": [784, 500, 10], "seed": 4}')
    result = tcl("figure", "3b", "--points", "2", "--seed", "4", "--out", "out")
    assert result.exit_code == 0
    assert {path.name for path in Path("out").iterdir()} == {"3b.csv", "3b.json", "3b.png"}
    table = pd.read_csv("out/3b.csv")
    assert list(table.columns) == ["epoch", "train_error", "test_error"]
    assert table.to_numpy().tolist() == [[1, 14.5, 10.5], [2, 7.5, 8.25]]
    assert json.loads(Path("out/3b.json").read_text())["headline"]["test error, epoch 2"] == 8.25


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ('{"data": "mnist-12k", "sizes": [784, 50, 10], "seed": 4}', "'sizes': [784, 50, 10]"),
        ('{"data": "mine", "sizes": [784, 500, 10], "seed": 4}', "'data': 'mine'"),
        ("{", "summary.json, line 1, column 2: not JSON"),
        ("[]", "summary.json is damaged"),
    ],
)
def test_3b_takes_no_other_run_for_it(tcl: Tcl, summary: str, said: str) -> None:
    """Nothing of the layers or of a folder's content is in the name of a run's directory."""
    leave_run(summary)
    result = tcl("figure", "3b", "--points", "2", "--seed", "4", "--out", "out")
    assert result.exit_code == 2
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("tcl-circuits:"))
    assert said in line
    assert not Path("out", "3b.png").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("9z",), "there is no figure '9z'; there are 3b, 4b, 4c, 5b, 5c, 6b, 8 and all"),
        (("8", "--points", "1"), "--points 1 must be at least 2"),
        (("8", "--seed", "-1"), "--seed"),
    ],
)
def test_what_it_refuses(tcl: Tcl, options: tuple[str, ...], said: str) -> None:
    result = tcl("figure", *options, "--out", "out")
    assert result.exit_code == 2
    assert said in result.stderr
    assert not Path("out").exists()
