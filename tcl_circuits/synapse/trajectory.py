"""Trajectories of feedback systems, and the plasticity that reads them (Eq. 23)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.rule import Gate, update_integral
from tcl_circuits.synapse.signal import PiecewiseLinear

__all__ = ["Plasticity", "Trajectory", "checked_times", "follow"]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Output and store of a feedback system over time.

    Parameters
    ----------
    time, u, m : ndarray of shape (time,)
        Times, output and store.
    set_point : float
        Value u_0 to which the output returns.
    storage : float
        Constant of the store: ``storage dm/dt = u - set_point``.
    """

    time: FloatArray
    u: FloatArray
    m: FloatArray
    set_point: float
    storage: float

    @property
    def excess(self) -> FloatArray:
        """Integral of ``u - set_point`` from the first time on, of shape (time,): what the store took up."""
        return np.asarray(self.storage * (self.m - self.m[0]))


@dataclass(frozen=True, eq=False)
class Plasticity:
    """Growth of a weight from the output, ``tau_l dl/dt = g(u - u_0)`` (Eq. 23).

    Parameters
    ----------
    tau_l : float
        Time of growth.
    gate : Gate
        Nonlinearity g, for example :class:`tcl_circuits.HardThreshold`.
    """

    tau_l: float
    gate: Gate

    def __post_init__(self) -> None:
        checks.positive("Plasticity", "tau_l", self.tau_l)

    def course(self, trajectory: Trajectory) -> FloatArray:
        """Growth ``l(t) - l(first time)`` of shape (time,), exact for u linear between the times."""
        deviation = trajectory.u - trajectory.set_point
        ends = np.stack([deviation[:-1], deviation[1:]], axis=-1)
        means = update_integral(np.array([0.0, 1.0]), ends, self.gate)
        grown = np.cumsum(means * np.diff(trajectory.time)) / self.tau_l
        return np.concatenate([[0.0], grown])

    def change(self, trajectory: Trajectory) -> float:
        """Growth over the whole trajectory."""
        return float(self.course(trajectory)[-1])


def follow(
    signal: PiecewiseLinear,
    time: FloatArray,
    rest: FloatArray,
    kick: FloatArray,
    advance: Callable[[FloatArray, float, FloatArray], FloatArray],
) -> FloatArray:
    """States of shape (states, time) of a linear system, from rest through each piece of a signal.

    A jump of the signal adds its height times `kick` to the state.
    """
    result = np.repeat(rest[:, None], time.size, axis=1)
    state = rest
    for piece in signal.pieces():
        state = state + piece.jump * kick
        here = (time >= piece.start) & (time < piece.stop)
        result[:, here] = advance(state, piece.slope, time[here] - piece.start)
        if math.isfinite(piece.stop):
            state = advance(state, piece.slope, np.array([piece.stop - piece.start]))[:, 0]
    return result


def checked_times(t: ArrayLike) -> FloatArray:
    """Return increasing times of shape (time,), or raise InputError."""
    time = checks.finite_array("trajectory", "t", t)
    if time.ndim != 1 or time.size == 0 or np.any(np.diff(time) <= 0):
        raise InputError("trajectory: t must be a list of increasing times")
    return time
