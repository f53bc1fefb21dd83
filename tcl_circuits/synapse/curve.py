"""Update against amplitude: the curve of Fig. 4B, its dynamic range and its offset (App. G).

Each is read in two ways: by the paper's three-piece fit, and by the onset, the smallest amplitude with an
update. The onset follows from the extremes of the kernel output and needs no fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, finite_array, positive
from tcl_circuits.errors import InputError
from tcl_circuits.kernels import Kernel
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.synapse.piecewise_fit import FEWEST_POINTS, ThreePieces, fit_three_pieces
from tcl_circuits.synapse.quasistatic import optimal_threshold
from tcl_circuits.synapse.update import Synapse, Threshold, checked_gate

LINEAR_SLOPES = (0.75, 1.25)
"""Slopes of the last piece between which the paper calls the response linear (App. G)."""


@dataclass(frozen=True, eq=False)
class UpdateCurve:
    """Update against amplitude.

    Parameters
    ----------
    amplitude : ndarray of shape (points,)
        Amplitudes ``s_nudged - s_free``, from 0 or more upwards.
    update : ndarray of shape (points,)
        Updates.
    onset : float
        Smallest amplitude with an update that is not 0.

    Raises
    ------
    InputError
        If the shapes differ, a value is not finite, there are fewer than 6 points, or the amplitudes do not
        increase.
    """

    amplitude: FloatArray
    update: FloatArray
    onset: float

    def __post_init__(self) -> None:
        for name in ("amplitude", "update"):
            object.__setattr__(self, name, finite_array("UpdateCurve", name, getattr(self, name)))
        if self.amplitude.ndim != 1 or self.amplitude.shape != self.update.shape:
            raise InputError(
                f"UpdateCurve: amplitude of shape {self.amplitude.shape} and update of shape "
                f"{self.update.shape} must be lists of one length"
            )
        if self.amplitude.size < FEWEST_POINTS or np.any(np.diff(self.amplitude) <= 0):
            raise InputError(
                f"UpdateCurve: amplitude must hold at least {FEWEST_POINTS} values that increase"
            )

    @property
    def amplitude_max(self) -> float:
        """Largest amplitude."""
        return float(self.amplitude[-1])

    @cached_property
    def fit(self) -> ThreePieces:
        """Best continuous fit of three straight pieces (App. G)."""
        return fit_three_pieces(self.amplitude, self.update)

    @property
    def dynamic_range(self) -> float:
        """``amplitude_max/A_min``, A_min being where the fit's last piece begins (App. G).

        NaN where the last piece is not linear in the paper's sense: a slope outside .75 to 1.25.
        """
        low, high = LINEAR_SLOPES
        return (
            self.amplitude_max / float(self.fit.breaks[1]) if low <= self.fit.slopes[2] <= high else math.nan
        )

    @property
    def offset(self) -> float:
        """Value at amplitude 0 of the fit's last piece (App. G)."""
        return float(self.fit.intercepts[2])

    @property
    def dynamic_range_by_onset(self) -> float:
        """``amplitude_max/onset``; infinite where every amplitude has an update."""
        return self.amplitude_max / self.onset if self.onset > 0 else math.inf

    @property
    def offset_by_onset(self) -> float:
        """Value at amplitude 0 of the best line through the points from the onset on."""
        return self.line_offset(self.onset)

    def first_beyond(self, level: float) -> float:
        """Smallest amplitude whose update exceeds `level` in size (App. I.3); NaN if none does."""
        beyond = np.abs(self.update) > finite("UpdateCurve.first_beyond", "level", level)
        return float(self.amplitude[np.argmax(beyond)]) if np.any(beyond) else math.nan

    def line_offset(self, amplitude_min: float) -> float:
        """Value at 0 of the least-squares line through the points from `amplitude_min` on (App. I.3).

        NaN if there are fewer than two.
        """
        kept = self.amplitude >= amplitude_min
        if np.count_nonzero(kept) < 2:
            return math.nan
        return float(np.polynomial.Polynomial.fit(self.amplitude[kept], self.update[kept], 1)(0.0))


