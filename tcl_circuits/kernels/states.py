"""States of exponential kernels under a periodic signal: what drives them, and their values at its corners.

A term of a kernel is a state z with ``dz/dt = A z + f``, ``A = -rate + N`` (:mod:`.taylor`). It is driven by
the signal and, where the kernel is cut off, by minus the decayed signal of a cutoff ago. With z goes
``q = A z + f``, the response to the signal's slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.periodic import PeriodicSignal
from tcl_circuits.kernels.taylor import (
    RateArray,
    decay,
    inverse,
    multiplication,
    product,
    truncated_moments,
)

SHORT = 1.0
"""A period or piece is short where it takes less than this over the absolute rate."""
_PIECE_POWERS = 22
"""Powers kept on short pieces: 1/22! is below the last digit."""
_MOST_PERIODS = 10_000_000
"""Whole periods within a cutoff that are summed one by one."""
_VANISHED = 750.0
"""Exponent below which a decay is 0."""


@dataclass(frozen=True, eq=False)
class Drive:
    """A signal without its mean, and with a cutoff itself a cutoff ago, as lines on common pieces.

    Parameters
    ----------
    durations : ndarray of shape (pieces,)
        Durations of the pieces [s].
    values, rises : ndarray of shape (sources, pieces)
        Values at the beginnings of the pieces and changes over them; the sources are now and a cutoff ago.
    settled : ndarray of bool, shape (pieces,)
        Pieces on which the kernel has seen nothing but one line up to its cutoff.
    anchor : int
        Piece that begins a cutoff, less its whole periods, after the cycle.
    whole_periods : int
        Whole periods within the cutoff.
    """

    durations: FloatArray
    values: FloatArray
    rises: FloatArray
    settled: NDArray[np.bool_]
    anchor: int
    whole_periods: int

    @classmethod
    def of(cls, signal: PeriodicSignal, cutoff: float) -> Drive:
        """Pieces of `signal`, divided where a corner leaves the memory of a kernel with a cutoff."""
        if math.isinf(cutoff):
            never = np.zeros(signal.durations.size, dtype=bool)
            return cls(signal.durations, (signal.values - signal.mean)[None], signal.rises[None], never, 0, 0)
        period = signal.period
        whole, rest = divmod(cutoff, period)
        tiny = 8 * np.finfo(float).eps * period
        if rest > period - tiny:
            whole, rest = whole + 1, 0.0
        starts = np.sort(np.concatenate([signal.starts, np.mod(signal.starts + rest, period)]))
        starts = starts[np.concatenate([[True], np.diff(starts) > tiny])]
        starts = starts[starts < period - tiny]
        both = np.stack([signal(starts), signal(starts - rest)]) - signal.mean
        rises = np.roll(both, -1, axis=1) - both
        since_corner = np.mod(starts[:, None] - signal.starts + tiny, period).min(axis=1)
        durations = np.diff(np.append(starts, period))
        anchor = int(np.argmin(np.abs(starts - rest)))
        return cls(durations, both, rises, since_corner >= cutoff, anchor, int(whole))

    @property
    def period(self) -> float:
        """Duration of a cycle [s]."""
        return float(self.durations.sum())

    @property
    def lines(self) -> FloatArray:
        """Coefficients of the lines in x/duration, shape (sources, pieces, 2)."""
        return np.stack([self.values, self.rises], axis=-1)


@dataclass(frozen=True, eq=False)
class States:
    """States z and q at the beginnings of the pieces, and what drives them.

    Parameters
    ----------
    rates : ndarray of shape (rates,)
        Decay rates [1/s].
    weights : ndarray of shape (rates, orders)
        Weights of the states in the kernel output.
    durations : ndarray of shape (pieces,)
        Durations of the pieces [s].
    starts, rises : ndarray of shape (pieces, rates, orders)
        The drive f at the beginnings of the pieces, and its change over them.
    levels, slopes : ndarray of shape (pieces, rates, orders)
        z and q.
    """

    rates: RateArray
    weights: RateArray
    durations: FloatArray
    starts: RateArray
    rises: RateArray
    levels: RateArray
    slopes: RateArray

    @classmethod
    def of(cls, rates: RateArray, weights: RateArray, drive: Drive, cutoff: float) -> States:
        """Periodic states under `drive`."""
        orders = weights.shape[1]
        coupling = sources(rates, orders, cutoff)
        starts, rises = (
            (part[:, :, None, None] * coupling[:, None]).sum(axis=0) for part in (drive.values, drive.rises)
        )
        durations = drive.durations[:, None]
        decays = decay(rates, durations, orders)
        heads = truncated_moments(rates, durations, orders) / durations[..., None]
        pushes = product(heads, rises)
        if drive.settled.any():
            levels, slopes = _from_settled(rates, drive, cutoff, starts, rises, decays, pushes)
            return cls(rates, weights, drive.durations, starts, rises, levels, slopes)
        if math.isinf(cutoff):
            state = _over_all_time(rates, _run(decays, pushes), drive.period)
        else:
            state = _since_cutoff(rates, decays, heads * drive.rises[0, :, None, None], drive)
        slopes = np.empty_like(decays)
        for k in range(durations.size):
            p = (drive.anchor + k) % durations.size
            slopes[p] = state
            state = product(decays[p], state) + pushes[p]
        levels = product(inverse(rates, orders), slopes - starts)
        return cls(rates, weights, drive.durations, starts, rises, levels, slopes)

    def transients(self, long: NDArray[np.bool_]) -> RateArray:
        """Transients on the pieces that are `long` for a rate: ``z + f/A + f'/A^2``."""
        found = self.weights[:, None] @ multiplication(product(self._back, self.slopes + self._steepness))
        return np.where(long[..., None], found[..., 0, :], 0.0)

    def lines(self, long: NDArray[np.bool_]) -> FloatArray:
        """What is left without the transients on pieces `long` for a rate; shape (pieces, 2)."""
        ends = [product(self._back, self.starts + self._steepness), product(self._back, self.rises)]
        parts = [-np.sum(self.weights * end, axis=2).real for end in ends]
        return np.stack([np.sum(np.where(long, part, 0.0), axis=1) for part in parts], axis=1)

    def power_series(self, short: NDArray[np.bool_]) -> FloatArray:
        """Polynomials on the pieces that are `short` for a rate, shape (pieces, powers)."""
        if not short.any():
            return np.zeros((self.durations.size, 1))
        piece, rate = np.nonzero(short)
        found = np.zeros((self.durations.size, _PIECE_POWERS))
        powers = _powers(
            self.rates[rate],
            self.durations[piece],
            self.rises[short],
            self.levels[short],
            self.slopes[short],
        )
        np.add.at(found, piece, np.einsum("nej,ej->en", powers, self.weights[rate]).real)
        return found

    @property
    def _back(self) -> RateArray:
        return inverse(self.rates, self.weights.shape[1])

    @property
    def _steepness(self) -> RateArray:
        """``f'/A``."""
        return product(self._back, self.rises / self.durations[:, None, None])


