"""Polynomials times exponentials, and the algebra of their decay.

A term ``t^j/j! exp(-rate t)`` drives the next one: together they are the powers of a nilpotent shift N in
``exp(A t)`` with ``A = -rate + N``. All functions of A commute and are truncated power series in N, kept here
as arrays of their coefficients.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray

RateArray: TypeAlias = NDArray[np.inexact[Any]]
"""Real or complex numbers."""

_SERIES_TERMS = 60


def taylor_sum(coefficients: RateArray, x: FloatArray) -> RateArray:
    """``sum_j coefficients[..., j] x^j/j!``; leading axes of the coefficients broadcast against `x`."""
    orders = coefficients.shape[-1]
    total = coefficients[..., orders - 1] + 0 * x
    for j in range(orders - 1, 0, -1):
        total = total * (x / j) + coefficients[..., j - 1]
    return total


def taylor_powers(x: float, orders: int) -> FloatArray:
    """``x^j/j!`` for j = 0 .. orders - 1."""
    return np.cumprod(np.concatenate([[1.0], x / np.arange(1.0, orders)]))


def truncated_moments(rate: complex, orders: int, end: float) -> RateArray:
    """Integrals of ``t^j/j! exp(-rate t)`` from 0 to `end`, for j = 0 .. orders - 1."""
    if math.isinf(end):
        whole: RateArray = rate ** -np.arange(1.0, orders + 1)
        return whole
    x = rate * end
    j = np.arange(orders)
    if abs(x) < orders + 1:
        # The upward recursion below would subtract nearly equal numbers: sum Kummer's series.
        factors = x / (j[:, None] + np.arange(2.0, _SERIES_TERMS + 1))
        sums = 1 + np.sum(np.cumprod(factors, axis=1), axis=1)
        series: RateArray = np.exp(-x) * taylor_powers(end, orders) * end / (j + 1) * sums
        return series
    decayed = np.exp(-x) * taylor_powers(end, orders)
    heads = [(1 - decayed[0]) / rate]
    for later in decayed[1:]:
        heads.append((heads[-1] - later) / rate)
    return np.array(heads)


def multiplication(series: RateArray) -> RateArray:
    """Matrix of shape (orders, orders) that multiplies by a truncated power series in N."""
    orders = series.size
    lag = np.subtract.outer(np.arange(orders), np.arange(orders))
    return np.where(lag >= 0, series[lag], 0)
