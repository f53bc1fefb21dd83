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
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal, balanced_antiderivative
from tcl_circuits.kernels.taylor import (
    RateArray,
    decay,
    inverse,
    multiplication,
    product,
    truncated_moments,
)

if TYPE_CHECKING:
    from tcl_circuits.kernels.exponential import ExponentialKernel

_SHORT = 1.0
"""A period or piece is short where it takes less than this over the absolute rate."""
_PIECE_POWERS = 22
"""Powers kept on short pieces: 1/22! is below the last digit."""
_PERIOD_POWERS = 26
"""Antiderivatives kept for short periods: (1/2 pi)^24 is below the last digit."""
_MOST_PERIODS = 10_000_000
"""Whole periods within a cutoff that are summed one by one."""


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
    reach = np.abs(kernel.rates) * drive.durations[:, None]
    quick = reach.sum(axis=0) < _SHORT
    parts = [kernel.delta * drive.lines[0]]
    transients = np.zeros((drive.durations.size, *kernel.weights.shape), kernel.weights.dtype)
    if np.any(quick):
        parts.append(_by_parts(kernel.rates[quick], kernel.weights[quick], drive, kernel.cutoff))
    if not np.all(quick):
        slow = ~quick
        states = _States.of(kernel.rates[slow], kernel.weights[slow], drive, kernel.cutoff)
        long = reach[:, slow] >= _SHORT
        line, transients[:, slow] = states.settled(long)
        parts += [line, states.power_series(~long)]
    polynomial = np.zeros((drive.durations.size, max(part.shape[1] for part in parts)))
    for part in parts:
        polynomial[:, : part.shape[1]] += part
    if math.isinf(kernel.cutoff):
        # The kernel knows its moments better than the sum over its terms does.
        exact = np.all(reach >= _SHORT, axis=1)
        values, rises = drive.values[0, exact], drive.rises[0, exact]
        polynomial[exact, 0] = kernel.area * values - kernel.first_moment * rises / drive.durations[exact]
        polynomial[exact, 1] = kernel.area * rises
    polynomial[:, 0] += kernel.area * signal.mean
    return PeriodicResponse(drive.durations, polynomial, kernel.rates, transients)


def _by_parts(rates: RateArray, weights: RateArray, drive: _Drive, cutoff: float) -> FloatArray:
    """Polynomials of terms for which the period is short."""
    sources = _sources(rates, weights.shape[1], cutoff)
    primitive = drive.lines
    total = np.zeros((drive.durations.size, _PERIOD_POWERS + 2))
    for _ in range(_PERIOD_POWERS):
        primitive = balanced_antiderivative(primitive, drive.durations)
        ends = np.einsum("srj,rj->s", sources, weights).real
        total[:, : primitive.shape[-1]] += np.einsum("s,spn->pn", ends, primitive)
        sources = _advanced(sources, rates)
    return total


