"""Periodic steady state of exponential kernels: closed form at every ratio of period to memory.

A term of the kernel is a state z with ``dz/dt = A z + f``, ``A = -rate + N`` (:mod:`.taylor`), driven by the
signal (and, where the kernel is cut off, by minus the decayed signal of a cutoff ago). Three forms share the
work, each where the others would subtract nearly equal numbers:

- pieces longer than the memory: ``z = -f/A - f'/A^2`` plus a transient;
- shorter pieces: the power series of z;
- periods shorter than the memory: integration by parts, ``u = sum_m K^(m)(0) y_(m+1)``, with y_m the m-th
  antiderivative of mean 0 of the signal. It converges for ``|rate| T < 2 pi``.

The states follow from ``q = A z + f``, the response to the signal's slope, which never loses digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal, balanced_antiderivative
from tcl_circuits.kernels.taylor import RateArray, multiplication, taylor_powers, truncated_moments

if TYPE_CHECKING:
    from tcl_circuits.kernels.exponential import ExponentialKernel

_SHORT = 1.0
"""A period or piece is short where it takes less than this over the absolute rate."""
_PIECE_POWERS = 22
"""Powers kept on short pieces: 1/22! is below the last digit."""
_PERIOD_POWERS = 26
"""Antiderivatives kept for short periods: (1/2 pi)^24 is below the last digit."""


@dataclass(frozen=True, eq=False)
class _Drive:
    """The signal without its mean, and itself a cutoff ago, as lines on common pieces.

    Arrays have the shape (sources, pieces); `start` is where the cutoff of a cycle's beginning falls.
    """

    durations: FloatArray
    values: FloatArray
    rises: FloatArray
    anchor: int
    whole_periods: int

    @classmethod
    def of(cls, signal: PeriodicSignal, cutoff: float) -> _Drive:
        if math.isinf(cutoff):
            return cls(signal.durations, (signal.values - signal.mean)[None], signal.rises[None], 0, 0)
        period = signal.period
        whole, rest = divmod(cutoff, period)
        tiny = 8 * np.finfo(float).eps * period
        starts = np.sort(np.concatenate([signal.starts, np.mod(signal.starts + rest, period)]))
        starts = starts[np.concatenate([[True], np.diff(starts) > tiny])]
        starts = starts[starts < period - tiny]
        both = np.stack([signal(starts), signal(starts - rest)]) - signal.mean
        rises = np.roll(both, -1, axis=1) - both
        anchor = int(np.argmin(np.abs(starts - rest))) if rest < period - tiny else 0
        whole += rest >= period - tiny
        return cls(np.diff(np.append(starts, period)), both, rises, anchor, int(whole))

    @property
    def period(self) -> float:
        return float(self.durations.sum())

    @property
    def lines(self) -> FloatArray:
        """Coefficients of the lines in x/duration, shape (sources, pieces, 2)."""
        return np.stack([self.values, self.rises], axis=-1)


def steady_response(kernel: ExponentialKernel, signal: PeriodicSignal) -> PeriodicResponse:
    """Response of `kernel` to a periodic signal that has been on for ever."""
    drive = _Drive.of(signal, kernel.cutoff)
    quick = np.abs(kernel.rates) * drive.period < _SHORT
    parts = [kernel.delta * drive.lines[0], _by_parts(kernel, quick, drive)]
    transients = np.zeros((drive.durations.size, *kernel.weights.shape), kernel.weights.dtype)
    for r in np.flatnonzero(~quick):
        part, transients[:, r] = _by_states(kernel.rates[r], kernel.weights[r], drive, kernel.cutoff)
        parts.append(part)
    polynomial = np.zeros((drive.durations.size, max(part.shape[1] for part in parts)))
    for part in parts:
        polynomial[:, : part.shape[1]] += part
    if math.isinf(kernel.cutoff):
        # The kernel knows its moments better than the sum over its terms does.
        settled = np.all(np.abs(kernel.rates)[:, None] * drive.durations >= _SHORT, axis=0)
        values, rises = drive.values[0, settled], drive.rises[0, settled]
        polynomial[settled, 0] = kernel.area * values - kernel.first_moment * rises / drive.durations[settled]
        polynomial[settled, 1] = kernel.area * rises
    polynomial[:, 0] += kernel.area * signal.mean
    return PeriodicResponse(drive.durations, polynomial, kernel.rates, transients)


def _by_parts(kernel: ExponentialKernel, terms: NDArray[np.bool_], drive: _Drive) -> FloatArray:
    """Polynomials of the `terms` for which the period is short."""
    if not np.any(terms):
        return np.zeros((drive.durations.size, 1))
    states = [
        (_shift(rate, row.size), _sources(rate, row.size, kernel.cutoff).T, row)
        for rate, row in zip(kernel.rates[terms], kernel.weights[terms], strict=True)
    ]
    primitive = drive.lines
    total = np.zeros((drive.durations.size, _PERIOD_POWERS + 2))
    for _ in range(_PERIOD_POWERS):
        primitive = balanced_antiderivative(primitive, drive.durations)
        slopes = sum((row @ sources).real for _, sources, row in states)
        total[:, : primitive.shape[-1]] += np.einsum("s,spn->pn", slopes, primitive)
        states = [(shift, shift @ sources, row) for shift, sources, row in states]
    return total


def _by_states(
    rate: complex, weights: RateArray, drive: _Drive, cutoff: float
) -> tuple[FloatArray, RateArray]:
    """Polynomials and transients of one rate, from its states at the beginnings of the pieces."""
    orders, durations = weights.size, drive.durations
    sources = _sources(rate, orders, cutoff)
    starts, rises = drive.values.T @ sources, drive.rises.T @ sources
    slopes = _slope_states(rate, rises, drive, cutoff)
    inverse = multiplication(-(rate ** -np.arange(1.0, orders + 1)))
    long = abs(rate) * durations >= _SHORT
    polynomial = np.zeros((durations.size, 2 if np.all(long) else _PIECE_POWERS))
    transients = np.zeros((durations.size, orders), weights.dtype)
    for p in np.flatnonzero(long):
        slope = inverse @ (rises[p] / durations[p])
        transients[p] = weights @ multiplication(inverse @ (slopes[p] + slope))
        polynomial[p, 0] = -(weights @ inverse @ (starts[p] + slope)).real
        polynomial[p, 1] = -(weights @ inverse @ rises[p]).real
    for p in np.flatnonzero(~long):
        step = durations[p] * _shift(rate, orders)
        powers = [inverse @ (slopes[p] - starts[p]), durations[p] * slopes[p]]
        powers.append(0.5 * (step @ powers[1] + durations[p] * rises[p]))
        for n in range(3, _PIECE_POWERS):
            powers.append(step @ powers[-1] / n)
        polynomial[p] = (np.array(powers) @ weights).real
    return polynomial, transients


def _slope_states(rate: complex, rises: RateArray, drive: _Drive, cutoff: float) -> RateArray:
    """Periodic states q of the response to the signal's slope, at the beginnings of the pieces."""
    orders, durations = rises.shape[1], drive.durations
    decays = [multiplication(_decay(rate, orders, duration)) for duration in durations]
    heads = [truncated_moments(rate, orders, duration) / duration for duration in durations]
    pushes = [multiplication(head) @ rise for head, rise in zip(heads, rises, strict=True)]
    states = np.zeros(rises.shape, np.result_type(rate))
    states[drive.anchor] = _anchored(rate, decays, heads, pushes, drive, cutoff)
    for p in (np.arange(drive.anchor, drive.anchor + durations.size - 1)) % durations.size:
        states[(p + 1) % durations.size] = decays[p] @ states[p] + pushes[p]
    return states


