"""What README claims of learning, each claim trained by the package's own functions, a seed at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine

from tcl_circuits import Sawtooth, SenseCell, Trainer, ep, tasks
from tcl_circuits.autonomous.plan import Request
from tcl_circuits.commands.learn import LearnRequest, learn
from tcl_circuits.engines import Ngspice, Reference
from tcl_circuits.ep.data import mnist_12k
from tcl_circuits.layered import tasks as layered
from tcl_circuits.layered.trainer import Trainer as LayeredTrainer
from tcl_circuits.training.table import Table
from tcl_circuits.training.task import Baseline, Task

SEEDS = tuple(range(200, 210))
"""Seeds of every claim: they chose no setting."""


@dataclass(frozen=True)
class Figure:
    """What one seed gave: value, and baseline on the same split (None if there is none)."""

    measure: str
    value: float
    baseline: float | None


@dataclass(frozen=True)
class Claim:
    """A line of README's table.

    Parameters
    ----------
    name : str
        Key in claims.csv.
    words : str
        What is run.
    beside : str
        What the baseline is.
    run : callable
        Figure of a seed.
    least_is_worst : bool
        Whether a larger value is better.
    """

    name: str
    words: str
    beside: str
    run: Callable[[int], Figure]
    least_is_worst: bool = True


def _table(load: Callable[[], Any], source: str, seed: int) -> Task:
    data = load()
    return tasks.from_table(
        Table(
            features=np.asarray(data.data, dtype=float),
            feature_names=tuple(f"x{k}" for k in range(data.data.shape[1])),
            target=np.asarray(data.target, dtype=np.int64),
            classes=tuple(str(name) for name in data.target_names),
            target_name="class",
            source=source,
            dropped=(),
        ),
        seed,
    )


def _host(
    make: Callable[[int], Task], column: str, seed: int, rule: str = "tcl", chirp: bool | None = None
) -> Figure:
    """Last value of a column of the history in the exact engine; of `fall` and `ratio`, what they say."""
    past, baseline = _trained(make, seed, rule, chirp)
    first, last = past.iloc[0], past.iloc[-1]
    if column == "fall":
        return Figure("training loss divided by", float(first["loss"] / last["loss"]), None)
    assert baseline is not None
    if column == "ratio":
        return Figure("test loss over least squares", float(last["test_loss"]) / baseline.loss, 1.0)
    return Figure("test accuracy", float(last["test_accuracy"]), baseline.accuracy)


@cache
def _trained(
    make: Callable[[int], Task], seed: int, rule: str, chirp: bool | None
) -> tuple[pd.DataFrame, Baseline | None]:
    """History and baseline; kept, as two claims may ask for two of its columns."""
    task = make(seed)
    trainer = Trainer(task.network, SenseCell(), Sawtooth(1e-5, 1e-3), Reference(), rule, seed, chirp)
    return trainer.fit(task), task.baseline


def _ngspice(seed: int) -> Figure:
    task = tasks.load("iris", seed)
    with Ngspice() as engine:
        past = Trainer(task.network, SenseCell(), Sawtooth(1e-5, 1e-3), engine, seed=seed).fit(task)
    assert task.baseline is not None
    return Figure("test accuracy", float(past["test_accuracy"].iloc[-1]), task.baseline.accuracy)


def _layered(name: str, seed: int) -> Figure:
    task = layered.find(name)
    data = task.data(seed)
    past = LayeredTrainer(data, task.hidden, seed=seed).fit(task.epochs)
    beside = layered.baseline(data, task.hidden, task.epochs, seed)
    return Figure("test accuracy", float(past["test_accuracy"].iloc[-1]), beside.accuracy)


def _in_circuit(name: str, seed: int) -> Figure:
    with TemporaryDirectory() as folder:
        request = LearnRequest(name, replace(Request(), seed=seed), Path(folder) / "run")
        found = learn(request, notify=lambda _: None).summary
    if name == "iris":
        return Figure("test accuracy", found["test_accuracy"], found["baseline"])
    if name == "xor":
        return Figure("share of signs right", found["train_accuracy"], None)
    return Figure("loss divided by", found["initial_loss"] / found["final_loss"], None)


def _ep(settings: str, rule: str, seed: int) -> Figure:
    data = mnist_12k()
    network = ep.Network.create([784, 500, 10], seed)
    past = ep.Trainer(network, rule, settings, seed).fit(data, 35)
    return Figure("test error in percent", float(past["test_error"].iloc[-1]), None)


def _load(name: str) -> Callable[[int], Task]:
    return partial(tasks.load, name)


_ALLOSTERY = _load("allostery")


_REGRESSION = "logistic regression"
_WINE, _CANCER = partial(_table, load_wine, "wine"), partial(_table, load_breast_cancer, "breast cancer")
_LATTICE = "random lattice of 85 edges, 3 outputs, 30 samples"

CLAIMS: Sequence[Claim] = (
    Claim("iris", "Iris, 60 edges", _REGRESSION, partial(_host, _load("iris"), "accuracy")),
    Claim(
        "regression",
        "linear map 2 -> 2, mixed signs",
        "least squares",
        partial(_host, _load("regression"), "ratio"),
        False,
    ),
    Claim("xor", "XOR, 8 hidden diode nodes", "perceptron", partial(_host, _load("xor"), "accuracy")),
    Claim("wine", "wine", _REGRESSION, partial(_host, _WINE, "accuracy")),
    Claim("digits", "digits 8 x 8, layered, 50 hidden nodes", "perceptron", partial(_layered, "digits")),
    Claim(
        "iris-lattice", "Iris, 7x7 lattice", _REGRESSION, partial(_host, _load("iris-lattice"), "accuracy")
    ),
    Claim(
        "iris-lattice-gradient",
        "Iris, the same 7x7 lattices, exact gradient instead of TCL",
        _REGRESSION,
        partial(_host, _load("iris-lattice"), "accuracy", rule="gradient"),
    ),
    Claim("cancer", "breast cancer", _REGRESSION, partial(_host, _CANCER, "accuracy")),
    *(
        Claim(f"lattice-{name}-{column}", f"{_LATTICE}: {words}", beside, run, better)
        for name, words, rule, chirp in (
            ("fixed", "fixed threshold", "tcl", False),
            ("following", "threshold following the loss", "tcl", True),
            ("contrast", "explicit contrast", "contrast", None),
        )
        for column, beside, better in (("fall", "", True), ("ratio", "least squares", False))
        for run in (partial(_host, _ALLOSTERY, column, rule=rule, chirp=chirp),)
    ),
    Claim(
        "circuit-regression",
        "learned in one ngspice transient: regression",
        "",
        partial(_in_circuit, "regression"),
    ),
    Claim(
        "circuit-iris",
        "learned in one ngspice transient: Iris, 400 cycles",
        _REGRESSION,
        partial(_in_circuit, "iris"),
    ),
    Claim(
        "circuit-xor", "learned in one ngspice transient: XOR, 640 cycles", "", partial(_in_circuit, "xor")
    ),
    Claim(
        "circuit-springs", "learned in one ngspice transient: springs", "", partial(_in_circuit, "springs")
    ),
    Claim(
        "circuit-product",
        "learned in one ngspice transient: springs, product signal",
        "",
        partial(_in_circuit, "springs-product"),
    ),
    Claim("iris-ngspice", "Iris wholly in ngspice, 4,000 cycles", _REGRESSION, _ngspice),
    Claim("mnist-12k", "MNIST 10,000 images, 100 hidden nodes", "perceptron", partial(_layered, "mnist-12k")),
    *(
        Claim(
            f"ep-{name}",
            f"EP network 784-500-10, MNIST 10,000 images, 35 epochs, {words}",
            "",
            partial(_ep, settings, rule),
            False,
        )
        for name, words, settings, rule in (
            ("published", "as published, states kept", "published", "tcl"),
            ("best", "settings chosen on these 2,000 test images", "best", "tcl"),
            ("explicit", "explicit memory, settings best", "best", "contrast"),
        )
    ),
)
"""The claims, cheap ones first."""
