"""What learns, and how well: the numbers the package stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

from tcl_circuits import Sawtooth, SenseCell, SeriesCell, Trainer, tasks
from tcl_circuits.engines import Engine, Ngspice, Reference
from tcl_circuits.training.pace import largest_contrast
from tcl_circuits.training.rules import TemporalContrast, loss_gradient
from tcl_circuits.training.table import read_table
from tcl_circuits.training.tasks import Task, from_table

SAW = Sawtooth(1e-5, 1e-3)


@pytest.fixture(scope="module")
def ngspice() -> Iterator[Ngspice]:
    engine = Ngspice()
    yield engine
    engine.close()


def trained(
    task: Task, rule: str = "tcl", seed: int = 0, engine: Engine | None = None, **fit: Any
) -> pd.DataFrame:
    trainer = Trainer(task.network, SenseCell(), SAW, engine or Reference(), rule, seed)
    return trainer.fit(task, **fit)


def factor(history: pd.DataFrame) -> float:
    return float(history["loss"].iloc[0] / history["loss"].iloc[-1])


def accuracy(history: pd.DataFrame) -> float:
    return float(history["test_accuracy"].iloc[-1])


def cosine_to_gradient(seed: int, cell: SenseCell, spread: np.ndarray | None = None) -> float:
    """Cosine of the summed update of a lattice's 30 samples with minus the exact gradient."""
    task = tasks.load("allostery", seed)
    drive = task.present(task.train, np.arange(len(task.train)), cell, SAW)
    slope = 2 * largest_contrast(task.network, cell, drive) / SAW.tau_s
    direction = TemporalContrast(slope, spread).ascent(task.network, cell, SAW, drive, Reference()).direction
    gradient = loss_gradient(task.network, drive)
    return float(direction @ gradient) / float(np.linalg.norm(direction) * np.linalg.norm(gradient))


def test_summed_update_follows_the_exact_gradient() -> None:
    assert np.mean([cosine_to_gradient(seed, SenseCell()) for seed in range(10)]) >= 0.98


def test_summed_update_follows_the_gradient_with_parts_that_vary_by_20_percent() -> None:
    found = []
    for seed in range(10):
        rng = np.random.default_rng([seed, 9])
        c, r, theta = (np.exp(rng.normal(0, 0.2, 85)) for _ in range(3))
        found.append(cosine_to_gradient(seed, SenseCell(c=1e-12 * c, r=1e6 * r), theta))
    assert np.mean(found) >= 0.95


@pytest.mark.slow
def test_allostery_fixed_and_following_threshold_beside_explicit_contrast() -> None:
    fixed: list[float] = []
    chirped: list[float] = []
    explicit: list[float] = []
    for seed in range(4):
        task = tasks.load("allostery", seed)
        for rule, chirp, into in (
            ("tcl", False, fixed),
            ("tcl", True, chirped),
            ("contrast", False, explicit),
        ):
            trainer = Trainer(task.network, SenseCell(), SAW, Reference(), rule, seed, chirp)
            into.append(factor(trainer.fit(task, epochs=100)))
    assert np.median(fixed) >= 100
    assert np.median(chirped) >= 200
    assert np.median(chirped) >= np.median(explicit) / 2


def test_allostery_learns_quickly_at_first() -> None:
    task = tasks.load("allostery", 0)
    assert factor(trained(task, epochs=20)) >= 40


@pytest.mark.parametrize("seed", [0, 1])
def test_regression_reaches_least_squares(seed: int) -> None:
    task = tasks.load("regression", seed)
    assert task.baseline is not None
    history = trained(task, seed=seed)
    assert history["test_loss"].iloc[-1] <= 1.05 * task.baseline.loss


def test_iris_over_five_seeds_beside_explicit_contrast() -> None:
    temporal, explicit = (
        np.mean([accuracy(trained(tasks.load("iris", s), rule, s, epochs=25)) for s in range(5)])
        for rule in ("tcl", "contrast")
    )
    assert temporal >= 0.94
    assert abs(temporal - explicit) <= 0.02


def test_iris_learns_in_ngspice(ngspice: Ngspice) -> None:
    history = trained(tasks.load("iris", 0), engine=ngspice, epochs=6)
    assert accuracy(history) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_iris_wholly_in_ngspice(seed: int, ngspice: Ngspice) -> None:
    history = trained(tasks.load("iris", seed), seed=seed, engine=ngspice)
    assert accuracy(history) >= 0.94
    reference = trained(tasks.load("iris", seed), seed=seed)
    assert abs(accuracy(history) - accuracy(reference)) <= 0.02


def written(loader: Callable[[], Any], path: Path) -> Path:
    data = loader()
    frame = pd.DataFrame(data.data, columns=[str(name) for name in data.feature_names])
    frame["kind"] = [str(data.target_names[k]) for k in data.target]
    frame.to_csv(path, index=False)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("loader", [load_wine, load_breast_cancer], ids=["wine", "breast cancer"])
def test_csv_tables_beside_logistic_regression(loader: Callable[[], Any], tmp_path: Path) -> None:
    table = read_table(written(loader, tmp_path / "table.csv"), "kind")
    gaps = []
    for seed in range(2):
        task = from_table(table, seed)
        assert task.baseline is not None
        assert task.baseline.accuracy is not None
        gaps.append(task.baseline.accuracy - accuracy(trained(task, seed=seed)))
    assert np.mean(gaps) <= 0.04
    assert max(gaps) <= 0.04


def test_linear_signal_fails_on_many_samples() -> None:
    """Negative control: the raw voltage drop has no sign that fits all samples."""
    task = tasks.load("allostery", 0)
    trainer = Trainer(task.network, SenseCell("linear"), SAW, Reference(), "tcl", 0)
    assert factor(trainer.fit(task, epochs=15)) < 10


def test_an_ordinary_nudge_makes_series_networks_worse() -> None:
    """Negative control: the paper's literal edge, its error read from the fast step response."""
    task = tasks.load("allostery", 0)
    trainer = Trainer(task.network, SeriesCell(c=1e-13), SAW, Reference(), "tcl", 0)
    assert factor(trainer.fit(task, epochs=2)) < 1
