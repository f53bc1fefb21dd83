"""Independent ways to a kernel's response: quadrature, and the same sums in 60 digits."""

from __future__ import annotations

from decimal import Decimal, localcontext

import numpy as np

from tcl_circuits.kernels import Kernel
from tcl_circuits.kernels.periodic import PeriodicSignal

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


def sawtooth(tau_f: float, tau_s: float, amplitude: float = 1.0, mean: float = 0.0) -> PeriodicSignal:
    return PeriodicSignal(np.array([tau_f, tau_s]), mean + amplitude * np.array([-0.5, 0.5]))


def by_quadrature(
    kernel: Kernel, signal: PeriodicSignal, t: float, memory: float, step: float, corners: np.ndarray
) -> float:
    """Convolution at `t` by Gauss-Legendre between all corners of the signal and of the kernel."""
    periods = np.arange(-np.ceil(memory / signal.period) - 1, 2)
    ago = t - (signal.starts + periods[:, None] * signal.period).ravel()
    edges = np.unique(np.concatenate([np.arange(0, memory, step), [memory], corners, ago]))
    edges = edges[(edges >= 0) & (edges <= memory)]
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    x = middle[:, None] + half[:, None] * NODES
    smooth = np.sum(half[:, None] * WEIGHTS * kernel(x) * signal(t - x))
    return float(smooth + kernel.delta * signal(np.array(t)))


def in_decimals(rate: float, weights: list[Decimal], signal: PeriodicSignal, piece: int, x: float) -> Decimal:
    """Response of ``sum_j weights[j] t^j/j! exp(-rate t)`` from the twice iterated tails of the kernel.

    ``u = area s - moment ds/dt + sum over all past corners of (jump of the slope) * E(time since)``: exact,
    but it subtracts nearly equal numbers; 200 digits make up for that.
    """
    with localcontext() as context:
        context.prec = 200
        b, orders = Decimal(rate), len(weights)
        durations = [Decimal(float(d)) for d in signal.durations]
        values = [Decimal(float(v)) for v in signal.values]
        count, period = len(durations), sum(durations, Decimal(0))
        slopes = [(values[(i + 1) % count] - values[i]) / durations[i] for i in range(count)]

        def product(one: list[Decimal], two: list[Decimal]) -> list[Decimal]:
            return [sum((one[i] * two[k - i] for i in range(k + 1)), Decimal(0)) for k in range(orders)]

        def decay(time: Decimal) -> list[Decimal]:
            found, term = [], (-b * time).exp()
            for k in range(orders):
                found.append(term)
                term = term * time / (k + 1)
            return found

        # (1 - M(T))^-1 and A^-2 as power series.
        rest = [-q for q in decay(period)]
        rest[0] += 1
        once = [1 / rest[0]]
        for k in range(1, orders):
            once.append(-sum((rest[i] * once[k - i] for i in range(1, k + 1)), Decimal(0)) / rest[0])
        tails = [Decimal(k + 1) / b ** (k + 2) for k in range(orders)]
        area = sum(w / b ** (j + 1) for j, w in enumerate(weights))
        moment = sum(w * (j + 1) / b ** (j + 2) for j, w in enumerate(weights))
        offset = Decimal(x)
        total = area * (values[piece] + slopes[piece] * offset) - moment * slopes[piece]
        for i in range(count):
            since = offset + sum(durations[:piece], Decimal(0)) - sum(durations[:i], Decimal(0))
            since += period if i > piece else 0
            series = product(product(tails, once), decay(since))
            total += (slopes[i] - slopes[i - 1]) * sum(w * z for w, z in zip(weights, series, strict=True))
        return +total
