"""Negative autoregulation (Eqs. 19-22): integral feedback by a molecule that deactivates u.

Mechano-chemical networks (19, 20) and molecular ones (21, 22) obey the same equations. In the first, s is a
strain or a flow; in the second, the concentration of dimers (:class:`tcl_circuits.synapse.signal.Dimers`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits import checks, kernels
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.kernels import Kernel
from tcl_circuits.synapse.signal import Signal
from tcl_circuits.synapse.trajectory import Trajectory, checked_times

__all__ = ["NegativeAutoregulation"]

_RELATIVE_ERROR = 1e-11
_ABSOLUTE_ERROR = 1e-13


@dataclass(frozen=True)
class NegativeAutoregulation:
    """Activated molecules u, made by the signal and deactivated by the molecules m that they lead to.

    ``tau_u du/dt = -u + k_a s - k_i m u/(u_s + u)`` and ``tau_m dm/dt = u - u_0``. Concentrations share a
    unit; s is in any.

    Parameters
    ----------
    k_a : float
        Activation by the signal, concentration over the unit of s.
    k_i : float
        Deactivation by m, dimensionless.
    u_s : float
        Concentration below which deactivation saturates.
    u_0 : float
        Set point.
    tau_u, tau_m : float
        Times of u and of m.

    Raises
    ------
    InputError
        If a parameter is not positive and finite.
    """

    k_a: float
    k_i: float
    u_s: float
    u_0: float
    tau_u: float
    tau_m: float

    def __post_init__(self) -> None:
        for each in fields(self):
            checks.positive("NegativeAutoregulation", each.name, getattr(self, each.name))

    @property
    def set_point(self) -> float:
        """Level u_0 of u under any constant signal that is strong enough."""
        return self.u_0

    @property
    def storage(self) -> float:
        """Constant of the store, tau_m: the integral of ``u - u_0`` is tau_m times the change of m."""
        return self.tau_m

    def store(self, s: float) -> float:
        """Level of m at rest, ``(k_a s - u_0) (u_s + u_0)/(k_i u_0)``.

        Raises
        ------
        InputError
            If ``k_a s <= u_0``: the signal can't hold u at its set point, whatever m.
        """
        drive = self.k_a * checks.finite("NegativeAutoregulation", "s", s) - self.u_0
        if drive <= 0:
            raise InputError(
                f"NegativeAutoregulation: s = {s!r} must be above u_0/k_a = {self.u_0 / self.k_a:g}; "
                "a weaker signal can't hold u at its set point"
            )
        return drive * (self.u_s + self.u_0) / (self.k_i * self.u_0)

    def kernel(self, s: float) -> Kernel:
        """Kernel of small signals about the constant signal `s`: that of integral feedback.

        Its area is 0, its first moment ``-tau_m k_a/kappa`` with ``kappa = k_i u_0/(u_s + u_0)``.

        Raises
        ------
        InputError
            If ``k_a s <= u_0``.
        """
        loss, kappa = self._slopes(s)
        return kernels.integral_feedback(self.tau_u / loss, self.tau_m * self.k_a / kappa, self.k_a / loss)

    def time_constant(self, s: float) -> float:
        """Mean delay with which ``u - u_0`` follows small, slow changes of s about `s`."""
        loss, kappa = self._slopes(s)
        return self.tau_m * loss / kappa

    def _slopes(self, s: float) -> tuple[float, float]:
        """How the right side of the equation for u falls with u, and with m, at rest."""
        m, total = self.store(s), self.u_s + self.u_0
        return 1 + self.k_i * m * self.u_s / total**2, self.k_i * self.u_0 / total

    def trajectory(self, signal: Signal, t: ArrayLike) -> Trajectory:
        """Levels of u and m at increasing times, from rest under the signal's first value.

        Parameters
        ----------
        signal : Signal
            Signal s(t) >= 0, such as a :class:`tcl_circuits.synapse.signal.PiecewiseLinear`.
        t : array_like of shape (time,)
            Increasing times.

        Returns
        -------
        Trajectory
            From an adaptive integrator that begins anew at every corner, to about 1e-9 of the levels.

        Raises
        ------
        InputError
            If the first signal can't hold u at its set point, a signal is negative, or the signal stays so
            weak for so long that m would have to be negative.
        """
        time, corners = checked_times(t), np.unique(signal.corners)
        if np.any(signal(corners) < 0):
            raise InputError(
                f"NegativeAutoregulation: s = {signal(corners).min():g} must not be negative at any time"
            )
        first = float(signal(np.nextafter(corners[0], -np.inf)))
        state = np.array([self.u_0, self.store(first)])
        levels = np.repeat(state[:, None], time.size, axis=1)
        for start, stop in pairwise([*corners[corners < time[-1]].tolist(), float(time[-1])]):
            here = (time >= start) & (time <= stop)
            levels[:, here], state = self._piece(signal, (start, stop), state, time[here])
        return Trajectory(time, levels[0], levels[1], self.u_0, self.tau_m)

    def _piece(
        self, signal: Signal, span: tuple[float, float], state: FloatArray, time: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Levels (2, time) within a span that has no corner inside, and those at its end."""
        # The last moment before a corner stands for the corner itself, where a jump has been made.
        edge = np.nextafter(span[1], span[0])

        def rate(t: float, levels: FloatArray) -> FloatArray:
            u, m = levels
            taken = self.k_i * m * u / (self.u_s + u)
            made = self.k_a * float(signal(min(t, edge)))
            return np.array([(made - u - taken) / self.tau_u, (u - self.u_0) / self.tau_m])

        def jacobian(_: float, levels: FloatArray) -> FloatArray:
            u, m = levels
            by_u = -1 - self.k_i * m * self.u_s / (self.u_s + u) ** 2
            by_m = -self.k_i * u / (self.u_s + u)
            return np.array([[by_u / self.tau_u, by_m / self.tau_u], [1 / self.tau_m, 0.0]])

        from scipy.integrate import solve_ivp

        solution = solve_ivp(
            rate,
            span,
            state,
            "LSODA",
            np.append(time[time < span[1]], span[1]),
            rtol=_RELATIVE_ERROR,
            atol=_ABSOLUTE_ERROR * np.array([self.u_0, self.u_0 + state[1]]),
            jac=jacobian,
            events=_Emptied(),
        )
        if not solution.success:
            raise TclError(f"NegativeAutoregulation: the integrator stopped: {solution.message}")
        if solution.status == 1:
            assert solution.t_events is not None
            raise InputError(
                f"NegativeAutoregulation: s stays below u_0/k_a = {self.u_0 / self.k_a:g} for so long that "
                f"no m is left at t = {solution.t_events[0][0]:g}; shorten the dip or raise the signal"
            )
        found: FloatArray = solution.y
        return found[:, : time.size], found[:, -1]


class _Emptied:
    """Event that ends the integration where the level of m falls to zero."""

    terminal = True
    direction = -1.0

    def __call__(self, _: float, levels: FloatArray) -> float:
        return float(levels[1])
