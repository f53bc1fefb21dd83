"""Drives: what is applied to a network over one cycle - input voltages, targets and a nudge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.circuit.nudge_check import require_agreement
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth

_LARGEST = 1e6
"""Largest voltage whose signals a simulator can work with [V]."""
_TAIL = 8.0
"""Kernel times that a cycle runs on after an inverted sawtooth, whose fast ramp ends it."""


@dataclass(frozen=True, eq=False)
class Drive:
    """The samples of a batch, each applied to the network for one cycle.

    Make one with :meth:`hold` (voltages held over the cycle) or :meth:`ramps` (piecewise linear voltages).

    Parameters
    ----------
    times : ndarray of shape (corners,)
        Times of the input voltages' corners [s]; the sawtooth starts at t = 0. Before the first and after
        the last corner the voltages are constant.
    inputs : ndarray of shape (samples, inputs, corners)
        Input voltages at the corners [V].
    targets : ndarray of shape (samples, values)
        Targets of the output values: volts, or one-hot classes for a softmax nudge.
    nudge : Nudge or None
        None leaves the outputs alone.
    """

    times: FloatArray
    inputs: FloatArray
    targets: FloatArray
    nudge: Nudge | None

    @classmethod
    def hold(cls, inputs: object, nudge: Nudge | None = None, targets: object = None) -> Drive:
        """Hold constant input voltages over the cycle.

        Parameters
        ----------
        inputs : array_like of shape (inputs,) or (samples, inputs)
            Volts.
        nudge : Nudge, optional
            Nudge of the outputs.
        targets : array_like of shape (values,) or (samples, values), optional
            Needed with a nudge.
        """
        values = np.atleast_2d(np.asarray(inputs, dtype=float))
        return cls._make(np.zeros(1), values[:, :, None], nudge, targets)

    @classmethod
    def ramps(
        cls, times: object, inputs: object, nudge: Nudge | None = None, targets: object = None
    ) -> Drive:
        """Apply piecewise linear input voltages.

        Parameters
        ----------
        times : array_like of shape (corners,)
            Increasing times [s], negative ones before the sawtooth starts.
        inputs : array_like of shape (inputs, corners) or (samples, inputs, corners)
            Volts at the corners.
        nudge, targets
            As for :meth:`hold`.
        """
        values = np.asarray(inputs, dtype=float)
        return cls._make(
            np.asarray(times, dtype=float), values if values.ndim == 3 else values[None], nudge, targets
        )

    @classmethod
    def present(
        cls, inputs: object, cell: Cell, saw: Sawtooth, nudge: Nudge | None = None, targets: object = None
    ) -> Drive:
        """Hold input voltages for a cell; raise them slowly first if it carries no direct current.

        Parameters
        ----------
        inputs, nudge, targets
            As for :meth:`hold`.
        cell : Cell
            Edge cell.
        saw : Sawtooth
            Its slow ramp is the duration of the rise, and of the rest after it.
        """
        level = np.atleast_2d(np.asarray(inputs, dtype=float))
        if cell.conducts_dc:
            return cls.hold(level, nudge, targets)
        corners = np.stack([np.zeros_like(level), level, level], axis=-1)
        return cls.ramps([-2 * saw.tau_s, -saw.tau_s, 0.0], corners, nudge, targets)

    @classmethod
    def _make(cls, times: FloatArray, inputs: FloatArray, nudge: Nudge | None, targets: object) -> Drive:
        if inputs.ndim != 3 or inputs.shape[2] != times.size:
            raise InputError(f"drive: inputs of shape {inputs.shape} do not fit {times.size} corner times")
        if np.any(np.diff(times) <= 0) or not np.all(np.isfinite(times)):
            raise InputError(f"drive: corner times {times} must be finite and increasing")
        samples = inputs.shape[0]
        if nudge is None:
            return cls(times, inputs, np.zeros((samples, 0)), None)
        if targets is None:
            raise InputError("drive: a nudge needs targets")
        wanted = np.atleast_2d(np.asarray(targets, dtype=float))
        if wanted.shape != (samples, len(nudge.outputs.plus)):
            raise InputError(
                f"drive: targets of shape {wanted.shape} given for {samples} samples of "
                f"{len(nudge.outputs.plus)} output values"
            )
        nudge.check_targets(wanted)
        require_agreement(nudge, wanted[0])
        return cls(times, inputs, wanted, nudge)

    @property
    def samples(self) -> int:
        """Number of samples."""
        return int(self.inputs.shape[0])

    def sample(self, k: int) -> Drive:
        """Drive of the sample number `k` alone."""
        return self.part(np.array([k]))

    def part(self, chosen: IntArray) -> Drive:
        """Drive of some of the samples."""
        return Drive(self.times, self.inputs[chosen], self.targets[chosen], self.nudge)

    @property
    def inputs_at_start(self) -> FloatArray:
        """Input voltages (samples, inputs) at t = 0, when the sawtooth starts [V]."""
        if self.times.size == 1:
            return self.inputs[:, :, 0]
        return np.array([[np.interp(0.0, self.times, volts) for volts in sample] for sample in self.inputs])

    def check(self, network: Network) -> None:
        """Raise an InputError if the drive does not fit the network or holds NaN or infinity."""
        if self.inputs.shape[1] != network.inputs.size:
            raise InputError(
                f"drive: {self.inputs.shape[1]} input voltages given for {network.inputs.size} input nodes"
            )
        for name, array in (("input voltage", self.inputs), ("target", self.targets)):
            bad = np.argwhere(~np.isfinite(array))
            if bad.size:
                raise InputError(f"drive: {name} {bad[0, 1]} of sample {bad[0, 0]} is not a finite number")
            large = np.argwhere(np.abs(array) > _LARGEST)
            if large.size:
                raise InputError(
                    f"drive: {name} {large[0, 1]} of sample {large[0, 0]} is "
                    f"{array[tuple(large[0])]:g}; it must lie within +-{_LARGEST:g} V"
                )
        if self.nudge is not None:
            places = (*self.nudge.outputs.plus, *(self.nudge.outputs.minus or ()))
            if max(places) >= network.outputs.size:
                raise InputError(
                    f"nudge: needs {max(places) + 1} output nodes, the network has {network.outputs.size}"
                )


@dataclass(frozen=True)
class Timeline:
    """The time span of a cycle's simulation and the corners in it.

    Parameters
    ----------
    start, stop : float
        Simulated span [s]; the sawtooth starts at 0.
    corners : ndarray
        All times where a source has a corner, with `start` and `stop`.
    fastest : float
        Shortest kernel time of the edges [s].
    """

    start: float
    stop: float
    corners: FloatArray
    fastest: float


def timeline(network: Network, cell: Cell, saw: Sawtooth, drive: Drive) -> Timeline:
    """Time span of one cycle: lead-in of the inputs, sawtooth, and a tail after an inverted one."""
    start = min(0.0, float(drive.times[0]))
    stop = max(saw.period, float(drive.times[-1]))
    tau = cell.capacitance(network.conductance) * cell.resistance(network.conductance)
    if saw.polarity == "inverted":
        stop = max(stop, saw.period + _TAIL * float(tau.max()))
    corners = np.unique(np.concatenate([saw.breakpoints[0], drive.times, [start, stop]]))
    return Timeline(start, stop, corners[(corners >= start) & (corners <= stop)], float(tau.min()))
