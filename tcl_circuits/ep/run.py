"""One run of training: batches, epochs, errors, each a step from course to course."""

from __future__ import annotations

import time
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.course import Course
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.layers import Array, resting
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.remarks import rise_remark, threshold_remarks
from tcl_circuits.ep.rules import Temporal
from tcl_circuits.ep.settings import Settings
from tcl_circuits.ep.steps import Rule, Shown
from tcl_circuits.errors import InputError, TclError

_CHUNK = 500
"""Test images that relax together."""
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


@dataclass(frozen=True, eq=False)
class Plan:
    """How to train.

    Parameters
    ----------
    name : str
        Of the rule.
    rule : Rule
        Changes the network after each batch.
    settings : Settings
        Everything that is neither data nor rule.
    seed : int
        Seed of signs, order and draws.
    compiled : bool
        Whether numba is used.
    """

    name: str
    rule: Rule
    settings: Settings
    seed: int
    compiled: bool


@dataclass(frozen=True, eq=False)
class _Batches:
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


class Run:
    """One call of fit: what stays the same from batch to batch.

    Parameters
    ----------
    plan : Plan
        How to train.
    network : Network
        Where to start.
    data : Digits
        Images to learn, and to be tested with.
    epochs : int
        Passes through the images.

    Raises
    ------
    InputError
        If the images don't fit the network.
    """

    def __init__(self, plan: Plan, network: Network, data: Digits, epochs: int) -> None:
        sizes = network.sizes
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
            raise InputError(f"epochs = {epochs!r} must be a whole number, not negative")
        if (data.train_x.shape[1], data.classes) != (sizes[0], sizes[-1]):
            raise InputError(
                f"{data.name} has images of {data.train_x.shape[1]} pixels and {data.classes} classes; the "
                f"network has {sizes[0]} input and {sizes[-1]} output nodes, which must be as many"
            )
        self._plan, self._start, self._data, self._epochs = plan, network, data, epochs
        self._settings = plan.settings
        self._batches = _Batches(data, network, plan.seed, plan.settings)

    def settings(self) -> dict[str, Any]:
        """Everything that the course depends on, as JSON: what a resumed run must share."""
        data = self._data
        return {
            "sizes": list(self._start.sizes),
            "precision": str(self._start.dtype),
            "rule": self._plan.name,
            "compiled": self._plan.compiled,
            "seed": self._plan.seed,
            "data": data.name,
            "images": [len(data.train_x), len(data.test_x)],
            "checksum": _checksum(data),
            **self._settings.describe(),
        }

    def start(self) -> Course:
        """Course of the untrained network."""
        sizes, dtype = self._start.sizes, self._start.dtype
        images = len(self._data.train_x) if self._settings.persistent else 0
        tested = resting(sizes, len(self._data.test_x), dtype)
        return Course(self._start, list(resting(sizes, images, dtype)), tested)

    def courses(self, course: Course) -> Iterator[Course]:
        """Courses after each batch that is left to do."""
        while course.epoch < self._epochs:
            mark = time.process_time()
            course.take_in()
            course = self._batch(course)
            ended = course.batch == self._batches.count
            if ended:
                course = self._tested(course)
            course = replace(course, cpu=course.cpu + time.process_time() - mark)
            if ended:
                course = self._next_epoch(course)
            yield course

    def progress(self, course: Course) -> Progress:
        """Tell where a course is."""
        images, batches = len(self._data.train_x), self._batches.count
        done = min(images, course.batch * self._settings.batch)
        error = 100 * course.wrong / done if done else float(course.rows[-1, 1])
        return Progress(
            course.epoch + course.batch / batches, self._epochs, course.epoch * images + done, error
        )

    def _batch(self, course: Course) -> Course:
        """Settle on one batch, and change the network."""
        chosen = self._batches.chosen(course.epoch, course.batch)
        x, target = self._batches.shown(chosen)
        network, settings = course.network, self._settings
        fields = network.fields(x)
        if settings.persistent:
            begin = tuple(layer[chosen] for layer in course.particles)
        else:
            begin = resting(network.sizes, chosen.size, network.dtype)
        free = settings.relaxation.relax(network.inner, fields, begin, settings.free_iterations)
        beta = self._batches.beta(course.epoch, course.batch)
        rng = np.random.default_rng([self._plan.seed, course.epoch, course.batch, _DRAWS])
        shown = Shown(network, x, target, fields, free, beta, rng)
        changed = self._step(shown, course)
        if course.epoch == course.batch == 0 and isinstance(self._plan.rule, Temporal):
            for remark in threshold_remarks(self._plan.rule.update, x, self._plan.rule.states(shown)):
                warnings.warn(remark, stacklevel=2)
        wrong = int(np.count_nonzero(free[-1].argmax(axis=1) != self._data.train_y[chosen]))
        return replace(
            course,
            network=changed,
            seen=(chosen, free) if settings.persistent else None,
            batch=course.batch + 1,
            wrong=course.wrong + wrong,
        )

    def _step(self, shown: Shown, course: Course) -> Network:
        """Network after a batch; what diverges ends the run, and is no fault of its input."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                return self._plan.rule.step(shown)
        except InputError as fault:
            raise TclError(
                f"training failed in epoch {course.epoch + 1}, batch {course.batch + 1}: {fault}"
            ) from fault

    def _next_epoch(self, course: Course) -> Course:
        """Course at the beginning of the next epoch, with the last one in its history."""
        train = 100 * course.wrong / len(self._data.train_x)
        found = course.tested[-1].argmax(axis=1)
        # The mean of no test images is no number.
        test = 100 * float(np.mean(found != self._data.test_y)) if found.size else float("nan")
        rows = np.vstack([course.rows, [course.epoch + 1, train, test, course.cpu]])
        remark = rise_remark(rows[:, 1])
        if remark is not None:
            warnings.warn(remark, stacklevel=2)
        return replace(
            course,
            rows=rows,
            epoch=course.epoch + 1,
            batch=0,
            wrong=0,
            cpu=0.0,
        )

    def _tested(self, course: Course) -> Course:
        """Course with the test images relaxed: from their last free states, or from 0, as in training."""
        network, settings, x = course.network, self._settings, self._data.test_x
        reached = []
        for k in range(0, len(x), _CHUNK):
            part = slice(k, k + _CHUNK)
            begin = tuple(layer[part] for layer in course.tested)
            if not settings.persistent:
                begin = resting(network.sizes, len(begin[0]), network.dtype)
            fields = network.fields(x[part].astype(network.dtype, copy=False))
            reached.append(settings.relaxation.relax(network.inner, fields, begin, settings.free_iterations))
        if not reached:
            return course
        return replace(course, tested=tuple(np.concatenate(layer) for layer in zip(*reached, strict=True)))


def _checksum(data: Digits) -> int:
    """Number that tells one set of training images from another."""
    images = zlib.crc32(np.ascontiguousarray(data.train_x).data)
    return zlib.crc32(np.ascontiguousarray(data.train_y).data, images)
