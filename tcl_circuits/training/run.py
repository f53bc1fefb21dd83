"""One run of training: batches, epochs, losses, each a step from course to course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Engine
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.course import COLUMNS, Course
from tcl_circuits.training.pace import Pace, largest_contrast, step_gain
from tcl_circuits.training.readout import energy
from tcl_circuits.training.rules import ExactGradient, ExplicitContrast, Rule, TemporalContrast, loss_gradient
from tcl_circuits.training.task import Recipe, Task


@dataclass(frozen=True)
class Progress:
    """Where a run is, told after each batch: epochs done (with a fraction), epochs in all, last row."""

    epoch: float
    epochs: int
    loss: float
    test_accuracy: float


@dataclass(frozen=True, eq=False)
class Plan:
    """How to train: everything that is neither network nor task; see :class:`~tcl_circuits.training.Trainer`.

    Parameters
    ----------
    cell : Cell
        Edge cell.
    saw : Sawtooth
        Training protocol.
    engine : Engine
        Solver of the circuit.
    rule : str
        Name of the rule.
    seed : int
        Seed of the samples' order.
    chirp : bool or None
        Whether sawtooth and threshold follow the loss; None as the recipe says.
    threshold : float
        In units of A_max/tau_s times the sense capacitance.
    spread : ndarray of shape (edges,), optional
        Factor on each edge's threshold.
    """

    cell: Cell
    saw: Sawtooth
    engine: Engine
    rule: str
    seed: int
    chirp: bool | None
    threshold: float
    spread: FloatArray | None


class Run:
    """One call of fit: what stays the same from batch to batch.

    Parameters
    ----------
    plan : Plan
        How to train.
    network : Network
        Where to start.
    task : Task
        Samples, nudge and loss.
    recipe : Recipe
        Training settings.
    epochs : int
        Passes through the samples.

    Raises
    ------
    InputError
        If recipe or epochs can't be used, or the task does not fit the network.
    """

    def __init__(self, plan: Plan, network: Network, task: Task, recipe: Recipe, epochs: int) -> None:
        if epochs < 0:
            raise InputError(f"epochs = {epochs} must not be negative")
        if recipe.batch < 1 or not recipe.rate > 0 or not 0 < recipe.final_rate <= 1:
            raise InputError(f"{recipe} needs batch >= 1, rate > 0 S and 0 < final_rate <= 1")
        self._plan, self._start = plan, network
        self._task, self._recipe, self._epochs = task, recipe, epochs
        self._chirp = recipe.chirp if plan.chirp is None else plan.chirp
        whole = task.present(task.train, np.arange(len(task.train)), plan.cell, plan.saw)
        whole.check(network)
        self._amplitude = largest_contrast(network, plan.cell, whole)
        self._gain = step_gain(network, plan.cell, whole, self._order(0), recipe, plan.rule)

    def settings(self) -> dict[str, Any]:
        """What a resumed run must share."""
        plan, task, recipe = self._plan, self._task, self._recipe
        shared: dict[str, Any] = {
            "task": task.name,
            **task.origin,
            "rule": plan.rule,
            "engine": self._plan.engine.name,
            "cell": type(self._plan.cell).__name__,
            "signal": self._plan.cell.signal,
            "seed": plan.seed,
            "chirp": self._chirp,
            "threshold": plan.threshold,
            "tau_f": plan.saw.tau_f,
            "tau_s": plan.saw.tau_s,
            "polarity": plan.saw.polarity,
            "batch": recipe.batch,
            "rate": recipe.rate,
            "final_rate": recipe.final_rate,
            "samples": len(task.train),
            "edges": self._start.edge_count,
            # Amplitude and gain follow from start, data, cell and nudge: a fingerprint of all of them.
            "amplitude": self._amplitude,
            "gain": self._gain,
        }
        if recipe.final_rate < 1:
            shared["epochs"] = self._epochs
        return shared

    def start(self) -> Course:
        """Course of the untrained network."""
        none = np.zeros(self._start.edge_count)
        course = Course(self._start.conductance, np.zeros((0, len(COLUMNS))), none, none)
        return self._measured(course, self._start, chirp=1.0)

    def courses(self, course: Course) -> Iterator[Course]:
        """Courses after each batch that is left to do."""
        count = -(-len(self._task.train) // self._recipe.batch)
        while course.epoch < self._epochs:
            pace = self._pace(course)
            network = self._start.with_conductance(course.conductance)
            course, network = self._batch(course, network, pace)
            if course.batch == count:
                course = replace(course, epoch=course.epoch + 1, batch=0)
                course = self._measured(course, network, pace.factor)
            yield course

    def progress(self, course: Course) -> Progress:
        """Tell where a course is."""
        count = -(-len(self._task.train) // self._recipe.batch)
        last = dict(zip(COLUMNS, course.rows[-1].tolist(), strict=True))
        return Progress(
            course.epoch + course.batch / count, self._epochs, last["loss"], last["test_accuracy"]
        )

    def _order(self, epoch: int) -> IntArray:
        """Order of the samples in an epoch; a function of seed and epoch alone, so that runs can resume."""
        return np.random.default_rng([self._plan.seed, epoch]).permutation(len(self._task.train))

    def _pace(self, course: Course) -> Pace:
        factor = 1.0
        if self._chirp:
            factor = min(1.0, float(np.sqrt(course.rows[-1, 1] / course.rows[0, 1])))
        tau = self._plan.cell.capacitance(self._start.conductance) * self._plan.cell.resistance(
            self._start.conductance
        )
        return Pace.following(self._plan.saw, factor, float(tau.max()))

    def _rule(self, pace: Pace) -> Rule:
        plan = self._plan
        if plan.rule == "gradient":
            return ExactGradient()
        if plan.rule == "contrast":
            return ExplicitContrast()
        slope = plan.threshold * self._amplitude / plan.saw.tau_s
        return TemporalContrast(slope * pace.threshold, plan.spread)

    def _batch(self, course: Course, network: Network, pace: Pace) -> tuple[Course, Network]:
        """Present one batch and change the conductances against the rule's direction."""
        size = self._recipe.batch
        chosen = self._order(course.epoch)[course.batch * size : (course.batch + 1) * size]
        drive = self._task.present(self._task.train, chosen, self._plan.cell, pace.saw)
        found = self._rule(pace).ascent(network, self._plan.cell, pace.saw, drive, self._plan.engine)
        step = self._gain * self._share(course.epoch) * found.direction
        changed = network.with_conductance(np.clip(network.conductance - step, *network.bounds))
        course = replace(
            course,
            batch=course.batch + 1,
            conductance=changed.conductance,
            cycles=course.cycles + len(found.transients),
            circuit_time=course.circuit_time + len(found.transients) * pace.saw.period,
            energy=course.energy + sum(energy(network, self._plan.cell, t) for t in found.transients),
        )
        if course.epoch == 0:
            course = replace(
                course,
                first_update=course.first_update + found.direction,
                first_gradient=course.first_gradient + loss_gradient(network, drive),
            )
        return course, changed

    def _share(self, epoch: int) -> float:
        """Share of the rate in an epoch."""
        final = self._recipe.final_rate
        if final == 1:
            return 1.0
        return final + (1 - final) * 0.5 * (1 + float(np.cos(np.pi * epoch / self._epochs)))

    def _measured(self, course: Course, network: Network, chirp: float) -> Course:
        """Course with one more row of the history: losses and accuracies of the network at rest."""
        row = [float(course.epoch)]
        for samples in (self._task.train, self._task.test):
            y = self._task.outputs(self._plan.engine.settle(network, self._plan.cell, samples.inputs))
            accuracy = self._task.accuracy(y, samples.targets)
            row += [self._task.loss(y, samples.targets), np.nan if accuracy is None else accuracy]
        return replace(course, rows=np.vstack([course.rows, [*row, chirp]]))
