"""All rules on one circuit: each at the learning rate that validates best, on the same grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from tcl_circuits import checks
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.jobs import Store, Workers, run_jobs
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.choice import RULES, check_rules, needs_of
from tcl_circuits.surveys.rules.training import Plan, Result, train
from tcl_circuits.training import tasks

RATES = tuple(2e-8 * 10 ** (0.5 * k) for k in range(7))
"""Learning rates that are tried, half decades from 20 nS to 20 uS of change by a sample [S]."""

_BOUNDS = {
    "accuracy": (0, 1),
    "loss": (checks.LEAST, checks.MOST),
    "start_loss": (checks.LEAST, checks.MOST),
    "cycles": (1, checks.MOST),
    "time": (0, checks.MOST),
    "energy": (0, checks.MOST),
    "writes": (0, checks.MOST),
}
"""Least and largest value of each number of a result."""
_EPOCHS_OF_CLASSES, _EPOCHS_OF_VALUES = 12, 60


@dataclass(frozen=True)
class RuleStudy:
    """What is compared, and how.

    Parameters
    ----------
    task : str
        Name of a task.
    rules : tuple of str
        Names of rules.
    seeds : int
        Specimens; number k has the seed `seed` + k.
    seed : int
        First seed.
    epochs : int
        Passes through the samples.
    imperfections : Imperfections
        What parts are like.
    saw : Sawtooth
        The sawtooth.

    Raises
    ------
    InputError
        If there is no such task or rule, or nothing to do.
    """

    task: str
    rules: tuple[str, ...] = RULES
    seeds: int = 3
    seed: int = 0
    epochs: int | None = None
    imperfections: Imperfections = field(default_factory=Imperfections)
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))

    def __post_init__(self) -> None:
        check_rules(self.rules)
        tasks.check_name(self.task)
        if self.seeds < 1:
            raise InputError(f"seeds = {self.seeds!r} must be at least 1")

    def plan(self, rule: str, rate: float, seed: int, validate: bool) -> Plan:
        """Plan of one of its runs."""
        return Plan(
            self.task,
            rule,
            rate,
            passes(self.task, self.epochs),
            seed,
            self.imperfections,
            self.saw,
            validate,
        )

    @property
    def all_seeds(self) -> range:
        """Seeds of the specimens."""
        return range(self.seed, self.seed + self.seeds)

    def description(self) -> dict[str, Any]:
        """All that results depend on, for a store; rules only add to it."""
        return {
            "study": "rules",
            "task": self.task,
            "epochs": passes(self.task, self.epochs),
            "imperfections": asdict(self.imperfections),
            "saw": asdict(self.saw),
        }


@dataclass(frozen=True)
class RuleRow:
    """What a rule came to at its best rate: means over the specimens.

    Parameters
    ----------
    rule : str
        Its name.
    rate : float or None
        The learning rate chosen [S]; None if the rule fails at every rate.
    accuracy, accuracy_sd : float or None
        Test accuracy over the last quarter of the epochs and its standard deviation over specimens; None for
        regression.
    factor : float
        Test loss before training over that after it, geometric mean.
    loss : float
        Test loss.
    cycles : int
        Samples shown in a run.
    time, energy : float
        Circuit time [s] and energy dissipated in conductances and diodes [J] of a run.
    writes : float
        Writes an edge a cycle.
    words, devices : int
        Remembered signal values and trainable conductances an edge.
    memory, signals : str
        What an edge keeps within a cycle, and what is sent to all edges.
    failed : int
        Specimens whose run failed; the means are those of the others.
    """

    rule: str
    rate: float | None
    accuracy: float | None
    accuracy_sd: float | None
    factor: float | None
    loss: float | None
    cycles: int | None
    time: float | None
    energy: float | None
    writes: float | None
    words: int
    devices: int
    memory: str
    signals: str
    failed: int


def passes(task: str, epochs: int | None) -> int:
    """Passes through the samples of a task: as given, or 12 for classes and 60 for values."""
    if epochs is not None:
        if epochs < 1:
            raise InputError(f"epochs = {epochs!r} must be at least 1")
        return epochs
    return _EPOCHS_OF_CLASSES if tasks.load(task).classes else _EPOCHS_OF_VALUES


def attempt(plan: Plan) -> dict[str, Any]:
    """Carry a plan out; a result as JSON, or the fault that ended the run."""
    try:
        return train(plan).as_json()
    except InputError:
        raise
    except TclError as fault:
        return {"fault": str(fault)}


def is_attempt(found: Any) -> bool:
    """Whether a JSON value may be what :func:`attempt` returns."""
    if not isinstance(found, dict):
        return False
    if found.keys() == {"fault"}:
        return isinstance(found["fault"], str)
    # A regression has no accuracy.
    known = {**found, "accuracy": 0.0} if "accuracy" in found and found["accuracy"] is None else found
    return checks.are_numbers(known, _BOUNDS)


def compare(
    study: RuleStudy,
    workers: Workers | Executor | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[RuleRow]:
    """Tune each rule's rate on held-out training samples, then train with it on all and test.

    Parameters
    ----------
    study : RuleStudy
        What to compare.
    workers, store, progress
        As for :func:`tcl_circuits.jobs.run_jobs`; progress counts both stages.

    Returns
    -------
    list of RuleRow
        In the order of the rules.

    Raises
    ------
    JobsError
        If workers die for good; what was reached is in the store.
    """
    later = len(study.rules) * study.seeds
    chosen = tune(study, workers, store, _part(progress, 0, later))
    finals = {
        _key("test", rule, rate, seed): study.plan(rule, rate, seed, validate=False)
        for rule, rate in chosen.items()
        for seed in study.all_seeds
    }
    before = later * len(RATES)
    tested = run_jobs(attempt, finals, workers, store, _part(progress, before, 0)).complete()
    return [
        _row(
            rule,
            chosen.get(rule),
            [tested[_key("test", rule, chosen[rule], seed)] for seed in study.all_seeds if rule in chosen],
            study.seeds,
        )
        for rule in study.rules
    ]


def tune(
    study: RuleStudy,
    workers: Workers | Executor | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Rate of each rule [S]: of :data:`RATES`, that with the least loss on held-out training samples.

    A rule that fails at every rate has none.

    Parameters
    ----------
    study, workers, store, progress
        As for :func:`compare`; progress counts this stage.
    """
    plans = {
        _key("tune", rule, rate, seed): study.plan(rule, rate, seed, validate=True)
        for rule in study.rules
        for rate in RATES
        for seed in study.all_seeds
    }
    tried = run_jobs(attempt, plans, workers, store, progress).complete()

    def losses(rule: str, rate: float) -> list[float]:
        found = [tried[_key("tune", rule, rate, seed)] for seed in study.all_seeds]
        return [each.get("loss", float("inf")) for each in found]

    best = {rule: best_rate({rate: losses(rule, rate) for rate in RATES}) for rule in study.rules}
    return {rule: rate for rule, rate in best.items() if rate is not None}


