"""Linear circuits with memory, over a time grid: modes advanced exactly for ports that are known in time.

Between grid points ports are lines, plus a bend towards the point before; a nudge that follows the outputs
is found step by step, at the outputs alone.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines.grid import bends
from tcl_circuits.engines.linear import LinearModel
from tcl_circuits.engines.quasistatic import port_currents

_TERMS = 16
_STRONG = 1.0
"""Loop gain from which a step stays a line: bent through the point before, the loop would grow."""


def decay_integrals(
    rates: FloatArray, steps: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Decay over steps, and what modes gain from the forcings 1, x and x^2/2 over them.

    Parameters
    ----------
    rates : ndarray of shape (modes,)
        Decay rates [1/s], also near zero.
    steps : ndarray of shape (steps,)
        Lengths h [s].

    Returns
    -------
    decay, by_level, by_slope, by_square : ndarray of shape (steps, modes)
        ``exp(-rate h)`` and the integrals of ``exp(-rate (h - x)) x^n/n!`` over 0..h.
    """
    h = steps[:, None]
    x = rates * h
    small = x < 1.0
    near = np.where(small, x, 0.0)
    large = np.where(small, 1.0, x)
    third = np.where(small, _series(near), (large**2 / 2 - large + 1 - np.exp(-large)) / large**3)
    second = 0.5 - x * third
    first = 1.0 - x * second
    return np.exp(-x), h * first, h**2 * second, h**3 * third


def _series(x: FloatArray) -> FloatArray:
    """``sum (-x)^n/(n + 3)!``, the third integral near zero."""
    total = np.zeros_like(x)
    term = np.full_like(x, 1 / 6)
    for n in range(_TERMS):
        total += term
        term = -term * x / (n + 4)
    return total


def states_along(model: LinearModel, time: FloatArray, corners: FloatArray, ports: FloatArray) -> FloatArray:
    """States for ports that are known, and linear between the corners; exact.

    Parameters
    ----------
    model : LinearModel
        The circuit, at rest under the first ports.
    time, corners : ndarray
        Grid and the corners in it [s].
    ports : ndarray of shape (samples, time, ports)
        Port values on the grid.

    Returns
    -------
    ndarray of shape (samples, time, modes)
        States on the grid.
    """
    states = np.empty((*ports.shape[:2], model.rates.size))
    states[:, 0] = ports[:, 0] @ model.rest.T
    for start, stop in pairwise(np.searchsorted(time, corners).tolist()):
        decay, by_level, by_slope, _ = decay_integrals(model.rates, time[start + 1 : stop + 1] - time[start])
        slope = (ports[:, stop] - ports[:, start]) / (time[stop] - time[start])
        level = ports[:, start] @ model.drive.T + slope @ model.slope_drive.T
        rise = slope @ model.drive.T
        states[:, start + 1 : stop + 1] = (
            decay * states[:, start, None] + by_level * level[:, None] + by_slope * rise[:, None]
        )
    return states


