"""Linear ion drift: the first model of the first device that was called a memristor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.circuit.memristors.windows import (
    WINDOW_CITATIONS,
    Window,
    check_window,
    window_text,
    window_value,
)
from tcl_circuits.errors import InputError


@dataclass(frozen=True)
class IonDrift(Memristor):
    """Linear drift of dopants in a film (HP): ``dx/dt = mobility r_on/thickness^2 i F(x)``.

    ``v = (r_on x + r_off (1 - x)) i``, x the doped part of the film. Without a window x - x(0) is the charge
    that has passed times a constant. A positive voltage raises the conductance. Strukov, Snider, Stewart,
    Williams, Nature 453, 80 (2008), Eqs. 5, 6, with D = 10 nm, mobility 1e-10 cm^2/(V s), r_off/r_on = 160
    of its Fig. 2; r_on = 100 ohm is chosen. Windows as in
    :mod:`tcl_circuits.circuit.memristors.windows`.

    Parameters
    ----------
    r_on, r_off : float
        Resistance of the film wholly doped and not doped at all [ohm].
    mobility : float
        Dopants' mobility [m^2/(V s)].
    thickness : float
        Of the film [m].
    window : {"none", "joglekar", "biolek"}
        What slows the state towards its bounds.
    p : int
        Exponent of the window.
    margin : float
        x stays in margin .. 1 - margin, so that Joglekar's window can't hold it for ever.
    """

    r_on: float = 100.0
    r_off: float = 16e3
    mobility: float = 1e-14
    thickness: float = 1e-8
    window: Window = "joglekar"
    p: int = 1
    margin: float = 1e-3

    kind: ClassVar[str] = "ion_drift"
    state_name: ClassVar[str] = "x"
    state_unit: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in ("r_on", "r_off", "mobility", "thickness", "margin"):
            positive("IonDrift", name, getattr(self, name))
        if self.r_on >= self.r_off:
            raise InputError(f"IonDrift: r_on = {self.r_on} must lie below r_off = {self.r_off}")
        if self.margin > 0.1:
            raise InputError(f"IonDrift: margin = {self.margin} must lie below 0.1")
        check_window("IonDrift", self.window, self.p)

    @property
    def name(self) -> str:
        """Name with the window's."""
        return self.kind if self.window == "none" else f"{self.kind}_{self.window}"

    @property
    def title(self) -> str:
        """What it is, with its window."""
        window = f"{self.window.capitalize()}'s window F, p = {self.p}" if self.window != "none" else "F = 1"
        return f"linear ion drift (HP): dx/dt = mobility r_on/thickness^2 i F(x), {window}"

    @property
    def citation(self) -> str:
        """Where the model and the window are from."""
        return "; ".join(["Strukov et al., Nature 453, 80 (2008)", *WINDOW_CITATIONS[self.window]])

    @property
    def gain(self) -> float:
        """``mobility r_on/thickness^2``: motion of the state a coulomb [1/C]."""
        return self.mobility * self.r_on / self.thickness**2

    @property
    def bounds(self) -> tuple[float, float]:
        """``margin`` and ``1 - margin``."""
        return self.margin, 1 - self.margin

    @property
    def levels(self) -> tuple[float, ...]:
        """The state turns at 0 V."""
        return (0.0,)

    @property
    def time_scale(self) -> float:
        """Time to cross the range at 1 V with the mean resistance [s]."""
        return 0.5 * (self.r_on + self.r_off) / self.gain

    @property
    def test(self) -> Sine:
        """1 V, with about a third of the range crossed in half a period."""
        return Sine(1.0, float(f"{0.8 / self.time_scale:.2g}"))

    @property
    def usual_start(self) -> float:
        """Three tenths are doped."""
        return 0.3

    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``gain i F(x)`` [1/s]."""
        return self.gain * self.current(x, v) * window_value(self.window, self.p, x, v)

    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``v/(r_on x + r_off (1 - x))`` [A]."""
        result: FloatArray = np.divide(v, self.r_off - (self.r_off - self.r_on) * np.asarray(x))
        return result

    def conductance(self, x: FloatArray) -> FloatArray:
        """``1/(r_on x + r_off (1 - x))`` [S]."""
        return self.current(x, np.ones(np.shape(x)))

    def _state(self, conductance: FloatArray) -> FloatArray:
        result: FloatArray = (self.r_off - 1 / conductance) / (self.r_off - self.r_on)
        return np.clip(result, *self.bounds)

    def _place(self, x: str) -> str:
        low, high = self.bounds
        return f"({number(low)}+{number(high - low)}*{x})"

    def drift_text(self, x: str, v: str) -> str:
        """As :meth:`drift`."""
        low, high = self.bounds
        scale = number(self.gain / (high - low))
        factor = window_text(self.window, self.p, self._place(x), v)
        return f"{scale}*{self.current_text(x, v, '')}*{factor}"

    def current_text(self, x: str, v: str, learned: str) -> str:
        """As :meth:`current`."""
        ohms = f"({number(self.r_off)}-{number(self.r_off - self.r_on)}*{self._place(x)})"
        return f"{v}/{ohms}"
