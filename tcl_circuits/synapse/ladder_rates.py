"""Rates of the ladder of Fig. 9: two rows of five states, a rung between the rows at each m = 0..4.

States are numbered top row first: top m is m, bottom m is 5 + m. Time is in units of the counterclockwise
hop, whose rate is 1; signals are in the paper's own unit.

Appendix H gives ``r_cw = gamma r_ccw``. With the rungs of Eqs. H3 and H4 that breaks detailed balance at
gamma = 1: around a plaquette the rungs contribute ``exp(-2)``, so that the two horizontal hops need a factor
e each. Here ``r_ccw = 1`` and ``r_cw = e gamma`` (top row rightwards, bottom row leftwards), and dissipation
vanishes at gamma = 1, as the paper says it does.
"""

from __future__ import annotations

import math

import numpy as np

from tcl_circuits.arrays import FloatArray

__all__ = [
    "COLUMNS",
    "LOWEST_SIGNAL",
    "TOP_ROW",
    "clockwise_rate",
    "generators",
    "rung_energies",
    "rung_rates",
    "rung_slopes",
]

COLUMNS = 5
LOWEST_SIGNAL = -18.2
"""Eq. H3 is defined for signals above this."""

_LOW, _HIGH = 18.2, 3000.0
_COLUMN = np.arange(COLUMNS)
_TILT = np.exp(2.0 * (1 - _COLUMN))

TOP_ROW: FloatArray = np.repeat([1.0, 0.0], COLUMNS)
"""Readout of shape (10,): u is the occupancy of the top row (Eq. H5)."""


def _gain(s: FloatArray) -> FloatArray:
    """Exponential of the signal's part of Delta E: ``(1 + s/18.2)/(1 + s/3000)``."""
    return (1 + s / _LOW) / (1 + s / _HIGH)


def rung_energies(s: float) -> FloatArray:
    """Energy differences Delta E of the rungs (Eq. H3), of shape (5,)."""
    return np.asarray(2.0 * (1 - _COLUMN) + math.log1p(s / _LOW) - math.log1p(s / _HIGH))


def rung_rates(rate_factor: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rates up and down the rungs (Eq. H4), each of shape (..., 5), for arrays of ladders and signals.

    ``r_down = exp(Delta E) r_up``, and the smaller of the two is the rate factor F.
    """
    ratio = _TILT * _gain(s)[..., None]
    return rate_factor[..., None] * np.maximum(1, 1 / ratio), rate_factor[..., None] * np.maximum(1, ratio)


def rung_slopes(rate_factor: FloatArray, s: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Change of the rates up and down over a step of the signal, divided by the step; each (..., 5).

    For a step of 0 it is the limit of small steps up, which at a rung with Delta E = 0 differs from that of
    small steps down.
    """
    before, after = _gain(s), _gain(s + step)
    slope = (1 / _LOW - 1 / _HIGH) / ((1 + s / _HIGH) * (1 + (s + step) / _HIGH))
    down = _kinked(_TILT * before[..., None], _TILT * after[..., None], _TILT * slope[..., None], step)
    falling = -(slope / (before * after))[..., None] / _TILT
    up = _kinked(1 / (_TILT * before[..., None]), 1 / (_TILT * after[..., None]), falling, step)
    return rate_factor[..., None] * up, rate_factor[..., None] * down


def _kinked(before: FloatArray, after: FloatArray, slope: FloatArray, step: FloatArray) -> FloatArray:
    """Difference quotient of ``max(1, x)`` while x goes from `before` to `after` with a mean slope."""
    small = step[..., None] == 0
    # Where x stays above 1 the mean slope is exact; a difference of values would lose digits.
    above = (before >= 1) & (after >= 1) & ~(small & (before == 1) & (slope < 0))
    jump = np.maximum(1, after) - np.maximum(1, before)
    return np.where(above, slope, jump / np.where(small, 1.0, step[..., None]))


def clockwise_rate(gamma: FloatArray) -> FloatArray:
    """Horizontal rate against the ladder's circulation, ``e gamma``; that along it is 1."""
    return math.e * gamma


def generators(gamma: FloatArray, rate_factor: FloatArray, s: FloatArray) -> FloatArray:
    """Generators R of ``dp/dt = R p`` (Eq. H1), shape (..., 10, 10); R[i, j] is the rate from j to i.

    Parameters
    ----------
    gamma, rate_factor, s : ndarray of shape (...)
        Parameters of each ladder and its signal.
    """
    up, down = rung_rates(rate_factor, s)
    result = np.zeros((*np.shape(gamma), 2 * COLUMNS, 2 * COLUMNS))
    left, right = _COLUMN[:-1], _COLUMN[1:]
    result[..., _COLUMN, COLUMNS + _COLUMN] = up
    result[..., COLUMNS + _COLUMN, _COLUMN] = down
    result[..., left, right] = result[..., COLUMNS + right, COLUMNS + left] = 1.0
    clockwise = clockwise_rate(gamma)[..., None]
    result[..., right, left] = result[..., COLUMNS + left, COLUMNS + right] = clockwise
    diagonal = np.arange(2 * COLUMNS)
    result[..., diagonal, diagonal] = -result.sum(axis=-2)
    return result
