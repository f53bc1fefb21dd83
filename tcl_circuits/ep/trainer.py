"""Training of an EP network: batches, epochs, errors, checkpoints."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.checkpoint import COLUMNS, Checkpoint, Course
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.layers import Array, resting
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.rules import can_compile, make_rule
from tcl_circuits.ep.settings import Settings
from tcl_circuits.ep.steps import Rule, Shown
from tcl_circuits.errors import InputError

_ORDER, _SIGNS, _DRAWS = range(3)
"""Streams of random numbers, told apart in their seeds."""


class Progress(NamedTuple):
    """Where a run is, told after each batch.

    Attributes
    ----------
    epoch : float
        Epochs done, with a fraction.
    epochs : int
        Epochs in all.
    images : int
        Images shown so far, in all epochs.
    error : float
        Training error of the epoch under way [percent]; of the one just ended, at its end.
    """

    epoch: float
    epochs: int
    images: int
    error: float


class Trained(NamedTuple):
    """A trained network and its history."""

    network: Network
    history: pd.DataFrame


class Trainer:
    """Trains an EP network to classify images.

    Parameters
    ----------
    network : Network
        Where to start.
    rule : str
        One of :data:`~tcl_circuits.ep.rules.RULES`.
    settings : Settings or str
        Settings, or a name of :data:`~tcl_circuits.ep.settings.PRESETS`.
    seed : int
        Seed of the signs of beta, of the images' order where it is drawn, and of rules that draw.
    compiled : bool, optional
        Whether the temporal update is compiled by numba; by default if that is installed. It is the same
        update up to rounding.

    Attributes
    ----------
    network : Network
        As trained so far.
    rule, settings, seed, compiled
        As given.

    Raises
    ------
    InputError
        If there is no such rule or settings, or they do not fit the network.
    """

    def __init__(
        self,
        network: Network,
        rule: str = "tcl",
        settings: Settings | str = "published",
        seed: int = 0,
        compiled: bool | None = None,
    ) -> None:
        self.network = network
        self.rule = rule
        self.settings = Settings.named(settings) if isinstance(settings, str) else settings
        self.seed = seed
        self.compiled = can_compile() if compiled is None else compiled
        self._update = make_rule(rule, self.settings, len(network.biases), self.compiled)

    def fit(
        self,
        data: Digits,
        epochs: int,
        checkpoint: Path | None = None,
        resume: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> pd.DataFrame:
        """Train, and return the history.

        Parameters
        ----------
        data : Digits
            Images to learn, and images to be tested with after each epoch.
        epochs : int
            Passes through the images, those before the checkpoint included.
        checkpoint : Path, optional
            File to keep the state in after each epoch, and when the run ends early for whatever reason.
        resume : bool
            Go on from the checkpoint; the result is, to the last digit, that of a run never interrupted.
        progress : callable, optional
            Called after each batch.

        Returns
        -------
        pandas.DataFrame
            One row for each epoch: epoch (from 1), train_error and test_error (percent), cpu_s. An image
            counts for train_error as it is classified in the epoch, before the update by its batch.

        Raises
        ------
        InputError
            If the images don't fit the network, or the checkpoint belongs to another run.
        TclError
            If training makes a weight infinite or NaN; what was reached before is in the checkpoint.
        KeyboardInterrupt
            As it comes, after the checkpoint is written.
        """
        run = _Run(self, data, epochs)
        course = self._start(run, checkpoint, resume)
        try:
            for reached in run.courses(course):
                course = reached
                self.network = course.network
                if progress is not None:
                    progress(run.progress(course))
                if checkpoint is not None and course.batch == 0:
                    Checkpoint(course, run.description).save(checkpoint)
        except BaseException:
            if checkpoint is not None:
                Checkpoint(course, run.description).save(checkpoint)
            raise
        return history(course)

    def _start(self, run: _Run, checkpoint: Path | None, resume: bool) -> Course:
        """Where to begin: anew, or at a checkpoint."""
        if not resume:
            course = run.start()
            if checkpoint is not None:
                Checkpoint(course, run.description).save(checkpoint)
            return course
        if checkpoint is None:
            raise InputError("to resume, name the checkpoint")
        saved = Checkpoint.load(checkpoint)
        saved.require(run.description, checkpoint)
        self.network = saved.course.network
        return saved.course


def train(
    network: Network,
    data: Digits,
    rule: str = "tcl",
    epochs: int = 35,
    settings: Settings | str = "published",
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a network and return it with its history; see :class:`Trainer` for more."""
    trainer = Trainer(network, rule, settings, seed)
    rows = trainer.fit(data, epochs, progress=progress)
    return Trained(trainer.network, rows)


def history(course: Course) -> pd.DataFrame:
    """History of a course as a table with the columns :data:`~tcl_circuits.ep.checkpoint.COLUMNS`."""
    return pd.DataFrame(course.rows, columns=list(COLUMNS)).astype({"epoch": int})


