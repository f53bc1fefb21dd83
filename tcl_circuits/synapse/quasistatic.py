"""Kernels that are fast against the ramps: offsets, thresholds and when there is one (App. A and F).

Everything here holds for ``tau_K << tau_f``, where ``u = I s - M ds/dt`` with the area I and the first moment
M of the kernel (Eq. A9). The paper's formulas have M = -1 and the polarity ``standard``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, finite_array, positive
from tcl_circuits.kernels import Kernel
from tcl_circuits.protocol import Sawtooth


def quasistatic_response(kern: Kernel, *, signal: ArrayLike, slope: ArrayLike) -> FloatArray:
    """``u = I s - M ds/dt`` (Eqs. A9, F1, F2).

    Parameters
    ----------
    kern : Kernel
        Memory kernel.
    signal, slope : array_like
        The signal and its rate of change [1/s]; they broadcast.

    Raises
    ------
    InputError
        If a value is not a finite number.
    """
    signals = finite_array("quasistatic_response", "signal", signal)
    return kern.area * signals - kern.first_moment * finite_array("quasistatic_response", "slope", slope)


def quasistatic_offset(kern: Kernel, saw: Sawtooth, *, mean: float) -> float:
    """Offset ``I tau_f mean`` of the update from the contrast (Eqs. 13 and F3).

    It is approached where both ramps are long; see :func:`quasistatic_update`.
    """
    return kern.area * saw.tau_f * finite("quasistatic_offset", "mean", mean)


def quasistatic_update(kern: Kernel, saw: Sawtooth, *, amplitude: ArrayLike, mean: float = 0.0) -> FloatArray:
    """Update if the fast ramp passes the threshold and the slow one does not (Eq. F3).

    ``-M sign (s_nudged - s_free) + I tau_f mean``, with the sign of the polarity.

    Parameters
    ----------
    kern : Kernel
        Memory kernel.
    saw : Sawtooth
        Protocol.
    amplitude : array_like
        ``s_nudged - s_free``.
    mean : float
        Mean of the free and the nudged signal.

    Raises
    ------
    InputError
        If a value is not a finite number.
    """
    amplitudes = finite_array("quasistatic_update", "amplitude", amplitude)
    return -kern.first_moment * saw.sign * amplitudes + quasistatic_offset(kern, saw, mean=mean)


def threshold_bounds(
    kern: Kernel, saw: Sawtooth, *, amplitude_min: float, amplitude_max: float
) -> tuple[float, float]:
    """Bounds between which a threshold tells the ramps apart for a range of amplitudes (Eqs. A12, A13).

    Parameters
    ----------
    kern : Kernel
        Memory kernel; its area is left out of account, as in the paper.
    saw : Sawtooth
        Protocol.
    amplitude_min, amplitude_max : float
        Smallest and largest ``abs(s_nudged - s_free)``; equal ones give Eq. A12.

    Returns
    -------
    low, high : float
        ``abs(M) amplitude_max/tau_s`` and ``abs(M) amplitude_min/tau_f``. There is a threshold only if
        ``low < high``, that is for ``amplitude_max/amplitude_min < tau_s/tau_f`` (Eq. 12).

    Raises
    ------
    InputError
        If an amplitude is not positive.
    """
    smallest = positive("threshold_bounds", "amplitude_min", amplitude_min)
    largest = positive("threshold_bounds", "amplitude_max", amplitude_max)
    gain = abs(kern.first_moment)
    return gain * largest / saw.tau_s, gain * smallest / saw.tau_f


def published_threshold(kern: Kernel, saw: Sawtooth, *, amplitude_max: float, mean: float = 0.0) -> float:
    """The paper's threshold, u at the nudged end of the slow ramp (Eq. F12).

    ``M amplitude_max/tau_s + I (mean + amplitude_max/2)``: not the largest abs(u) on the slow ramp where its
    other end is larger, and negative for small areas. :func:`optimal_threshold` is neither.

    Raises
    ------
    InputError
        If `amplitude_max` is not positive or `mean` not finite.
    """
    largest = positive("published_threshold", "amplitude_max", amplitude_max)
    nudged = finite("published_threshold", "mean", mean) + 0.5 * largest
    return saw.sign * kern.first_moment * largest / saw.tau_s + kern.area * nudged


def optimal_threshold(kern: Kernel, saw: Sawtooth, *, amplitude_max: float, mean: float = 0.0) -> float:
    """Smallest threshold that no amplitude up to the largest passes on the slow ramp.

    ``theta* = max abs(u)`` over the slow ramp of Eq. F5 at `amplitude_max`; it lies at one of its ends. For
    area 0 it is ``abs(M) amplitude_max/tau_s``.

    Parameters
    ----------
    kern : Kernel
        Memory kernel.
    saw : Sawtooth
        Protocol.
    amplitude_max : float
        Largest ``abs(s_nudged - s_free)``.
    mean : float
        Mean of the free and the nudged signal.

    Raises
    ------
    InputError
        If `amplitude_max` is not positive or `mean` not finite.
    """
    largest = positive("optimal_threshold", "amplitude_max", amplitude_max)
    return float(np.abs(_ramp_ends(kern, saw, largest, finite("optimal_threshold", "mean", mean)).slow).max())


def separable(kern: Kernel, saw: Sawtooth, *, amplitude: float, mean: float = 0.0) -> bool:
    """Whether all of the fast ramp lies beyond all of the slow one (Eqs. F6-F8), so that a threshold exists.

    Raises
    ------
    InputError
        If `amplitude` is not positive or `mean` not finite.
    """
    ends = _ramp_ends(
        kern, saw, positive("separable", "amplitude", amplitude), finite("separable", "mean", mean)
    )
    fast, slow = (-saw.sign * np.sign(kern.first_moment) * end for end in (ends.fast, ends.slow))
    return bool(fast.min() > slow.max())


@dataclass(frozen=True)
class AreaLimits:
    """Areas I for which Appendix F finds a threshold, in the unit of the area.

    Parameters
    ----------
    separable : float
        abs(I) below which the ramps do not overlap (Eq. F10).
    large_amplitude : (float, float)
        Bounds of I between which both sides of Eq. F8 are positive for ``A >> mean`` (Eq. F9).
    """

    separable: float
    large_amplitude: tuple[float, float]

    @property
    def combined(self) -> tuple[float, float]:
        """Bounds of I that meet both (Eq. F11)."""
        low, high = self.large_amplitude
        return low, min(high, self.separable)


def area_limits(kern: Kernel, saw: Sawtooth) -> AreaLimits:
    """Limits of the area from the ramps alone (Eqs. F9-F11), for a kernel of this first moment."""
    gain = abs(kern.first_moment)
    fast, slow = gain / saw.tau_f, gain / saw.tau_s
    return AreaLimits(fast + slow, (2 * slow, 2 * fast))


@dataclass(frozen=True, eq=False)
class _RampEnds:
    """u at the free and the nudged end of each ramp (Eq. F5), shape (2,) each."""

    fast: FloatArray
    slow: FloatArray


def _ramp_ends(kern: Kernel, saw: Sawtooth, amplitude: float, mean: float) -> _RampEnds:
    ends = mean + amplitude * np.array([-0.5, 0.5])
    fast = quasistatic_response(kern, signal=ends, slope=saw.sign * amplitude / saw.tau_f)
    slow = quasistatic_response(kern, signal=ends, slope=-saw.sign * amplitude / saw.tau_s)
    return _RampEnds(fast, slow)
