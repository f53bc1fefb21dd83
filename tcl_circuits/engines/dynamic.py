"""Linear circuits with memory over one cycle: response to the inputs plus response to the nudge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.linear import LinearModel
from tcl_circuits.engines.loop import Loop, Schedule
from tcl_circuits.engines.modes import Polynomials, coordinates_along


@dataclass(frozen=True, eq=False)
class _Response:
    """A circuit's response from rest to its inputs alone; one moment stands for all if it stays at rest."""

    model: LinearModel
    inputs: Polynomials
    settled: bool

    def along(self, time: FloatArray) -> FloatArray:
        """Coordinates (samples, time, modes + inputs), or (samples, 1, modes + inputs) at rest."""
        first = self.inputs.derivatives[:, 0, 0]
        start = first @ self.model.rest.T
        if self.settled:
            return np.concatenate([start, first], axis=1)[:, None]
        return coordinates_along(self.model, self.inputs, start, time)

    def voltage(self, time: FloatArray) -> FloatArray:
        """Node voltages (samples, time, nodes), or (samples, 1, nodes) at rest."""
        return self.model.voltage(self.along(time))


def run_linear(
    model: LinearModel,
    network: Network,
    drive: Drive,
    inputs: FloatArray,
    time: FloatArray,
    schedule: Schedule,
    settled: bool,
) -> tuple[FloatArray, FloatArray]:
    """Voltages (samples, time, nodes) and kernel outputs (samples, edges, time) of a linear circuit.

    Parameters
    ----------
    model, network, drive
        The circuit and what is applied to it.
    inputs : ndarray of shape (samples, corners, inputs)
        Input voltages at the corners [V].
    time : ndarray of shape (time,)
        Grid with the corners in it [s].
    schedule : Schedule
        Corners, and the course of the nudge.
    settled : bool
        Whether the circuit stays at rest under its inputs.
    """
    count = network.inputs.size
    ports = np.eye(count + network.outputs.size)
    free = _Response(model.through(ports[:, :count]), Polynomials.lines(schedule.corners, inputs), settled)
    selection = np.zeros((0, network.outputs.size))
    if drive.nudge is not None:
        selection = drive.nudge.outputs.matrix(network.outputs.size)
    reads = np.zeros((selection.shape[0], network.node_count))
    reads[:, network.outputs] = selection
    pushed = model.through(ports[:, count:] @ selection.T)
    currents = _currents(pushed, reads, free, drive, schedule)
    nudged = coordinates_along(pushed, currents, np.zeros((drive.samples, model.rates.size)), time)
    if settled:
        voltage = pushed.voltage(nudged)
        voltage += free.voltage(time)
        return voltage, pushed.kernel_output(nudged)
    both = free.along(time)
    modes = model.rates.size
    both[:, :, :modes] += nudged[:, :, :modes]
    both = np.concatenate([both, nudged[:, :, modes:]], axis=2)
    whole = model.through(np.hstack([ports[:, :count], ports[:, count:] @ selection.T]))
    return whole.voltage(both), whole.kernel_output(both)


def _currents(
    pushed: LinearModel, reads: FloatArray, free: _Response, drive: Drive, schedule: Schedule
) -> Polynomials:
    """Currents into the output values over the cycle."""
    nudge, corners = drive.nudge, schedule.corners
    strength = schedule.beta(corners)
    if nudge is None:
        return Polynomials.lines(corners, np.zeros((drive.samples, corners.size, 0)))
    if not nudge.closed_loop:
        at_start = free.voltage(np.zeros(1))[:, 0] @ reads.T
        return Polynomials.lines(corners, strength[:, None] * nudge.force(at_start, drive.targets)[:, None])
    loop = Loop(pushed, reads, nudge, schedule)
    return loop.currents(lambda time: free.voltage(time) @ reads.T, drive.targets)
