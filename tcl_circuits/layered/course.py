"""Where a training run of a layered circuit is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.fitting import Form, layers, numbered
from tcl_circuits.layered.circuit import Array

COLUMNS = ("epoch", "loss", "accuracy", "test_loss", "test_accuracy", "chirp")
"""Those of other training runs; `chirp` is the inputs' largest contrast in units of the first batch's."""
_RANGES = ((0, np.inf, False), (0, 1, False), (0, np.inf, True), (0, 1, True), (0, np.inf, True))
"""Of the columns after the first: least and largest number, and whether it may be unknown."""


@dataclass(frozen=True, eq=False)
class Course:
    """Everything that the next batch depends on, and what was recorded.

    Parameters
    ----------
    conductances : tuple of ndarray
        Of the circuit as trained so far.
    amplitudes : ndarray of shape (batches, layers)
        Largest contrasts of recent batches, the last one last [V^2].
    squares : ndarray of shape (layers,)
        Sum over the first batches of the layers' mean square directions [V^4].
    agreement : ndarray of shape (3,)
        Sums over the same batches of products: directions with gradients, of each with itself.
    first : float
        Largest contrast at the inputs in the first batch [V^2].
    rows : ndarray of shape (epochs + 1, columns)
        History from the untrained circuit on, with the columns :data:`COLUMNS`.
    epoch, batch : int
        Epochs done, and batches done in the epoch under way.
    sums : ndarray of shape (2,)
        Loss and right answers of that epoch's images, each before its batch's update.
    cycles : int
        Sawtooth cycles so far: an image each.
    cpu : float
        CPU time of training and testing [s].
    """

    conductances: tuple[Array, ...]
    amplitudes: FloatArray
    squares: FloatArray
    agreement: FloatArray = field(default_factory=lambda: np.zeros(3))
    first: float = float("nan")
    rows: FloatArray = field(default_factory=lambda: np.zeros((0, len(COLUMNS))))
    epoch: int = 0
    batch: int = 0
    sums: FloatArray = field(default_factory=lambda: np.zeros(2))
    cycles: int = 0
    cpu: float = 0.0

    @property
    def cosine(self) -> float | None:
        """Cosine of the first batches' summed direction with the exact gradient; None before it is known."""
        product, one, other = self.agreement.tolist()
        return product / float(np.sqrt(one * other)) if one * other > 0 else None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays, but epoch and batch."""
        return {
            **numbered("conductance", self.conductances),
            "amplitudes": self.amplitudes,
            "squares": self.squares,
            "agreement": self.agreement,
            "first": np.array(self.first),
            "rows": self.rows,
            "sums": self.sums,
            "cycles": np.array(self.cycles, dtype=np.int64),
            "cpu": np.array(self.cpu),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], epoch: int, batch: int) -> Self:
        """Course of such arrays."""
        found: dict[str, Any] = {name: array for name, array in arrays.items() if "_" not in name}
        found |= {name: arrays[name].item() for name in ("first", "cycles", "cpu")}
        return cls(layers(arrays, "conductance"), **found, epoch=epoch, batch=batch)

    @classmethod
    def forms(cls, settings: Mapping[str, Any], epoch: int, batch: int) -> dict[str, Form]:
        """What the arrays must be like there in a run of these settings."""
        least, most = np.asarray(settings["bounds"], dtype=settings["precision"])
        conductances = [Form(tuple(s), least, most, settings["precision"]) for s in settings["shapes"]]
        done, count = epoch * cls.batches(settings) + batch, (len(conductances) + 1) // 2
        images = settings["images"][0]
        measured = settings["rule"] == "tcl"  # the other rules have no threshold, and leave contrasts unknown
        return {
            **numbered("conductance", conductances),
            "amplitudes": Form((min(done, settings["memory"]), count), 0, unknown=not measured),
            "squares": Form((count,), 0),
            "agreement": Form((3,), (-np.inf, 0, 0)),
            "first": Form(least=0, unknown=not (done and measured)),
            "rows": Form.history(0, epoch, _RANGES),
            "sums": Form((2,), 0, (np.inf, images)),
            "cycles": Form.count(),
            "cpu": Form(least=0),
        }

    @staticmethod
    def batches(settings: Mapping[str, Any]) -> int:
        """Batches in an epoch of such a run."""
        return -(-int(settings["images"][0]) // int(settings["batch"]))
