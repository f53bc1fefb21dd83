"""Schematics of the cells."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tcl_circuits import InputError, SenseCell, SeriesCell
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.handoff.schematic import cell_schematic

SVG = "{http://www.w3.org/2000/svg}"
CELLS: list[Cell] = [SenseCell(), SenseCell("abs"), SenseCell("linear"), SeriesCell(c=2e-12)]


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("cell", CELLS, ids=["power", "abs", "linear", "series"])
def test_it_is_svg_that_names_its_parts(cell: Cell) -> None:
    svg = cell_schematic(cell)
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root[0].tag == f"{SVG}title"
    shown = texts(svg)
    assert {"a", "b", "u", "G (trained)"} <= set(shown)
    assert any(text.startswith("C = ") for text in shown)
    assert any(text.startswith("R = ") for text in shown) == isinstance(cell, SenseCell)
    assert "href" not in svg.replace("xmlns:xlink", "")


def test_the_signal_is_said() -> None:
    assert "s = V²/2" in texts(cell_schematic(SenseCell()))
    assert "s = |V|" in texts(cell_schematic(SenseCell("abs")))


def test_parts_that_differ_are_a_range() -> None:
    shown = texts(cell_schematic(SeriesCell(c=np.array([1e-12, 3e-12]))))
    assert "C = 1 pF … 3 pF" in shown


def test_another_process_writes_the_same_bytes() -> None:
    code = (
        "import sys, tcl_circuits as t; from tcl_circuits.handoff.schematic import cell_schematic; "
        "sys.stdout.buffer.write(cell_schematic(t.SenseCell()).encode())"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert done.stdout.decode() == cell_schematic(SenseCell())


def test_a_strange_cell_is_refused() -> None:
    with pytest.raises(InputError, match="no schematic of object"):
        cell_schematic(object())  # type: ignore[arg-type]
