"""Layered circuits in ngspice: operating points and one training cycle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from layered_cases import drawn, images
from numpy.testing import assert_allclose

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.graphfile import read_network, write_network
from tcl_circuits.engines import Ngspice
from tcl_circuits.ep.data import digits_8x8, mnist_12k
from tcl_circuits.layered.circuit import with_bias
from tcl_circuits.layered.netlist import BareCell, Laid
from tcl_circuits.layered.rules import Shown, TemporalContrast
from tcl_circuits.layered.solve import Batch, NumpySolver, Point
from tcl_circuits.layered.trainer import Trainer
from tcl_circuits.layered.transient import simulate_cycle
from tcl_circuits.layered.update import NumpyUpdater

CELL = BareCell()


def solved(seed: int, hidden: int) -> tuple[Laid, FloatArray, Point]:
    circuit, (x, labels) = drawn(seed, hidden=hidden), images(seed, 3)
    point = NumpySolver(1e-12).settle(Batch(circuit, circuit.currents(x), labels), 0.0)
    return Laid.whole(circuit), x, point


@pytest.mark.parametrize("hidden", [0, 5])
def test_operating_point_of_the_whole_network(ngspice: Ngspice, hidden: int) -> None:
    laid, x, point = solved(1, hidden)
    laid.network.check()
    found = ngspice.settle(laid.network, CELL, laid.volts(x))
    assert_allclose(found, laid.voltages(x, point), atol=2e-6)


@pytest.mark.parametrize("hidden", [0, 5])
@pytest.mark.parametrize("kept", [(), (0, 6), (2,)])
def test_folded_inputs_are_the_same_circuit(ngspice: Ngspice, hidden: int, kept: tuple[int, ...]) -> None:
    whole, x, point = solved(2, hidden)
    folded = Laid.folded(whole.circuit, kept)
    folded.network.check()
    assert folded.network.edge_count < whole.network.edge_count
    found = ngspice.settle(folded.network, CELL, folded.volts(x))
    exact = ngspice.settle(whole.network, CELL, whole.volts(x))
    assert_allclose(folded.outputs(found), whole.outputs(exact), atol=1e-9)
    assert_allclose(found, folded.voltages(x, point), atol=2e-6)


def test_sense_branches_do_not_change_the_operating_point(ngspice: Ngspice) -> None:
    laid, x, _ = solved(1, 5)
    one, other = (ngspice.settle(laid.network, cell, laid.volts(x)) for cell in (CELL, SenseCell()))
    assert_allclose(one, other, atol=1e-10)


def test_edges_are_those_of_the_circuit() -> None:
    laid, _, _ = solved(3, 5)
    network, circuit = laid.network, laid.circuit
    assert network.edge_count == circuit.edges
    assert network.node_count == circuit.nodes
    value = dict(zip(network.edge_labels, network.conductance, strict=True))
    assert circuit.hidden is not None
    for (first, second), expected in (
        (("x1+", "h2"), circuit.plus[1, 2]),
        (("bias-", "h4"), circuit.minus[6, 4]),
        (("z3", "y1+"), circuit.hidden.conductance[3, 1]),
        (("rail-", "y2-"), circuit.hidden.conductance[6, 5]),
    ):
        label = next(name for name in value if name.startswith(first) and name.endswith(second))
        assert value[label] == expected


def test_graph_file_gives_the_network_back(tmp_path: Path) -> None:
    laid, _, _ = solved(4, 5)
    write_network(laid.network, tmp_path / "n.json")
    found = read_network(tmp_path / "n.json")
    assert found.parts == laid.network.parts
    assert_allclose(found.conductance, laid.network.conductance)


@pytest.mark.parametrize("samples", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_784_50_10_predicts_as_ngspice_does(ngspice: Ngspice, samples: int) -> None:
    """Voltages within 2e-6 V of ngspice's operating points, and the same predictions."""
    data = mnist_12k().first(1500, samples)
    trainer = Trainer(data, 50, seed=0)
    trainer.fit(2)
    folded, x = Laid.folded(trainer.circuit), with_bias(data.test_x)
    found = ngspice.settle(folded.network, CELL, folded.volts(x))
    point = trainer.settle(x)
    assert np.abs(folded.high(found) - point.high).max() < 2e-6
    assert np.abs(folded.outputs(found) - point.outputs).max() < 2e-6
    outputs = folded.outputs(found)
    assert np.array_equal((outputs[:, :10] - outputs[:, 10:]).argmax(axis=1), trainer.predict(data.test_x))


def test_training_cycle_in_ngspice() -> None:
    """One image's cycle: each edge's update against voltages at rest, by three descriptions of its branch."""
    data = digits_8x8()
    trainer = Trainer(data, 20, seed=0)
    trainer.fit(1)
    laid, x = Laid.folded(trainer.circuit, (10, 20, 28, 64)), with_bias(data.train_x[:1])
    solver, batch = NumpySolver(1e-14), Batch(trainer.circuit, trainer.circuit.currents(x), data.train_y[:1])
    shown = Shown(batch, x, solver.settle(batch, 0.0), trainer.beta, solver)
    rule = TemporalContrast(trainer.saw, 1.5, 1, NumpyUpdater())
    _, amplitudes = rule.direction(shown, np.full(2, np.nan))
    cycle = simulate_cycle(laid, x, int(data.train_y[0]), trainer.beta, trainer.saw, amplitudes, solver)
    ends = (slice(0, laid.first_edges), slice(laid.first_edges, None))
    for layer, amplitude in zip(ends, amplitudes, strict=True):
        simulated = cycle.simulated[layer]
        assert np.count_nonzero(simulated) > 100
        assert relative(simulated, cycle.exact[layer]) < 2e-4
        # The short forms take the ramp for linear: an edge near the threshold may fall on either side of it.
        least = 1.5 * amplitude / trainer.saw.ratio
        clear = np.abs(np.abs(cycle.contrast[layer]) / least - 1) > 0.05
        assert relative(simulated[clear], cycle.settled[layer][clear]) < 3e-3
        assert relative(simulated[clear], cycle.lagging[layer][clear]) < 5e-4


def relative(found: FloatArray, exact: FloatArray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
