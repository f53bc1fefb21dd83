"""VTEAM: a state that moves with a power of the voltage beyond a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.circuit.memristors.windows import Window, check_window, window_text, window_value
from tcl_circuits.errors import InputError


@dataclass(frozen=True)
class VTEAM(Memristor):
    """Voltage threshold adaptive memristor.

    ``dw/dt = k_off (v/v_off - 1)^alpha_off F(w)`` for v > v_off > 0, ``k_on (v/v_on - 1)^alpha_on F(w)``
    for v < v_on < 0, else 0; ``v = (r_on + (r_off - r_on)(w - w_on)/(w_off - w_on)) i``. A positive voltage
    lowers the conductance. Kvatinsky, Ramadan, Friedman, Kolodny, IEEE Trans. Circuits Syst. II 62, 786
    (2015). The defaults are those with which Talati, Gupta, Mane, Kvatinsky, IEEE Trans. Nanotechnol. 15, 635
    (2016) design memristive logic.

    Parameters
    ----------
    r_on, r_off : float
        Resistance at w_on and w_off [ohm].
    k_on, k_off : float
        Speeds [m/s], negative and positive.
    v_on, v_off : float
        Thresholds [V], negative and positive.
    alpha_on, alpha_off : float
        Exponents, from 1 on.
    w_on, w_off : float
        Bounds of the state [m].
    window : {"none", "joglekar", "biolek"}
        F, over (w - w_on)/(w_off - w_on).
    p : int
        Exponent of the window.
    """

    r_on: float = 1e3
    r_off: float = 300e3
    k_on: float = -216.2
    k_off: float = 0.091
    v_on: float = -1.5
    v_off: float = 0.3
    alpha_on: float = 4.0
    alpha_off: float = 4.0
    w_on: float = 0.0
    w_off: float = 3e-9
    window: Window = "none"
    p: int = 1

    kind: ClassVar[str] = "vteam"
    state_name: ClassVar[str] = "w"
    state_unit: ClassVar[str] = "m"

    def __post_init__(self) -> None:
        for name in ("r_on", "r_off", "k_off", "v_off"):
            positive("VTEAM", name, getattr(self, name))
        for name in ("k_on", "v_on"):
            if finite("VTEAM", name, getattr(self, name)) >= 0:
                raise InputError(f"VTEAM: {name} = {getattr(self, name)!r} must be negative")
        for name in ("alpha_on", "alpha_off"):
            if finite("VTEAM", name, getattr(self, name)) < 1:
                raise InputError(f"VTEAM: {name} = {getattr(self, name)!r} must be at least 1")
        if finite("VTEAM", "w_on", self.w_on) >= finite("VTEAM", "w_off", self.w_off):
            raise InputError(f"VTEAM: w_on = {self.w_on} must lie below w_off = {self.w_off}")
        if self.r_on >= self.r_off:
            raise InputError(f"VTEAM: r_on = {self.r_on} must lie below r_off = {self.r_off}")
        check_window("VTEAM", self.window, self.p)

    @property
    def title(self) -> str:
        """What it is."""
        return "VTEAM: dw/dt = k (v/v_t - 1)^alpha F(w) beyond a threshold"

    @property
    def citation(self) -> str:
        """Where it is from."""
        return "Kvatinsky et al., IEEE TCAS II 62, 786 (2015)"

    @property
    def length(self) -> float:
        """``w_off - w_on`` [m]."""
        return self.w_off - self.w_on

    @property
    def bounds(self) -> tuple[float, float]:
        """w_on and w_off [m]; with Joglekar's window a thousandth inside, else it would hold the state."""
        margin = 1e-3 * self.length if self.window == "joglekar" else 0.0
        return self.w_on + margin, self.w_off - margin

    @property
    def levels(self) -> tuple[float, ...]:
        """The thresholds [V]."""
        return self.v_on, self.v_off

    @property
    def time_scale(self) -> float:
        """Time of the faster k to cross the range a third of a threshold beyond it [s]."""
        speeds = (-self.k_on * 3**-self.alpha_on, self.k_off * 3**-self.alpha_off)
        return self.length / max(speeds)

    @property
    def test(self) -> Sine:
        """A third beyond the larger threshold, in which on switching crosses most of the range."""
        return Sine(max(-self.v_on, self.v_off) * 4 / 3, float(f"{0.1 / self.time_scale:.2g}"))

    @property
    def usual_start(self) -> float:
        """The middle [m]."""
        return 0.5 * (self.w_on + self.w_off)

    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """Motion of w [m/s]."""
        off = self.k_off * np.maximum(v / self.v_off - 1, 0) ** self.alpha_off
        on = self.k_on * np.maximum(v / self.v_on - 1, 0) ** self.alpha_on
        share = (np.asarray(x) - self.w_on) / self.length
        result: FloatArray = (off + on) * window_value(self.window, self.p, share, v)
        return result

    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``v/R(w)`` [A]."""
        share = (np.asarray(x) - self.w_on) / self.length
        result: FloatArray = np.divide(v, self.r_on + (self.r_off - self.r_on) * share)
        return result

    def conductance(self, x: FloatArray) -> FloatArray:
        """``1/R(w)`` [S]."""
        return self.current(x, np.ones(np.shape(x)))

    def _state(self, conductance: FloatArray) -> FloatArray:
        share = (1 / conductance - self.r_on) / (self.r_off - self.r_on)
        return np.clip(self.w_on + self.length * share, *self.bounds)

    def _share(self, x: str) -> str:
        low, high = ((bound - self.w_on) / self.length for bound in self.bounds)
        return x if (low, high) == (0.0, 1.0) else f"({number(low)}+{number(high - low)}*{x})"

    def drift_text(self, x: str, v: str) -> str:
        """As :meth:`drift`."""
        low, high = self.bounds
        sides = [
            f"({number(k / (high - low))})*pow(max({v}/({number(level)})-1,0),{number(alpha)})"
            for k, level, alpha in (
                (self.k_off, self.v_off, self.alpha_off),
                (self.k_on, self.v_on, self.alpha_on),
            )
        ]
        return f"({'+'.join(sides)})*{window_text(self.window, self.p, self._share(x), v)}"

    def current_text(self, x: str, v: str, learned: str) -> str:
        """As :meth:`current`."""
        return f"{v}/({number(self.r_on)}+{number(self.r_off - self.r_on)}*{self._share(x)})"