@dataclass(frozen=True, eq=False)
class _Images:
    """Training images in the precision of a network, batch by batch."""

    data: Digits
    network: Network
    seed: int
    settings: Settings

    @property
    def count(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.data.train_x) // self.settings.batch)

    def chosen(self, epoch: int, batch: int) -> IntArray:
        """Images of a batch; a function of seed, epoch and batch alone, so that runs can resume."""
        images, size = len(self.data.train_x), self.settings.batch
        part = np.arange(batch * size, min(images, (batch + 1) * size))
        if not self.settings.shuffle:
            return part
        return np.random.default_rng([self.seed, epoch, _ORDER]).permutation(images)[part]

    def beta(self, epoch: int, batch: int) -> float:
        """Nudge of a batch, with its sign."""
        if not self.settings.random_sign:
            return self.settings.beta
        negative = np.random.default_rng([self.seed, epoch, batch, _SIGNS]).random() < 0.5
        return -self.settings.beta if negative else self.settings.beta

    def shown(self, chosen: IntArray) -> tuple[Array, Array]:
        """Pixels and wanted outputs."""
        dtype = self.network.dtype
        target = np.zeros((chosen.size, self.data.classes), dtype)
        target[np.arange(chosen.size), self.data.train_y[chosen]] = 1
        return self.data.train_x[chosen].astype(dtype, copy=False), target


class _Run:
    """One call of fit: what stays the same from batch to batch."""

    def __init__(self, trainer: Trainer, data: Digits, epochs: int) -> None:
        sizes = trainer.network.sizes
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
            raise InputError(f"epochs = {epochs!r} must be a whole number, not negative")
        if (data.train_x.shape[1], data.classes) != (sizes[0], sizes[-1]):
            raise InputError(
                f"{data.name} has images of {data.train_x.shape[1]} pixels and {data.classes} classes; the "
                f"network has {sizes[0]} input and {sizes[-1]} output nodes, which must be as many"
            )
        self._settings, self._epochs, self._data = trainer.settings, epochs, data
        self._start, self._seed = trainer.network, trainer.seed
        self._rule: Rule = trainer._update
        self._images = _Images(data, trainer.network, trainer.seed, trainer.settings)
        self.description: dict[str, Any] = {
            "sizes": list(sizes),
            "precision": str(trainer.network.dtype),
            "rule": trainer.rule,
            "compiled": trainer.compiled,
            "seed": trainer.seed,
            "data": data.name,
            "images": [len(data.train_x), len(data.test_x)],
            "checksum": zlib.crc32(data.train_x.tobytes() + data.train_y.tobytes()),
            **trainer.settings.describe(),
        }

    def start(self) -> Course:
        """Course of the untrained network."""
        images = len(self._data.train_x) if self._settings.persistent else 0
        return Course(self._start, list(resting(self._start.sizes, images, self._start.dtype)))

    def courses(self, course: Course) -> Iterator[Course]:
        """Courses after each batch that is left to do."""
        while course.epoch < self._epochs:
            mark = time.process_time()
            course.take_in()
            course = self._batch(course)
            ended = course.batch == self._images.count
            test = self._test_error(course.network) if ended else 0.0
            course = replace(course, cpu=course.cpu + time.process_time() - mark)
            if ended:
                course = self._next_epoch(course, test)
            yield course

    def progress(self, course: Course) -> Progress:
        """Tell where a course is."""
        images, batches = len(self._data.train_x), self._images.count
        done = min(images, course.batch * self._settings.batch)
        error = 100 * course.wrong / done if done else float(course.rows[-1, 1])
        return Progress(
            course.epoch + course.batch / batches, self._epochs, course.epoch * images + done, error
        )

    def _batch(self, course: Course) -> Course:
        """Settle on one batch, and change the network."""
        chosen = self._images.chosen(course.epoch, course.batch)
        x, target = self._images.shown(chosen)
        network, settings = course.network, self._settings
        fields = network.fields(x)
        if settings.persistent:
            begin = tuple(layer[chosen] for layer in course.particles)
        else:
            begin = resting(network.sizes, chosen.size, network.dtype)
        free = settings.relaxation.relax(network.inner, fields, begin, settings.free_iterations)
        beta = self._images.beta(course.epoch, course.batch)
        rng = np.random.default_rng([self._seed, course.epoch, course.batch, _DRAWS])
        changed = self._rule.step(Shown(network, x, target, fields, free, beta, rng))
        wrong = int(np.count_nonzero(free[-1].argmax(axis=1) != self._data.train_y[chosen]))
        return replace(
            course,
            network=changed,
            seen=(chosen, free) if settings.persistent else None,
            batch=course.batch + 1,
            wrong=course.wrong + wrong,
        )

    def _next_epoch(self, course: Course, test: float) -> Course:
        """Course at the beginning of the next epoch, with the last one in its history."""
        train = 100 * course.wrong / len(self._data.train_x)
        row = [course.epoch + 1, train, test, course.cpu]
        return replace(
            course,
            rows=np.vstack([course.rows, row]),
            epoch=course.epoch + 1,
            batch=0,
            wrong=0,
            cpu=0.0,
        )

    def _test_error(self, network: Network) -> float:
        """Test images that are classified wrongly [percent]."""
        if not len(self._data.test_x):
            return float("nan")
        return 100 * float(np.mean(network.predict(self._data.test_x) != self._data.test_y))
