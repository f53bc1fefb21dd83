"""Polynomials times exponentials, and the algebra of their decay.

A term ``t^j/j! exp(-rate t)`` drives the next one: together they are the powers of a nilpotent shift N in
``exp(A t)`` with ``A = -rate + N``. All functions of A commute and are truncated power series in N, kept here
as arrays of their coefficients.
"""

from __future__ import annotations

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


def taylor_powers(x: FloatArray, orders: int) -> FloatArray:
    """``x^j/j!`` for j = 0 .. orders - 1, on a new last axis."""
    factors = np.ones((*x.shape, orders))
    factors[..., 1:] = x[..., None] / np.arange(1.0, orders)
    powers: FloatArray = np.multiply.accumulate(factors, axis=-1)
    return powers


def decay(rates: RateArray, times: FloatArray, orders: int) -> RateArray:
    """``exp(A t)`` as series on a new last axis; the arguments broadcast."""
    series: RateArray = np.exp(-rates * times)[..., None] * taylor_powers(times, orders)
    return series


def inverse(rates: RateArray, orders: int) -> RateArray:
    """``A^-1`` as series on a new last axis."""
    series: RateArray = -(rates[..., None] ** -np.arange(1.0, orders + 1))
    return series


def truncated_moments(rates: RateArray, ends: FloatArray, orders: int) -> RateArray:
    """Integrals of ``t^j/j! exp(-rate t)`` from 0 to `ends`, the series of the integral of ``exp(A t)``.

    Parameters
    ----------
    rates, ends : ndarray
        Rates [1/s] and finite ends [s], of shapes that broadcast.
    orders : int
        Number of terms j, on a new last axis.
    """
    rates, ends = np.broadcast_arrays(rates, ends)
    near = np.abs(rates * ends) < orders + 1
    found = np.empty((*rates.shape, orders), rates.dtype)
    # The upward recursion would subtract nearly equal numbers near 0, where Kummer's series is short.
    found[near] = _kummer(rates[near], ends[near], orders)
    rates, ends = rates[~near], ends[~near]
    decayed = decay(rates, ends, orders)
    heads = [(1 - decayed[..., 0]) / rates]
    for j in range(1, orders):
        heads.append((heads[-1] - decayed[..., j]) / rates)
    found[~near] = np.stack(heads, axis=-1)
    return found


def multiplication(series: RateArray) -> RateArray:
    """Matrices that multiply by truncated power series in N, on two new last axes in place of the last."""
    orders = series.shape[-1]
    lag = np.subtract.outer(np.arange(orders), np.arange(orders))
    return np.where(lag >= 0, series[..., lag], 0)


def product(first: RateArray, second: RateArray) -> RateArray:
    """Product of truncated power series in N; leading axes broadcast."""
    if first.shape[-1] == 1:
        return first * second
    found: RateArray = (multiplication(first) @ second[..., None])[..., 0]
    return found


def _kummer(rates: RateArray, ends: FloatArray, orders: int) -> RateArray:
    if rates.size == 0:
        return np.empty((0, orders))
    x = (rates * ends)[:, None, None]
    factors = x / (np.arange(orders)[:, None] + np.arange(2.0, _SERIES_TERMS + 1))
    sums = 1 + np.sum(np.cumprod(factors, axis=-1), axis=-1)
    series: RateArray = decay(rates, ends, orders) * ends[:, None] / np.arange(1, orders + 1) * sums
    return series
