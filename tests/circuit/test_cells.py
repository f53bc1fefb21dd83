"""Edge cells: as subcircuits in ngspice they do what they do flat, and bad parts are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import run_ngspice

from tcl_circuits import InputError, SenseCell, SeriesCell, kernels
from tcl_circuits.circuit.cells import SIGNALS, Cell, named_cell
from tcl_circuits.circuit.netlist import subcircuit_text

CELLS: list[Cell] = [SenseCell("power"), SenseCell("abs"), SenseCell("linear"), SeriesCell()]


@pytest.mark.parametrize("cell", CELLS, ids=["power", "abs", "linear", "series"])
def test_subcircuit_follows_its_equation_in_ngspice(cell: Cell, tmp_path: Path) -> None:
    block = cell.subcircuit(1e-5)
    deck = tmp_path / "cell.cir"
    plus, minus = ("u0", "b") if cell.signal == "linear" else ("u0", "0")
    read = f"v({plus}.x1)" if minus == "0" else f"v({plus}.x1)-v(b)"
    deck.write_text(
        f"* one cell\n{subcircuit_text(block)}\nX1 a b {block.name}\n"
        "Va a 0 PWL(0 0 10u 0.8)\nVb b 0 0\n"
        ".options reltol=1e-7 abstol=1e-17 vntol=1e-11 chgtol=1e-22 trtol=1\n.tran 20n 10u 0 50n\n"
        f".control\nrun\nlet sensed = {read.replace('.x1', '').replace('v(u0)', 'v(x1.u0)')}\n"
        "meas tran last find sensed at=10u\n.endc\n.end\n"
    )
    done = run_ngspice(deck)
    line = next(line for line in done.stdout.splitlines() if line.startswith("last"))
    one = np.array([1e-5])
    r, c = float(cell.resistance(one)[0]), float(cell.capacitance(one)[0])
    time = np.linspace(0, 1e-5, 4001)
    expected = kernels.rc(r, c).response(time, SIGNALS[cell.signal](0.8 * time / 1e-5))[-1]
    assert float(line.split("=")[1]) / r == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("value", [0.0, -1e-12, np.nan, np.inf, np.zeros((2, 2))])
def test_bad_parts_are_refused(value: float) -> None:
    for make in (lambda: SenseCell(c=value), lambda: SenseCell(r=value), lambda: SeriesCell(c=value)):
        with pytest.raises(InputError, match="must be positive"):
            make()


def test_unknown_signals_and_cells_are_refused() -> None:
    with pytest.raises(InputError, match="'loud'"):
        SenseCell("loud")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'brain'"):
        named_cell("brain")


def test_parts_of_each_edge_must_fit_the_network() -> None:
    with pytest.raises(InputError, match="3 values for a network of 2 edges"):
        SenseCell(c=np.full(3, 1e-12)).capacitance(np.ones(2))
