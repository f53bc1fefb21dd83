"""Linear circuits with memory over one cycle: response to the inputs plus response to the nudge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.grid import Schedule
from tcl_circuits.engines.linear import LinearModel
from tcl_circuits.engines.loop import Loop
from tcl_circuits.engines.modes import Polynomials, coordinates_along


@dataclass(frozen=True, eq=False)
class Course:
    """What a linear circuit does over a cycle.

    Parameters
    ----------
    model : LinearModel
        The circuit.
    coordinates : ndarray of shape (modes + ports, samples, time)
        Its states and ports.
    rest : ndarray of shape (nodes, samples, 1)
        Node voltages to which those of the coordinates add [V].
    """

    model: LinearModel
    coordinates: FloatArray
    rest: FloatArray

    def voltage(self) -> FloatArray:
        """Node voltages (samples, time, nodes) [V]."""
        found = self.model.voltage(self.coordinates)
        found += self.rest
        return np.moveaxis(found, 0, 2)

    def kernel_output(self) -> FloatArray:
        """Kernel outputs (samples, edges, time) [A]; at rest there are none."""
        return self.model.kernel_output(self.coordinates).swapaxes(0, 1)


class _Free:
    """The response from rest to the inputs alone; one moment stands for all if it stays at rest."""

    def __init__(self, model: LinearModel, inputs: Polynomials, settled: bool) -> None:
        self._model, self._inputs, self._settled = model, inputs, settled

    def along(self, time: FloatArray) -> FloatArray:
        """Coordinates (modes + inputs, samples, time)."""
        first = self._inputs.derivatives[:, 0, 0]
        start = first @ self._model.rest.T
        if self._settled:
            return np.concatenate([start, first], axis=1).T[:, :, None]
        return coordinates_along(self._model, self._inputs, start, time)

    def voltage(self, time: FloatArray) -> FloatArray:
        """Node voltages (nodes, samples, time) [V]."""
        return self._model.voltage(self.along(time))


def run_linear(
    model: LinearModel,
    network: Network,
    drive: Drive,
    inputs: FloatArray,
    time: FloatArray,
    schedule: Schedule,
    settled: bool,
) -> Course:
    """Course of a linear circuit over a cycle.

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
    modes, outputs = model.rates.size, network.outputs
    selection = (
        np.zeros((0, outputs.size)) if drive.nudge is None else drive.nudge.outputs.matrix(outputs.size)
    )
    reads = np.zeros((selection.shape[0], network.node_count))
    reads[:, outputs] = selection
    ports = block_diag(np.eye(network.inputs.size), selection.T)
    supplied, pushed = np.hsplit(ports, [network.inputs.size])
    free = _Free(model.through(supplied), Polynomials.lines(schedule.corners, inputs), settled)
    nudged = model.through(pushed)
    currents = _currents(nudged, reads, free, drive, schedule)
    coordinates = coordinates_along(nudged, currents, np.zeros((drive.samples, modes)), time)
    along = free.along(time)
    if settled:
        return Course(nudged, coordinates, model.through(supplied).voltage(along))
    along[:modes] += coordinates[:modes]
    both = np.concatenate([along, coordinates[modes:]])
    return Course(model.through(ports), both, np.zeros((network.node_count, drive.samples, 1)))


def _currents(
    nudged: LinearModel, reads: FloatArray, free: _Free, drive: Drive, schedule: Schedule
) -> Polynomials:
    """Currents into the output values over the cycle, for output values ``y = reads V``."""
    nudge, corners, targets = drive.nudge, schedule.corners, drive.targets

    def y(time: FloatArray) -> FloatArray:
        return np.moveaxis(np.tensordot(reads, free.voltage(time), 1), 0, 2)

    if nudge is None:
        return Polynomials.lines(corners, np.zeros((drive.samples, corners.size, 0)))
    if nudge.closed_loop:
        return Loop(nudged, reads, nudge, schedule).currents(y, targets)
    force = nudge.force(y(np.zeros(1))[:, 0], targets)
    return Polynomials.lines(corners, schedule.beta(corners)[:, None] * force[:, None])
