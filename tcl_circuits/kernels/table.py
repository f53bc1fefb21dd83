"""Kernels given by a table: measured ones, for instance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite_array
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.periodic import (
    PeriodicResponse,
    PeriodicSignal,
    balanced_antiderivative,
    integrated_powers,
    no_transients,
)


@dataclass(frozen=True, eq=False)
class TabulatedKernel:
    """Kernel that is linear between the points of a table and 0 outside; no delta.

    Parameters
    ----------
    times : ndarray of shape (points,)
        Increasing times >= 0 [s].
    values : ndarray of shape (points,)
        K at the times.

    Raises
    ------
    InputError
        If there are fewer than 2 points, the shapes differ, a value is not finite, or the times do not
        increase from 0 or later.
    """

    times: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        for name in ("times", "values"):
            object.__setattr__(self, name, finite_array("tabulated kernel", name, getattr(self, name)))
        if self.times.ndim != 1 or self.times.size < 2 or self.times.shape != self.values.shape:
            raise InputError(
                f"tabulated kernel: times of shape {self.times.shape} and values of shape "
                f"{self.values.shape} must be lists of one length, at least 2"
            )
        if self.times[0] < 0:
            raise InputError(
                f"tabulated kernel: times begins at {self.times[0]:g} s, but must not be negative"
            )
        steps = np.diff(self.times)
        if np.any(steps <= 0):
            k = int(np.argmax(steps <= 0))
            raise InputError(
                f"tabulated kernel: times must increase, but {self.times[k]:g} s is followed by "
                f"{self.times[k + 1]:g} s"
            )

    @property
    def delta(self) -> float:
        """0: a table holds no delta function."""
        return 0.0

    @property
    def area(self) -> float:
        """Integral of K over all times."""
        return float(np.trapezoid(self.values, self.times))

    @property
    def first_moment(self) -> float:
        """Integral of t K(t)."""
        start, stop = self.times[:-1], self.times[1:]
        first, last = self.values[:-1], self.values[1:]
        return float(np.sum((stop - start) * (start * (2 * first + last) + stop * (first + 2 * last))) / 6)

    def __call__(self, t: FloatArray) -> FloatArray:
        """Value at the times `t` [s]; 0 outside the table."""
        times = finite_array("tabulated kernel", "t", t)
        return np.interp(times, self.times, self.values, left=0.0, right=0.0)

    def steady_response(self, signal: PeriodicSignal) -> PeriodicResponse:
        """Response u(t) to a periodic signal that has been on for ever (Eq. 3): a cubic spline, exact.

        Each corner of the signal meets each corner of the kernel once a cycle; there the third derivative
        of u jumps (and the second, where the kernel itself does).
        """
        slopes = np.concatenate([[0.0], np.diff(self.values) / np.diff(self.times), [0.0]])
        steps = np.zeros(self.times.size)
        steps[0], steps[-1] = self.values[0], -self.values[-1]
        ramps = signal.rises / signal.durations
        corners = ramps - np.roll(ramps, 1)
        meetings = np.mod(signal.starts[:, None] + self.times, signal.period).ravel()
        starts, meeting = np.unique(np.append(meetings, 0.0), return_inverse=True)
        third, second = np.zeros(starts.size), np.zeros(starts.size)
        np.add.at(third, meeting[:-1], np.outer(corners, np.diff(slopes)).ravel())
        np.add.at(second, meeting[:-1], np.outer(corners, steps).ravel())
        jumps = _Jumps(np.diff(np.append(starts, signal.period)), third, second)
        tiny = 8 * np.finfo(float).eps * signal.period
        settled = np.mod(starts[:, None] - signal.starts + tiny, signal.period).min(axis=1) >= self.times[-1]
        if settled.any():
            slope = ramps[np.searchsorted(signal.starts, starts + tiny, side="right") - 1]
            level = self.area * (signal(starts) - signal.mean) - self.first_moment * slope
            found = jumps.from_settled(settled, level, self.area * slope)
        else:
            found = jumps.balanced()
        found[:, 0] += self.area * signal.mean
        return PeriodicResponse(jumps.durations, found, *no_transients(starts.size))


@dataclass(frozen=True, eq=False)
class _Jumps:
    """Jumps of the third and the second derivative of a periodic cubic spline of mean 0.

    They lie at the beginnings of the pieces; all arrays have the shape (pieces,).
    """

    durations: FloatArray
    third: FloatArray
    second: FloatArray

    def balanced(self) -> FloatArray:
        """Coefficients of the spline in x/duration, shape (pieces, 4), from means of 0 throughout."""
        level = np.cumsum(self.third)
        level = level - level @ self.durations / self.durations.sum()
        found = balanced_antiderivative(level[:, None], self.durations, self.second)
        for _ in range(2):
            found = balanced_antiderivative(found, self.durations)
        return found

    def from_settled(self, settled: NDArray[np.bool_], level: FloatArray, slope: FloatArray) -> FloatArray:
        """The same from known lines on the `settled` pieces: no error grows with the period."""
        turn = -int(np.argmax(settled))
        settled = np.roll(settled, turn)
        durations, third, second, level, slope = (
            np.roll(part, turn) for part in (self.durations, self.third, self.second, level, slope)
        )
        last = np.maximum.accumulate(np.where(settled, np.arange(settled.size), 0))

        def anchored(sums: FloatArray, known: FloatArray) -> FloatArray:
            return known[last] + (sums - sums[last])

        zero = np.zeros(settled.size)
        found = anchored(np.cumsum(third), zero)[:, None]
        for known, jumps in ((zero, second), (slope, zero), (level, zero)):
            found = integrated_powers(found, durations)
            found[:, 0] = anchored(np.cumsum(jumps + np.append(0.0, found.sum(axis=1)[:-1])), known)
        return np.roll(found, -turn, axis=0)


def tabulated(t: ArrayLike, values: ArrayLike) -> TabulatedKernel:
    """Kernel that is linear between the points of a table; see :class:`TabulatedKernel`."""
    return TabulatedKernel(t, values)  # type: ignore[arg-type]
