"""Time grid of the reference engine, and the sense branches' response on it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tcl_circuits.arrays import FloatArray

_UNIFORM = 40
_NEAR_CORNER = 36
_REACH = 14.0


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
    # Spacing grows as exp(x/2), so that exp(-x) bends equally little between all neighbours.
    share = np.linspace(0, 1 - np.exp(-_REACH / 2), round(resolution * _NEAR_CORNER) + 1)[1:]
    near = -2 * fastest * np.log1p(-share)
    for left, right in pairwise(corners.tolist()):
        even = np.linspace(left, right, round(resolution * _UNIFORM) + 1)[1:]
        piece = np.unique(np.concatenate([left + near[near < right - left], even]))
        # Points that all but coincide would only lose digits in the slopes between them.
        keep = np.diff(piece, prepend=left) > 1e-6 * (right - left)
        keep[-1] = True
        pieces.append(piece[keep])
    return np.concatenate(pieces)


def response_matrices(time: FloatArray, taus: FloatArray, capacitances: FloatArray) -> FloatArray:
    """High-pass C-R response on a grid, as matrices; exact for signals linear between the points.

    Parameters
    ----------
    time : ndarray of shape (time,)
        Grid [s].
    taus, capacitances : ndarray of shape (branches,)
        Time constants [s] and capacitances [F].

    Returns
    -------
    ndarray of shape (branches, time, time)
        M with ``u = M s``, from rest: u = 0 at the first point.
    """
    points = time.size
    matrices = np.zeros((taus.size, points, points))
    decays = np.exp(-np.diff(time)[None, :] / taus[:, None])
    for k, step in enumerate(np.diff(time)):
        decay = decays[:, k]
        gain = capacitances * (1 - decay) / step
        matrices[:, k + 1] = decay[:, None] * matrices[:, k]
        matrices[:, k + 1, k + 1] += gain
        matrices[:, k + 1, k] -= gain
    return matrices
