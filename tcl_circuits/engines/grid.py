"""Time grid of the reference engine, and the sense branches' response on it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tcl_circuits.arrays import FloatArray

_UNIFORM = 40
_NEAR_CORNER = 44
_REACH = 14.0
_SPARSE = 0.1


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
