"""LTspice: hierarchy behind colons, ammeters read as voltages, waveforms kept uncompressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tcl_circuits.circuit.elements import Subcircuit, VoltageSource
from tcl_circuits.handoff.dialects.base import Dialect, Quantity, Run
from tcl_circuits.units import spice_number


class LTspice(Dialect):
    """LTspice.

    How LTspice names currents of devices inside subcircuits is not documented; node voltages are
    ``V(instance:node)``. Each ammeter of a cell therefore drives a node of 1 V/A. Measurements are made on
    the stored waveforms, which LTspice compresses unless it is told not to.
    """

    name: ClassVar[str] = "ltspice"
    command: ClassVar[str] = "LTspice -b {file}"
    results: ClassVar[str] = "in the log file beside each test bench, as `name: quantity=value`"
    tried: ClassVar[bool] = False
    separator: ClassVar[str] = ":"

    def begin(self, name: str, pins: Sequence[str], parameters: Mapping[str, float]) -> str:
        """Return the first line of a subcircuit."""
        defaults = [f"{key}={spice_number(value)}" for key, value in parameters.items()]
        return " ".join([".subckt", name, *pins, *(["params:", *defaults] if defaults else [])])

    def monitors(self, block: Subcircuit) -> list[str]:
        """One current-controlled voltage for each ammeter."""
        meters = [e.name for e in block.elements if isinstance(e, VoltageSource)]
        return [f"h{name} i{name} 0 {name} 1.0" for name in meters]

    def quantity(self, quantity: Quantity) -> str:
        """Return the node's voltage, of an ammeter that of its monitor."""
        *way, last = quantity.path
        return f"V({self.separator.join([*way, f'i{last}' if quantity.current else last])})"

    def analysis(self, run: Run) -> list[str]:
        """Return options and the transient analysis."""
        return [
            f".options reltol={run.reltol:g} abstol={run.abstol:g} "
            f"vntol={run.vntol:g} chgtol={run.chgtol:g} trtol={run.trtol:g}",
            ".options plotwinsize=0 numdgt=15 measdgt=9",
            f".tran 0 {spice_number(run.stop)} 0 {spice_number(run.longest)}",
        ]
