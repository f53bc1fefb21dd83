"""The learning rule in its own words: threshold (Eq. 5), update integral (Eq. 6), ideal contrast (Eq. 1).

Nothing here knows of circuits or networks: a kernel output over time goes in, an update comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError


class Gate(Protocol):
    """A nonlinearity g(u) that suppresses small kernel outputs."""

    def __call__(self, u: FloatArray) -> FloatArray:
        """Value g(u), the shape and unit of `u`."""
        ...

    def antiderivative(self, u: FloatArray) -> FloatArray:
        """Integral of g from 0 to `u`."""
        ...

    def passed(self, charge: FloatArray, duration: FloatArray, sign: FloatArray) -> FloatArray:
        """Integral of g over times at which ``sign * u >= theta``.

        `charge` is the integral of u over them and `duration` how long they are [s].
        """
        ...


def _checked_threshold(theta: float | FloatArray, extra_axes: int) -> FloatArray:
    value = np.asarray(theta, dtype=float)
    if not np.all(np.isfinite(value)) or np.any(value < 0):
        raise InputError(f"threshold theta = {theta!r} must be finite and not negative")
    return value.reshape(value.shape + (1,) * extra_axes) if value.ndim else value


@dataclass(frozen=True, eq=False)
class HardThreshold:
    """g(u) = u where abs(u) >= theta, else 0 (Eq. 5).

    Parameters
    ----------
    theta : float or ndarray of shape (edges,)
        Threshold, in the unit of the kernel output.
    """

    theta: float | FloatArray

    def __call__(self, u: FloatArray) -> FloatArray:
        """Value g(u) of the shape (edges, time) of `u`."""
        return np.where(np.abs(u) >= _checked_threshold(self.theta, 1), u, 0.0)

    def antiderivative(self, u: FloatArray) -> FloatArray:
        """``max(u^2 - theta^2, 0)/2``."""
        return 0.5 * np.maximum(u * u - _checked_threshold(self.theta, 1) ** 2, 0.0)

    def passed(self, charge: FloatArray, duration: FloatArray, sign: FloatArray) -> FloatArray:
        """`charge`, all of it."""
        return charge


@dataclass(frozen=True, eq=False)
class SoftThreshold:
    """g(u) = sign(u) max(abs(u) - theta, 0): a dead zone, what a rectifying element does.

    Parameters
    ----------
    theta : float or ndarray of shape (edges,)
        Threshold, in the unit of the kernel output.
    """

    theta: float | FloatArray

    def __call__(self, u: FloatArray) -> FloatArray:
        """Value g(u) of the shape (edges, time) of `u`."""
        return np.sign(u) * np.maximum(np.abs(u) - _checked_threshold(self.theta, 1), 0.0)

    def antiderivative(self, u: FloatArray) -> FloatArray:
        """``max(abs(u) - theta, 0)^2/2``."""
        return 0.5 * np.maximum(np.abs(u) - _checked_threshold(self.theta, 1), 0.0) ** 2

    def passed(self, charge: FloatArray, duration: FloatArray, sign: FloatArray) -> FloatArray:
        """``charge - sign * theta * duration``."""
        return charge - sign * _checked_threshold(self.theta, 0) * duration


def update_integral(time: FloatArray, u: FloatArray, gate: Gate) -> FloatArray:
    """Integral of g(u(t)) over time (Eq. 6), exact for a u that is linear between the time points.

    Parameters
    ----------
    time : ndarray of shape (time,)
        Increasing times [s].
    u : ndarray of shape (edges, time)
        Kernel output.
    gate : Gate
        Threshold nonlinearity.

    Returns
    -------
    ndarray of shape (edges,)
        In the unit of `u` times seconds.
    """
    primitive = gate.antiderivative(u)
    rise = np.diff(u)
    # A segment too flat for the divided difference is as good as constant: take g at its middle.
    flat = np.abs(rise) <= 1e-9 * (np.abs(u[:, 1:]) + np.abs(u[:, :-1]))
    mean = np.where(
        flat,
        gate(0.5 * (u[:, 1:] + u[:, :-1])),
        np.diff(primitive) / np.where(flat, 1.0, rise),
    )
    result: FloatArray = mean @ np.diff(time)
    return result


def ideal_contrast(s_nudged: FloatArray, s_free: FloatArray) -> FloatArray:
    """``s_nudged - s_free`` (Eq. 1): what a synapse with an explicit memory of both states would form."""
    return s_nudged - s_free
