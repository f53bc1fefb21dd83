"""The committed netlists: as the generator writes them, and in real ngspice what they promise."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import run_ngspice

import tcl_circuits as tcl

NETLISTS = Path(__file__).resolve().parents[1] / "netlists"
NAMES = sorted(path.name for path in NETLISTS.glob("*.cir"))
C, TAU_K, TAU_F, TAU_S = 1e-12, 1e-6, 1e-5, 1e-3


def expected(text: str) -> dict[str, tuple[float, float]]:
    """Values and tolerances of a netlist's `* expect` lines."""
    lines = re.findall(r"^\* expect (\w+) = (\S+) \+- (\S+)", text, re.MULTILINE)
    return {name: (float(value), float(tolerance)) for name, value, tolerance in lines}


@cache
def measured(name: str) -> dict[str, float]:
    """What `ngspice -b` measures in a committed netlist, run without complaint."""
    assert shutil.which("ngspice"), "the program ngspice is not on PATH; run `make setup`"
    run = run_ngspice(NETLISTS / name)
    assert run.returncode == 0
    complaint = r"error|warning|fail|singular|unable|too small|no such"
    assert not re.search(complaint, run.stdout + run.stderr, re.IGNORECASE), run.stdout + run.stderr
    section = run.stdout.split("Measurements for Transient Analysis")[1].split("Total analysis time")[0]
    return {name: float(value) for name, value in re.findall(r"^(\w+)\s+=\s+(\S+)", section, re.MULTILINE)}


def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, str(NETLISTS / "generate.py"), "--out", str(tmp_path)]
    subprocess.run(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=True, timeout=300)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name for name in written if name.endswith(".cir")} == set(NAMES)
    for name, content in written.items():
        assert content == (NETLISTS / name).read_bytes(), f"{name} is stale; run `make netlists`"


def test_check_tells_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(NETLISTS)
    module = importlib.import_module("generate")
    monkeypatch.setattr(module, "files", lambda: {"a.cir": "one\n", "b.cir": "two\n"})
    monkeypatch.setattr(sys, "argv", ["generate.py", "--out", str(tmp_path), "--check"])
    assert module.main() == 1
    monkeypatch.setattr(sys, "argv", ["generate.py", "--out", str(tmp_path)])
    assert module.main() == 0
    monkeypatch.setattr(sys, "argv", ["generate.py", "--out", str(tmp_path), "--check"])
    assert module.main() == 0
    (tmp_path / "b.cir").write_text("three\n")
    capsys.readouterr()
    assert module.main() == 1
    assert "b.cir" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_ngspice_measures_what_the_netlist_expects(name: str) -> None:
    wanted, found = expected((NETLISTS / name).read_text()), measured(name)
    assert set(found) == set(wanted)
    assert len(wanted) >= 7
    for key, (value, tolerance) in wanted.items():
        assert found[key] == pytest.approx(value, rel=2e-6, abs=tolerance), key


@pytest.mark.parametrize("name", NAMES)
def test_each_netlist_says_what_it_is(name: str) -> None:
    text = (NETLISTS / name).read_text()
    for needed in (f"ngspice -b {name}", "CC0", "Units:", "Made by:"):
        assert needed in text
    assert text.isascii()
    assert max(map(len, re.findall(r"^\*.*$", text, re.MULTILINE))) <= 110
    assert f"## {name}" in (NETLISTS / "README.md").read_text()


@pytest.mark.parametrize("name", ["kernel_series.cir", "kernel_sense.cir"])
def test_kernel_output_is_that_of_eq_25(name: str) -> None:
    """Solved by hand: a slope k leads to u = C k (1 - exp(-t/tau_K)); the fall adds a bend at tau_f."""

    def u(t: float) -> float:
        rise = -np.expm1(-t / TAU_K) / TAU_F
        bend = -np.expm1(-max(t - TAU_F, 0.0) / TAU_K) * (1 / TAU_F + 1 / TAU_S)
        return float(C * (rise - bend))

    found = measured(name)
    times = {key: float(key[2:-2]) * 1e-6 for key in found if re.fullmatch(r"u_\d+us", key)}
    assert len(times) == 5
    for key, t in times.items():
        assert found[key] == pytest.approx(u(t), abs=5e-3 * u(TAU_F)), key
    assert found["u_peak"] == pytest.approx(u(TAU_F), rel=5e-3)
    assert found["q_settled"] == pytest.approx(C, rel=1e-3)
    assert found["q_rise"] == pytest.approx(C - TAU_K * u(TAU_F), abs=1e-3 * C)
    assert found["q_cycle"] == pytest.approx(0, abs=2e-3 * C)
    assert found["q_gated"] == pytest.approx(C, rel=1e-2)


def test_divider_is_nudged_as_on_paper() -> None:
    upper, lower, nudge, target = 12.5, 50.0, 37.5, 0.6
    free = upper / (upper + lower)
    nudged = (upper + nudge * target) / (upper + lower + nudge)
    found = measured("voltage_divider.cir")
    assert found["v_free"] == pytest.approx(free, abs=1e-4)
    assert found["v_nudged"] == pytest.approx(nudged, abs=1e-4)
    assert found["v_back"] == pytest.approx(free, abs=1e-4)
    contrasts = {
        "q_upper": C * ((1 - nudged) ** 2 - (1 - free) ** 2) / 2,
        "q_lower": C * (nudged**2 - free**2) / 2,
    }
    for name, charge in contrasts.items():
        assert found[name] == pytest.approx(charge, rel=3e-2), name
    # The output must rise: more conductance above it, less below.
    assert (found["update_upper"], found["update_lower"]) == (1, -1)


def test_trained_iris_network_knows_its_flowers() -> None:
    task = tcl.tasks.load("iris", seed=0)
    truth = task.test.targets.argmax(axis=1)
    found = measured("iris_infer.cir")
    answers = {int(key[6:-6]): value for key, value in found.items() if key.endswith("_class")}
    assert len(answers) == 6
    assert {int(truth[flower]) for flower in answers} == {0, 1, 2}
    for flower, answer in answers.items():
        assert answer == truth[flower]


def test_nudge_of_the_iris_network_raises_the_right_output() -> None:
    found = measured("iris_trained.cir")
    right = ("setosa", "versicolor", "virginica")[int(found["class_free"])]
    assert found[f"{right}_nudged"] > found[f"{right}_free"] + 1e-3
    assert found["class_nudged"] == found["class_free"]
