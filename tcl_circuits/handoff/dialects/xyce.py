"""Xyce: expressions in braces, hierarchy behind colons, options by package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tcl_circuits.handoff.dialects.base import Dialect, Find, How, Integral, Quantity, Run
from tcl_circuits.units import spice_number

_PRINTED = 4


class Xyce(Dialect):
    """Xyce.

    Behavioural expressions stand in braces, subcircuit parameters behind ``PARAMS:``, names inside instances
    behind colons (``I(XNET:XE0:VU)`` is the current of an ammeter), tolerances in ``.options timeint``.
    """

    name: ClassVar[str] = "xyce"
    command: ClassVar[str] = "Xyce {file}"
    results: ClassVar[str] = "in the file `.mt0` beside each test bench, as `NAME = value`"
    tried: ClassVar[bool] = False
    separator: ClassVar[str] = ":"

    def behaviour(self, text: str) -> str:
        """Return an expression of node voltages, in braces."""
        return f"{{{text}}}"

    def begin(self, name: str, pins: Sequence[str], parameters: Mapping[str, float]) -> str:
        """Return the first line of a subcircuit."""
        defaults = [f"{key}={spice_number(value)}" for key, value in parameters.items()]
        return " ".join([".subckt", name, *pins, *(["PARAMS:", *defaults] if defaults else [])])

    def instance(self, name: str, nodes: Sequence[str], cell: str, values: Mapping[str, str]) -> str:
        """Return an instance of a subcircuit."""
        given = [f"{key}={self.expression(value)}" for key, value in values.items()]
        return " ".join([name, *nodes, cell, *(["PARAMS:", *given] if given else [])])

    def quantity(self, quantity: Quantity) -> str:
        """Return the name of what is measured."""
        letter = "I" if quantity.current else "V"
        return f"{letter}({self.separator.join(quantity.path)})"

    def measure(self, name: str, how: How) -> str:
        """Return a measurement."""
        match how:
            case Find():
                return f".measure TRAN {name} FIND {self.quantity(how.quantity)} AT={spice_number(how.at)}"
            case Integral():
                span = f"FROM={spice_number(how.start)} TO={spice_number(how.stop)}"
                return f".measure TRAN {name} INTEG {self.quantity(how.quantity)} {span}"

    def analysis(self, run: Run) -> list[str]:
        """Return options and the transient analysis."""
        # Time steps have one absolute tolerance for all unknowns. It is that of the voltages, from which
        # every measured current follows; that of the currents would have voltages followed to 1e-14 V.
        return [
            f".options timeint reltol={run.reltol:g} abstol={run.vntol:g}",
            f".options nonlin-tran reltol={run.reltol:g} abstol={run.abstol:g}",
            f".tran {spice_number(run.step)} {spice_number(run.stop)} 0 {spice_number(run.longest)}",
        ]

    def save(self, quantities: Sequence[Quantity]) -> list[str]:
        """Return one print line, which Xyce wants; measurements need none."""
        return [" ".join([".print TRAN", *(self.quantity(one) for one in quantities[:_PRINTED])])]
