"""Devices: the elements whose conductance learns.

A device is an element of its own inside a cell, so that one model can take another's place: a conductance
that is held, or one of :mod:`tcl_circuits.circuit.memristors`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.elements import Element, Resistor


class Device(Protocol):
    """A two-terminal trainable conductance."""

    def elements(self, suffix: str, a: str, b: str, conductance: float) -> tuple[Element, ...]:
        """Elements between the nodes `a` and `b` of the device with the given conductance [S]."""
        ...

    def settings(self, conductance: FloatArray) -> Iterable[tuple[str, float]]:
        """Names of the elements that set the conductance [S] of each edge, and their values.

        Edges are numbered in order; each number is the suffix of its device.
        """
        ...


@dataclass(frozen=True)
class HeldConductance:
    """A memristor whose conductance is held during a cycle: a resistor that the host sets between cycles."""

    def elements(self, suffix: str, a: str, b: str, conductance: float) -> tuple[Element, ...]:
        """Return the resistor ``rg<suffix>`` of 1/G."""
        return (Resistor(f"rg{suffix}", a, b, 1.0 / conductance),)

    def settings(self, conductance: FloatArray) -> Iterable[tuple[str, float]]:
        """Return each edge's resistor and its 1/G."""
        return [(f"rg{e}", ohms) for e, ohms in enumerate((1.0 / conductance).tolist())]
