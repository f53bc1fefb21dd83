"""The ideal threshold element: the learning rule's g (Eq. 5 of the paper) as a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.errors import InputError


@dataclass(frozen=True)
class ThresholdElement(Memristor):
    """A conductance that moves with the voltage where that exceeds a threshold, and stays where it does not.

    ``dG/dt = rate v`` where ``abs(v) >= threshold``, else 0; ``i = G v``. A positive voltage raises G.
    This is g of Eq. 5, written into a conductance as Eq. 6 asks.

    Parameters
    ----------
    g_min, g_max : float
        Bounds of the conductance [S].
    threshold : float
        Volts.
    rate : float
        Siemens a volt second.
    """

    g_min: float = 1e-6
    g_max: float = 1e-4
    threshold: float = 0.5
    rate: float = 0.2

    kind: ClassVar[str] = "threshold"
    state_name: ClassVar[str] = "G"
    state_unit: ClassVar[str] = "S"

    def __post_init__(self) -> None:
        for name in ("g_min", "g_max", "threshold", "rate"):
            positive("ThresholdElement", name, getattr(self, name))
        if self.g_min >= self.g_max:
            raise InputError(f"ThresholdElement: g_min = {self.g_min} must lie below g_max = {self.g_max}")

    @property
    def title(self) -> str:
        """What it is."""
        return "ideal threshold element: dG/dt = rate v where abs(v) >= threshold, i = G v"

    @property
    def citation(self) -> str:
        """Where it is from."""
        return (
            "Falk, Strupp, Scellier, Murugan, Nat. Commun. (2025), doi 10.1038/s41467-025-57043-x, Eqs. 5, 6"
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest conductance [S]."""
        return self.g_min, self.g_max

    @property
    def levels(self) -> tuple[float, ...]:
        """The threshold, both ways [V]."""
        return -self.threshold, self.threshold

    @property
    def time_scale(self) -> float:
        """Time to cross the range at twice the threshold [s]."""
        return (self.g_max - self.g_min) / (2 * self.rate * self.threshold)

    @property
    def test(self) -> Sine:
        """Twice the threshold, with half of the range crossed in half a period."""
        return Sine(2 * self.threshold, float(f"{0.5 / self.time_scale:.2g}"))

    @property
    def usual_start(self) -> float:
        """A quarter of the way up [S]."""
        return self.g_min + 0.25 * (self.g_max - self.g_min)

    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``rate v`` beyond the threshold [S/s]."""
        return np.where(np.abs(v) >= self.threshold, self.rate * v, 0.0)

    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``G v`` [A]."""
        result: FloatArray = np.multiply(x, v)
        return result

    def conductance(self, x: FloatArray) -> FloatArray:
        """The state itself [S]."""
        return np.asarray(x, dtype=float)

    def _state(self, conductance: FloatArray) -> FloatArray:
        return conductance

    def drift_text(self, x: str, v: str) -> str:
        """As :meth:`drift`."""
        scale = number(self.rate / (self.g_max - self.g_min))
        return f"{scale}*{v}*u(abs({v})-{number(self.threshold)})"

    def current_text(self, x: str, v: str, learned: str) -> str:
        """As :meth:`current`."""
        return f"({number(self.g_min)}+{number(self.g_max - self.g_min)}*{x})*{v}"
