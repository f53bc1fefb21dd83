"""One call of the layered trainer's fit: batch by batch, each state a value."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.ep.data import Digits
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.layered.circuit import Array, LayeredCircuit, with_bias
from tcl_circuits.layered.course import COLUMNS, Course
from tcl_circuits.layered.images import Batches, checksum
from tcl_circuits.layered.recipe import Recipe
from tcl_circuits.layered.rules import Direction, Rule, Shown, gradient_direction
from tcl_circuits.layered.solve import Batch, Point, Solver
from tcl_circuits.training.run import Progress

_TOGETHER = 1000
"""Images that are tested together."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is trained, and how.

    Parameters
    ----------
    data : Digits
        Images.
    start : LayeredCircuit
        The untrained circuit.
    recipe : Recipe
        Settings, for these images.
    rule : str
        Name of the rule.
    update : Rule
        The rule.
    solver : Solver
        Finds voltages at rest.
    beta : float
        Conductance of the nudge at full strength [S].
    seed : int
        Seed of order and shifts.
    compiled : bool
        Whether solver and rule are compiled.
    """

    data: Digits
    start: LayeredCircuit
    recipe: Recipe
    rule: str
    update: Rule
    solver: Solver
    beta: float
    seed: int
    compiled: bool


def settle(circuit: LayeredCircuit, solver: Solver, x: Array) -> Point:
    """Voltages at rest of images with bias, shape (images, pixels + 1)."""
    none = np.zeros(len(x), np.int64)
    return solver.settle(Batch(circuit, circuit.currents(x), none), 0.0)


def output_values(circuit: LayeredCircuit, solver: Solver, x: Array) -> FloatArray:
    """Output values of images at rest, shape (images, classes) [V]."""
    parts = (with_bias(x[k : k + _TOGETHER]) for k in range(0, len(x), _TOGETHER))
    found = [settle(circuit, solver, part).values for part in parts]
    return np.concatenate([np.zeros((0, circuit.classes)), *found])


class Run:
    """One call of fit: what stays the same from batch to batch."""

    def __init__(self, plan: Plan, epochs: int) -> None:
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
            raise InputError(f"epochs = {epochs!r} must be a whole number, not negative")
        self._plan, self._epochs, self._recipe = plan, epochs, plan.recipe
        assert plan.recipe.batch is not None
        self._size = plan.recipe.batch
        self._batches = Batches(plan.data, self._size, plan.recipe.shift, plan.seed)
        self._layers = 1 if plan.start.hidden is None else 2

    def settings(self) -> dict[str, Any]:
        """Everything that the course depends on, as JSON: what a resumed run must share."""
        plan, data = self._plan, self._plan.data
        return {
            "data": data.name,
            "images": [len(data.train_x), len(data.test_x)],
            "checksum": checksum(data),
            "hidden": plan.start.hidden_nodes,
            "shapes": [list(array.shape) for array in plan.start.conductances],
            "precision": str(plan.start.conductances[0].dtype),
            "rule": plan.rule,
            "seed": plan.seed,
            "compiled": plan.compiled,
            "epochs": self._epochs,
            **self._recipe.describe(),
        }

    def start(self) -> Course:
        """Course of the untrained circuit."""
        none = np.zeros(self._layers)
        course = Course(self._plan.start.conductances, np.zeros((0, self._layers)), none)
        loss, accuracy = self._tested(course, self._plan.data.train_x, self._plan.data.train_y)
        return self._with_row(course, loss, accuracy)

    def courses(self, course: Course) -> Iterator[Course]:
        """Courses after each batch that is left to do."""
        while course.epoch < self._epochs:
            mark = time.process_time()
            course = self._batch(course)
            if course.batch == self._batches.count:
                course = self._next_epoch(course)
            yield replace(course, cpu=course.cpu + time.process_time() - mark)
            course = replace(course, cpu=course.cpu + time.process_time() - mark)

    def progress(self, course: Course) -> Progress:
        """Tell where a course is."""
        done = min(course.batch * self._size, len(self._plan.data.train_x))
        last = dict(zip(COLUMNS, course.rows[-1].tolist(), strict=True))
        loss = float(course.sums[0]) / done if done else last["loss"]
        return Progress(
            course.epoch + course.batch / self._batches.count, self._epochs, loss, last["test_accuracy"]
        )

    def _batch(self, course: Course) -> Course:
        """Show one batch, and change the conductances against the rule's direction."""
        plan = self._plan
        x, labels = self._batches.shown(course.epoch, course.batch)
        circuit = plan.start.with_conductances(course.conductances)
        batch = Batch(circuit, circuit.currents(x), labels)
        free = plan.solver.settle(batch, 0.0)
        shown = Shown(batch, x, free, plan.beta, plan.solver)
        recent = course.amplitudes.max(axis=0) if len(course.amplitudes) else np.full(self._layers, np.nan)
        direction, largest = plan.update.direction(shown, recent)
        if course.epoch == 0 and course.batch < self._recipe.scaled:
            course = _scaled(course, direction, gradient_direction(shown))
        right = int(np.count_nonzero(free.values.argmax(axis=1) == labels))
        loss = float(circuit.nudge(1.0).loss(free.values, batch.target).sum())
        return replace(
            course,
            conductances=self._moved(course, direction),
            amplitudes=np.vstack([course.amplitudes, largest])[-self._recipe.memory :],
            first=course.first if course.cycles else float(largest[0]),
            batch=course.batch + 1,
            sums=course.sums + np.array([loss, right]),
            cycles=course.cycles + len(x),
        )

    def _moved(self, course: Course, direction: Direction) -> tuple[Array, ...]:
        """Conductances after a step of each layer's own length, within their bounds."""
        done = course.epoch * self._batches.count + course.batch
        whole = self._epochs * self._batches.count
        final = self._recipe.final_rate
        share = final + (1 - final) * 0.5 * (1 + float(np.cos(np.pi * done / whole)))
        batches = min(self._recipe.scaled, done + 1)
        moved = []
        for n, (old, change) in enumerate(zip(course.conductances, direction, strict=True)):
            size = float(np.sqrt(course.squares[n // 2] / batches))
            factor = old.dtype.type(self._recipe.rate * share / size if size > 0 else 0.0)
            new = change.astype(old.dtype, copy=False)
            new *= -factor
            new += old
            moved.append(np.clip(new, *self._recipe.bounds, out=new))
        return tuple(moved)

    def _next_epoch(self, course: Course) -> Course:
        """Course at the beginning of the next epoch, with the last one in its history."""
        loss, right = (course.sums / len(self._plan.data.train_x)).tolist()
        ended = replace(course, epoch=course.epoch + 1, batch=0, sums=np.zeros(2))
        return self._with_row(ended, loss, right)

    def _with_row(self, course: Course, loss: float, accuracy: float) -> Course:
        data = self._plan.data
        chirp = 1.0 if course.epoch == 0 else float(course.amplitudes[:, 0].max() / course.first)
        tested = self._tested(course, data.test_x, data.test_y)
        row = [float(course.epoch), loss, accuracy, *tested, chirp]
        return replace(course, rows=np.vstack([course.rows, row]))

    def _tested(self, course: Course, x: Array, labels: IntArray) -> tuple[float, float]:
        """Mean loss and accuracy of a course's circuit."""
        circuit = self._plan.start.with_conductances(course.conductances)
        values = output_values(circuit, self._plan.solver, x)
        target = np.eye(self._plan.data.classes)[labels]
        loss = float(circuit.nudge(1.0).loss(values, target).mean())
        if not np.isfinite(loss):
            raise TclError("the outputs of the layered circuit are no finite voltages")
        return loss, float(np.mean(values.argmax(axis=1) == labels))


def _scaled(course: Course, direction: Direction, gradient: Direction) -> Course:
    """Course with a first batch's size of directions, and how well they agree with the gradient."""
    squares, agreement = course.squares.copy(), course.agreement.copy()
    layers = [direction[:2], direction[2:]]
    for n in range(squares.size):
        total = sum(_dot(part, part) for part in layers[n])
        squares[n] += total / sum(part.size for part in layers[n])
    for found, exact in zip(direction, gradient, strict=True):
        agreement += [_dot(found, exact), _dot(found, found), _dot(exact, exact)]
    return replace(course, squares=squares, agreement=agreement)


def _dot(a: Array, b: Array) -> float:
    return float(np.sum(a * b, dtype=np.float64))
