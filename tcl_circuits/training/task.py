"""A task: samples, the network that learns them, its nudge, and a baseline to stand beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.encoding import Encoding

NUDGE_CONDUCTANCE = 1e-5
"""Nudge conductance of the ready-made tasks, the middle of their range of conductances [S]."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Input voltages (samples, inputs) [V] and targets (samples, values) of one part of a task."""

    inputs: FloatArray
    targets: FloatArray

    def __len__(self) -> int:
        return int(self.inputs.shape[0])


@dataclass(frozen=True)
class Baseline:
    """What a standard method reaches on the same split.

    Parameters
    ----------
    name : str
        The method.
    loss : float
        Its loss on the test samples, as the network's.
    accuracy : float or None
        Its test accuracy, for classes.
    """

    name: str
    loss: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Recipe:
    """How a task is trained unless the user says otherwise.

    Parameters
    ----------
    epochs, batch : int
        Passes through the samples, and samples in an update.
    rate : float
        Root mean square change of a conductance by one batch at the start [S].
    final_rate : float
        Share of the rate left at the end of a cosine decay; 1 keeps it constant.
    chirp : bool
        Whether sawtooth and threshold follow the loss.
    """

    epochs: int = 100
    batch: int = 1
    rate: float = 2e-6
    final_rate: float = 1.0
    chirp: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """A task.

    Parameters
    ----------
    name : str
        For people, and for names of files.
    network : Network
        The network before training.
    nudge : Nudge
        The nudge at its outputs.
    train, test : Samples
        Samples to learn from and held out.
    description : str
        A line for people.
    baseline : Baseline or None
        A standard method on the same split.
    recipe : Recipe
        Training settings.
    classes : tuple of str or None
        Class names, in the order of the output values; of a single value, the one below 0 V first.
    origin : mapping
        What the samples were read from, in words that a resumed run must share.
    encoding : Encoding or None
        How rows of a table become inputs, and outputs an answer; None where the samples are voltages.
    """

    name: str
    network: Network
    nudge: Nudge
    train: Samples
    test: Samples
    description: str = ""
    baseline: Baseline | None = None
    recipe: Recipe = Recipe()
    classes: tuple[str, ...] | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)
    encoding: Encoding | None = None

    def present(self, samples: Samples, chosen: IntArray, cell: Cell, saw: Sawtooth) -> Drive:
        """Drive that presents some samples; see :meth:`Drive.present`."""
        return Drive.present(samples.inputs[chosen], cell, saw, self.nudge, samples.targets[chosen])

    def outputs(self, voltages: FloatArray) -> FloatArray:
        """Output values y (samples, values) from node voltages (samples, nodes)."""
        return self.nudge.outputs.values(voltages[:, self.network.outputs])

    def loss(self, y: FloatArray, targets: FloatArray) -> float:
        """Mean loss of the samples."""
        return float(self.nudge.loss(y, targets).mean())

    def accuracy(self, y: FloatArray, targets: FloatArray) -> float | None:
        """Share of samples that are put into the right class; None for regression."""
        if self.classes is None:
            return None
        return float(np.mean(self.predictions(y) == self.predictions(targets)))

    def class_counts(self) -> dict[str, int]:
        """How many samples each class has, held out or not; empty for regression."""
        found = self.predictions(np.vstack([self.train.targets, self.test.targets]))
        classes = self.classes or ()
        return dict(zip(classes, np.bincount(found, minlength=len(classes)).tolist(), strict=False))

    def predictions(self, y: FloatArray) -> IntArray:
        """Class of each sample: its largest output value, or the sign of the only one."""
        if y.shape[1] == 1:
            return (y[:, 0] > 0).astype(np.int64)
        return np.asarray(y.argmax(axis=1), dtype=np.int64)


def least_squares(train: Samples, test: Samples) -> Baseline:
    """Linear regression of the targets on the inputs, with its loss on the test samples."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(train.inputs, train.targets)
    error = model.predict(test.inputs) - test.targets
    return Baseline("least squares", float(0.5 * np.sum(error**2, axis=1).mean()))