def _anchored(
    rate: complex,
    decays: list[RateArray],
    heads: list[RateArray],
    pushes: list[RateArray],
    drive: _Drive,
    cutoff: float,
) -> RateArray:
    """State q at the anchor: a sum over all past periods, or over those before the cutoff."""
    orders = heads[0].size
    if math.isinf(cutoff):
        once = _run(decays, pushes)
        rest = -_decay(rate, orders, drive.period)
        rest[0] = -np.expm1(-rate * drive.period)
        return np.linalg.solve(multiplication(rest), once)
    pushes = [head * rise for head, rise in zip(heads, drive.rises[0], strict=True)]
    ago = drive.period * np.arange(drive.whole_periods)
    powers = np.cumprod(np.stack([np.ones_like(ago), *(ago / j for j in range(1, orders))]), axis=0)
    periods = np.sum(powers * np.exp(-rate * ago), axis=1)
    state = multiplication(periods) @ _run(decays, pushes)
    for p in range(drive.anchor):
        state = decays[p] @ state + pushes[p]
    return state


def _run(decays: list[RateArray], pushes: list[RateArray]) -> RateArray:
    """State after one period that began at 0."""
    state = pushes[0]
    for decay, push in zip(decays[1:], pushes[1:], strict=True):
        state = decay @ state + push
    return state


def _sources(rate: complex, orders: int, cutoff: float) -> RateArray:
    """How the signal, and the signal a cutoff ago, drive the states; shape (sources, orders)."""
    now = np.eye(1, orders)
    return now if math.isinf(cutoff) else np.stack([now[0], -_decay(rate, orders, cutoff)])


def _shift(rate: complex, orders: int) -> RateArray:
    """The matrix A."""
    return np.eye(orders, k=-1) - rate * np.eye(orders)


def _decay(rate: complex, orders: int, duration: float) -> RateArray:
    """``exp(A duration)`` as a series."""
    series: RateArray = np.exp(-rate * duration) * taylor_powers(duration, orders)
    return series
