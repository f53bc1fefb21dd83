"""Schematics of the edge cells, as SVG (schemdraw's own back end; no matplotlib)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import schemdraw
import schemdraw.elements
from schemdraw import svgconfig

from tcl_circuits.circuit.cells import Cell, SenseCell, SeriesCell
from tcl_circuits.errors import InputError
from tcl_circuits.units import engineering

elm: Any = schemdraw.elements  # whose constructors are not all typed

_SOURCES = {"power": "s = V²/2", "abs": "s = |V|"}
_UNIT = 2.6
_WIDTH = 6.4


def cell_schematic(cell: Cell) -> str:
    """Draw a cell and return the SVG's text, the same bytes everywhere; text stays text.

    Parameters
    ----------
    cell : Cell
        A sense or a series cell; where its parts differ from edge to edge, their range is written.

    Raises
    ------
    InputError
        If the cell is of a kind that has no schematic.
    """
    draw = _drawer(cell)
    kept = svgconfig.text
    svgconfig.text = "text"  # paths instead would depend on what else is installed
    try:
        drawing = schemdraw.Drawing(canvas="svg", show=False)
        drawing.config(unit=_UNIT, fontsize=13, font="sans-serif", color="currentColor", lw=1.6)
        draw(drawing, cell)
        text: str = drawing.get_imagedata("svg").decode("utf-8")
    finally:
        svgconfig.text = kept
    return _tidy(text, f"Schematic of the {_name(cell)} cell")


def _drawer(cell: Cell) -> Callable[[Any, Any], None]:
    if isinstance(cell, SeriesCell):
        return _series
    if isinstance(cell, SenseCell):
        return _linear if cell.signal == "linear" else _sensed
    raise InputError(f"there is no schematic of {type(cell).__name__}; there are SenseCell and SeriesCell")


def _name(cell: Cell) -> str:
    return "series" if isinstance(cell, SeriesCell) else f"sense ({cell.signal} signal)"


def _sensed(d: Any, cell: SenseCell) -> None:
    """Draw the conductance between a and b, and below it the source with its C-R branch."""
    _edge(d)
    source = elm.SourceControlledV().up().at((0, -4.4)).length(2.2)
    d += source.label(_SOURCES[cell.signal], loc="bottom", ofst=0.35)
    d += elm.Capacitor().right().length(_WIDTH).label(_value("C", cell.c, "F"), loc="bottom", ofst=0.25)
    d += elm.Dot(open=True).label("u", loc="top")
    d += elm.Resistor().down().length(2.2).label(_value("R", cell.r, "Ω"), loc="top", ofst=0.25)
    d += elm.Ground()
    d += elm.Ground().at((0, -4.4))


def _linear(d: Any, cell: SenseCell) -> None:
    """Draw the conductance, and the C-R branch straight across it."""
    _edge(d)
    d += elm.Line().down().at((0, 0)).length(1.7)
    d += elm.Capacitor().right().length(_WIDTH / 2).label(_value("C", cell.c, "F"), loc="bottom", ofst=0.25)
    d += elm.Dot(open=True).label("u", loc="top")
    d += elm.Resistor().right().length(_WIDTH / 2).label(_value("R", cell.r, "Ω"), loc="bottom", ofst=0.25)
    d += elm.Line().up().length(1.7)


def _series(d: Any, cell: SeriesCell) -> None:
    """Draw capacitor and memristor in a row."""
    d += elm.Dot(open=True).at((0, 0)).label("a", loc="left")
    d += elm.Capacitor().right().length(_WIDTH / 2).label(_value("C", cell.c, "F"), ofst=0.25)
    d += elm.Dot(open=True).label("u", loc="top")
    d += elm.Memristor().right().length(_WIDTH / 2).label("G (trained)", ofst=0.25)
    d += elm.Dot(open=True).label("b", loc="right")


def _edge(d: Any) -> None:
    """Draw the trained conductance from a to b with the voltage across it."""
    d += elm.Dot(open=True).at((0, 0)).label("a", loc="left")
    d += elm.Memristor().right().at((0, 0)).length(_WIDTH).label("G (trained)", ofst=0.25)
    d += elm.Dot(open=True).label("b", loc="right")
    d += elm.Gap().at((0, -0.55)).to((_WIDTH, -0.55)).label(["+", "V", "−"])


def _value(name: str, value: Any, unit: str) -> str:
    low, high = float(np.min(value)), float(np.max(value))
    shown = engineering(low, unit)
    return f"{name} = {shown}" if low == high else f"{name} = {shown} … {engineering(high, unit)}"


def _tidy(svg: str, title: str) -> str:
    """Round coordinates, whose last digits differ between machines, and say what the picture is."""

    def rounded(match: re.Match[str]) -> str:
        number = float(match[0])
        return f"{number:.2f}".rstrip("0").rstrip(".").replace("-0.00", "0") or "0"

    svg = re.sub(r"-?\d+\.\d+", rounded, svg.replace("stroke-dasharray:-;", "")).replace(
        "fill:black", "fill:currentColor"
    )
    svg = re.sub(r"(?<![\d.])-0(?![\d.])", "0", svg)
    head, rest = svg.split(">", 1)
    return f'{head} role="img"><title>{title}</title>{rest.strip()}\n'
