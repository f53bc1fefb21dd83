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


Element: TypeAlias = (
    Resistor | Capacitor | VoltageSource | RampVoltage | BehaviouralVoltage | BehaviouralCurrent
)


@dataclass(frozen=True)
class Subcircuit:
    """A cell or device as a ``.subckt``.

    Parameters
    ----------
    name, pins, elements
        What it is called, its terminals and what it consists of.
    description : str
        What it is, in plain words.
    parameters : tuple of (str, float)
        Names that expressions hold as ``{name}``, and their defaults.
    """

    name: str
    pins: tuple[str, ...]
    elements: tuple[Element, ...]
    description: str
    parameters: tuple[tuple[str, float], ...] = ()
