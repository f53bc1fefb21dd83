"""Where a training run of a network is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.fitting import Form

COLUMNS = ("epoch", "loss", "accuracy", "test_loss", "test_accuracy", "chirp")
"""Columns of a history: after how many epochs, losses, accuracies (NaN for regression), sawtooth factor."""
_RANGES = ((0, np.inf, False), (0, 1, True), (0, np.inf, True), (0, 1, True), (0, 1, False))
"""Of the columns after the first: least and largest number, and whether it may be unknown."""


@dataclass(frozen=True, eq=False)
class Course:
    """Everything that the next batch of a training run depends on, and what was recorded.

    Parameters
    ----------
    conductance : ndarray of shape (edges,)
        Conductances [S].
    rows : ndarray of shape (epochs + 1, columns)
        History so far, from the untrained network on, with the columns :data:`COLUMNS`.
    first_update, first_gradient : ndarray of shape (edges,)
        Sums over the first epoch of the rule's directions and of the exact gradients.
    epoch, batch : int
        Epochs done, and batches done in the epoch under way.
    cycles : int
        Sawtooth cycles simulated.
    circuit_time : float
        Their time in the circuit [s].
    energy : float
        Energy dissipated in them [J].
    """

    conductance: FloatArray
    rows: FloatArray
    first_update: FloatArray
    first_gradient: FloatArray
    epoch: int = 0
    batch: int = 0
    cycles: int = 0
    circuit_time: float = 0.0
    energy: float = 0.0

    @property
    def cosine(self) -> float | None:
        """Cosine of the first epoch's summed update with the exact gradient; None before it is known."""
        norms = float(np.linalg.norm(self.first_update) * np.linalg.norm(self.first_gradient))
        return float(self.first_update @ self.first_gradient) / norms if norms > 0 else None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it as arrays, but epoch and batch."""
        return {
            "conductance": self.conductance,
            "rows": self.rows,
            "first_update": self.first_update,
            "first_gradient": self.first_gradient,
            "cycles": np.array(self.cycles, dtype=np.int64),
            "circuit_time": np.array(self.circuit_time),
            "energy": np.array(self.energy),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], epoch: int, batch: int) -> Self:
        """Course of such arrays."""
        numbers = {name: arrays[name].item() for name in ("cycles", "circuit_time", "energy")}
        return cls(**{**arrays, **numbers}, epoch=epoch, batch=batch)

    @classmethod
    def forms(cls, settings: Mapping[str, Any], epoch: int, batch: int) -> dict[str, Form]:
        """What the arrays must be like there in a run of these settings."""
        edges, positive = (settings["edges"],), np.nextafter(0, 1)
        return {
            "conductance": Form(edges, positive),
            "rows": Form.history(0, epoch, _RANGES),
            "first_update": Form(edges),
            "first_gradient": Form(edges),
            "cycles": Form.count(np.inf if epoch or batch else 0),
            "circuit_time": Form(least=0),
            "energy": Form(least=0),
        }

    @staticmethod
    def batches(settings: Mapping[str, Any]) -> int:
        """Batches in an epoch of such a run."""
        return -(-int(settings["samples"]) // int(settings["batch"]))
