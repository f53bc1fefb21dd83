"""One run: a rule trains one specimen of a circuit on a task, sample by sample."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.base import Rule, Setting
from tcl_circuits.surveys.rules.bench import Bench
from tcl_circuits.surveys.rules.choice import make_rule
from tcl_circuits.surveys.rules.parts import Parts
from tcl_circuits.training import tasks
from tcl_circuits.training.pace import largest_contrast, step_gain
from tcl_circuits.training.task import Recipe, Samples, Task

_HELD_OUT = 4
"""Of so many training samples one is held out to validate, where a rate is tuned."""
_TOO_FEW = 12
"""So few training samples (XOR) all say something of their own: a rate is then tuned on them themselves."""


@dataclass(frozen=True)
class Plan:
    """What to train and how; everything a run draws follows from it.

    Parameters
    ----------
    task : str
        Name of a task.
    rule : str
        Name of a rule.
    rate : float
        Root mean square change of a conductance by one sample at the start, with ideal parts [S].
    epochs : int
        Passes through the samples.
    seed : int
        Seed of the task, its order, the specimen and its noise.
    imperfections : Imperfections
        What parts are like.
    saw : Sawtooth
        The sawtooth.
    validate : bool
        Hold a quarter of the training samples out, and judge by these (where there are fewer than 12, by
        all of them); else train on all, and judge by the task's test samples.
    """

    task: str
    rule: str
    rate: float
    epochs: int
    seed: int
    imperfections: Imperfections
    saw: Sawtooth
    validate: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise InputError(f"epochs = {self.epochs!r} must be at least 1")

    def changed(self, **values: Any) -> Plan:
        """The same plan with other values for some."""
        return replace(self, **values)


@dataclass(frozen=True)
class Result:
    """What a run came to; means over the last quarter of its epochs.

    Parameters
    ----------
    accuracy : float or None
        Share of the judging samples whose class is right; None for regression.
    loss : float
        Their loss.
    start_loss : float
        Their loss before training.
    cycles : int
        Samples shown.
    time, energy : float
        Circuit time [s], and energy dissipated in conductances and diodes [J], over all cycles.
    writes : float
        Writes an edge a cycle.
    """

    accuracy: float | None
    loss: float
    start_loss: float
    cycles: int
    time: float
    energy: float
    writes: float

    @property
    def factor(self) -> float:
        """Loss before training over that after it."""
        return self.start_loss / self.loss

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return asdict(self)


def train(plan: Plan) -> Result:
    """Carry a plan out.

    Raises
    ------
    InputError
        If the plan names a task or rule that does not exist.
    TclError
        If a nudged state can't be found, or the loss does not stay finite.
    """
    return train_on(tasks.load(plan.task, plan.seed), plan)


def train_on(whole: Task, plan: Plan) -> Result:
    """Carry a plan out on a task of the caller's, which takes the place of the plan's; see :func:`train`."""
    task, judged = _split(whole, plan)
    bench, setting = prepare(plan, task)
    rule = make_rule(plan.rule, setting)
    start = _loss(task, bench, task.train)
    rows = [_measure(task, bench, judged)]
    for epoch in range(plan.epochs):
        rule.follow(_loss(task, bench, task.train) / start)
        _epoch(plan, task, bench, rule, epoch)
        rows.append(_measure(task, bench, judged))
    last = np.array(rows[-max(1, plan.epochs // 4) :])
    cycles = plan.epochs * len(task.train)
    accuracy, loss = last.mean(axis=0).tolist()
    if not np.isfinite(loss):
        raise TclError(f"rule {plan.rule} at {plan.rate:g} S: the loss is {loss}; lower the rate")
    return Result(
        accuracy=None if task.classes is None else accuracy,
        loss=loss,
        start_loss=rows[0][1],
        cycles=cycles,
        time=bench.time,
        energy=bench.energy,
        writes=bench.writes / cycles / task.network.edge_count,
    )


def prepare(plan: Plan, task: Task) -> tuple[Bench, Setting]:
    """A fresh specimen for a plan, and what its rule is built for; scales are those of ideal parts."""
    cell = SenseCell()
    everything = np.arange(len(task.train))
    drive = task.present(task.train, everything, cell, plan.saw)
    recipe = Recipe(epochs=plan.epochs, batch=1, rate=plan.rate)
    gain = step_gain(task.network, cell, drive, everything, recipe, plan.rule)
    parts = Parts.draw(plan.imperfections, task.network.edge_count, plan.seed)
    bench = Bench(task.network, task.nudge, plan.imperfections, parts, gain, plan.seed)
    return bench, Setting(plan.saw, cell, largest_contrast(task.network, cell, drive))


def order(seed: int, epoch: int, samples: int) -> IntArray:
    """Order of the samples in an epoch."""
    return np.random.default_rng([seed, epoch]).permutation(samples)


def _epoch(plan: Plan, task: Task, bench: Bench, rule: Rule, epoch: int) -> None:
    for k in order(plan.seed, epoch, len(task.train)).tolist():
        rule.cycle(bench, task.train.inputs[k], task.train.targets[k])
        bench.forget()


def _split(task: Task, plan: Plan) -> tuple[Task, Samples]:
    """Task with the samples to train on, and the samples to judge by."""
    if not plan.validate:
        return task, task.test
    if len(task.train) < _TOO_FEW:
        return task, task.train
    places = np.random.default_rng([plan.seed, 22]).permutation(len(task.train))
    held = places[: max(1, places.size // _HELD_OUT)]
    kept = np.sort(places[held.size :])
    return replace(task, train=_part(task.train, kept)), _part(task.train, held)


def _part(samples: Samples, chosen: IntArray) -> Samples:
    return Samples(samples.inputs[chosen], samples.targets[chosen])


def _outputs(task: Task, bench: Bench, samples: Samples) -> FloatArray:
    return task.outputs(bench.points().free(samples.inputs).voltages)


def _loss(task: Task, bench: Bench, samples: Samples) -> float:
    return task.loss(_outputs(task, bench, samples), samples.targets)


def _measure(task: Task, bench: Bench, samples: Samples) -> tuple[float, float]:
    """Accuracy (NaN for regression) and loss."""
    y = _outputs(task, bench, samples)
    accuracy = task.accuracy(y, samples.targets)
    return np.nan if accuracy is None else accuracy, task.loss(y, samples.targets)
