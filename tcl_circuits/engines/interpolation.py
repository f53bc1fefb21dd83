"""Polynomials in the nudge's strength: a course from its values at a few strengths."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import chebyshev

from tcl_circuits.arrays import FloatArray


def beta_interpolation(beta: FloatArray, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Chebyshev nodes in beta (0 to 1), increasing, and what is made of values at them.

    Returns
    -------
    nodes : ndarray of shape (count,)
        Strengths.
    weights : ndarray of shape (points, count)
        Interpolation at `beta`.
    tail : ndarray of shape (2, count)
        The polynomial's last two coefficients, which tell its error.
    """
    points = chebyshev.chebpts1(count)
    basis = np.asarray(np.linalg.inv(chebyshev.chebvander(points, count - 1)), dtype=np.float64)
    weights = np.asarray(chebyshev.chebvander(2 * beta - 1, count - 1) @ basis, dtype=np.float64)
    return np.asarray(0.5 * (points + 1), dtype=float), weights, basis[-2:]
