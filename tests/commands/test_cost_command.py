"""`tcl-circuits cost`: a run's and a task's account, its picture, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Tcl
from typer.testing import CliRunner

from tcl_circuits.cli import app
from tcl_circuits.figures.cost import draw_cost

TRAIN = ("train", "regression", "--engine", "reference", "--epochs", "3", "--seed", "2")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cost") / "run"
    assert CliRunner().invoke(app, [*TRAIN, "--out", str(out)]).exit_code == 0
    return out


def account(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "cost.json").read_text())
    return found


def test_of_a_run(tcl: Tcl, run: Path, tmp_path: Path) -> None:
    before = {path.name for path in run.iterdir()}
    result = tcl("cost", run, "--out", "o")
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "o").iterdir()} == {"cost.json", "cost.png"}
    assert {path.name for path in run.iterdir()} == before
    found, summary = account(tmp_path / "o"), json.loads((run / "summary.json").read_text())
    assert list(found["cycles"]) == ["first", "last"]
    training = found["training"]
    assert training["cycles"] == summary["cycles"]
    assert training["circuit_time_s"] == pytest.approx(summary["circuit_time_s"])
    assert training["dc_and_sense_J"] == pytest.approx(summary["cycles"] * summary["energy_J_per_cycle"])
    for cycle in found["cycles"].values():
        assert max(abs(value) for value in cycle["closure"].values()) < 0.01
        assert cycle["total_J"] == pytest.approx(cycle["dc_J"] + cycle["sense_J"] + cycle["write_J"])
    # Contrasts shrink as a network learns: a chirped run's sawtooth shortens, and its margin with it.
    first, last = found["cycles"]["first"], found["cycles"]["last"]
    assert last["time_s"] < first["time_s"]
    assert last["sense_J"] < first["sense_J"]
    assert found["noise_laws"]["gated"]["found"] == pytest.approx(2, rel=0.15)
    for words in ("circuit time", "writes", "noise sqrt(kT/C)", "64.4 uV", "as it ran"):
        assert words in result.stdout


def test_of_a_task(tcl: Tcl, tmp_path: Path) -> None:
    """Iris' threshold lies within the noise: said, with what would do."""
    result = tcl("cost", "iris")
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("first cycle: the threshold, 12.3 uV, is 0.19 noise voltages of 64.4 uV, below 4")
    assert "441 pF (R C held), or a gain of 21 of the signal before the sense branch" in line
    found = account(tmp_path / "runs" / "cost-iris")
    assert list(found["cycles"]) == ["first"]
    assert found["training"]["cycles"] == 4000
    assert found["training_is"] == "the recipe at the first cycle's cost"
    assert found["cycles"]["first"]["dc_J"] == pytest.approx(2.65e-7, rel=0.01)
    assert not found["cycles"]["first"]["threshold"]["enough"]


def test_assumptions(tcl: Tcl) -> None:
    usual = json.loads(tcl("cost", "regression", "--json", "--out", "a").stdout)
    other = json.loads(
        tcl(
            "cost", "regression", "--json", "--out", "b",
            "--temperature", 1200, "--markov-time", "10us", "--dissipation", 5,
        ).stdout
    )  # fmt: skip
    first, hot = usual["cycles"]["first"], other["cycles"]["first"]
    assert hot["threshold"]["noise_V"] == pytest.approx(2 * first["threshold"]["noise_V"])
    assert hot["appendix_c_kT"] == pytest.approx(first["appendix_c_kT"] / 20)
    assert hot["dc_J"] == first["dc_J"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), "'nope' is neither a run directory nor a task (allostery"),
        (("iris", "--cell", "nope"), "there is no cell 'nope'"),
        (("iris", "--temperature", "-1"), "temperature = -1.0 must be positive"),
        (("iris", "--tau-f", "2ms"), "must be longer than tau_f"),
        ((".",), "it has no summary.json"),
    ],
)
def test_refused(tcl: Tcl, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = tcl("cost", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert not (tmp_path / "runs").exists()


def test_a_run_of_a_table(tcl: Tcl, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 2))
    lines = ["a,b,y", *(f"{a:.4f},{b:.4f},{0.3 * a - b:.4f}" for a, b in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    table = ("--data", "t.csv", "--target", "y")
    assert tcl("train", *table, "--engine", "reference", "--epochs", 2, "--out", "r").exit_code == 0
    (tmp_path / "t.csv").unlink()
    assert tcl("cost", "r", "--out", "o").exit_code == 0
    assert list(account(tmp_path / "o")["cycles"]) == ["first", "last"]
    (tmp_path / "r/samples.npz").write_bytes(b"PK")
    refused = tcl("cost", "r", "--out", "p")
    assert refused.exit_code == 2
    assert "r/samples.npz is damaged" in refused.stderr


def test_another_rule(tcl: Tcl, tmp_path: Path) -> None:
    assert tcl(*TRAIN, "--rule", "gradient", "--out", "r").exit_code == 0
    result = tcl("cost", "r", "--out", "o")
    assert result.exit_code == 0
    assert "the run learned by gradient; threshold and writes are those of tcl" in result.stderr
    assert account(tmp_path / "o")["training"]["dc_and_sense_J"] == 0


def test_picture(tcl: Tcl) -> None:
    content = json.loads(tcl("cost", "regression", "--json").stdout)
    figure = draw_cost(content)
    left, right = figure.axes
    shown = {text.get_text() for text in left.texts}
    assert "190 nJ" in shown
    assert "6.8 √(kT/C)" in {text.get_text() for text in right.texts}
    content["cycles"]["first"]["threshold"] = None
    assert [text.get_text() for text in draw_cost(content).axes[1].texts] == ["no threshold"]
