"""The netlist vocabulary: the few element types that every cell, drive and dialect is made of.

Values are SI floats. Node names are SPICE names (:mod:`tcl_circuits.circuit.names`) or ``0``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

Corner: TypeAlias = tuple[float, float]
"""A time [s] and a value at it."""


@dataclass(frozen=True)
class Resistor:
    """A resistor [ohm]."""

    name: str
    a: str
    b: str
    ohms: float


@dataclass(frozen=True)
class Capacitor:
    """A capacitor [F]."""

    name: str
    a: str
    b: str
    farads: float


@dataclass(frozen=True)
class VoltageSource:
    """A constant voltage from `a` (plus) to `b` [V]."""

    name: str
    a: str
    b: str
    volts: float


@dataclass(frozen=True)
class RampVoltage:
    """A piecewise linear voltage from `a` (plus) to `b`."""

    name: str
    a: str
    b: str
    corners: tuple[Corner, ...]


@dataclass(frozen=True)
class BehaviouralVoltage:
    """A voltage from `a` (plus) to `b` given by an expression of node voltages ``V(x)``, ``V(x,y)`` [V]."""

    name: str
    a: str
    b: str
    expression: str


@dataclass(frozen=True)
class BehaviouralCurrent:
    """A current from `a` through the source to `b` given by an expression of node voltages [A]."""

    name: str
    a: str
    b: str
    expression: str


@dataclass(frozen=True)
class VoltageControlledVoltage:
    """A voltage from `a` (plus) to `b` of `gain` times the voltage from `plus` to `minus`."""

    name: str
    a: str
    b: str
    plus: str
    minus: str
    gain: float


@dataclass(frozen=True)
class CurrentControlledCurrent:
    """A current from `a` through the source to `b` of `gain` times the current of a voltage source.

    The controlling current counts positive from the plus end of the source named `sensor` through it to its
    minus end.
    """

    name: str
    a: str
    b: str
    sensor: str
    gain: float


@dataclass(frozen=True)
class Diode:
    """A junction diode from `a` (anode) to `b` (cathode), without charge: SPICE's D model.

    Parameters
    ----------
    name, a, b : str
        Element and nodes.
    saturation : float
        Saturation current IS [A].
    emission : float
        Emission coefficient N.
    ohms : float
        Series resistance RS [ohm].
    """

    name: str
    a: str
    b: str
    saturation: float
    emission: float = 1.0
    ohms: float = 0.0

    @property
    def model(self) -> DiodeModel:
        """Its model, the same for diodes of the same values."""
        return DiodeModel(self.saturation, self.emission, self.ohms)


@dataclass(frozen=True)
class DiodeModel:
    """What a ``.model`` line says of a diode: IS [A], N, RS [ohm]."""

    saturation: float
    emission: float
    ohms: float

    @property
    def name(self) -> str:
        """A legal name that follows from the values."""
        values = (self.saturation, self.emission, self.ohms)
        return "_".join(["dm", *(repr(float(v)) for v in values)]).translate(_IN_NAMES)

    @property
    def values(self) -> dict[str, float]:
        """SPICE's parameters."""
        return {"is": self.saturation, "n": self.emission, "rs": self.ohms}


_IN_NAMES = str.maketrans({".": "p", "-": "m", "+": None})

Element: TypeAlias = (
    Resistor
    | Capacitor
    | VoltageSource
    | RampVoltage
    | BehaviouralVoltage
    | BehaviouralCurrent
    | VoltageControlledVoltage
    | CurrentControlledCurrent
    | Diode
)


def diode_models(elements: Iterable[Element]) -> tuple[DiodeModel, ...]:
    """Models of the diodes among some elements, each once, in order of their first use."""
    return tuple(dict.fromkeys(element.model for element in elements if isinstance(element, Diode)))


@dataclass(frozen=True)
class Subcircuit:
    """A cell as a ``.subckt``: its pins, elements and a description in plain words."""

    name: str
    pins: tuple[str, ...]
    elements: tuple[Element, ...]
    description: str
