"""Training of a layered circuit: batch by batch, with history and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.ep.data import Digits
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.layered.checkpoint import COLUMNS, Checkpoint, Course
from tcl_circuits.layered.circuit import Array, with_bias
from tcl_circuits.layered.images import Batches, checksum
from tcl_circuits.layered.recipe import Recipe, make_circuit, nudge_conductance
from tcl_circuits.layered.rules import Direction, Shown, gradient_direction, make_rule
from tcl_circuits.layered.solve import Batch, Point, can_compile, make_solver
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.trainer import Progress

_TOGETHER = 1000
"""Images that are tested together."""
_FAST = 1e-5
"""tau_f of the protocol [s]; with a fast sense branch it only sets units."""


class Trainer:
    """Trains a layered circuit on images.

    Parameters
    ----------
    data : Digits
        Images to learn, and to be tested with.
    hidden : int
        Hidden nodes; 0 lets the inputs drive the outputs.
    rule : {"tcl", "contrast", "gradient"}
        Thresholded kernel output; explicit memory of the two states; exact adjoint gradient.
    recipe : Recipe, optional
        Settings; the one recipe by default.
    seed : int
        Seed of conductances, order and shifts.
    compiled : bool, optional
        Whether numba is used; by default if it is installed.

    Attributes
    ----------
    start, circuit : LayeredCircuit
        Untrained, and as trained so far.
    saw : Sawtooth
        Protocol.
    beta : float
        Conductance of the nudge at full strength [S].
    course : Course or None
        Where training is, once it has begun.

    Raises
    ------
    InputError
        If there is no such rule, or numba is asked for and missing.
    """

    def __init__(
        self,
        data: Digits,
        hidden: int,
        rule: str = "tcl",
        recipe: Recipe | None = None,
        seed: int = 0,
        compiled: bool | None = None,
    ) -> None:
        self.data, self.rule, self.seed = data, rule, seed
        self.recipe = (recipe or Recipe()).for_images(len(data.train_x))
        self.compiled = can_compile() if compiled is None else compiled
        self.saw = Sawtooth(_FAST, _FAST * self.recipe.ratio)
        self._solver = make_solver(self.compiled)
        self._rule = make_rule(rule, self.saw, self.recipe.threshold, self.recipe.segments, self.compiled)
        self.start = make_circuit(data.train_x, data.classes, hidden, seed, self.recipe, self._solver)
        self.beta = nudge_conductance(self.start, self.recipe)
        self.circuit = self.start
        self.course: Course | None = None

    def fit(
        self,
        epochs: int,
        checkpoint: Path | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> pd.DataFrame:
        """Train, and return the history.

        Parameters
        ----------
        epochs : int
            Passes through the images; they set the decay of the rate.
        checkpoint : Path, optional
            File to keep the state in after each epoch, and when the run ends early for whatever reason.
        resume : bool
            Go on from the checkpoint; the result is that of a run never interrupted.
        progress : callable, optional
            Called after each batch.

        Returns
        -------
        pandas.DataFrame
            One row for the untrained circuit and one for each epoch: epoch, loss (cross-entropy), accuracy,
            test_loss, test_accuracy, chirp. After the first row, loss and accuracy of training images are
            those of the epoch, each image before its batch's update.

        Raises
        ------
        InputError
            If the checkpoint belongs to another run.
        TclError
            If the circuit does not come to rest; what was reached before is in the checkpoint.
        KeyboardInterrupt
            As it comes, after the checkpoint is written.
        """
        run = _Run(self, epochs)
        settings = run.settings()
        course = self._begin(run, settings, checkpoint, resume)
        self.course = course
        try:
            for reached in self._followed(run, course):
                if progress is not None:
                    progress(run.progress(reached))
                if checkpoint is not None and reached.batch == 0:
                    Checkpoint(reached, settings).save(checkpoint)
        except BaseException:
            if checkpoint is not None:
                Checkpoint(self.course, settings).save(checkpoint)
            raise
        return history(self.course)

    def courses(self, epochs: int) -> Iterator[Course]:
        """Courses after each batch of a run from the untrained circuit on, to be stopped anywhere."""
        run = _Run(self, epochs)
        self.circuit = self.start
        return self._followed(run, run.start())

    def _followed(self, run: _Run, course: Course) -> Iterator[Course]:
        """Courses of a run, with the trainer's own course and circuit beside them."""
        for reached in run.courses(course):
            self.course = reached
            self.circuit = self.start.with_conductances(reached.conductances)
            yield reached

    def predict(self, x: Array) -> IntArray:
        """Classes of images, shape (images, pixels), by the circuit as trained so far."""
        classes: IntArray = self.values(x).argmax(axis=1)
        return classes

    def values(self, x: Array) -> FloatArray:
        """Output values of images at rest, shape (images, classes) [V]."""
        found = [np.zeros((0, self.data.classes))]
        for k in range(0, len(x), _TOGETHER):
            part = with_bias(x[k : k + _TOGETHER])
            found.append(self.settle(part).values)
        return np.concatenate(found)

    def settle(self, x: Array) -> Point:
        """Voltages at rest of images with bias, shape (images, pixels + 1)."""
        none = np.zeros(len(x), np.int64)
        return self._solver.settle(Batch(self.circuit, self.circuit.currents(x), none), 0.0)

    def _begin(self, run: _Run, settings: dict[str, Any], checkpoint: Path | None, resume: bool) -> Course:
        """Where to begin: anew, or at the checkpoint."""
        if resume:
            if checkpoint is None:
                raise InputError("to resume, name the checkpoint")
            saved = Checkpoint.load(checkpoint)
            saved.require(settings, checkpoint)
            self.circuit = self.start.with_conductances(saved.course.conductances)
            return saved.course
        course = run.start()
        if checkpoint is not None:
            Checkpoint(course, settings).save(checkpoint)
        return course


