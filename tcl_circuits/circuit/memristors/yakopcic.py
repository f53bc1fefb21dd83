"""Yakopcic's generalised model: sinh currents, exponential motion beyond thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.errors import InputError

_LARGEST_EXPONENT = 200.0


@dataclass(frozen=True)
class Yakopcic(Memristor):
    """Yakopcic's generalised memristive device.

    ``i = a1 x sinh(b v)`` for v >= 0, ``a2 x sinh(b v)`` below. ``dx/dt = g(v) f(x)`` with
    ``g = a_p (exp(v) - exp(v_p))`` for v > v_p, ``-a_n (exp(-v) - exp(v_n))`` for v < -v_n, else 0 (v in
    volts). Upwards ``f = 1`` for x < x_p, beyond it ``exp(-alpha_p (x - x_p)) w_p``,
    ``w_p = (x_p - x)/(1 - x_p) + 1``; downwards ``f = 1`` for x > 1 - x_n, below it
    ``exp(alpha_n (x + x_n - 1)) w_n``, ``w_n = x/(1 - x_n)``. A positive voltage raises the conductance
    (eta = 1). Yakopcic, Taha, Subramanyam, Pino, Rogers, IEEE Electron Device Lett. 32, 1436 (2011);
    Yakopcic, Taha, Subramanyam, Pino, IEEE Trans. CAD 32, 1201 (2013), with a parameter set published there.
    x stays above `x_min`, so that the conductance is never zero.

    Parameters
    ----------
    a1, a2 : float
        Current scales [A].
    b : float
        Curvature [1/V].
    v_p, v_n : float
        Thresholds, both positive [V].
    a_p, a_n : float
        Speeds [1/s].
    x_p, x_n : float
        States, 0..1, at which motion begins to slow.
    alpha_p, alpha_n : float
        How fast it slows.
    x_min : float
        Least state.
    """

    a1: float = 0.17
    a2: float = 0.17
    b: float = 0.05
    v_p: float = 0.16
    v_n: float = 0.15
    a_p: float = 4000.0
    a_n: float = 4000.0
    x_p: float = 0.3
    x_n: float = 0.5
    alpha_p: float = 1.0
    alpha_n: float = 5.0
    x_min: float = 1e-3

    kind: ClassVar[str] = "yakopcic"
    state_name: ClassVar[str] = "x"
    state_unit: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in ("a1", "a2", "b", "a_p", "a_n", "x_min"):
            positive("Yakopcic", name, getattr(self, name))
        for name in ("v_p", "v_n", "alpha_p", "alpha_n"):
            not_negative("Yakopcic", name, getattr(self, name))
        for name in ("x_p", "x_n"):
            if not 0 < positive("Yakopcic", name, getattr(self, name)) < 1:
                raise InputError(f"Yakopcic: {name} = {getattr(self, name)!r} must lie between 0 and 1")
        if self.x_min >= 0.1:
            raise InputError(f"Yakopcic: x_min = {self.x_min} must lie below 0.1")

    @property
    def title(self) -> str:
        """What it is."""
        return "Yakopcic: i = a x sinh(b v), dx/dt = g(v) f(x)"

    @property
    def citation(self) -> str:
        """Where it is from."""
        return "Yakopcic et al., IEEE EDL 32, 1436 (2011); IEEE TCAD 32, 1201 (2013)"

    @property
    def bounds(self) -> tuple[float, float]:
        """x_min and 1."""
        return self.x_min, 1.0

    @property
    def levels(self) -> tuple[float, ...]:
        """The thresholds, and 0 V where the current's law changes [V]."""
        return -self.v_n, 0.0, self.v_p

    @property
    def time_scale(self) -> float:
        """Time to cross the range 0.3 V beyond the threshold without slowing [s]."""
        return float(1 / (self.a_p * (np.exp(self.v_p + 0.3) - np.exp(self.v_p))))

    @property
    def test(self) -> Sine:
        """0.3 V beyond the larger threshold; 100 Hz with the published parameters."""
        return Sine(round(0.3 + max(self.v_p, self.v_n), 3), float(f"{0.061 / self.time_scale:.2g}"))

    @property
    def usual_start(self) -> float:
        """The published 0.11."""
        return 0.11

    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``g(v) f(x)`` [1/s]."""
        volts = np.clip(v, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)
        up = self.a_p * np.maximum(np.exp(volts) - np.exp(self.v_p), 0)
        down = self.a_n * np.maximum(np.exp(-volts) - np.exp(self.v_n), 0)
        over, under = np.maximum(x - self.x_p, 0), np.minimum(x - (1 - self.x_n), 0)
        slow_up = np.exp(-self.alpha_p * over) * (1 - over / (1 - self.x_p))
        slow_down = np.exp(self.alpha_n * under) * (1 + under / (1 - self.x_n))
        result: FloatArray = up * slow_up - down * slow_down
        return result

    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``a x sinh(b v)`` [A]."""
        volts = np.asarray(v, dtype=float)
        bent = np.sinh(np.clip(self.b * volts, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))
        result: FloatArray = np.where(volts >= 0, self.a1, self.a2) * x * bent
        return result

    def conductance(self, x: FloatArray) -> FloatArray:
        """``a1 b x``: slope at small positive voltages [S]."""
        return self.a1 * self.b * np.asarray(x, dtype=float)

    def _state(self, conductance: FloatArray) -> FloatArray:
        return np.clip(conductance / (self.a1 * self.b), *self.bounds)

    def _place(self, x: str) -> str:
        low, high = self.bounds
        return f"({number(low)}+{number(high - low)}*{x})"

    def drift_text(self, x: str, v: str) -> str:
        """As :meth:`drift`."""
        low, high = self.bounds
        place, most = self._place(x), f"{_LARGEST_EXPONENT:g}"
        volts = f"max(min({v},{most}),-{most})"
        over = f"max({place}-{number(self.x_p)},0)"
        under = f"min({place}-{number(1 - self.x_n)},0)"
        a_p, a_n = (number(a / (high - low)) for a in (self.a_p, self.a_n))
        up = f"{a_p}*max(exp({volts})-{number(float(np.exp(self.v_p)))},0)"
        down = f"{a_n}*max(exp(-({volts}))-{number(float(np.exp(self.v_n)))},0)"
        slow_up = f"exp(-{number(self.alpha_p)}*{over})*(1-{over}/{number(1 - self.x_p)})"
        slow_down = f"exp({number(self.alpha_n)}*{under})*(1+{under}/{number(1 - self.x_n)})"
        return f"{up}*{slow_up}-{down}*{slow_down}"

    def current_text(self, x: str, v: str, learned: str) -> str:
        """As :meth:`current`."""
        most, b = f"{_LARGEST_EXPONENT:g}", number(self.b)
        a1, a2 = number(self.a1), number(self.a2)
        scale = a1 if a1 == a2 else f"({v}>=0 ? {a1} : {a2})"
        return f"{scale}*{self._place(x)}*sinh(max(min({b}*{v},{most}),-{most}))"
