"""The published way to an update: convolution on a dense grid, then a trapezoid (Appendices E and I)."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from tcl_circuits.arrays import FloatArray
from tcl_circuits.kernels import Kernel
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold

STEP = 1e-4
"""Time step of the grid."""
LENGTH = 1.0
"""Length at which the kernel is cut off."""


def dense_update(
    kern: Kernel, saw: Sawtooth, amplitude: FloatArray, mean: float, threshold: float
) -> FloatArray:
    """Updates on a grid of 1e-4, with the kernel cut off at 1, summed as published.

    The trapezoid over the N samples of a period leaves out its last interval, whose u is about -A/tau_s on
    the slow ramp: nothing where the threshold drops it, and an error of 1e-4 A/tau_f with the fast one there.

    Parameters
    ----------
    kern : Kernel
        Memory kernel without a delta part.
    saw : Sawtooth
        Protocol.
    amplitude : ndarray of shape (amplitudes,)
        Amplitudes.
    mean : float
        Mean of the free and the nudged signal.
    threshold : float
        Hard threshold; what is below 0 passes everything, as 0 does.

    Returns
    -------
    ndarray of shape (amplitudes,)
    """
    count = round(saw.period / STEP)
    signal = saw.values(STEP * np.arange(count, dtype=np.float64)) - 0.5
    weights = STEP * kern(STEP * np.arange(round(LENGTH / STEP), dtype=np.float64))
    unit = _periodic_convolution(weights, signal)
    gate = HardThreshold(max(threshold, 0.0))
    u = amplitude[:, None] * unit + float(weights.sum()) * mean
    return np.asarray(np.trapezoid(gate(u), dx=STEP, axis=1))


def _periodic_convolution(weights: FloatArray, signal: FloatArray) -> FloatArray:
    """Causal convolution with a signal of period ``signal.size``."""
    size = signal.size
    folded = np.zeros(size)
    np.add.at(folded, np.arange(weights.size) % size, weights)
    if next_fast_len(size, real=True) == size:
        return np.asarray(irfft(rfft(folded) * rfft(signal), size))
    # Lengths with large prime factors: the linear convolution, folded.
    long = next_fast_len(2 * size, real=True)
    linear = np.asarray(irfft(rfft(folded, long) * rfft(signal, long), long))
    result = linear[:size].copy()
    result[: size - 1] += linear[size : 2 * size - 1]
    return result
