"""The netlist vocabulary: the few element types that every cell, drive and dialect is made of.

Values are SI floats. Node names are SPICE names (:mod:`tcl_circuits.circuit.names`) or ``0``.
"""

from __future__ import annotations

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
    """A capacitor [F], with its voltage from `a` to `b` where a transient starts without a rest state [V]."""

    name: str
    a: str
    b: str
    farads: float
    volts: float | None = None


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
class PulseVoltage:
    """A voltage from `a` (plus) to `b` of trapezoids from 0 to 1 V: after `delay`, every `period` [s]."""

    name: str
    a: str
    b: str
    delay: float
    rise: float
    width: float
    fall: float
    period: float

    @property
    def times(self) -> tuple[float, float, float, float, float]:
        """Delay, rise, fall, width and period, SPICE's order; a width of 0 would mean a whole transient."""
        return self.delay, self.rise, self.fall, max(self.width, 1e-6 * self.fall), self.period


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


Element: TypeAlias = (
    Resistor
    | Capacitor
    | VoltageSource
    | RampVoltage
    | PulseVoltage
    | BehaviouralVoltage
    | BehaviouralCurrent
)


@dataclass(frozen=True)
class Subcircuit:
    """A cell as a ``.subckt``: its pins, elements and a description in plain words."""

    name: str
    pins: tuple[str, ...]
    elements: tuple[Element, ...]
    description: str
