"""The kernel of a capacitor and a resistor (Eq. 25)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite_array, is_number, positive
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.exponential import ExponentialKernel
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal


@dataclass(frozen=True)
class RCKernel:
    """Kernel of a capacitor in series with a resistor, driven by a voltage, read as a current (Eq. 25).

    ``K(t) = (1/R) [delta(t) - exp(-t/tau)/(R C)]``. Without leak tau = R C, the area is 0 and the first
    moment is -C; with a resistor `leak` across the capacitor tau = C R leak/(R + leak) and the area is
    1/(R + leak).

    Parameters
    ----------
    r : float
        Series resistance [ohm].
    c : float
        Capacitance [F].
    leak : float, optional
        Resistance across the capacitor [ohm]; none by default.
    """

    r: float
    c: float
    leak: float = math.inf

    def __post_init__(self) -> None:
        for name, value in (("r", self.r), ("c", self.c)):
            positive("rc kernel", name, value)
        if not (is_number(self.leak) and self.leak > 0):
            raise InputError(f"rc kernel: leak = {self.leak!r} must be a positive resistance in ohm")

    @property
    def tau(self) -> float:
        """Memory time tau_K [s]."""
        return self.c / (1 / self.r + 1 / self.leak)

    @property
    def delta(self) -> float:
        """Weight of the delta function at t = 0 [S]."""
        return 1 / self.r

    @property
    def area(self) -> float:
        """Integral of K over all times [S]: the DC conductance of the branch."""
        return 1 / (self.r + self.leak)

    @property
    def first_moment(self) -> float:
        """Integral of t K(t) [S s]; -C without leak."""
        return -self.c / (1 + self.r / self.leak) ** 2

    def __call__(self, t: FloatArray) -> FloatArray:
        """Smooth part of the kernel at the times `t` [S/s], without the delta; 0 for t < 0."""
        t = finite_array("rc kernel", "t", t)
        decay = np.exp(-np.maximum(t, 0.0) / self.tau)
        return np.where(t >= 0, -decay / self.r / (self.r * self.c), 0.0)

    def steady_response(self, signal: PeriodicSignal) -> PeriodicResponse:
        """Response u(t) to a periodic signal that has been on for ever (Eq. 3), causal and exact."""
        rates, weights = np.array([1 / self.tau]), np.array([[-1 / self.r / (self.r * self.c)]])
        kernel = ExponentialKernel(rates, weights, self.delta, self.area, self.first_moment)
        return kernel.steady_response(signal)

    def response(self, time: FloatArray, signal: FloatArray) -> FloatArray:
        """Response u to a signal that is linear between the time points and constant before them; exact.

        Parameters
        ----------
        time : ndarray of shape (time,)
            Increasing times [s].
        signal : ndarray of shape (..., time)
            Voltage across the branch [V].

        Returns
        -------
        ndarray of shape (..., time)
            Current [A].
        """
        steps = np.diff(time)
        decay = np.exp(-steps / self.tau)
        # On a ramp of slope k the current tends to area * s + gain * k, with the rate 1/tau.
        gain = -self.first_moment
        slopes = np.diff(signal) / steps
        u = np.empty_like(signal, dtype=float)
        deviation = np.zeros(signal.shape[:-1])
        u[..., 0] = self.area * signal[..., 0]
        for k in range(steps.size):
            deviation = decay[k] * deviation + gain * slopes[..., k] * (1 - decay[k])
            u[..., k + 1] = self.area * signal[..., k + 1] + deviation
        return u


def rc(r: float, c: float, leak: float | None = None) -> RCKernel:
    """Capacitor-memristor kernel of Eq. 25; see :class:`RCKernel`."""
    return RCKernel(r, c, math.inf if leak is None else leak)
