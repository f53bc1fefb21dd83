"""Update curves in closed form against a dense grid: the curve of Fig. 4B, and 1,000 points of Fig. 4C."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from measure import Contestant, cpu_medians
from scipy.ndimage import convolve1d
from scipy.signal import fftconvolve
from scipy.special import gammainc, gammaincinv
from tables import Table, at_least, at_most

from tcl_circuits import Sawtooth, kernels, synapse
from tcl_circuits.arrays import FloatArray

SAW, TAU_K, THETA = Sawtooth(2.0, 10.0), 0.05, 3.0
AMPLITUDES = np.linspace(0.0, 30.0, 100, endpoint=False)
STEP = 1e-4
KERNEL_LENGTH = 1.0
WANTED = 1000.0
POINTS, WANTED_SECONDS = 1000, 20.0

Convolve = Callable[[FloatArray, FloatArray], FloatArray]


def update_curve(quick: bool) -> list[Table]:
    """Tables of one curve and of the points of Fig. 4C."""
    return [_curves(quick), _points(100 if quick else POINTS)]


def closed_curve() -> FloatArray:
    """100 amplitudes with the package, all preparations included."""
    kern = kernels.chemotaxis(TAU_K)
    return np.asarray(synapse.weight_update(kern, SAW, amplitude=AMPLITUDES, threshold=THETA))


def dense_curve(convolve: Convolve, amplitudes: FloatArray) -> FloatArray:
    """The same as one writes it at first: a grid, a convolution over the period, threshold and sum."""
    taps = kernels.chemotaxis(TAU_K)(np.arange(0.0, KERNEL_LENGTH, STEP))
    t = np.arange(0.0, SAW.period, STEP)
    beta = np.where(t < SAW.tau_f, t / SAW.tau_f, 1 - (t - SAW.tau_f) / SAW.tau_s)
    updates = []
    for amplitude in amplitudes:
        u = convolve(amplitude * (beta - 0.5), taps) * STEP
        updates.append(np.sum(np.where(np.abs(u) >= THETA, u, 0.0)) * STEP)
    return np.array(updates)


def direct(signal: FloatArray, taps: FloatArray) -> FloatArray:
    """scipy.ndimage.convolve1d, which the paper used."""
    u: FloatArray = convolve1d(signal, taps, mode="wrap")
    return u


def by_fft(signal: FloatArray, taps: FloatArray) -> FloatArray:
    """scipy.signal.fftconvolve over the period and the kernel's length before it."""
    before = np.concatenate([signal[-taps.size :], signal])
    u: FloatArray = fftconvolve(before, taps)[taps.size : before.size]
    return u


def exact_curve() -> FloatArray:
    """Incomplete gamma functions: both ramps last 40 memory times or more, and the slow one never passes."""
    found = np.zeros(AMPLITUDES.size)
    some = THETA * SAW.tau_f < AMPLITUDES
    amplitude = AMPLITUDES[some]
    height = amplitude * (1 / SAW.tau_f + 1 / SAW.tau_s)
    share = (THETA + amplitude / SAW.tau_s) / height
    enters, leaves = TAU_K * gammaincinv(3, share), TAU_K * gammaincinv(3, 1 - share)
    last = SAW.tau_f + leaves
    found[some] = height * (_reach(last) - _reach(enters) - _reach(leaves))
    found[some] -= (last - enters) * amplitude / SAW.tau_s
    return found


def _reach(x: FloatArray) -> FloatArray:
    reached: FloatArray = x * gammainc(3, x / TAU_K) - 3 * TAU_K * gammainc(4, x / TAU_K)
    return reached


def _curves(quick: bool) -> Table:
    table = Table(
        f"Update curve of {AMPLITUDES.size} amplitudes (Fig. 4B), against a dense grid of {STEP:g}",
        ("method", "ms a curve", "takes", "largest error"),
        "CPU, kernel and all preparations included. Errors against incomplete gamma functions; updates go\n"
        "up to 29. convolve1d (the paper's) is timed on a few amplitudes: all cost it the same.",
    )
    few = AMPLITUDES[[40] if quick else [25, 50, 75]]
    clock = time.process_time
    cpu = cpu_medians(
        {
            "closed form": Contestant(lambda _: [closed_curve() for _ in range(20)], clock),
            "fftconvolve": Contestant(lambda _: dense_curve(by_fft, AMPLITUDES), clock),
        },
        repeats=1 if quick else 3,
    )
    cpu["convolve1d"] = cpu_medians(
        {"convolve1d": Contestant(lambda _: dense_curve(direct, few), clock)}, repeats=1, warm_up=False
    )["convolve1d"]
    own = cpu["closed form"] / 20
    direct_cpu = cpu["convolve1d"] * AMPLITUDES.size / few.size
    exact = exact_curve()
    chosen = np.isin(AMPLITUDES, few)
    errors = {
        "closed form": np.abs(closed_curve() - exact).max(),
        "convolve1d": np.abs(dense_curve(direct, few) - exact[chosen]).max(),
        "fftconvolve": np.abs(dense_curve(by_fft, AMPLITUDES) - exact).max(),
    }
    table.add(
        "closed form", 1e3 * own, "-", at_most(float(errors["closed form"]), float(errors["fftconvolve"]))
    )
    table.add("convolve1d", 1e3 * direct_cpu, at_least(direct_cpu / own, WANTED), float(errors["convolve1d"]))
    fft_cpu = cpu["fftconvolve"]
    table.add("fftconvolve", 1e3 * fft_cpu, at_least(fft_cpu / own, None), float(errors["fftconvolve"]))
    return table


def _points(count: int) -> Table:
    table = Table(
        "Points of Fig. 4C: curve of 100 amplitudes, three-piece fit, onset",
        ("points", "CPU s", f"CPU s for {POINTS}"),
        "tau_f from .1 to 5, tau_s from tau_f to 50, tau_K = .05.",
    )
    generator, kern = np.random.default_rng(0), kernels.chemotaxis(TAU_K)
    tau_f = generator.uniform(0.1, 5.0, count)
    tau_s = generator.uniform(np.maximum(1.01 * tau_f, 0.2), 50.0)
    start = time.process_time()
    for fast, slow in zip(tau_f, tau_s, strict=True):
        curve = synapse.update_curve(kern, Sawtooth(float(fast), float(slow)))
        _ = curve.dynamic_range, curve.dynamic_range_by_onset, curve.offset
    spent = time.process_time() - start
    table.add(count, spent, at_most(spent * POINTS / count, WANTED_SECONDS))
    return table