def history(course: Course) -> pd.DataFrame:
    """History of a course as a table."""
    return pd.DataFrame(course.rows, columns=list(COLUMNS)).astype({"epoch": int})


@dataclass(frozen=True, eq=False)
class _Step:
    """What a batch came to."""

    direction: Direction
    largest: FloatArray
    loss: float
    right: int


class _Run:
    """One call of fit: what stays the same from batch to batch."""

    def __init__(self, trainer: Trainer, epochs: int) -> None:
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
            raise InputError(f"epochs = {epochs!r} must be a whole number, not negative")
        self._trainer, self._epochs, self._recipe = trainer, epochs, trainer.recipe
        assert trainer.recipe.batch is not None
        self._size = trainer.recipe.batch
        self._batches = Batches(trainer.data, self._size, trainer.recipe.shift, trainer.seed)
        self._layers = 1 if trainer.start.hidden is None else 2

    def settings(self) -> dict[str, Any]:
        """Everything that the course depends on, as JSON: what a resumed run must share."""
        trainer, data = self._trainer, self._trainer.data
        return {
            "data": data.name,
            "images": [len(data.train_x), len(data.test_x)],
            "checksum": checksum(data),
            "hidden": trainer.start.hidden_nodes,
            "rule": trainer.rule,
            "seed": trainer.seed,
            "compiled": trainer.compiled,
            "epochs": self._epochs,
            **self._recipe.describe(),
        }

    def start(self) -> Course:
        """Course of the untrained circuit."""
        none = np.zeros(self._layers)
        course = Course(self._trainer.start.conductances, np.zeros((0, self._layers)), none)
        loss, accuracy = self._tested(self._trainer.data.train_x, self._trainer.data.train_y)
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
        done = min(course.batch * self._size, len(self._trainer.data.train_x))
        last = dict(zip(COLUMNS, course.rows[-1].tolist(), strict=True))
        loss = float(course.sums[0]) / done if done else last["loss"]
        return Progress(
            course.epoch + course.batch / self._batches.count, self._epochs, loss, last["test_accuracy"]
        )

    def _batch(self, course: Course) -> Course:
        """Show one batch, and change the conductances against the rule's direction."""
        trainer = self._trainer
        x, labels = self._batches.shown(course.epoch, course.batch)
        circuit = trainer.start.with_conductances(course.conductances)
        batch = Batch(circuit, circuit.currents(x), labels)
        free = trainer._solver.settle(batch, 0.0)
        shown = Shown(batch, x, free, trainer.beta, trainer._solver)
        recent = course.amplitudes.max(axis=0) if len(course.amplitudes) else np.full(self._layers, np.nan)
        direction, largest = trainer._rule.direction(shown, recent)
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
        self._trainer.circuit = self._trainer.start.with_conductances(course.conductances)
        loss, right = (course.sums / len(self._trainer.data.train_x)).tolist()
        ended = replace(course, epoch=course.epoch + 1, batch=0, sums=np.zeros(2))
        return self._with_row(ended, loss, right)

    def _with_row(self, course: Course, loss: float, accuracy: float) -> Course:
        data = self._trainer.data
        chirp = 1.0 if course.epoch == 0 else float(course.amplitudes[:, 0].max() / course.first)
        tested = self._tested(data.test_x, data.test_y)
        row = [float(course.epoch), loss, accuracy, *tested, chirp]
        return replace(course, rows=np.vstack([course.rows, row]))

    def _tested(self, x: Array, labels: IntArray) -> tuple[float, float]:
        """Mean loss and accuracy of the trainer's circuit."""
        values = self._trainer.values(x)
        target = np.eye(self._trainer.data.classes)[labels]
        loss = float(self._trainer.circuit.nudge(1.0).loss(values, target).mean())
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
