"""Kernels that are sums of exponentials, or of polynomials times exponentials."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, positive
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal
from tcl_circuits.kernels.steady import steady_response
from tcl_circuits.kernels.taylor import RateArray, inverse, taylor_sum, truncated_moments

_PAIRED = 1e-9
"""Largest relative difference between a rate or weight and the conjugate of its partner."""


@dataclass(frozen=True, eq=False)
class ExponentialKernel:
    """Kernel ``delta * dirac(t) + Re sum_rj weights[r, j] t^j/j! exp(-rates[r] t)`` on ``0 <= t <= cutoff``.

    Made by :func:`exponentials`, :func:`tcl_circuits.kernels.chemotaxis` and the like, which know the exact
    moments; :meth:`of` computes them.

    Parameters
    ----------
    rates : ndarray of shape (rates,)
        Decay rates [1/s], real or complex; of a complex pair one stands for both.
    weights : ndarray of shape (rates, orders)
        Weight of ``t^j/j! exp(-rate t)`` in column j; K is the real part of the sum.
    delta : float
        Weight of the delta function at t = 0.
    area, first_moment : float
        Integrals of K and of t K(t).
    cutoff : float
        Time after which the kernel is 0 [s]; infinite unless told otherwise.

    Raises
    ------
    InputError
        If a rate or weight is not finite, or a rate without a cutoff does not decay.
    """

    rates: RateArray
    weights: RateArray
    delta: float
    area: float
    first_moment: float
    cutoff: float = math.inf

    def __post_init__(self) -> None:
        parts = (self.rates, self.weights, self.delta, self.area, self.first_moment)
        if not all(np.all(np.isfinite(part)) for part in parts):
            raise InputError(
                "kernel: its rates and weights leave the range of numbers; "
                "choose a unit of time nearer to its memory"
            )
        decaying = self.rates.real >= 0 if math.isfinite(self.cutoff) else self.rates.real > 0
        if not np.all(decaying):
            bad = self.rates[~decaying][0]
            raise InputError(f"kernel: rates holds {bad}; the real part of every rate must be positive")

    @classmethod
    def of(
        cls, rates: RateArray, weights: RateArray, delta: float = 0.0, cutoff: float = math.inf
    ) -> ExponentialKernel:
        """Kernel with its moments computed from the terms."""
        orders = weights.shape[1]
        moments = _moments(rates, orders + 1, cutoff)
        area = float(np.sum(weights * moments[:, :-1]).real)
        moment = float(np.sum(weights * moments[:, 1:] * np.arange(1, orders + 1)).real)
        return cls(rates, weights, delta, delta + area, moment, cutoff)

    def __call__(self, t: FloatArray) -> FloatArray:
        """Smooth part at the times `t` [s], without the delta; 0 for t < 0."""
        t = np.asarray(t, dtype=float)
        elapsed = np.clip(t, 0.0, self.cutoff)
        total = np.zeros(t.shape)
        for rate, row in zip(self.rates, self.weights, strict=True):
            total += (np.exp(-rate * elapsed) * taylor_sum(row, elapsed)).real
        return np.where((t >= 0) & (t <= self.cutoff), total, 0.0)

    def steady_response(self, signal: PeriodicSignal) -> PeriodicResponse:
        """Response u(t) to a periodic signal that has been on for ever (Eq. 3), causal and exact."""
        return steady_response(self, signal)

    def laplace(self, p: complex) -> complex:
        """Laplace transform, the integral of ``exp(-p t) K(t)``, delta included.

        Converges for a real part of `p` above minus the slowest rate; with a cutoff, everywhere.
        """
        # K is the mean of the terms and of their conjugates.
        terms = ((self.rates, self.weights), (np.conj(self.rates), np.conj(self.weights)))
        halves = [
            np.sum(weights * _moments(rates + p, weights.shape[1], self.cutoff)) for rates, weights in terms
        ]
        return self.delta + 0.5 * complex(sum(halves))


def exponentials(
    rates: ArrayLike, weights: ArrayLike, delta: float = 0.0, cutoff: float | None = None
) -> ExponentialKernel:
    """Kernel ``delta * dirac(t) + sum_k weights[k] exp(-rates[k] t)``.

    Parameters
    ----------
    rates : array_like of shape (terms,)
        Decay rates [1/s] with positive real parts. Complex ones come with their conjugates, whose weights
        are conjugates too, so that the kernel is real.
    weights : array_like of shape (terms,)
        Weights of the exponentials.
    delta : float
        Weight of the delta function at t = 0.
    cutoff : float, optional
        Time after which the kernel is 0 [s]. Rates may then be purely imaginary.

    Returns
    -------
    ExponentialKernel

    Raises
    ------
    InputError
        If shapes differ, a value is not finite, a rate does not decay, or a complex term lacks its partner.
    """
    rate, weight = _terms("rates", rates), _terms("weights", weights)
    if rate.shape != weight.shape or rate.ndim != 1 or rate.size == 0:
        raise InputError(
            f"exponentials kernel: rates of shape {rate.shape} and weights of shape {weight.shape} "
            "must be lists of one length, at least 1"
        )
    if np.any(rate == 0):
        raise InputError("exponentials kernel: rates holds 0; every rate must differ from 0")
    rate, weight = _one_of_each_pair(rate, weight)
    end = math.inf if cutoff is None else positive("exponentials kernel", "cutoff", cutoff)
    return ExponentialKernel.of(rate, weight[:, None], finite("exponentials kernel", "delta", delta), end)


def _moments(rates: RateArray, orders: int, end: float) -> RateArray:
    if math.isinf(end):
        return -inverse(rates, orders)
    return truncated_moments(rates, np.array(end), orders)


def _terms(name: str, values: ArrayLike) -> RateArray:
    array = np.asarray(values)
    if array.dtype.kind not in "iufc":
        raise InputError(f"exponentials kernel: {name} = {values!r} must be an array of numbers")
    if not np.all(np.isfinite(array)):
        raise InputError(
            f"exponentials kernel: {name} holds {array[~np.isfinite(array)][0]}; all must be finite"
        )
    return array.astype(complex) if array.dtype.kind == "c" else array.astype(float)


def _one_of_each_pair(rate: RateArray, weight: RateArray) -> tuple[RateArray, RateArray]:
    """Terms that stand for all: of a complex pair the one above the real axis, with twice its weight."""
    partner = np.argmin(np.abs(rate[:, None] - np.conj(rate)[None, :]), axis=1)
    lonely = np.abs(rate[partner] - np.conj(rate)) > _PAIRED * np.abs(rate)
    lonely |= np.abs(weight[partner] - np.conj(weight)) > _PAIRED * np.abs(weight).max()
    if np.any(lonely):
        raise InputError(
            f"exponentials kernel: the term of rate {rate[lonely][0]} lacks its complex conjugate; "
            "the kernel would not be real"
        )
    if not np.any(rate.imag):
        return rate.real.copy(), weight.real.copy()
    upper = rate.imag >= 0
    return rate[upper], np.where(rate.imag > 0, 2 * weight, weight.real)[upper]
