"""How much of each imperfection a rule bears: a Monte Carlo over specimens, one imperfection at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tcl_circuits.errors import InputError, TclError
from tcl_circuits.jobs import Store, Workers, run_jobs
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.axes import AXES, Axis
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.comparison import RuleStudy, attempt, tune
from tcl_circuits.surveys.rules.training import Result
from tcl_circuits.training import tasks

_TUNED_ON = 3
"""Specimens on which the rate is tuned."""
_ALLOWED_LOSS_OF_ACCURACY = 0.02
_ALLOWED_SHARE_OF_FACTOR = 0.5


@dataclass(frozen=True)
class RobustnessStudy:
    """What is tried.

    Parameters
    ----------
    task, rule : str
        Names of a task and a rule.
    samples : int
        Specimens of each point; number k has the seed `seed` + k, and so everywhere the same start and the
        same training samples.
    seed : int
        First seed.
    epochs : int or None
        Passes through the samples; see :func:`tcl_circuits.surveys.rules.comparison.passes`.
    base : Imperfections
        What parts are like but for the one imperfection that is varied; ideal by default.
    saw : Sawtooth
        The sawtooth.
    bar : float or None
        Accuracy (or for regression: loss factor) that counts as good; by default .02 below the mean of
        the base's specimens, or half of its factor.

    Raises
    ------
    InputError
        If there is no such task or rule, nothing to do, or a bar that nothing could reach.
    """

    task: str
    rule: str = "tcl"
    samples: int = 10
    seed: int = 0
    epochs: int | None = None
    base: Imperfections = field(default_factory=Imperfections)
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))
    bar: float | None = None

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise InputError(f"samples = {self.samples!r} must be at least 1")
        self.tuning()
        if self.bar is not None and not (np.isfinite(self.bar) and self.bar > 0):
            raise InputError(f"bar = {self.bar!r} must be positive: an accuracy, or a loss factor")
        if self.bar is not None and self.bar > 1 and tasks.load(self.task, self.seed).classes is not None:
            raise InputError(f"bar = {self.bar:g} must be at most 1: on {self.task} it is an accuracy")

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Imperfections that the rule knows."""
        return tuple(axis for axis in AXES if axis.rules is None or self.rule in axis.rules)

    def tuning(self) -> RuleStudy:
        """Study that chooses the learning rate, on parts as the base's."""
        return RuleStudy(
            self.task, (self.rule,), min(_TUNED_ON, self.samples), self.seed, self.epochs, self.base, self.saw
        )

    def description(self) -> dict[str, Any]:
        """All that results depend on, for a store; more samples only add to them."""
        tuned_on = min(_TUNED_ON, self.samples)
        return {
            **self.tuning().description(),
            "study": "robustness",
            "rule": self.rule,
            "seed": self.seed,
            "tuned_on": tuned_on,
        }


@dataclass(frozen=True)
class RobustnessRow:
    """One point: an imperfection at a value.

    Parameters
    ----------
    imperfection, unit : str
        Its name, ``none`` for the base, and the unit of its value.
    value : float
        Its value.
    samples, failed : int
        Specimens, and those whose run failed; these count as bad, and are in no mean.
    score, score_sd, score_min : float or None
        Test accuracy, or loss factor for regression: mean, standard deviation, worst.
    good : float
        Yield: share of specimens whose score is at least the bar.
    """

    imperfection: str
    unit: str
    value: float
    samples: int
    failed: int
    score: float | None
    score_sd: float | None
    score_min: float | None
    good: float


@dataclass(frozen=True)
class Robustness:
    """What a study came to.

    Parameters
    ----------
    rows : tuple of RobustnessRow
        The base, then each imperfection's values.
    rate : float
        Learning rate [S], tuned on the base.
    bar : float
        Score that counts as good.
    measure : {"accuracy", "factor"}
        What a score is.
    """

    rows: tuple[RobustnessRow, ...]
    rate: float
    bar: float
    measure: str

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return asdict(self)


def endure(
    study: RobustnessStudy,
    workers: Workers | Executor | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Robustness:
    """Run the Monte Carlo: the same learning rate and specimens' seeds at every point.

    Parameters
    ----------
    study : RobustnessStudy
        What to try.
    workers, store, progress
        As for :func:`tcl_circuits.jobs.run_jobs`; progress counts each of two stages by itself.

    Raises
    ------
    TclError
        If the rule fails on the base at every rate.
    JobsError
        If workers die for good; what was reached is in the store.
    """
    tuning = study.tuning()
    chosen = tune(tuning, workers, store, progress)
    if study.rule not in chosen:
        raise TclError(f"rule {study.rule} fails on {study.task} at every rate; nothing is left to vary")
    rate = chosen[study.rule]
    points = [("none", "", 0.0, study.base)] + [
        (axis.name, axis.unit, value, study.base.changed(**axis.settings(value)))
        for axis in study.axes
        for value in axis.values
    ]
    plans = {
        _key(name, value, seed): tuning.plan(study.rule, rate, seed, False).changed(imperfections=own)
        for name, _, value, own in points
        for seed in _seeds(study)
    }
    found = run_jobs(attempt, plans, workers, store, progress).complete()
    scores = {
        (name, value): [_score(found[_key(name, value, seed)]) for seed in _seeds(study)]
        for name, _, value, _ in points
    }
    regression = any(each.get("accuracy", 0.0) is None for each in found.values())
    bar = study.bar if study.bar is not None else _bar(scores["none", 0.0], regression)
    rows = tuple(_row(name, unit, value, scores[name, value], bar) for name, unit, value, _ in points)
    return Robustness(rows, rate, bar, "factor" if regression else "accuracy")


def _seeds(study: RobustnessStudy) -> range:
    return range(study.seed, study.seed + study.samples)


def _key(name: str, value: float, seed: int) -> str:
    return f"{name} {value:g} seed {seed}"


def _score(result: Mapping[str, Any]) -> float:
    """Accuracy or loss factor of a run; NaN of one that failed."""
    if "fault" in result:
        return float("nan")
    run = Result(**result)
    return run.factor if run.accuracy is None else run.accuracy


def _bar(scores: Sequence[float], regression: bool) -> float:
    """Default bar, from the base's scores."""
    mean = float(np.nanmean(scores)) if np.isfinite(scores).any() else 0.0
    return _ALLOWED_SHARE_OF_FACTOR * mean if regression else mean - _ALLOWED_LOSS_OF_ACCURACY


def _row(name: str, unit: str, value: float, scores: Sequence[float], bar: float) -> RobustnessRow:
    known = np.array([score for score in scores if np.isfinite(score)])
    return RobustnessRow(
        imperfection=name,
        unit=unit,
        value=value,
        samples=len(scores),
        failed=len(scores) - known.size,
        score=float(known.mean()) if known.size else None,
        score_sd=float(known.std()) if known.size else None,
        score_min=float(known.min()) if known.size else None,
        good=float(np.sum(known >= bar - 1e-12)) / len(scores),
    )
