"""The bill of materials: every part of a network's cells, with the nearest values that are sold."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    CurrentControlledCurrent,
    Diode,
    Element,
    Resistor,
    VoltageControlledVoltage,
    VoltageSource,
)
from tcl_circuits.circuit.netlist import part_elements
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.standard_values import nearest

COLUMNS = ("part", "value", "unit", "nearest_E96", "nearest_E24", "count")

_PARTS = {
    "rg": "memristor or resistor (trained conductance)",
    "rs": "sense resistor",
    "cs": "sense capacitor",
    "bs": "signal source (squaring or rectifying cell)",
    "cn": "node capacitor",
}
"""What the parts of our own cells are, by the first letters of their names."""

_DIGITS = 6


@dataclass(frozen=True, order=True)
class BomLine:
    """Equal parts.

    Parameters
    ----------
    part : str
        What it is.
    value : float or None
        In SI units, to 6 significant digits; None for a part that has no single value.
    unit : str
        ``ohm`` or ``F``; for a source its expression.
    count : int
        How many there are.
    """

    part: str
    value: float | None
    unit: str
    count: int


def bill_of_materials(network: Network, cell: Cell) -> tuple[BomLine, ...]:
    """List the parts of all cells and nodes, sorted by kind and value.

    Parts that differ by less than 1e-6 are one line. The exact values are in the netlist.

    Parameters
    ----------
    network : Network
        The network.
    cell : Cell
        What stands on its edges.
    """
    counts: Counter[tuple[str, float | None, str]] = Counter()
    for e, conductance in enumerate(network.conductance.tolist()):
        elements, _ = cell.edge(e, "a", "b", conductance)
        counts.update(_line(element, str(e)) for element in elements)
    counts.update(_line(element, "") for element in part_elements(network))
    if network.node_capacitance > 0:
        value = float(f"{network.node_capacitance:.{_DIGITS}g}")
        counts[_PARTS["cn"], value, "F"] += int(network.free.size)
    lines = [BomLine(part, value, unit, count) for (part, value, unit), count in counts.items()]
    return tuple(sorted(lines, key=lambda line: (line.part, line.value or 0.0, line.unit)))


def _line(element: Element, suffix: str) -> tuple[str, float | None, str]:
    """Kind, value and unit of an element; elements of other edges with the same three are the same part."""
    name = element.name.removesuffix(suffix)
    match element:
        case Resistor():
            kind, value, unit = "resistor", element.ohms, "ohm"
        case Capacitor():
            kind, value, unit = "capacitor", element.farads, "F"
        case BehaviouralVoltage() | BehaviouralCurrent():
            letter = "V" if isinstance(element, BehaviouralVoltage) else "I"
            return _PARTS.get(name, "controlled source"), None, f"{letter}={element.expression}"
        case Diode():
            values = " ".join(f"{key.upper()}={v:g}" for key, v in element.model.values.items())
            return "diode", None, values
        case VoltageControlledVoltage() | CurrentControlledCurrent():
            letter = "V" if isinstance(element, VoltageControlledVoltage) else "I"
            return "amplifier half", None, f"{letter} gain {element.gain:g}"
        case VoltageSource(volts=volts):
            return "ammeter" if volts == 0 else "rail", None, f"{volts:g} V"
        case _:
            return "source", None, type(element).__name__
    return _PARTS.get(name, kind), float(f"{value:.{_DIGITS}g}"), unit


def bom_csv(lines: tuple[BomLine, ...]) -> str:
    """Return the table as CSV, with a line of headings, the same bytes everywhere."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        if line.value is None:
            writer.writerow([line.part, line.unit, "", "", "", line.count])
        else:
            sold = (_number(nearest(line.value, "E96")), _number(nearest(line.value, "E24")))
            writer.writerow([line.part, _number(line.value), line.unit, *sold, line.count])
    return text.getvalue()


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}g}"
