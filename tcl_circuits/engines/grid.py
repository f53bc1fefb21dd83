"""Time grids of the reference engine, and the sense branches' response on one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tcl_circuits.arrays import FloatArray

_UNIFORM = 40
_NEAR_CORNER = 44
_REACH = 14.0
_SPARSE = 0.1

_GROWTH = 0.5
"""Growth of a loop's pieces, over the distance from the corner."""
_FINE = 200
_SHORTEST = 0.02
"""Shortest piece worth halving, over the shortest kernel time."""
_TOLERANCE = 1e-7
_LEAST = 1e-11

TimeFunction = Callable[[FloatArray], FloatArray]
"""Values at times [s]."""


def graded_grid(corners: FloatArray, fastest: float, resolution: float = 1.0) -> FloatArray:
    """Times that resolve smooth ramps between corners and what decays after each corner.

    Parameters
    ----------
    corners : ndarray
        Increasing corner times [s].
    fastest : float
        Shortest time constant that is excited at a corner [s].
    resolution : float
        Factor on the number of points.

    Returns
    -------
    ndarray
        Increasing times [s] that contain the corners.
    """
    pieces = [corners[:1]]
    near = fastest * _after_corner(round(resolution * _NEAR_CORNER))
    for left, right in pairwise(corners.tolist()):
        even = np.linspace(left, right, round(resolution * _UNIFORM) + 1)[1:]
        piece = np.unique(np.concatenate([left + near[near < right - left], even]))
        # Points that all but coincide would only lose digits in the slopes between them.
        keep = np.diff(piece, prepend=left) > 1e-6 * min(right - left, fastest)
        keep[-1] = True
        pieces.append(piece[keep])
    return np.concatenate(pieces)


def _after_corner(count: int) -> FloatArray:
    """Distances from a corner, in decay times, dense where exp(-x) bends and never more than a few apart."""
    x = np.linspace(0, _REACH, 2001)
    crowd = 2 * (1 - np.exp(-x / 2)) + _SPARSE * x
    return np.interp(np.linspace(0, crowd[-1], count + 1)[1:], crowd, x)


@dataclass(frozen=True, eq=False)
class Schedule:
    """How a circuit is nudged over a cycle.

    Parameters
    ----------
    corners : ndarray
        Increasing times [s] between which the nudge strength and the inputs are lines.
    beta : callable
        Nudge strengths at times [s].
    fastest : float
        Shortest kernel time [s].
    resolution : float
        Factor on the number of steps of what is not exact.
    """

    corners: FloatArray
    beta: TimeFunction
    fastest: float
    resolution: float

    def pieces(self) -> FloatArray:
        """Edges of pieces that grow from a kernel time after each corner; a stretch without nudge is one."""
        strengths = self.beta(self.corners)
        nudged = (strengths[1:] > 0) | (strengths[:-1] > 0)
        found = [self.corners[:1]]
        for (left, right), graded in zip(pairwise(self.corners.tolist()), nudged, strict=True):
            found.append(self._graded(left, right) if graded else np.array([right]))
        return np.concatenate(found)

    def _graded(self, left: float, right: float) -> FloatArray:
        span, first = right - left, min(self.fastest, right - left)
        way = first * np.expm1(np.linspace(0.0, np.log1p(span / first), _FINE))
        crowd = np.log1p(_GROWTH * way / first) / _GROWTH + way / span
        count = max(1, round(self.resolution * crowd[-1]))
        found: FloatArray = left + np.interp(np.linspace(0, crowd[-1], count + 1)[1:], crowd, way)
        found[-1] = right
        return found

    @property
    def shortest(self) -> float:
        """Length of pieces [s] which the time grid does not show."""
        return _SHORTEST * self.fastest / self.resolution

    @property
    def tolerance(self) -> float:
        """Largest gap between pieces, over the largest current; on a slow ramp u shows it magnified."""
        ramp = float(np.diff(self.corners).min())
        return float(np.clip(_TOLERANCE * self.fastest / ramp / self.resolution**2, _LEAST, _TOLERANCE))


def bends(time: FloatArray, corners: FloatArray) -> FloatArray:
    """Weights that bend a line between two points into a parabola through the point before.

    Parameters
    ----------
    time : ndarray of shape (time,)
        Grid [s].
    corners : ndarray
        Times where slopes jump [s]; the step after one stays a line.

    Returns
    -------
    ndarray of shape (time - 1,)
        w with the second divided difference ``c = w (slope - slope_before)`` of each step [1/s].
    """
    steps = np.diff(time)
    weights = np.zeros_like(steps)
    weights[1:] = 1.0 / (steps[1:] + steps[:-1])
    weights[np.isin(time[:-1], corners)] = 0.0
    return weights


def response_matrices(
    time: FloatArray, corners: FloatArray, taus: FloatArray, capacitances: FloatArray
) -> FloatArray:
    """High-pass C-R response on a grid, as matrices; exact for signals quadratic between the corners.

    On a step of length h with the slope p and the second divided difference c the signal rises as
    ``p x + c x (x - h)``; then ``tau u' + u = C s'`` has the solution C (s' - tau s'') plus a decay.

    Parameters
    ----------
    time : ndarray of shape (time,)
        Grid [s].
    corners : ndarray
        Times where the signal's slope jumps [s].
    taus, capacitances : ndarray of shape (branches,)
        Time constants [s] and capacitances [F].

    Returns
    -------
    ndarray of shape (branches, time, time)
        M with ``u = M s``, from rest: u = 0 at the first point.
    """
    points = time.size
    matrices = np.zeros((taus.size, points, points))
    slope_before = np.zeros(points)
    for k, (step, weight) in enumerate(zip(np.diff(time), bends(time, corners), strict=True)):
        slope = np.zeros(points)
        slope[k], slope[k + 1] = -1 / step, 1 / step
        bend = weight * (slope - slope_before)
        decay = np.exp(-step / taus)[:, None]
        settled = slope - 2 * taus[:, None] * bend
        first = capacitances[:, None] * (settled - step * bend)
        last = capacitances[:, None] * (settled + step * bend)
        matrices[:, k + 1] = last + decay * (matrices[:, k] - first)
        slope_before = slope
    return matrices


def branch_outputs(
    time: FloatArray, corners: FloatArray, taus: FloatArray, capacitances: FloatArray, signal: FloatArray
) -> FloatArray:
    """High-pass C-R response of branches that differ, step by step; exact as :func:`response_matrices` is.

    Parameters
    ----------
    time, corners, taus, capacitances
        As for :func:`response_matrices`.
    signal : ndarray of shape (samples, time, branches)
        Signals s.

    Returns
    -------
    ndarray of shape (samples, branches, time)
        Kernel outputs u, from rest.
    """
    found = np.zeros((signal.shape[0], signal.shape[2], time.size))
    slope_before = np.zeros_like(signal[:, 0])
    for k, (step, weight) in enumerate(zip(np.diff(time), bends(time, corners), strict=True)):
        slope = (signal[:, k + 1] - signal[:, k]) / step
        bend = weight * (slope - slope_before)
        settled = slope - 2 * taus * bend
        first = capacitances * (settled - step * bend)
        last = capacitances * (settled + step * bend)
        found[:, :, k + 1] = last + np.exp(-step / taus) * (found[:, :, k] - first)
        slope_before = slope
    return found
