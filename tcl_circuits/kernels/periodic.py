"""Periodic, piecewise-linear signals, and the responses to them in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.checks import finite_array
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.taylor import RateArray, taylor_sum


@dataclass(frozen=True, eq=False)
class PeriodicSignal:
    """A continuous signal that is linear between its corners and repeats for ever.

    Parameters
    ----------
    durations : ndarray of shape (pieces,)
        Durations of the linear pieces [s]; the first begins at t = 0.
    values : ndarray of shape (pieces,)
        Values at the beginnings of the pieces; the last piece leads back to the first value.

    Raises
    ------
    InputError
        If the shapes differ, a value is not finite, or a duration is not positive.
    """

    durations: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        for name in ("durations", "values"):
            object.__setattr__(self, name, finite_array("PeriodicSignal", name, getattr(self, name)))
        if self.durations.ndim != 1 or self.durations.size == 0 or self.durations.shape != self.values.shape:
            raise InputError(
                f"PeriodicSignal: durations of shape {self.durations.shape} and values of shape "
                f"{self.values.shape} must be lists of one length, at least 1"
            )
        if np.any(self.durations <= 0):
            bad = self.durations[self.durations <= 0][0]
            raise InputError(f"PeriodicSignal: durations holds {bad}; every duration must be positive")

    @property
    def period(self) -> float:
        """Duration of a cycle [s]."""
        return float(self.durations.sum())

    @cached_property
    def starts(self) -> FloatArray:
        """Times at which the pieces begin [s], shape (pieces,)."""
        return np.concatenate([[0.0], np.cumsum(self.durations)[:-1]])

    @cached_property
    def rises(self) -> FloatArray:
        """Changes of the signal over the pieces, shape (pieces,)."""
        return np.roll(self.values, -1) - self.values

    @property
    def mean(self) -> float:
        """Mean over a cycle."""
        return float(self.durations @ (self.values + 0.5 * self.rises)) / self.period

    def __call__(self, t: FloatArray) -> FloatArray:
        """Value at the times `t` [s]."""
        corners = np.append(self.starts, self.period)
        value: FloatArray = np.interp(np.mod(t, self.period), corners, np.append(self.values, self.values[0]))
        return value


@dataclass(frozen=True, eq=False)
class PeriodicResponse:
    """A periodic function of time in closed form: on each piece a polynomial and transients.

    On piece p, at the time x after its beginning, it is ``sum_n polynomial[p, n] (x/durations[p])^n +
    Re sum_rj transients[p, r, j] x^j/j! exp(-rates[r] x)``.

    Parameters
    ----------
    durations : ndarray of shape (pieces,)
        Durations of the pieces [s]; the first begins at t = 0.
    polynomial : ndarray of shape (pieces, powers)
        Coefficients of the polynomials.
    rates : ndarray of shape (rates,)
        Rates of the transients [1/s], real or complex.
    transients : ndarray of shape (pieces, rates, orders)
        Coefficients of the transients.
    """

    durations: FloatArray
    polynomial: FloatArray
    rates: RateArray
    transients: RateArray

    @property
    def period(self) -> float:
        """Duration of a cycle [s]."""
        return float(self.durations.sum())

    @cached_property
    def starts(self) -> FloatArray:
        """Times at which the pieces begin [s], shape (pieces,)."""
        return np.concatenate([[0.0], np.cumsum(self.durations)[:-1]])

    def __call__(self, t: FloatArray) -> FloatArray:
        """Value at the times `t` [s], of the shape of `t`."""
        return self.at(*self.locate(t))

    def locate(self, t: FloatArray) -> tuple[IntArray, FloatArray]:
        """Piece and time since its beginning [s] at the times `t` [s]."""
        phase = np.mod(t, self.period)
        piece = np.searchsorted(self.starts, phase, side="right") - 1
        return piece, phase - self.starts[piece]

    def at(self, piece: IntArray, x: FloatArray) -> FloatArray:
        """Value on the pieces `piece` at the times `x` after their beginnings [s]; shapes broadcast."""
        xi = x / self.durations[piece]
        rows = self.polynomial[piece]
        total = rows[..., -1] + 0 * xi
        for n in range(rows.shape[-1] - 2, -1, -1):
            total = total * xi + rows[..., n]
        for r, rate in enumerate(self.rates):
            total = total + (np.exp(-rate * x) * taylor_sum(self.transients[piece, r], x)).real
        return total

    def derivative(self) -> PeriodicResponse:
        """Rate of change on the pieces."""
        powers = np.arange(1, max(self.polynomial.shape[1], 2))
        polynomial = np.zeros((self.durations.size, powers.size))
        polynomial[:, : self.polynomial.shape[1] - 1] = self.polynomial[:, 1:]
        polynomial *= powers / self.durations[:, None]
        lowered = np.zeros_like(self.transients)
        lowered[..., :-1] = self.transients[..., 1:]
        transients = lowered - self.rates[:, None] * self.transients
        return PeriodicResponse(self.durations, polynomial, self.rates, transients)

    def antiderivative(self) -> PeriodicResponse:
        """Integral from t = 0 within the first cycle; not periodic unless the mean is 0."""
        transients = np.empty_like(self.transients)
        upper: RateArray = np.zeros(self.transients.shape[:-1])
        for j in range(self.transients.shape[-1] - 1, -1, -1):
            upper = (upper - self.transients[..., j]) / self.rates
            transients[..., j] = upper
        polynomial = integrated_powers(self.polynomial, self.durations)
        polynomial[:, 0] = -transients[..., 0].sum(axis=1).real
        whole = PeriodicResponse(self.durations, polynomial, self.rates, transients)
        ends = whole.at(np.arange(self.durations.size), self.durations)
        polynomial[1:, 0] += np.cumsum(ends)[:-1]
        return PeriodicResponse(self.durations, polynomial, self.rates, transients)


def no_transients(pieces: int) -> tuple[FloatArray, FloatArray]:
    """Rates and transients of a response that is made of polynomials only."""
    return np.empty(0), np.empty((pieces, 0, 1))


def integrated_powers(polynomial: FloatArray, durations: FloatArray) -> FloatArray:
    """Coefficients of the integrals of polynomials from the beginnings of their pieces.

    Parameters
    ----------
    polynomial : ndarray of shape (..., pieces, powers)
        Coefficients in x/duration.
    durations : ndarray of shape (pieces,)
        Durations of the pieces [s].

    Returns
    -------
    ndarray of shape (..., pieces, powers + 1)
    """
    found = np.zeros((*polynomial.shape[:-1], polynomial.shape[-1] + 1))
    found[..., 1:] = polynomial * durations[:, None] / np.arange(1, polynomial.shape[-1] + 1)
    return found


def balanced_antiderivative(
    polynomial: FloatArray, durations: FloatArray, jumps: FloatArray | float = 0.0
) -> FloatArray:
    """Antiderivative of mean 0 over a cycle of a periodic piecewise polynomial of mean 0.

    Parameters
    ----------
    polynomial : ndarray of shape (..., pieces, powers)
        Coefficients in x/duration.
    durations : ndarray of shape (pieces,)
        Durations of the pieces [s].
    jumps : ndarray of shape (pieces,), optional
        Jumps of the antiderivative at the beginnings of the pieces; it is continuous without.

    Returns
    -------
    ndarray of shape (..., pieces, powers + 1)
    """
    found = integrated_powers(polynomial, durations)
    steps = found.sum(axis=-1)
    before: NDArray[np.float64] = np.cumsum(steps + np.roll(jumps * np.ones(durations.size), -1), axis=-1)
    found[..., 1:, 0] = before[..., :-1]
    means = (found / np.arange(1, found.shape[-1] + 1)).sum(axis=-1)
    found[..., 0] -= (means @ durations / durations.sum())[..., None]
    return found
