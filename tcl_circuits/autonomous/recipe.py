"""A task as a circuit learns it: samples and network, and the settings that it learned with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.autonomous_cell import LearningSignal
from tcl_circuits.training.task import Samples, Task


@dataclass(frozen=True)
class Recipe:
    """How a task is learned in the circuit unless the user says otherwise.

    Parameters
    ----------
    cycles : int
        Learning cycles.
    gain : float
        lambda_max of the untrained network.
    threshold : float
        Threshold in units of A_max tau_K/tau_s, A_max being the largest change of the signal by the nudge.
    ratio : float
        tau_s/tau_f.
    signal : {"power", "abs", "linear", "strain", "product"}
        What the cells learn from.
    scale : float
        Factor on the signal in the netlist.
    look_every : int or None
        Cycles between looks; None for an epoch.
    """

    cycles: int
    gain: float = 3.0
    threshold: float = 1.0
    ratio: float = 100.0
    signal: LearningSignal = "power"
    scale: float = 1.0
    look_every: int | None = None


@dataclass(frozen=True, eq=False)
class CircuitTask:
    """A task and how it is learned.

    Parameters
    ----------
    task : Task
        Network, samples, nudge; its own recipe is not used.
    recipe : Recipe
        Settings.
    by_sign : bool
        Whether an output counts as right if it has its target's sign.
    """

    task: Task
    recipe: Recipe
    by_sign: bool = False

    def accuracy(self, y: FloatArray, targets: FloatArray) -> float:
        """Share of samples (samples, values) that are right; NaN for regression."""
        if self.by_sign:
            return float(np.mean(np.all(y * targets > 0, axis=1)))
        found = self.task.accuracy(y, targets)
        return np.nan if found is None else found


def none_of(samples: Samples) -> Samples:
    """No samples, of the same shape."""
    return Samples(samples.inputs[:0], samples.targets[:0])
