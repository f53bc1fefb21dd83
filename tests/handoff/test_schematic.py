"""Schematics of the cells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tcl_circuits import InputError, SenseCell, SeriesCell
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.handoff.schematic import cell_schematic, write_schematic

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


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    write_schematic(SenseCell(), tmp_path / "cell.svg")
    code = (
        "import sys, pathlib, tcl_circuits as t; from tcl_circuits.handoff.schematic import write_schematic; "
        "write_schematic(t.SenseCell(), pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "again.svg"], check=True)
    assert (tmp_path / "cell.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_a_strange_cell_is_refused() -> None:
    with pytest.raises(InputError, match="no schematic of object"):
        cell_schematic(object())  # type: ignore[arg-type]
