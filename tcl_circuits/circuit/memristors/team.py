"""TEAM: a state that moves with a power of the current beyond a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.errors import InputError

_POSITIVE = ("r_on", "r_off", "k_off", "i_off", "w_c")
_NEGATIVE = ("k_on", "i_on")


@dataclass(frozen=True)
class TEAM(Memristor):
    """Threshold adaptive memristor, controlled by the current.

    ``dx/dt = k_off (i/i_off - 1)^alpha_off f_off(x)`` for i > i_off > 0,
    ``k_on (i/i_on - 1)^alpha_on f_on(x)`` for i < i_on < 0, else 0; ``f_off = exp(-exp((x - a_off)/w_c))``,
    ``f_on = exp(-exp(-(x - a_on)/w_c))``, with a_off = x_off and a_on = x_on; ``v = R(x) i``, R linear or
    exponential in x between r_on at x_on and r_off at x_off. A positive voltage lowers the conductance.
    Kvatinsky, Friedman, Kolodny, Weiser, IEEE Trans. Circuits Syst. I 60, 211 (2013). i_on, i_off and w_c are
    those of the Simmons tunnel barrier (Pickett et al., J. Appl. Phys. 106, 074508, 2009); the rest is chosen
    for switching within microseconds at 1 V, not fitted to a device.

    Parameters
    ----------
    r_on, r_off : float
        Resistance at x_on and x_off [ohm].
    k_on, k_off : float
        Speeds [m/s], negative and positive.
    i_on, i_off : float
        Thresholds [A], negative and positive.
    alpha_on, alpha_off : float
        Exponents, from 1 on.
    x_on, x_off : float
        Bounds of the state [m].
    w_c : float
        Width of the windows [m].
    resistance : {"linear", "exponential"}
        How R depends on x.
    """

    r_on: float = 1e3
    r_off: float = 10e3
    k_on: float = -5e-8
    k_off: float = 4e-4
    i_on: float = -8.9e-6
    i_off: float = 115e-6
    alpha_on: float = 3.0
    alpha_off: float = 3.0
    x_on: float = 0.0
    x_off: float = 3e-9
    w_c: float = 107e-12
    resistance: Literal["linear", "exponential"] = "linear"

    kind: ClassVar[str] = "team"
    state_name: ClassVar[str] = "x"
    state_unit: ClassVar[str] = "m"

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            positive("TEAM", name, getattr(self, name))
        for name in _NEGATIVE:
            if finite("TEAM", name, getattr(self, name)) >= 0:
                raise InputError(f"TEAM: {name} = {getattr(self, name)!r} must be negative")
        for name in ("alpha_on", "alpha_off"):
            if finite("TEAM", name, getattr(self, name)) < 1:
                raise InputError(f"TEAM: {name} = {getattr(self, name)!r} must be at least 1")
        if finite("TEAM", "x_on", self.x_on) >= finite("TEAM", "x_off", self.x_off):
            raise InputError(f"TEAM: x_on = {self.x_on} must lie below x_off = {self.x_off}")
        if self.r_on >= self.r_off:
            raise InputError(f"TEAM: r_on = {self.r_on} must lie below r_off = {self.r_off}")
        if self.resistance not in ("linear", "exponential"):
            raise InputError(f"TEAM: resistance {self.resistance!r} must be linear or exponential")

    @property
    def title(self) -> str:
        """What it is."""
        return "TEAM: dx/dt = k (i/i_t - 1)^alpha f(x) beyond a threshold"

    @property
    def citation(self) -> str:
        """Where it is from."""
        return "Kvatinsky et al., IEEE TCAS I 60, 211 (2013)"

    @property
    def length(self) -> float:
        """``x_off - x_on`` [m]."""
        return self.x_off - self.x_on

    @property
    def bounds(self) -> tuple[float, float]:
        """x_on and x_off [m]."""
        return self.x_on, self.x_off

    @property
    def levels(self) -> tuple[float, ...]:
        """Voltages of the threshold currents at the state's bounds [V]."""
        return tuple(sorted(i * r for i in (self.i_on, self.i_off) for r in (self.r_on, self.r_off)))

    @property
    def time_scale(self) -> float:
        """Time to cross the range at 1 V and the mean resistance, the slower way [s]."""
        amperes = 2 / (self.r_on + self.r_off)
        speeds = [
            abs(k) * max(amperes / abs(i) - 1, 0.1) ** alpha
            for k, i, alpha in (
                (self.k_on, self.i_on, self.alpha_on),
                (self.k_off, self.i_off, self.alpha_off),
            )
        ]
        return float(self.length / min(speeds))

    @property
    def test(self) -> Sine:
        """1 V, with the period in which the state moves over most of its range."""
        return Sine(1.0, float(f"{4 / self.time_scale:.2g}"))

    @property
    def usual_start(self) -> float:
        """The middle [m]."""
        return 0.5 * (self.x_on + self.x_off)

    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """Motion of x [m/s]."""
        place, i = np.asarray(x), self.current(x, v)
        off = self.k_off * np.maximum(i / self.i_off - 1, 0) ** self.alpha_off
        on = self.k_on * np.maximum(i / self.i_on - 1, 0) ** self.alpha_on
        off *= np.exp(-np.exp((place - self.x_off) / self.w_c))
        on *= np.exp(-np.exp(-(place - self.x_on) / self.w_c))
        result: FloatArray = off + on
        return result

    def ohms(self, x: FloatArray) -> FloatArray:
        """R(x) [ohm]."""
        share = (np.asarray(x) - self.x_on) / self.length
        result: FloatArray = (
            self.r_on + (self.r_off - self.r_on) * share
            if self.resistance == "linear"
            else self.r_on * (self.r_off / self.r_on) ** share
        )
        return result

    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``v/R(x)`` [A]."""
        result: FloatArray = np.divide(v, self.ohms(x))
        return result

    def conductance(self, x: FloatArray) -> FloatArray:
        """``1/R(x)`` [S]."""
        result: FloatArray = 1 / self.ohms(x)
        return result

    def _state(self, conductance: FloatArray) -> FloatArray:
        if self.resistance == "linear":
            share = (1 / conductance - self.r_on) / (self.r_off - self.r_on)
        else:
            share = -np.log(conductance * self.r_on) / np.log(self.r_off / self.r_on)
        return np.clip(self.x_on + self.length * share, *self.bounds)

    def drift_text(self, x: str, v: str) -> str:
        """As :meth:`drift`."""
        i = self.current_text(x, v, "")
        width = number(self.length / self.w_c)
        sides = [
            f"({number(k / self.length)})"
            f"*pow(max({i}/({number(level)})-1,0),{number(alpha)})"
            f"*exp(-exp({width}*({inside})))"
            for k, level, alpha, inside in (
                (self.k_off, self.i_off, self.alpha_off, f"{x}-1"),
                (self.k_on, self.i_on, self.alpha_on, f"-{x}"),
            )
        ]
        return "+".join(sides)

    def current_text(self, x: str, v: str, learned: str) -> str:
        """As :meth:`current`."""
        if self.resistance == "linear":
            return f"({v}/({number(self.r_on)}+{number(self.r_off - self.r_on)}*{x}))"
        decay = number(float(np.log(self.r_off / self.r_on)))
        return f"({v}*exp(-{decay}*{x})/{number(self.r_on)})"