def best_rate(losses: Mapping[float, Sequence[float]]) -> float | None:
    """Rate with the least mean loss, the lower one of equals; None if none is finite."""
    means = {rate: float(np.mean(each)) for rate, each in losses.items()}
    usable = [rate for rate, mean in means.items() if np.isfinite(mean)]
    return min(usable, key=lambda rate: (means[rate], rate), default=None)


def _key(stage: str, rule: str, rate: float, seed: int) -> str:
    return f"{stage} {rule} {rate:.3g} S seed {seed}"


def _part(
    progress: Callable[[int, int], None] | None, before: int, after: int
) -> Callable[[int, int], None] | None:
    """Progress of one of two stages as that of both."""
    if progress is None:
        return None
    return lambda done, total: progress(before + done, before + total + after)


def _row(rule: str, rate: float | None, found: Sequence[Mapping[str, Any]], seeds: int) -> RuleRow:
    results = [Result(**each) for each in found if "fault" not in each]
    needs = needs_of(rule)

    def mean(name: str) -> float | None:
        values = [getattr(result, name) for result in results]
        return float(np.mean(values)) if values and None not in values else None

    accuracies = [result.accuracy for result in results if result.accuracy is not None]
    return RuleRow(
        rule=rule,
        rate=rate,
        accuracy=mean("accuracy"),
        accuracy_sd=float(np.std(accuracies)) if accuracies else None,
        factor=float(np.exp(np.mean([np.log(result.factor) for result in results]))) if results else None,
        loss=mean("loss"),
        cycles=results[0].cycles if results else None,
        time=mean("time"),
        energy=mean("energy"),
        writes=mean("writes"),
        words=needs.words,
        devices=needs.devices,
        memory=needs.memory,
        signals=needs.signals,
        failed=seeds - len(results),
    )
