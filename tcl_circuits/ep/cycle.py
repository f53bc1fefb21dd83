"""From the states on a ramp to the kernel output over a cycle: one fixed linear map (Eqs. 3 and 6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.ep.ramp import Ramp
from tcl_circuits.errors import InputError
from tcl_circuits.kernels import Kernel
from tcl_circuits.kernels.periodic import PeriodicSignal
from tcl_circuits.protocol import Sawtooth

Method = Literal["sampled", "exact"]

_LONGEST = 20
"""Cycles after which a kernel must have forgotten."""
_NEGLIGIBLE = 1e-12
"""Of the largest value: what is smaller is rounding."""


@dataclass(frozen=True, eq=False)
class CycleMap:
    """Kernel output u at the sample times of a cycle, for a signal that is linear between its states.

    With s_0, s_1, ... the values of a synapse's signal in the states of a ramp and ``d_k = s_k - s_(k-1)``,
    ``u[r] = base[r] s_0 + sum_k steps[r, k] d_k``, and the update is ``sum_r weights[r] g(u[r])``. Samples
    with the same u are one row; a row whose u is always 0 is left out.

    Parameters
    ----------
    steps : ndarray of shape (rows, states - 1)
        Share of each difference between states [s/s].
    base : ndarray of shape (rows,)
        Share of the first state: the area of the kernel; all 0 for an ideal one.
    weights : ndarray of shape (rows,)
        Time that a row stands for [s], negative for an inverted sawtooth.
    linear : ndarray of shape (states - 1,)
        Differences of a signal that follows the nudge from 0 to 1.
    area : float
        Area of the kernel as a share of its size, the integral of its absolute value.
    """

    steps: FloatArray
    base: FloatArray
    weights: FloatArray
    linear: FloatArray
    area: float

    @classmethod
    def of(
        cls, saw: Sawtooth, kernel: Kernel, ramp: Ramp, samples: int = 100, method: Method = "sampled"
    ) -> CycleMap:
        """Map of a sawtooth, a kernel and a ramp.

        Parameters
        ----------
        saw : Sawtooth
            Times of the ramps.
        kernel : Kernel
            Memory of the synapses.
        ramp : Ramp
            States, at equal steps of time on either way.
        samples : int
            Times in a cycle at which u is known.
        method : {"sampled", "exact"}
            ``sampled`` convolves samples of signal and kernel as Appendix D does; ``exact`` is the response
            to the signal between the samples as well, for kernels that the samples are too coarse for.

        Raises
        ------
        InputError
            If there are fewer than 10 samples, or the kernel remembers for longer than 20 cycles.
        """
        if isinstance(samples, bool) or not isinstance(samples, int) or samples < 10:
            raise InputError(f"EP cycle: samples = {samples!r} must be a whole number of at least 10")
        times = _corner_times(saw, ramp)
        grid = np.linspace(0, saw.period, samples, endpoint=False)
        taps = _taps(kernel, saw.period, samples)
        if method == "sampled":
            output, weights = _sampled(kernel, taps, times, grid)
        elif method == "exact":
            output, weights = _exact(kernel, times, grid)
        else:
            raise InputError(f"EP cycle: method {method!r} must be 'sampled' or 'exact'")
        by_state = np.zeros((samples, ramp.levels.size))
        np.add.at(by_state.T, ramp.path, output.T)
        size = float(np.abs(taps).sum()) + abs(kernel.delta)
        steps, base, weights = _grouped(by_state, weights)
        area = float(np.abs(base).max(initial=0.0)) / size if size > 0 else 0.0
        return cls(steps, base, saw.sign * weights, np.diff(ramp.levels), area)

    @cached_property
    def reach(self) -> FloatArray:
        """Largest u of each row for differences of at most 1, shape (rows,)."""
        total: FloatArray = np.abs(self.steps).sum(axis=1)
        return total

    @property
    def slope(self) -> float:
        """Update per contrast of a linear ramp of which all of the fast part passes, and only that."""
        rise = self.steps @ self.linear
        passed = rise * np.sign(self.weights) > 0
        return float(abs(self.weights[passed] @ rise[passed]))


def _corner_times(saw: Sawtooth, ramp: Ramp) -> FloatArray:
    """Times of a ramp's points [s], from 0 to the period."""
    corner = saw.breakpoints[0][1]
    up, down = ramp.corners
    return np.concatenate([np.linspace(0, corner, up), np.linspace(corner, saw.period, down)[1:]])


def _taps(kernel: Kernel, period: float, samples: int) -> FloatArray:
    """Kernel at the samples' distances, times that distance, up to where it has forgotten."""
    step = period / samples
    distances = np.linspace(0, _LONGEST * period, _LONGEST * samples, endpoint=False)
    taps = kernel(distances) * step
    known = np.flatnonzero(np.abs(taps) > _NEGLIGIBLE * np.abs(taps).max(initial=0.0))
    if known.size and known[-1] >= taps.size - samples:
        raise InputError(
            f"EP cycle: the kernel remembers for longer than {_LONGEST} cycles of {period:g} s; "
            "choose a faster one"
        )
    return taps[: known[-1] + 1 if known.size else 1]


def _sampled(
    kernel: Kernel, taps: FloatArray, times: FloatArray, grid: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Outputs at the samples by each point of the ramp, and the samples' times, as Appendix D has them.

    SciPy's convolution centres the kernel. The cycle that the published trapezoid rule runs over, from its
    first sample to its last, therefore begins half a kernel later; only there are the weights halved.
    """
    count = grid.size
    folded = np.bincount(np.arange(taps.size) % count, taps, minlength=count)
    folded[0] += kernel.delta
    weights = np.full(count, times[-1] / count)
    first = (taps.size // 2) % count
    weights[[first, first - 1]] /= 2
    spectrum = np.fft.rfft(folded)[:, None] * np.fft.rfft(_hats(times, grid), axis=0)
    return np.fft.irfft(spectrum, count, axis=0), weights


def _exact(kernel: Kernel, times: FloatArray, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Outputs at the samples by each point of the ramp in continuous time; the last point is the first."""
    output = np.zeros((grid.size, times.size))
    for point in range(times.size - 1):
        values = np.zeros(times.size - 1)
        values[point] = 1
        output[:, point] = kernel.steady_response(PeriodicSignal(np.diff(times), values))(grid)
    return output, np.full(grid.size, times[-1] / grid.size)


def _hats(times: FloatArray, grid: FloatArray) -> FloatArray:
    """Share of each point in the linear interpolation at the samples, shape (samples, points)."""
    return np.stack([np.interp(grid, times, unit) for unit in np.eye(times.size)], axis=1)


def _grouped(by_state: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares of the differences, of the first state, and weights; rows that are alike taken together."""
    # s_k = s_0 + d_1 + ... + d_k: a difference acts through all states from its own on.
    from_here_on = np.cumsum(by_state[:, ::-1], axis=1)[:, ::-1]
    scale = np.abs(by_state).sum(axis=1).max()
    from_here_on[np.abs(from_here_on) < _NEGLIGIBLE * scale] = 0
    _, first, group = np.unique(
        np.round(from_here_on / (scale * _NEGLIGIBLE * 10)), axis=0, return_index=True, return_inverse=True
    )
    rows: FloatArray = from_here_on[first]
    summed = np.zeros(len(rows))
    np.add.at(summed, group.ravel(), weights)
    alive = np.any(rows != 0, axis=1)
    return rows[alive, 1:], rows[alive, 0], summed[alive]
