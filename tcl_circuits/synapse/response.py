"""The kernel output u(t) of a synapse under a sawtooth: causal, periodic, exact (Eq. 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, finite_array
from tcl_circuits.kernels import Kernel
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal
from tcl_circuits.protocol import Sawtooth


def sawtooth_signal(saw: Sawtooth, amplitude: float = 1.0, mean: float = 0.0) -> PeriodicSignal:
    """Synaptic signal ``s(t) = mean + amplitude (beta(t) - 1/2)`` (Eqs. 11 and A2).

    It runs between ``mean - amplitude/2`` (free) and ``mean + amplitude/2`` (nudged), free at t = 0.
    """
    durations = [saw.tau_f, saw.tau_s] if saw.polarity == "standard" else [saw.tau_s, saw.tau_f]
    return PeriodicSignal(np.array(durations), mean + amplitude * np.array([-0.5, 0.5]))


def unit_response(kern: Kernel, saw: Sawtooth) -> PeriodicResponse:
    """Response v(t) to the sawtooth of amplitude 1 and mean 0: ``u = amplitude * v + area * mean``."""
    return kern.steady_response(sawtooth_signal(saw))


def response(kern: Kernel, saw: Sawtooth, *, amplitude: float, t: ArrayLike, mean: float = 0.0) -> FloatArray:
    """Kernel output u(t) of a synapse in the periodic steady state (Eq. 3).

    Parameters
    ----------
    kern : Kernel
        Memory kernel.
    saw : Sawtooth
        Protocol; the signal is ``mean + amplitude (beta(t) - 1/2)``.
    amplitude : float
        ``s_nudged - s_free``; either sign.
    t : array_like
        Times [s]; the cycle begins free at t = 0 and repeats.
    mean : float
        Mean of the free and the nudged signal.

    Returns
    -------
    ndarray of the shape of `t`
        In the unit of the signal times that of the kernel's area.

    Raises
    ------
    InputError
        If a value is not a finite number.
    """
    amplitude, mean = finite("response", "amplitude", amplitude), finite("response", "mean", mean)
    times = finite_array("response", "t", t)
    return amplitude * unit_response(kern, saw)(times) + kern.area * mean
