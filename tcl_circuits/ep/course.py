"""Where a training run of an EP network is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.network import Network
from tcl_circuits.fitting import Form, layers, numbered

COLUMNS = ("epoch", "train_error", "test_error", "cpu_s")
"""Columns of a history: epoch from 1, errors in percent, CPU time of the epoch [s]."""
_RANGES = ((0, 100, False), (0, 100, True), (0, np.inf, False))
"""Of the columns after the first: least and largest number, and whether it may be unknown."""


@dataclass(frozen=True, eq=False)
class Course:
    """Everything that the next batch depends on, and what was recorded.

    Parameters
    ----------
    network : Network
        As trained so far.
    particles : list of ndarray of shape (images, nodes)
        Free states of all training images as they were last seen, without those of `seen`. They are
        written in place, which may be done again without harm.
    tested : tuple of ndarray of shape (test images, nodes)
        Free states of the test images after the last epoch.
    seen : (ndarray of shape (batch,), tuple of ndarray of shape (batch, nodes)), optional
        Images of the last batch and their free states, not yet among the particles.
    rows : ndarray of shape (epochs, 4)
        History with the columns :data:`COLUMNS`.
    epoch, batch : int
        Epochs done, and batches done in the epoch under way.
    wrong : int
        Images that were classified wrongly in that epoch, each before its batch's update.
    cpu : float
        CPU time of that epoch [s].
    """

    network: Network
    particles: Sequence[Array]
    tested: State
    seen: tuple[IntArray, State] | None = None
    rows: FloatArray = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    epoch: int = 0
    batch: int = 0
    wrong: int = 0
    cpu: float = 0.0

    def take_in(self) -> None:
        """Write the free states last seen among the particles."""
        if self.seen is not None:
            images, state = self.seen
            for particle, layer in zip(self.particles, state, strict=True):
                particle[images] = layer

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays, but epoch and batch."""
        self.take_in()
        return {
            **numbered("weights", self.network.weights),
            **numbered("biases", self.network.biases),
            **numbered("particles", self.particles),
            **numbered("tested", self.tested),
            "rows": self.rows,
            "wrong": np.array(self.wrong, dtype=np.int64),
            "cpu": np.array(self.cpu),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], epoch: int, batch: int) -> Self:
        """Course of such arrays."""
        return cls(
            Network(layers(arrays, "weights"), layers(arrays, "biases")),
            layers(arrays, "particles"),
            layers(arrays, "tested"),
            rows=arrays["rows"],
            epoch=epoch,
            batch=batch,
            wrong=arrays["wrong"].item(),
            cpu=arrays["cpu"].item(),
        )

    @classmethod
    def forms(cls, settings: Mapping[str, Any], epoch: int, batch: int) -> dict[str, Form]:
        """What the arrays must be like there in a run of these settings."""
        sizes, dtype = settings["sizes"], settings["precision"]
        images, tested = settings["images"]
        kept = images if settings["persistent"] else 0
        done = min(images, batch * int(settings["batch"]))
        return {
            **numbered("weights", [Form(pair, dtype=dtype) for pair in pairwise(sizes)]),
            **numbered("biases", [Form((n,), dtype=dtype) for n in sizes[1:]]),
            **numbered("particles", [Form((kept, n), 0, 1, dtype) for n in sizes[1:]]),
            **numbered("tested", [Form((tested, n), 0, 1, dtype) for n in sizes[1:]]),
            "rows": Form.history(1, epoch, _RANGES),
            "wrong": Form.count(done),
            "cpu": Form(least=0),
        }

    @staticmethod
    def batches(settings: Mapping[str, Any]) -> int:
        """Batches in an epoch of such a run."""
        return -(-int(settings["images"][0]) // int(settings["batch"]))