def update_curve(
    kern: Kernel,
    saw: Sawtooth,
    *,
    amplitude_max: float = 100.0,
    mean: float = 0.0,
    threshold: float | Threshold | None = None,
    points: int = 100,
) -> UpdateCurve:
    """Updates at amplitudes from 0 to the largest, evenly spaced (Fig. 4B, App. G).

    Parameters
    ----------
    kern : Kernel
        Memory kernel.
    saw : Sawtooth
        Protocol.
    amplitude_max : float
        Largest amplitude. At it the slow ramp reaches theta*; its update is the limit from below, without
        the slow ramp.
    mean : float
        Mean of the free and the nudged signal.
    threshold : float, HardThreshold or SoftThreshold, optional
        Threshold in the unit of u; :func:`tcl_circuits.synapse.optimal_threshold` unless told otherwise.
    points : int
        Number of amplitudes, at least 6.

    Raises
    ------
    InputError
        If a parameter is out of its range.
    """
    largest = positive("update_curve", "amplitude_max", amplitude_max)
    mean = finite("update_curve", "mean", mean)
    if not isinstance(points, int) or points < FEWEST_POINTS:
        raise InputError(
            f"update_curve: points = {points!r} must be a whole number, at least {FEWEST_POINTS}"
        )
    if threshold is None:
        threshold = optimal_threshold(kern, saw, amplitude_max=largest, mean=mean)
    gate = checked_gate("update_curve", threshold)
    if np.ndim(gate.theta):
        raise InputError(f"update_curve: threshold of shape {np.shape(gate.theta)} must be one number")
    synapse, amplitude = Synapse.of(kern, saw), np.linspace(0.0, largest, points)
    update = synapse.update(amplitude, np.array(mean), gate)
    return UpdateCurve(amplitude, update, synapse.onset(mean, float(gate.theta)))


def dynamic_range(
    kern: Kernel,
    saw: Sawtooth,
    *,
    amplitude_max: float = 100.0,
    mean: float = 0.0,
    threshold: float | Threshold | None = None,
) -> float:
    """Dynamic range ``A_max/A_min`` by the paper's three-piece fit (App. G); see :func:`update_curve`.

    NaN where the last piece of the fit has a slope outside .75 to 1.25.
    """
    curve = update_curve(kern, saw, amplitude_max=amplitude_max, mean=mean, threshold=threshold)
    return curve.dynamic_range


def offset(
    kern: Kernel,
    saw: Sawtooth,
    *,
    amplitude_max: float = 100.0,
    mean: float = 0.0,
    threshold: float | Threshold | None = None,
) -> float:
    """Offset of the update by the paper's three-piece fit (App. G); see :func:`update_curve`."""
    return update_curve(kern, saw, amplitude_max=amplitude_max, mean=mean, threshold=threshold).offset


def dynamic_range_by_onset(
    kern: Kernel,
    saw: Sawtooth,
    *,
    amplitude_max: float = 100.0,
    mean: float = 0.0,
    threshold: float | Threshold | None = None,
) -> float:
    """Dynamic range ``A_max/A_min`` with A_min the onset: exact, no fit; see :func:`update_curve`.

    With area 0 and theta* it is ``tau_s max(v)`` for the response v to amplitude 1 and first moment -1, which
    never exceeds ``tau_s/tau_f`` for kernels that do not overshoot.
    """
    curve = update_curve(kern, saw, amplitude_max=amplitude_max, mean=mean, threshold=threshold)
    return curve.dynamic_range_by_onset


def offset_by_onset(
    kern: Kernel,
    saw: Sawtooth,
    *,
    amplitude_max: float = 100.0,
    mean: float = 0.0,
    threshold: float | Threshold | None = None,
) -> float:
    """Offset of the best line through the curve beyond the onset (App. I.3); see :func:`update_curve`."""
    curve = update_curve(kern, saw, amplitude_max=amplitude_max, mean=mean, threshold=threshold)
    return curve.offset_by_onset
