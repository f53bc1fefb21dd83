"""The examples, run as a user runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from PIL import GifImagePlugin, Image

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NUMBER = r"([-+]?\d+\.?\d*(?:e[-+]?\d+)?)"


def run(name: str, directory: Path, *arguments: str) -> str:
    """What an example prints."""
    found = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        cwd=directory,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    return found.stdout


def numbers(text: str, pattern: str) -> FloatArray:
    """The numbers in each match of a pattern in which `#` stands for a number, shape (matches, numbers)."""
    matches = re.findall(pattern.replace("#", NUMBER), text)
    assert matches, f"nothing like {pattern!r} in:\n{text}"
    return np.array([match if isinstance(match, tuple) else (match,) for match in matches], dtype=float)


def test_first_network(tmp_path: Path) -> None:
    text = run("first_network.py", tmp_path)
    free, nudged = numbers(text, "# V free, # V nudged, target 0.8 V")[0]
    assert free < nudged < 0.8
    charges = numbers(text, "charge +# fC")[:, 0]
    # The same in the exact engine; a contrast of s = dV^2/2 leaves the charge C ds.
    network = tcl.Network.from_graph(nx.grid_2d_graph(3, 3), [(0, 0), (2, 2)], [(1, 1)], seed=0)
    drive = tcl.Drive.hold([1.0, 0.0], tcl.ConductanceNudge(1e-5, tcl.single_ended(1)), [0.8])
    saw = tcl.Sawtooth(1e-5, 1e-3)
    waves = tcl.simulate(network, tcl.SenseCell(), saw, drive, tcl.engines.Reference())
    s = waves["signal"].to_numpy()
    corner = int(np.argmin(np.abs(waves["time"].to_numpy() - saw.tau_f)))
    contrasts = 1e15 * 1e-12 * (s[:, corner] - s[:, 0])
    assert charges.shape == contrasts.shape == (12,)
    theta = 2 * np.abs(contrasts).max() / saw.ratio
    large = np.abs(contrasts) > 2 * theta
    assert large.sum() >= 5
    assert charges[large] == pytest.approx(contrasts[large], rel=0.1, abs=theta)
    assert np.all(charges[np.abs(contrasts) < theta / 2] == 0)
    for words, sign in (("fall", 1), ("rise", -1), ("stay", 0)):
        assert np.all(np.sign(numbers(text, f"charge +# fC, so its conductance should {words}")) == sign)


def test_your_own_graph(tmp_path: Path) -> None:
    text = run("your_own_graph.py", tmp_path)
    before, after = (numbers(text, f"{word}: largest error # mV")[0, 0] for word in ("before", "after"))
    assert before > 200
    assert after < 20
    first, last, epochs = numbers(text, "loss # -> # V2 in # epochs")[0]
    assert first / last > 300
    assert epochs == 60
    conductances = numbers(text, "# -> +# uS")
    assert conductances.shape == (10, 2)
    assert conductances.min() >= 1
    assert conductances.max() <= 100
    assert "spring--mill #2" in text


def test_ngspice_against_theory(tmp_path: Path) -> None:
    text = run("ngspice_against_theory.py", tmp_path)
    edges = numbers(text, "u within # % of Eq. 25, charge of the rise = # C A")
    assert edges.shape == (2, 2)
    assert edges[:, 0].max() < 0.1
    assert edges[:, 1] == pytest.approx(1, abs=1e-3)
    assert numbers(text, "lattice of # edges: u within # % of the exact engine")[0] == pytest.approx(
        [85, 0], abs=0.1
    )
    assert numbers(text, "within # % of Eq. 25 on ngspice's own voltages")[0, 0] < 0.1
    assert numbers(text, "update vectors: cosine #")[0, 0] > 0.99999
    assert (tmp_path / "ngspice_against_theory.png").stat().st_size > 20_000


def test_negative_controls(tmp_path: Path) -> None:
    text = run("negative_controls.py", tmp_path)
    assert numbers(text, "power +signal: error / #, at best / #")[0].min() > 100
    assert numbers(text, "linear signal: error / #, at best / #")[0].max() < 10
    controls = numbers(text, "linear sense cell: error / #, series cell: error x #")
    assert controls.shape == (2, 2)
    assert controls[:, 0].min() > 5, "the linear signal learns one oriented sample"
    assert controls[:, 1].min() > 3, "the series cell makes the network worse"


def test_train_iris(tmp_path: Path) -> None:
    text = run("train_iris.py", tmp_path)
    losses = numbers(text, "epoch #: loss #, test accuracy #%")
    assert losses[:, 0].tolist() == list(range(9))
    assert losses[-1, 1] < losses[0, 1] / 10
    network, logistic = numbers(text, "network #%, logistic regression #%")[0]
    assert network >= 92
    assert network >= logistic - 4


def test_layered_digits(tmp_path: Path) -> None:
    found = run("layered_digits.py", tmp_path)
    ((before, after),) = numbers(found, "accuracy #% before, #% after")
    assert before < 30
    assert after > 95
    assert "the same class for 20 of 20 images" in found


def test_store_patterns(tmp_path: Path) -> None:
    text = run("store_patterns.py", tmp_path)
    tcl_far, tcl_near, contrast = re.split("rule ", text)[1:]
    row = "from .{10}: +# of 10 recalled, ink wrong #% -> #%"
    # From 30 and 50 % noise, 70 % noise, half.
    for part in (tcl_far, contrast):
        recalled, before, after = numbers(part, row).T
        assert recalled[[0, 1, 3]].min() >= 9
        assert recalled[2] >= 7
        assert before.min() > 40, "the cues are far from what was stored"
        assert after.max() < 5
    assert numbers(tcl_near, row)[:, 0].max() <= 3, "a short sawtooth has too small a dynamic range"
    assert numbers(tcl_far, "never stored: # of 100 end in a stored one")[0, 0] > 70, "no mere copying"
    assert (tmp_path / "store_patterns.png").stat().st_size > 20_000


def test_runaway(tmp_path: Path) -> None:
    text = run("runaway.py", tmp_path)
    found = numbers(text, "lambda_max #: error / # in 64 cycles")
    assert found[:, 0].tolist() == [0.3, 2, 6]
    assert found[:, 1].min() > 10
    assert numbers(text, "standard, lambda_max #: ran away")[:, 0].tolist() == [12]
    assert "what was reached is kept; likely the network runs away" in text


def test_learning_in_one_transient(tmp_path: Path) -> None:
    text = run("learning_in_one_transient.py", tmp_path, "setosa", "67")
    first, last, cycles = numbers(text, "loss # -> # in # cycles")[0]
    assert cycles == 67
    assert first / last > 10
    assert numbers(text, "right: #% before, #% after")[0, 1] == 100
    with Image.open(tmp_path / "film" / "film.gif") as film:
        assert isinstance(film, GifImagePlugin.GifImageFile)
        assert film.n_frames > 20
    assert (tmp_path / "film" / "film.png").stat().st_size > 20_000


@pytest.mark.slow
def test_exclusive_or_in_one_transient(tmp_path: Path) -> None:
    text = run("learning_in_one_transient.py", tmp_path)
    rows = numbers(text, r"(?m)^ +# +# +# mV +# mV +# mV")
    assert rows.shape == (4, 5)
    np.testing.assert_array_equal(np.sign(rows[:, 2]), np.sign(rows[:, 4]))
    assert numbers(text, "right: #% before, #% after")[0].tolist() == [50, 100]


def test_rules_and_imperfections(tmp_path: Path) -> None:
    text = run("rules_and_imperfections.py", tmp_path)
    ideal, real = (
        dict(
            zip(
                ("tcl", "contrast", "twins"),
                numbers(text, rf"{kind} *: accuracy #, # cycles, # ms"),
                strict=True,
            )
        )
        for kind in ("ideal", "real")
    )
    assert min(row[0] for row in ideal.values()) >= 0.94
    assert real["tcl"][0] >= 0.94
    assert max(real["contrast"][0], real["twins"][0]) <= 0.6
    assert ideal["tcl"][2] > 50 * ideal["contrast"][2]


def test_every_example_is_described_and_tested() -> None:
    readme = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.glob("*.py"):
        assert f"`{path.name}`" in readme
        assert f"test_{path.stem}" in globals()


def test_one_synapse(tmp_path: Path) -> None:
    text = run("one_synapse.py", tmp_path)
    updates = numbers(text, "contrast +#: update +#")
    np.testing.assert_allclose(updates[:, 1], [0.0, 7.3738, 14.4065, 24.2311, 0.2201], atol=1e-4)
    assert numbers(text, "dynamic range #, limit tau_s/tau_f = #")[0] == pytest.approx([5, 5], rel=1e-3)
    paid, area = numbers(text, "dissipation # kT/time, area #").T
    assert np.all(np.diff(paid) > 0)
    assert np.all(np.diff(area) < 0)


def test_memristor_loops(tmp_path: Path) -> None:
    text = run("memristor_loops.py", tmp_path)
    lobes = numbers(text, "lobes at f, 3f, 10f: # # #")
    assert lobes.shape == (len(tcl.memristors.MODELS), 3)
    assert np.all(np.diff(lobes, axis=1) < 0)
    up = numbers(text, "up: # # # of what was wanted")[0]
    down = numbers(text, "down: # # # of what was wanted")[0]
    # Windows: the nearer to a bound, the less is written towards it.
    assert up[0] > up[1] > up[2] > 0 > down[0] > down[1] > down[2]


def test_nonlinear_xor(tmp_path: Path) -> None:
    text = run("nonlinear_xor.py", tmp_path)
    divided, right = numbers(text, "with diode pairs: error / #, #% right")[0]
    assert divided > 100
    assert right == 100
    divided, right = numbers(text, "without: error / #, #% right")[0]
    assert divided < 2
    assert right <= 50, "no linear network knows exclusive or"
    y, wanted = numbers(text, "y = # mV in ngspice, # mV wanted").T
    assert y == pytest.approx(wanted, abs=20)


def test_readme_script(tmp_path: Path) -> None:
    """README's script prints peaks that are not negative, updates, and losses that fall."""
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    script = readme.split("```python\n")[1].split("```")[0]
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    peaks, updates = found.stdout.split("<xarray.DataArray")[1:]
    values = re.findall(NUMBER, peaks.split("array(")[1].split(")")[0])
    assert len(values) == 12
    assert min(map(float, values)) > 0
    assert "'update'" in updates
    history = [line.split() for line in updates.splitlines() if re.match(r"\d+ ", line)]
    losses = [float(row[2]) for row in history]
    assert len(losses) == 9
    assert losses[-1] < 0.5 * losses[0]