class Loop:
    """A nudge that follows the outputs of a linear circuit, advanced from grid point to grid point.

    Parameters
    ----------
    model : LinearModel
        The circuit.
    network : Network
        Its network.
    nudge : Nudge
        A closed-loop nudge.
    time, corners, beta : ndarray
        Grid, the corners in it [s], and the nudge strengths on it.
    """

    def __init__(
        self,
        model: LinearModel,
        network: Network,
        nudge: Nudge,
        time: FloatArray,
        corners: FloatArray,
        beta: FloatArray,
    ) -> None:
        self._model, self._nudge, self._beta = model, nudge, beta
        self._steps, self._weights = np.diff(time), bends(time, corners)
        self._tables = decay_integrals(model.rates, self._steps)
        self._selection = nudge.outputs.matrix(network.outputs.size)
        self._reads_modes = self._selection @ model.voltage_modes[network.outputs]
        self._reads_ports = self._selection @ model.voltage_ports[network.outputs]
        self._first = network.inputs.size
        inject = self._selection.T
        self._fixed = self._reads_ports[:, self._first :] @ inject
        self._injected = model.drive[:, self._first :] @ inject

    def run(self, ports: FloatArray, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
        """States, and ports with the nudge's currents.

        Parameters
        ----------
        ports : ndarray of shape (samples, time, ports)
            Input voltages, and zeros for the outputs.
        targets : ndarray of shape (samples, values)
            Targets.

        Returns
        -------
        states : ndarray of shape (samples, time, modes)
            States on the grid.
        ports : ndarray of shape (samples, time, ports)
            Ports on the grid.
        """
        model, ports = self._model, ports.copy()
        states = np.empty((*ports.shape[:2], model.rates.size))
        states[:, 0] = ports[:, 0] @ model.rest.T
        slope_before = np.zeros_like(ports[:, 0])
        for k in range(self._steps.size):
            known = ports[:, k + 1]
            state, per_unit = self._step(k, self._weights[k], states[:, k], ports[:, k], known, slope_before)
            if self._beta[k + 1] > 0:
                gain = self._reads_modes @ (per_unit[:, None] * self._injected) + self._fixed
                y = state @ self._reads_modes.T + known @ self._reads_ports.T
                if self._weights[k] > 0 and self._strength(k, gain, y, targets) > _STRONG:
                    state, per_unit = self._step(k, 0.0, states[:, k], ports[:, k], known, slope_before)
                    gain = self._reads_modes @ (per_unit[:, None] * self._injected) + self._fixed
                    y = state @ self._reads_modes.T + known @ self._reads_ports.T
                strength = np.full(y.shape[0], self._beta[k + 1])
                found = port_currents(self._nudge, gain, y, targets, strength)
                state = state + (found @ self._injected.T) * per_unit
                ports[:, k + 1, self._first :] = found @ self._selection
            slope_before = (ports[:, k + 1] - ports[:, k]) / self._steps[k]
            states[:, k + 1] = state
        return states, ports

    def _strength(self, k: int, gain: FloatArray, y: FloatArray, targets: FloatArray) -> float:
        slope = self._nudge.force_jacobian(y, targets)
        return float(self._beta[k + 1] * np.abs(gain @ slope).max())

    def _step(
        self, k: int, weight: float, state: FloatArray, now: FloatArray, known: FloatArray, before: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """State after a step for the known ports, and what a unit of current at its end adds to each mode."""
        model, step = self._model, self._steps[k]
        decay, by_level, by_slope, by_square = (table[k] for table in self._tables)
        by_bend = weight * (2 * by_square - step * by_slope)
        slope = (known - now) / step
        forced = now @ model.drive.T + slope @ model.slope_drive.T
        after = decay * state + forced * by_level
        after += (slope @ model.drive.T) * by_slope + ((slope - before) @ model.drive.T) * by_bend
        return after, (by_slope + by_bend) / step


def run_linear(
    model: LinearModel,
    network: Network,
    drive: Drive,
    inputs: FloatArray,
    grid: tuple[FloatArray, FloatArray],
    beta: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Voltages (samples, time, nodes) and kernel outputs (samples, edges, time) of a linear circuit.

    Parameters
    ----------
    model, network, drive
        The circuit and what is applied to it.
    inputs : ndarray of shape (samples, time, inputs)
        Input voltages on the grid [V].
    grid : (time, corners)
        Grid and the corners in it [s].
    beta : ndarray of shape (time,)
        Nudge strengths on the grid.
    """
    time, corners = grid
    count, outputs = network.inputs.size, network.outputs
    ports = np.zeros((drive.samples, time.size, count + outputs.size))
    ports[:, :, :count] = inputs
    nudge = drive.nudge
    if nudge is not None and nudge.closed_loop:
        states, ports = Loop(model, network, nudge, time, corners, beta).run(ports, drive.targets)
    else:
        states = states_along(model, time, corners, ports)
        if nudge is not None:
            start = int(np.searchsorted(time, 0.0))
            free = states[:, start] @ model.voltage_modes.T + ports[:, start] @ model.voltage_ports.T
            selection = nudge.outputs.matrix(outputs.size)
            force = nudge.force(free[:, outputs] @ selection.T, drive.targets) @ selection
            ports[:, :, count:] = beta[:, None] * force[:, None, :]
            states = states_along(model, time, corners, ports)
    voltage = states @ model.voltage_modes.T + ports @ model.voltage_ports.T
    return voltage, model.kernel_output(states, ports)