def sources(rates: RateArray, orders: int, cutoff: float) -> RateArray:
    """How the signal, and the signal a cutoff ago, drive the states; shape (sources, rates, orders)."""
    now = np.zeros((1, rates.size, orders))
    now[..., 0] = 1.0
    if math.isinf(cutoff):
        return now
    return np.concatenate([now, -decay(rates, np.array(cutoff), orders)[None]])


def advanced(states: RateArray, rates: RateArray) -> RateArray:
    """``A z``."""
    shifted = np.zeros_like(states)
    shifted[..., 1:] = states[..., :-1]
    return shifted - rates[:, None] * states


def _powers(
    rates: RateArray, durations: FloatArray, rises: RateArray, levels: RateArray, slopes: RateArray
) -> RateArray:
    """Power series of z in x/duration, on a new first axis; the others have the shape (states, orders)."""
    step = durations[:, None]
    powers = [levels, step * slopes]
    powers.append(0.5 * step * (advanced(powers[1], rates) + rises))
    for n in range(3, _PIECE_POWERS):
        powers.append(step * advanced(powers[-1], rates) / n)
    return np.array(powers)


def _over_all_time(rates: RateArray, once: RateArray, period: float) -> RateArray:
    """State q at t = 0, from what one period adds to it."""
    rest = -decay(rates, np.array(period), once.shape[1])
    rest[:, 0] = -np.expm1(-rates * period)
    state: RateArray = np.linalg.solve(multiplication(rest), once[..., None])[..., 0]
    return state


def _since_cutoff(rates: RateArray, decays: RateArray, pushes: RateArray, drive: Drive) -> RateArray:
    """State q at the anchor, from the whole periods and the rest since the cutoff."""
    slowest = float(rates.real.min()) * drive.period
    count = min(drive.whole_periods, 1 + int(_VANISHED / slowest)) if slowest > 0 else drive.whole_periods
    if count > _MOST_PERIODS:
        raise InputError(
            f"kernel: its cutoff spans {drive.whole_periods} periods of the signal; at most {_MOST_PERIODS} "
            "can be summed, take a longer period"
        )
    ago = np.arange(float(count)) * drive.period
    periods = decay(rates[:, None], ago, decays.shape[2]).sum(axis=1)
    state = product(periods, _run(decays, pushes))
    for p in range(drive.anchor):
        state = product(decays[p], state) + pushes[p]
    return state


def _from_settled(
    rates: RateArray,
    drive: Drive,
    cutoff: float,
    starts: RateArray,
    rises: RateArray,
    decays: RateArray,
    pushes: RateArray,
) -> tuple[RateArray, RateArray]:
    """States z and q where the memory of a single line is a fresh beginning in every cycle.

    For rates that are slow against the cutoff ``z = (q - f)/A`` would subtract nearly equal numbers.
    """
    orders, count = decays.shape[2], drive.durations.size
    moments = truncated_moments(rates, np.array(cutoff), orders + 1)
    back = inverse(rates, orders)
    levels, slopes = np.empty_like(decays), np.empty_like(decays)
    first = int(np.argmax(drive.settled))
    for p in (first + np.arange(count)) % count:
        seen = p if drive.settled[p] else p - 1
        if drive.settled[seen]:
            slope = drive.rises[0, seen] / drive.durations[seen]
            slopes[p] = slope * moments[:, :-1]
            levels[p] = (
                drive.values[0, p] * moments[:, :-1] - slope * np.arange(1, orders + 1) * moments[:, 1:]
            )
        else:
            duration = np.full(rates.size, drive.durations[seen])
            slopes[p] = product(decays[seen], slopes[seen]) + pushes[seen]
            summed = _powers(rates, duration, rises[seen], levels[seen], slopes[seen]).sum(axis=0)
            short = np.abs(rates) * duration < SHORT
            levels[p] = np.where(short[:, None], summed, product(back, slopes[p] - starts[p]))
    return levels, slopes


def _run(decays: RateArray, pushes: RateArray) -> RateArray:
    """State after one period that began at 0."""
    state: RateArray = pushes[0]
    for step, push in zip(decays[1:], pushes[1:], strict=True):
        state = product(step, state) + push
    return state
