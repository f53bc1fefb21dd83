"""Physical systems that hold u at a set point by integral feedback (Eqs. 17, 18, 24, 25).

Each has an output u, driven by a signal s and kept at its set point by a store m that integrates the
deviation: ``storage dm/dt = u - set_point``. A linear one follows a signal of straight pieces exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits import checks, kernels
from tcl_circuits.arrays import FloatArray
from tcl_circuits.kernels import Kernel
from tcl_circuits.synapse.signal import PiecewiseLinear
from tcl_circuits.synapse.trajectory import Trajectory, checked_times, follow

__all__ = [
    "CapacitorMemristor",
    "FeedbackSystem",
    "IntegralFeedback",
    "MaxwellUnit",
]


class FeedbackSystem(Protocol):
    """A system with integral feedback, in one of the paper's forms."""

    @property
    def set_point(self) -> float:
        """Output u_0 under any constant signal."""
        ...

    @property
    def storage(self) -> float:
        """Constant of the store: ``storage dm/dt = u - set_point``."""
        ...

    def store(self, s: float) -> float:
        """Store m at rest under the constant signal `s`."""
        ...

    def kernel(self, s: float, /) -> Kernel:
        """Kernel of small signals about the constant signal `s`, with its area and first moment."""
        ...

    def time_constant(self, s: float, /) -> float:
        """Mean delay with which ``u - set_point`` follows ds/dt about the constant signal `s`."""
        ...

    def trajectory(self, signal: PiecewiseLinear, t: ArrayLike) -> Trajectory:
        """Output and store at increasing times, from rest under the signal's first value."""
        ...


