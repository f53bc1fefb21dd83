"""Modes of a linear circuit advanced over a time grid, exactly for ports that are quadratic in time."""

from __future__ import annotations

import math

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.engines.linear import LinearModel

_TERMS = 16


def decay_integrals(rates: FloatArray, step: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Decay over a step, and what a mode gains from forcings 1, x and x^2/2 over it.

    Returns
    -------
    decay, by_level, by_slope, by_bend : ndarray of shape (modes,)
        ``exp(-rate h)`` and the integrals of ``exp(-rate (h - x)) x^n/n!`` over 0..h, exact also for
        rates near zero.
    """
    x = rates * step
    small = x < 1.0
    series = np.zeros_like(x)
    for n in reversed(range(_TERMS)):
        series += np.where(small, (-x) ** n / math.factorial(n + 3), 0.0)
    large = np.where(small, 1.0, x)
    third = np.where(small, series, (large**2 / 2 - large + 1 - np.exp(-large)) / large**3)
    second = 0.5 - x * third
    first = 1.0 - x * second
    return np.exp(-x), step * first, step**2 * second, step**3 * third


class Stepper:
    """Modes of a batch of samples, advanced from grid point to grid point.

    Parameters
    ----------
    model : LinearModel
        The circuit.
    ports : ndarray of shape (samples, ports)
        Port values at the first point; the circuit starts at rest under them.
    """

    def __init__(self, model: LinearModel, ports: FloatArray) -> None:
        self.model = model
        self.ports = ports
        self.state = ports @ model.rest.T
        self._slope = np.zeros_like(ports)

    def partial(self, step: float, weight: float, known: FloatArray) -> tuple[FloatArray, FloatArray]:
        """State after a step, split for ports that are yet to be found.

        Between two points the ports are a line plus a bend ``c x (x - h)`` towards the point before.

        Parameters
        ----------
        step : float
            Seconds.
        weight : float
            Weight of the bend, of :func:`~tcl_circuits.engines.grid.bends` [1/s].
        known : ndarray of shape (samples, ports)
            Port values at the step's end, with zero for those to be found.

        Returns
        -------
        state : ndarray of shape (samples, modes)
            State at the step's end for the known ports.
        gain : ndarray of shape (modes, ports)
            What one unit at a port's end value adds to the state.
        """
        model = self.model
        decay, by_level, by_slope, by_square = decay_integrals(model.rates, step)
        by_bend = 2 * by_square - step * by_slope
        slope = (known - self.ports) / step
        state = decay * self.state + (self.ports @ model.drive.T + slope @ model.slope_drive.T) * by_level
        state += (slope @ model.drive.T) * by_slope
        state += (weight * (slope - self._slope) @ model.drive.T) * by_bend
        gain = model.drive * ((by_slope + weight * by_bend) / step)[:, None]
        gain += model.slope_drive * (by_level / step)[:, None]
        return state, gain

    def accept(
        self, step: float, state: FloatArray, gain: FloatArray, known: FloatArray, found: FloatArray
    ) -> None:
        """Complete a step with the ports found."""
        self.state = state + found @ gain.T
        self._slope = (known + found - self.ports) / step
        self.ports = known + found
