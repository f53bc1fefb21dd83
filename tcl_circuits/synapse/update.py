"""The update of a synapse over a cycle (Eq. 6), for one amplitude or many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite_array
from tcl_circuits.errors import InputError
from tcl_circuits.kernels import Kernel
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold, SoftThreshold
from tcl_circuits.synapse.levels import LevelSets
from tcl_circuits.synapse.response import unit_response

Threshold = HardThreshold | SoftThreshold

_ROUNDING = 16 * float(np.finfo(float).eps)
"""Part of the largest |u| by which u may be wrong: a plateau must pass the threshold by more to count."""


@dataclass(frozen=True, eq=False)
class Synapse:
    """A kernel under a sawtooth, ready for updates of any amplitude, mean and threshold.

    Made by :meth:`of`. Its kernel output is ``u = amplitude * v + area * mean``, v being the response to the
    sawtooth of amplitude 1 and mean 0.

    Parameters
    ----------
    area : float
        Area of the kernel.
    period : float
        Period of the sawtooth [s].
    levels : LevelSets
        The response v, cut at its extremes.
    """

    area: float
    period: float
    levels: LevelSets

    @classmethod
    def of(cls, kern: Kernel, saw: Sawtooth) -> Synapse:
        """Prepare `kern` under `saw`."""
        return cls(kern.area, saw.period, LevelSets.of(unit_response(kern, saw)))

    def update(self, amplitude: FloatArray, mean: FloatArray, gate: Threshold) -> FloatArray:
        """Integral of g(u) over a cycle (Eq. 6); arguments and threshold broadcast."""
        amplitude, mean, theta = np.broadcast_arrays(amplitude, mean, np.asarray(gate.theta, dtype=float))
        shift = self.area * mean
        margin = _ROUNDING * (np.abs(amplitude) * self._extent + np.abs(shift))
        moving = amplitude != 0
        scale = np.where(moving, amplitude, 1.0)
        sign = np.array([1.0, -1.0]).reshape(-1, *(1 for _ in amplitude.shape))
        with np.errstate(over="ignore"):
            level = (sign * (theta + margin) - shift) / scale
        upwards = np.broadcast_to(sign * scale > 0, level.shape)
        found = self.levels.beyond(level.ravel(), upwards.ravel())
        duration, charge = (part.reshape(level.shape) for part in found)
        passed = gate.passed(amplitude * charge + shift * duration, duration, sign).sum(axis=0)
        still = self.period * gate(shift[..., None])[..., 0]
        return np.where(moving, passed, still)

    def onset(self, mean: float, theta: float) -> float:
        """Smallest amplitude >= 0 at which u passes the threshold; infinite if the kernel answers nothing."""
        shift = self.area * mean
        if abs(shift) > theta:
            return 0.0
        with np.errstate(divide="ignore"):
            reach = np.array([theta - shift, theta + shift]) / [self.levels.highest, -self.levels.lowest]
        return float(np.nanmin(reach))

    @property
    def _extent(self) -> float:
        return max(self.levels.highest, -self.levels.lowest)


def weight_update(
    kern: Kernel,
    saw: Sawtooth,
    *,
    amplitude: ArrayLike,
    mean: ArrayLike = 0.0,
    threshold: ArrayLike | Threshold = 0.0,
) -> float | FloatArray:
    """Update of a synapse over a cycle, ``integral of g(u(t))`` (Eq. 6 with a learning rate of 1).

    The crossings of the threshold are solved for on the closed form of u(t), to the last digits; between
    them the integral is its antiderivative. A stretch of u that lies at the threshold within rounding, as a
    plateau that only tends to it, does not pass.

    Parameters
    ----------
    kern : Kernel
        Memory kernel.
    saw : Sawtooth
        Protocol; the signal is ``mean + amplitude (beta(t) - 1/2)``.
    amplitude : array_like
        ``s_nudged - s_free``, one or many; either sign.
    mean : array_like
        Mean of the free and the nudged signal.
    threshold : array_like, HardThreshold or SoftThreshold
        Threshold in the unit of u; a number is a hard one (Eq. 5). All three broadcast.

    Returns
    -------
    float or ndarray
        A number where all arguments are numbers; in the unit of u times seconds.

    Raises
    ------
    InputError
        If an argument is not a finite number, or a threshold is negative.
    """
    amplitudes = finite_array("weight_update", "amplitude", amplitude)
    means = finite_array("weight_update", "mean", mean)
    gate = checked_gate("weight_update", threshold)
    found = Synapse.of(kern, saw).update(amplitudes, means, gate)
    return float(found) if found.ndim == 0 else found


def checked_gate(owner: str, threshold: ArrayLike | Threshold) -> Threshold:
    """Gate of a threshold: itself, or the hard one of Eq. 5; InputError if it is not finite or negative."""
    given = threshold.theta if isinstance(threshold, Threshold) else threshold
    theta = finite_array(owner, "threshold", given)
    if np.any(theta < 0):
        raise InputError(f"{owner}: threshold holds {theta[theta < 0].flat[0]}; it must not be negative")
    return threshold if isinstance(threshold, Threshold) else HardThreshold(theta)