@dataclass(frozen=True)
class IntegralFeedback:
    """Integral feedback, ``tau_u du/dt = -u + k (s - m)`` and ``tau_m dm/dt = u - u_0`` (Eqs. 17, 18).

    Parameters
    ----------
    tau_u, tau_m : float
        Times of output and store.
    k : float
        Gain, in the unit of u over that of s.
    u_0 : float
        Set point.
    """

    tau_u: float
    tau_m: float
    k: float
    u_0: float = 0.0

    def __post_init__(self) -> None:
        for name in ("tau_u", "tau_m", "k"):
            checks.positive("IntegralFeedback", name, getattr(self, name))
        checks.finite("IntegralFeedback", "u_0", self.u_0)

    @property
    def set_point(self) -> float:
        """Output u_0 under any constant signal."""
        return self.u_0

    @property
    def storage(self) -> float:
        """Constant of the store, tau_m."""
        return self.tau_m

    def store(self, s: float) -> float:
        """Store at rest, ``m = s - u_0/k``."""
        return checks.finite("IntegralFeedback", "s", s) - self.u_0 / self.k

    def kernel(self, s: float = 0.0) -> Kernel:
        """Kernel, the same about every signal: area 0, first moment -tau_m."""
        checks.finite("IntegralFeedback", "s", s)
        return kernels.integral_feedback(self.tau_u, self.tau_m, self.k)

    def time_constant(self, s: float = 0.0) -> float:
        """Mean delay behind ds/dt, ``tau_m/k``."""
        return self.tau_m / self.k

    def trajectory(self, signal: PiecewiseLinear, t: ArrayLike) -> Trajectory:
        """Output and store at increasing times, from rest under the signal's first value; exact."""
        time = checked_times(t)
        # The state is the deviation of u and how far the store is behind: 0 and 0 at rest.
        excess, behind = follow(signal, time, np.zeros(2), np.array([0.0, 1.0]), self._advance)
        m = self.store(0.0) + signal(time) - behind
        return Trajectory(time, self.u_0 + excess, m, self.u_0, self.tau_m)

    def _advance(self, state: FloatArray, slope: float, elapsed: FloatArray) -> FloatArray:
        """State of shape (2, time) some time after a state, on a ramp."""
        # On a ramp u tends to u_0 + slope tau_m; e and f are what is left to go, in u and in m.
        e = state[0] - slope * self.tau_m
        f = slope * self.tau_m / self.k - state[1]
        falling, rising, sine = self._fundamental(elapsed)
        excess = slope * self.tau_m + e * falling - f * (self.k / self.tau_u) * sine
        behind = slope * self.tau_m / self.k - f * rising - (e / self.tau_m) * sine
        return np.stack([excess, behind])

    def _fundamental(self, t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """``exp(-bt)`` times ``cosh wt - b sinh(wt)/w``, ``cosh wt + b sinh(wt)/w`` and ``sinh(wt)/w``."""
        b, product = 0.5 / self.tau_u, self.k / self.tau_u / self.tau_m
        square = b * b - product
        if square < 0:
            angle, decay = math.sqrt(-square) * t, np.exp(-b * t)
            sine = decay * t * np.sinc(angle / np.pi)
            return decay * np.cos(angle) - b * sine, decay * np.cos(angle) + b * sine, sine
        fast = b + math.sqrt(square)
        slow = product / fast
        gap = (fast - slow) * t
        mean_decay = np.where(gap > 0, -np.expm1(-gap) / np.where(gap > 0, gap, 1.0), 1.0)
        sine = t * np.exp(-slow * t) * mean_decay
        quick = np.exp(-fast * t)
        return quick - slow * sine, quick + fast * sine, sine


@dataclass(frozen=True)
class MaxwellUnit:
    """A spring and a dashpot in series, ``(du/dt)/k + u/gamma = ds/dt``: stress u, strain s (Eq. 24).

    The store m is the strain of the dashpot.

    Parameters
    ----------
    k : float
        Modulus of the spring.
    gamma : float
        Viscosity of the dashpot.
    """

    k: float
    gamma: float

    def __post_init__(self) -> None:
        for name in ("k", "gamma"):
            checks.positive("MaxwellUnit", name, getattr(self, name))

    @property
    def set_point(self) -> float:
        """Stress under any constant strain, 0."""
        return 0.0

    @property
    def storage(self) -> float:
        """Constant of the store, the viscosity."""
        return self.gamma

    def store(self, s: float) -> float:
        """Strain of the dashpot at rest: all of it."""
        return checks.finite("MaxwellUnit", "s", s)

    def kernel(self, s: float = 0.0) -> Kernel:
        """Kernel, the same about every strain: area 0, first moment -gamma."""
        checks.finite("MaxwellUnit", "s", s)
        return kernels.maxwell(self.k, self.gamma)

    def time_constant(self, s: float = 0.0) -> float:
        """Mean delay behind ds/dt, ``gamma/k``."""
        return self.gamma / self.k

    def trajectory(self, signal: PiecewiseLinear, t: ArrayLike) -> Trajectory:
        """Stress and strain of the dashpot at increasing times, from rest; exact."""
        return _high_pass(signal, t, self.k, self.gamma)


@dataclass(frozen=True)
class CapacitorMemristor:
    """A capacitor in series with a memristor, ``R du/dt + u/C = ds/dt``: current u, voltage s (Eq. 25).

    The store m is the voltage of the capacitor.

    Parameters
    ----------
    r : float
        Resistance of the memristor [ohm].
    c : float
        Capacitance [F].
    """

    r: float
    c: float

    def __post_init__(self) -> None:
        for name in ("r", "c"):
            checks.positive("CapacitorMemristor", name, getattr(self, name))

    @property
    def set_point(self) -> float:
        """Current under any constant voltage, 0 A."""
        return 0.0

    @property
    def storage(self) -> float:
        """Constant of the store, the capacitance [F]."""
        return self.c

    def store(self, s: float) -> float:
        """Voltage of the capacitor at rest [V]: all of it."""
        return checks.finite("CapacitorMemristor", "s", s)

    def kernel(self, s: float = 0.0) -> Kernel:
        """Kernel, the same about every voltage: area 0, first moment -c."""
        checks.finite("CapacitorMemristor", "s", s)
        return kernels.rc(self.r, self.c)

    def time_constant(self, s: float = 0.0) -> float:
        """Mean delay behind ds/dt, ``r c`` [s]."""
        return self.r * self.c

    def trajectory(self, signal: PiecewiseLinear, t: ArrayLike) -> Trajectory:
        """Current [A] and capacitor voltage [V] at increasing times [s], from rest; exact."""
        return _high_pass(signal, t, 1 / self.r, self.c)


def _high_pass(signal: PiecewiseLinear, t: ArrayLike, gain: float, storage: float) -> Trajectory:
    """Follow ``u = gain (s - m)``, ``storage dm/dt = u`` from rest."""
    time, tau = checked_times(t), storage / gain

    def advance(state: FloatArray, slope: float, elapsed: FloatArray) -> FloatArray:
        return slope * tau * -np.expm1(-elapsed / tau) + state[:, None] * np.exp(-elapsed / tau)

    (behind,) = follow(signal, time, np.zeros(1), np.ones(1), advance)
    return Trajectory(time, gain * behind, signal(time) - behind, 0.0, storage)
