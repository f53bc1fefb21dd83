"""Signals s(t) that happen once: held, ramped and stepped, and products of two of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth

__all__ = ["Dimers", "PiecewiseLinear", "Signal"]


class Signal(Protocol):
    """A signal over time: smooth between its corners, constant before the first and after the last."""

    @property
    def corners(self) -> FloatArray:
        """Times at which the signal bends or jumps, in increasing order; a jump may be named twice."""
        ...

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Values at the times `t`, of the shape of `t`; at a jump the value after it."""
        ...


@dataclass(frozen=True)
class Piece:
    """A straight piece of a signal: from `start` to `stop` it is ``value + slope (t - start)``."""

    start: float
    stop: float
    jump: float
    slope: float


@dataclass(frozen=True, eq=False)
class PiecewiseLinear:
    """A signal of straight pieces, constant before its first time and after its last.

    Parameters
    ----------
    times : array_like of shape (points,)
        Times that do not decrease; a time given twice in a row is a jump.
    values : array_like of shape (points,)
        Signal at the times.

    Raises
    ------
    InputError
        If shapes differ, there is no point, a value is not finite, or times decrease.
    """

    times: FloatArray
    values: FloatArray

    def __post_init__(self) -> None:
        for name in ("times", "values"):
            object.__setattr__(self, name, checks.finite_array("signal", name, getattr(self, name)))
        if self.times.ndim != 1 or self.times.size < 1 or self.times.shape != self.values.shape:
            raise InputError(
                f"signal: times of shape {self.times.shape} and values of shape {self.values.shape} "
                "must be lists of one length, at least 1"
            )
        backwards = np.flatnonzero(np.diff(self.times) < 0)
        for k in backwards:
            raise InputError(
                f"signal: times must not decrease, but {self.times[k]:g} is followed by {self.times[k + 1]:g}"
            )

    @classmethod
    def step(cls, height: float, start: float = 0.0, at: float = 0.0) -> PiecewiseLinear:
        """Signal that jumps from `start` to ``start + height`` at the time `at`."""
        return cls(np.array([at, at]), np.array([start, start + height]))

    @classmethod
    def cycles(cls, saw: Sawtooth, amplitude: float, mean: float, count: int = 1) -> PiecewiseLinear:
        """Signal of some sawtooth cycles of a peak-to-peak amplitude about a mean (Eq. A2), from t = 0."""
        if not (isinstance(count, int) and count >= 1):
            raise InputError(f"signal: count = {count!r} must be a whole number of cycles, at least 1")
        times, beta = saw.breakpoints
        starts = saw.period * np.arange(count)[:, None]
        values = checks.finite("signal", "mean", mean) + amplitude * (np.tile(beta, count) - 0.5)
        return cls((starts + times).ravel(), values)

    @property
    def corners(self) -> FloatArray:
        """Times at which the signal bends or jumps."""
        return self.times

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Values at the times `t`, of the shape of `t`; at a jump the value after it."""
        at = np.asarray(t, dtype=float)
        right = np.clip(np.searchsorted(self.times, at, side="right"), 0, self.times.size - 1)
        left = np.clip(np.searchsorted(self.times, at, side="right") - 1, 0, self.times.size - 1)
        width = self.times[right] - self.times[left]
        share = np.where(width > 0, (at - self.times[left]) / np.where(width > 0, width, 1.0), 0.0)
        return self.values[left] + share * (self.values[right] - self.values[left])

    def pieces(self) -> Iterator[Piece]:
        """Straight pieces in order, the last one without end; each with the jump at its start."""
        jump = 0.0
        for k in range(self.times.size - 1):
            width, rise = self.times[k + 1] - self.times[k], self.values[k + 1] - self.values[k]
            if width == 0:
                jump += float(rise)
                continue
            yield Piece(float(self.times[k]), float(self.times[k + 1]), jump, float(rise / width))
            jump = 0.0
        yield Piece(float(self.times[-1]), np.inf, jump, 0.0)


@dataclass(frozen=True, eq=False)
class Dimers:
    """Concentration of the dimers of two monomers, ``s = association c_i c_j`` (mass action).

    The signal of the molecular form of negative autoregulation (Eqs. 21-23).

    Parameters
    ----------
    first, second : Signal
        Concentrations c_i and c_j of the monomers.
    association : float
        Equilibrium constant of the dimer, 1/concentration.
    """

    first: Signal
    second: Signal
    association: float = 1.0

    def __post_init__(self) -> None:
        checks.positive("Dimers", "association", self.association)

    @property
    def corners(self) -> FloatArray:
        """Corners of both monomers."""
        return np.union1d(self.first.corners, self.second.corners)

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Concentration of dimers at the times `t`."""
        return self.association * self.first(t) * self.second(t)
