"""An autonomous run before it runs: circuit, clock, samples, and the states it starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.schedule import Schedule
from tcl_circuits.checks import positive
from tcl_circuits.circuit.autonomous_cell import AutonomousCell
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.errors import InputError
from tcl_circuits.training.task import Samples

NODE_CAPACITANCE = 0.2e-12
"""Capacitance of a free node where the network has none [F]; a transient without rest state needs it."""


@dataclass(frozen=True)
class Detector:
    """A shared peak detector of the output error, whose voltage is every edge's threshold.

    It follows the largest ``slope sum_k abs(e_k) + floor`` upwards at once and forgets it with `memory`, so
    that the threshold falls with the error, without a host; e is the nudge's error: volts or probabilities.

    Parameters
    ----------
    slope : float
        Threshold per unit of error [V].
    floor : float
        Threshold without any error [V].
    start : float
        Threshold at the start [V].
    memory : float
        Time constant [s].
    capacitance : float
        Capacitance that holds the threshold [F].
    charging : float
        Conductance through which it is charged [S].
    """

    slope: float
    floor: float
    start: float
    memory: float
    capacitance: float = 1e-9
    charging: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("slope", "floor", "start", "memory", "capacitance", "charging"):
            positive("Detector", name, getattr(self, name))

    def drift(self, theta: float, error: FloatArray, learns: float) -> float:
        """Rate of change of the threshold [V/s].

        Parameters
        ----------
        theta : float
            The threshold [V].
        error : ndarray of shape (values,)
            The nudge's error.
        learns : float
            1 in learning periods, 0 in looks.
        """
        top = learns * self.slope * float(np.abs(error).sum()) + self.floor
        return self.charging * max(top - theta, 0.0) / self.capacitance - theta / self.memory


@dataclass(frozen=True, eq=False)
class States:
    """All states of the circuit at the beginning of a period, and what the sources give there.

    Parameters
    ----------
    w, v, x : ndarray of shape (edges,)
        Learned state, what the conductance follows, voltage of the sense capacitor [V].
    voltage : ndarray of shape (nodes,)
        Node voltages [V].
    theta : float
        Threshold, for a detector [V].
    inputs, targets : ndarray
        Last input voltages (inputs,) and targets of the last learning cycle (values,).
    """

    w: FloatArray
    v: FloatArray
    x: FloatArray
    voltage: FloatArray
    theta: float
    inputs: FloatArray
    targets: FloatArray


@dataclass(frozen=True, eq=False)
class Design:
    """Everything that one transient is made of.

    Parameters
    ----------
    network : Network
        Structure and the conductances to start from.
    cell : AutonomousCell
        The cell of each edge.
    nudge : Nudge
        The nudge; it follows the outputs.
    schedule : Schedule
        Clock and order of the samples.
    train, test : Samples
        Samples to learn from and held out.
    detector : Detector or None
        Sets the threshold; None leaves it at the cell's.
    """

    network: Network
    cell: AutonomousCell
    nudge: Nudge
    schedule: Schedule
    train: Samples
    test: Samples
    detector: Detector | None = None

    def __post_init__(self) -> None:
        self.network.check()
        if not self.nudge.closed_loop:
            raise InputError("an autonomous circuit needs a nudge that follows the outputs; there is no host")
        if self.cell.polarity != self.schedule.timing.saw.polarity:
            raise InputError(
                f"the cell is made for the {self.cell.polarity} sawtooth, "
                f"the schedule is {self.schedule.timing.saw.polarity}"
            )
        low, high = self.cell.bounds
        if np.any(self.network.conductance < low * (1 - 1e-9)) or np.any(
            self.network.conductance > high * (1 + 1e-9)
        ):
            raise InputError(f"the network starts outside of the cell's bounds {low:g} .. {high:g} S")

    @property
    def node_capacitance(self) -> float:
        """Capacitance of a free node to ground [F]."""
        return self.network.node_capacitance or NODE_CAPACITANCE

    @property
    def inputs(self) -> FloatArray:
        """Input voltages (samples, inputs), training samples first [V]."""
        return np.vstack([self.train.inputs, self.test.inputs])

    @property
    def targets(self) -> FloatArray:
        """Targets (samples, values), training samples first."""
        return np.vstack([self.train.targets, self.test.targets])

    def outputs(self, voltage: FloatArray) -> FloatArray:
        """Output values y (..., values) from node voltages (..., nodes)."""
        return self.nudge.outputs.values(voltage[..., self.network.outputs])

    def start(self) -> States:
        """States of the untrained circuit, with nothing applied to it yet."""
        w = self.network.conductance / self.cell.slope
        theta = self.cell.theta if self.detector is None else self.detector.start
        return States(
            w=w,
            v=w,
            x=np.zeros_like(w),
            voltage=np.zeros(self.network.node_count),
            theta=theta,
            inputs=np.zeros(self.network.inputs.size),
            targets=self.train.targets[0],
        )

    def sense(self, voltage: FloatArray) -> FloatArray:
        """Voltage of the sense branches' sources (..., edges) from node voltages (..., nodes) [V]."""
        return self.cell.scale * self.cell.signal_of(self.network.drops(voltage))
