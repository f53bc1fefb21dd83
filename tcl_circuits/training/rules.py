"""Learning rules on one interface: a batch in, a direction of steepest ascent of the loss out.

Signs. A resistor network minimises ``sum G dV^2/2``, so that the loss gradient is
``dL/dG = (s_nudged - s_free)/g_n`` with s = dV^2/2: learning goes down, dG = -k (s_nudged - s_free). The
paper's Eq. 7 has the opposite sign because its energy is -w eta eta/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Engine, Transient
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold
from tcl_circuits.training.readout import remembered_contrast, temporal_contrast


@dataclass(frozen=True, eq=False)
class Ascent:
    """What a rule found for a batch.

    Parameters
    ----------
    direction : ndarray of shape (edges,)
        Mean over the samples of the contrasts, or the gradient; conductances move against it.
    transients : sequence of Transient
        The cycles simulated, if any.
    """

    direction: FloatArray
    transients: Sequence[Transient] = ()


class Rule(Protocol):
    """A learning rule."""

    @property
    def name(self) -> str:
        """Name on the command line and in files."""
        ...

    def ascent(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive, engine: Engine) -> Ascent:
        """Direction in which the batch's loss rises."""
        ...


@dataclass(frozen=True)
class TemporalContrast:
    """Temporal contrastive learning: the thresholded integral of u over the sawtooth (Eqs. 4-6).

    Parameters
    ----------
    slope : float
        Threshold as a rate of change of the signal [V^2/s or V/s]; theta is the mean C times it.
    spread : ndarray of shape (edges,), optional
        Factor on each edge's threshold.
    """

    slope: float
    spread: FloatArray | None = None
    name: str = "tcl"

    def gate(self, network: Network, cell: Cell) -> HardThreshold:
        """Each edge's threshold theta [A]."""
        theta = np.full(network.edge_count, self.slope * cell.capacitance(network.conductance).mean())
        return HardThreshold(theta if self.spread is None else theta * self.spread)

    def ascent(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive, engine: Engine) -> Ascent:
        """Mean contrast that the circuit's own kernel outputs stand for."""
        transients = engine.run(network, cell, saw, drive)
        contrast = temporal_contrast(network, cell, saw, transients, self.gate(network, cell))
        return Ascent(contrast.mean(axis=0), transients)


@dataclass(frozen=True)
class ExplicitContrast:
    """Contrast of two states that a memory holds (Eq. 1)."""

    name: str = "contrast"

    def ascent(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive, engine: Engine) -> Ascent:
        """Mean of s at the nudge's peak minus s before it, from the engine's voltages."""
        transients = engine.run(network, cell, saw, drive)
        return Ascent(remembered_contrast(network, cell, saw, transients).mean(axis=0), transients)


@dataclass(frozen=True)
class ExactGradient:
    """The loss gradient by the adjoint network, ``-mean(dV dlambda)``, in NumPy."""

    name: str = "gradient"

    def ascent(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive, engine: Engine) -> Ascent:
        """Gradient of the batch's mean loss, at the voltages that the drive's inputs have at t = 0."""
        return Ascent(loss_gradient(network, drive))


def loss_gradient(network: Network, drive: Drive) -> FloatArray:
    """Exact gradient of the mean loss of a drive's samples by the conductances, shape (edges,) [loss/S]."""
    nudge = drive.nudge
    if nudge is None:
        raise InputError("a loss needs a nudge with targets")
    points = OperatingPoints(network)
    selection = nudge.outputs.matrix(network.outputs.size)
    rest = points.free(drive.inputs_at_start)
    y = rest.voltages[:, network.outputs] @ selection.T
    return points.loss_gradient(rest, nudge.loss_gradient(y, drive.targets) @ selection)