@dataclass(frozen=True, eq=False)
class _States:
    """States at the beginnings of the pieces, and what drives them; arrays of shape (pieces, rates, orders).

    `slopes` are the states q of the response to the signal's slope.
    """

    rates: RateArray
    weights: RateArray
    durations: FloatArray
    starts: RateArray
    rises: RateArray
    slopes: RateArray

    @classmethod
    def of(cls, rates: RateArray, weights: RateArray, drive: _Drive, cutoff: float) -> _States:
        orders = weights.shape[1]
        sources = _sources(rates, orders, cutoff)
        starts, rises = (np.tensordot(part.T, sources, 1) for part in (drive.values, drive.rises))
        durations = drive.durations[:, None]
        decays = decay(rates, durations, orders)
        heads = truncated_moments(rates, durations, orders) / durations[..., None]
        pushes = product(heads, rises)
        if math.isinf(cutoff):
            state = _over_all_time(rates, _run(decays, pushes), drive.period)
        else:
            state = _since_cutoff(rates, decays, heads * drive.rises[0, :, None, None], drive)
        slopes = np.empty_like(decays)
        for k in range(durations.size):
            p = (drive.anchor + k) % durations.size
            slopes[p] = state
            state = product(decays[p], state) + pushes[p]
        return cls(rates, weights, drive.durations, starts, rises, slopes)

    def settled(self, long: NDArray[np.bool_]) -> tuple[FloatArray, RateArray]:
        """Lines, shape (pieces, 2), and transients on the pieces that are `long` for a rate."""
        back = inverse(self.rates, self.weights.shape[1])
        slope = product(back, self.rises / self.durations[:, None, None])
        transients = self.weights[:, None] @ multiplication(product(back, self.slopes + slope))
        ends = [product(back, self.starts + slope), product(back, self.rises)]
        lines = [-np.sum(self.weights * end, axis=2).real for end in ends]
        line = np.stack([np.sum(np.where(long, part, 0.0), axis=1) for part in lines], axis=1)
        return line, np.where(long[..., None], transients[..., 0, :], 0.0)

    def power_series(self, short: NDArray[np.bool_]) -> FloatArray:
        """Polynomials on the pieces that are `short` for a rate, shape (pieces, powers)."""
        if not np.any(short):
            return np.zeros((self.durations.size, 1))
        piece, rate = np.nonzero(short)
        rates, durations = self.rates[rate], self.durations[piece, None]
        starts, rises, slopes = self.starts[short], self.rises[short], self.slopes[short]
        powers = [product(inverse(rates, slopes.shape[1]), slopes - starts), durations * slopes]
        powers.append(0.5 * durations * (_advanced(powers[1], rates) + rises))
        for n in range(3, _PIECE_POWERS):
            powers.append(durations * _advanced(powers[-1], rates) / n)
        found = np.zeros((self.durations.size, _PIECE_POWERS))
        np.add.at(found, piece, np.einsum("nej,ej->en", np.array(powers), self.weights[rate]).real)
        return found


def _over_all_time(rates: RateArray, once: RateArray, period: float) -> RateArray:
    """State q at t = 0, from what one period adds to it."""
    rest = -decay(rates, np.array(period), once.shape[1])
    rest[:, 0] = -np.expm1(-rates * period)
    state: RateArray = np.linalg.solve(multiplication(rest), once[..., None])[..., 0]
    return state


def _since_cutoff(rates: RateArray, decays: RateArray, pushes: RateArray, drive: _Drive) -> RateArray:
    """State q at the anchor, from the whole periods and the rest since the cutoff."""
    if drive.whole_periods > _MOST_PERIODS:
        raise InputError(
            f"kernel: its cutoff spans {drive.whole_periods} periods of the signal; at most {_MOST_PERIODS} "
            "can be summed, take a longer period"
        )
    ago = np.arange(float(drive.whole_periods)) * drive.period
    periods = decay(rates[:, None], ago, decays.shape[2]).sum(axis=1)
    state = product(periods, _run(decays, pushes))
    for p in range(drive.anchor):
        state = product(decays[p], state) + pushes[p]
    return state


def _run(decays: RateArray, pushes: RateArray) -> RateArray:
    """State after one period that began at 0."""
    state: RateArray = pushes[0]
    for step, push in zip(decays[1:], pushes[1:], strict=True):
        state = product(step, state) + push
    return state


def _sources(rates: RateArray, orders: int, cutoff: float) -> RateArray:
    """How the signal, and the signal a cutoff ago, drive the states; shape (sources, rates, orders)."""
    now = np.zeros((1, rates.size, orders))
    now[..., 0] = 1.0
    if math.isinf(cutoff):
        return now
    return np.concatenate([now, -decay(rates, np.array(cutoff), orders)[None]])


def _advanced(states: RateArray, rates: RateArray) -> RateArray:
    """``A z``."""
    shifted = np.zeros_like(states)
    shifted[..., 1:] = states[..., :-1]
    return shifted - rates[:, None] * states
