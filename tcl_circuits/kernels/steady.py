"""Periodic steady state of exponential kernels: closed form at every ratio of period to memory.

Three forms of the states (:mod:`.states`) share the work, each where the others would subtract nearly equal
numbers:

- pieces longer than the memory: ``z = -f/A - f'/A^2`` plus a transient;
- shorter pieces: the power series of z;
- periods shorter than the memory: integration by parts, ``u = sum_m K^(m)(0) y_(m+1)``, with y_m the m-th
  antiderivative of mean 0 of the signal. It converges for ``|rate| T < 2 pi``.

Where a piece is long for every rate, or a cutoff has passed since the last corner, ``u = area * s -
first_moment * ds/dt`` (Eq. A9) stands for the first two terms.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal, balanced_antiderivative
from tcl_circuits.kernels.states import SHORT, Drive, States, advanced, sources
from tcl_circuits.kernels.taylor import RateArray

if TYPE_CHECKING:
    from tcl_circuits.kernels.exponential import ExponentialKernel

_PERIOD_POWERS = 26
"""Antiderivatives kept for short periods: (1/2 pi)^24 is below the last digit."""


def steady_response(kernel: ExponentialKernel, signal: PeriodicSignal) -> PeriodicResponse:
    """Response of `kernel` to a periodic signal that has been on for ever."""
    drive = Drive.of(signal, kernel.cutoff)
    reach = np.abs(kernel.rates) * drive.durations[:, None]
    quick = (reach.sum(axis=0) < SHORT) & ~drive.settled.any()
    exact = np.all(reach >= SHORT, axis=1) if math.isinf(kernel.cutoff) else drive.settled
    parts = [_settled(kernel, drive, exact)]
    transients = np.zeros((drive.durations.size, *kernel.weights.shape), kernel.weights.dtype)
    if quick.any():
        parts.append(_by_parts(kernel.rates[quick], kernel.weights[quick], drive, kernel.cutoff))
    if not quick.all():
        slow = ~quick
        states = States.of(kernel.rates[slow], kernel.weights[slow], drive, kernel.cutoff)
        long = (reach[:, slow] >= SHORT) & ~drive.settled[:, None]
        transients[:, slow] = states.transients(long)
        if not exact.all():
            unsettled = ~exact[:, None]
            parts += [states.lines(long & unsettled), states.power_series(~long & unsettled)]
    polynomial = np.zeros((drive.durations.size, max(part.shape[1] for part in parts)))
    for part in parts:
        polynomial[:, : part.shape[1]] += part
    polynomial[:, 0] += kernel.area * signal.mean
    return PeriodicResponse(drive.durations, polynomial, kernel.rates, transients)


def _settled(kernel: ExponentialKernel, drive: Drive, exact: NDArray[np.bool_]) -> FloatArray:
    """``area * s - first_moment * ds/dt`` on the pieces that are `exact`, the delta's part elsewhere.

    The kernel's own moments are better than sums over its terms.
    """
    line: FloatArray = kernel.delta * drive.lines[0]
    values, rises = drive.values[0, exact], drive.rises[0, exact]
    line[exact, 0] = kernel.area * values - kernel.first_moment * (rises / drive.durations[exact])
    line[exact, 1] = kernel.area * rises
    return line


def _by_parts(rates: RateArray, weights: RateArray, drive: Drive, cutoff: float) -> FloatArray:
    """Polynomials of terms for which the period is short."""
    ends = sources(rates, weights.shape[1], cutoff)
    primitive = drive.lines
    total = np.zeros((drive.durations.size, _PERIOD_POWERS + 2))
    for _ in range(_PERIOD_POWERS):
        primitive = balanced_antiderivative(primitive, drive.durations)
        derivatives = np.einsum("srj,rj->s", ends, weights).real
        total[:, : primitive.shape[-1]] += np.einsum("s,spn->pn", derivatives, primitive)
        ends = advanced(ends, rates)
    return total
