"""Real ngspice against Eq. 25, known dividers, and the reference engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tcl_circuits import (
    ConductanceNudge,
    CurrentNudge,
    Drive,
    InputError,
    Network,
    Sawtooth,
    SenseCell,
    SeriesCell,
    SoftmaxNudge,
    kernels,
    lattice,
    single_ended,
)
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines import Ngspice, Reference, Transient
from tcl_circuits.training.pace import largest_contrast
from tcl_circuits.training.readout import temporal_contrast
from tcl_circuits.training.rules import TemporalContrast

SAW = Sawtooth(1e-5, 1e-3)
RIM = [(0, 0), (0, 3), (3, 5), (5, 5), (5, 2), (2, 0)]
INSIDE = [(2, 2), (3, 3), (2, 4)]


@pytest.fixture(scope="module")
def default() -> Iterator[Ngspice]:
    engine = Ngspice()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def accurate() -> Iterator[Ngspice]:
    engine = Ngspice(reltol=1e-7)
    yield engine
    engine.close()


def one_edge(cell: Cell, saw: Sawtooth, engine: Any, amplitude: float = 0.8) -> Transient:
    """The cycle of a single edge whose voltage follows the sawtooth."""
    network = Network.from_graph(nx.path_graph(2), [0], ground=1, conductance=1e-5)
    times, values = saw.breakpoints
    drive = Drive.ramps(times, amplitude * values[None, :])
    found: Transient = engine.run(network, cell, saw, drive)[0]
    return found


@pytest.mark.parametrize("cell", [SenseCell("linear"), SeriesCell(c=1e-11)], ids=["sense", "series"])
@pytest.mark.parametrize("polarity", ["standard", "inverted"])
def test_one_edge_gives_eq_25(cell: Cell, polarity: Any, default: Ngspice) -> None:
    saw = Sawtooth(1e-5, 1e-3, polarity)
    found = one_edge(cell, saw, default)
    conductance = np.array([1e-5])
    kernel = kernels.rc(float(cell.resistance(conductance)[0]), float(cell.capacitance(conductance)[0]))
    times, values = saw.breakpoints
    grid = np.union1d(found.time, times)
    exact = np.interp(found.time, grid, kernel.response(grid, np.interp(grid, times, 0.8 * values)))
    assert np.abs(found.u[0] - exact).max() <= 5e-3 * np.abs(exact).max()


@pytest.mark.parametrize(
    "cell", [SenseCell("linear", c=1e-12, r=5e3), SeriesCell(c=5e-14)], ids=["sense", "series"]
)
def test_charge_of_the_rise_is_c_times_a(cell: Cell, accurate: Ngspice) -> None:
    found = one_edge(cell, SAW, accurate)
    rise = found.time <= SAW.tau_f * (1 + 1e-9)
    charge = np.trapezoid(found.u[0, rise], found.time[rise])
    assert charge == pytest.approx(0.8 * float(cell.capacitance(np.array([1e-5]))[0]), rel=1e-3)


def test_rc_chain_relaxes_as_its_matrix_says(accurate: Ngspice) -> None:
    network = Network.from_graph(nx.path_graph(5), [0], [4], conductance=1e-5, node_capacitance=1e-12)
    saw = Sawtooth(1e-7, 2e-6)
    drive = Drive.ramps([0.0, 1e-9], [[0.0, 1.0]])
    found = accurate.run(network, SenseCell("abs"), saw, drive)[0]
    matrix = laplacian(network, network.conductance)[1:, 1:] / 1e-12
    source = np.array([1e-5, 0, 0, 0]) / 1e-12
    exact = solve_ivp(
        lambda t, v: source * min(t / 1e-9, 1.0) - matrix @ v,
        (0, found.time[-1]),
        np.zeros(4),
        t_eval=found.time,
        method="Radau",
        rtol=1e-10,
        atol=1e-13,
        max_step=2e-8,
    )
    np.testing.assert_allclose(found.voltage[1:], exact.y, atol=1e-4)


def divider_of(network: Network, weights: np.ndarray, volts: np.ndarray) -> np.ndarray:
    matrix, free = laplacian(network, weights), network.free
    full = np.zeros(network.node_count)
    full[network.inputs] = volts
    full[free] = np.linalg.solve(matrix[np.ix_(free, free)], -(matrix @ full)[free])
    return full


def test_series_lattice_is_capacitive_when_slow_and_resistive_when_fast(accurate: Ngspice) -> None:
    volts = np.array([1.0, -0.4])
    slow = []
    for seed in (0, 1):
        network = lattice(4, 4, [(0, 0), (3, 3)], [(1, 2)], seed=seed, conductance=(1e-5, 1e-4))
        for rise, weights in ((1e-4, np.ones(network.edge_count)), (1e-12, network.conductance)):
            drive = Drive.ramps([0.0, rise], [[0.0, 1.0], [0.0, -0.4]])
            found = accurate.run(network, SeriesCell(c=1e-12), Sawtooth(rise / 10, rise), drive)[0]
            at = -1 if rise == 1e-4 else int(np.argmin(np.abs(found.time - rise)))
            np.testing.assert_allclose(found.voltage[:, at], divider_of(network, weights, volts), atol=1e-4)
            if rise == 1e-4:
                slow.append(found.voltage[:, at])
    np.testing.assert_allclose(slow[0], slow[1], atol=1e-4)


def lattice_case(seed: int = 0) -> Network:
    return lattice(6, 6, RIM, INSIDE, diagonals=25, seed=seed)


NUDGES: list[Nudge] = [
    ConductanceNudge(1e-5, single_ended(3)),
    CurrentNudge(1e-5, single_ended(3)),
    SoftmaxNudge(1e-5, 0.2, single_ended(3)),
]


def errors(engine: Ngspice, network: Network, cell: Cell, saw: Sawtooth, nudge: Nudge) -> tuple[float, float]:
    """Largest error of u in shares of the largest u, and 1 - cosine of the updates, over three samples."""
    rng = np.random.default_rng(1)
    drive = Drive.hold(rng.uniform(-1, 1, (3, 6)), nudge, np.eye(3))
    found = engine.run(network, cell, saw, drive)
    exact = Reference(resolution=8).run(network, cell, saw, drive)
    wrong = []
    for a, b in zip(found, exact, strict=True):
        u = np.array([np.interp(a.time, b.time, row) for row in b.u])
        wrong.append(np.abs(a.u - u).max() / np.abs(u).max())
    gate = TemporalContrast(2 * largest_contrast(network, cell, drive) / saw.tau_s).gate(network, cell)
    p, q = (temporal_contrast(network, cell, saw, runs, gate).sum(axis=0) for runs in (found, exact))
    return max(wrong), 1 - float(p @ q) / float(np.linalg.norm(p) * np.linalg.norm(q))


@pytest.mark.parametrize("nudge", NUDGES, ids=["conductance", "current", "softmax"])
@pytest.mark.parametrize("signal", ["power", "linear"])
def test_lattice_of_85_edges_agrees_with_the_reference(nudge: Nudge, signal: Any, default: Ngspice) -> None:
    wrong, off = errors(default, lattice_case(), SenseCell(signal), SAW, nudge)
    assert wrong <= 5e-3
    assert off <= 1e-3


@pytest.mark.parametrize("signal", ["power", "linear"])
def test_lattice_agrees_closely_at_the_accurate_setting(signal: Any, accurate: Ngspice) -> None:
    wrong, off = errors(accurate, lattice_case(), SenseCell(signal), SAW, NUDGES[0])
    assert wrong <= 5e-4
    assert off <= 1e-3


def test_rectifying_cells_inverted_polarity_spread_parts_and_node_capacitance(default: Ngspice) -> None:
    network, inverted = lattice_case(), Sawtooth(1e-5, 1e-3, "inverted")
    parts = 1e-12 * np.random.default_rng(2).uniform(0.8, 1.2, network.edge_count)
    assert errors(default, network, SenseCell("power"), inverted, NUDGES[0])[0] <= 5e-3
    assert errors(default, network, SenseCell("power", c=parts), SAW, NUDGES[0])[0] <= 5e-3
    assert errors(default, network, SenseCell("linear", c=parts), SAW, NUDGES[0])[0] <= 5e-3
    # A drop that changes sign during a ramp gives abs() a kink that no step size meets exactly.
    assert errors(default, network, SenseCell("abs"), SAW, NUDGES[0])[0] <= 2e-2


def test_node_capacitance_agrees(default: Ngspice) -> None:
    graph = nx.grid_2d_graph(3, 3)
    network = Network.from_graph(
        graph, [(0, 0), (2, 2)], [(0, 2), (1, 1), (2, 0)], node_capacitance=1e-11, seed=1
    )
    rng = np.random.default_rng(1)
    drive = Drive.hold(rng.uniform(-1, 1, (1, 2)), NUDGES[0], np.eye(3)[:1])
    for signal in ("power", "linear"):
        cell = SenseCell(signal)
        a = default.run(network, cell, SAW, drive)[0]
        b = Reference(resolution=8).run(network, cell, SAW, drive)[0]
        u = np.array([np.interp(a.time, b.time, row) for row in b.u])
        assert np.abs(a.u - u).max() <= 5e-3 * np.abs(u).max()


def test_settled_voltages_are_the_conduction_networks(default: Ngspice) -> None:
    network = lattice_case()
    inputs = np.random.default_rng(0).uniform(-1, 1, (4, 6))
    exact = Reference().settle(network, SenseCell(), inputs)
    np.testing.assert_allclose(default.settle(network, SenseCell(), inputs), exact, atol=1e-9)


def test_settled_series_cells_are_their_step_response(default: Ngspice) -> None:
    network = lattice(3, 3, [(0, 0), (2, 2)], [(1, 1)], seed=1)
    inputs = np.array([[1.0, -1.0], [0.2, 0.9]])
    exact = Reference().settle(network, SeriesCell(), inputs)
    np.testing.assert_allclose(default.settle(network, SeriesCell(), inputs), exact, atol=1e-4)


def test_nudged_series_lattice_agrees(accurate: Ngspice) -> None:
    """A nudge that is strong against the capacitors: the outputs' loop must not grow."""
    network = lattice(4, 4, [(0, 0), (3, 3)], [(1, 2), (2, 1)], seed=0)
    cell, nudge = SeriesCell(), ConductanceNudge(1e-5, single_ended(2))
    drive = Drive.present([1.0, 0.0], cell, SAW, nudge, [0.3, 0.6])
    found = accurate.run(network, cell, SAW, drive)[0]
    exact = Reference(resolution=4).run(network, cell, SAW, drive)[0]
    volts = np.array([np.interp(found.time, exact.time, row) for row in exact.voltage])
    np.testing.assert_allclose(found.voltage, volts, atol=2e-3)


def test_long_input_ramps_agree_with_the_reference(default: Ngspice) -> None:
    """300 corners do not fit into one of ngspice's commands: they are written into the deck."""
    rng = np.random.default_rng(0)
    network = Network.from_graph(nx.path_graph(3), [0, 2], [1], conductance=1e-5)
    times = np.linspace(0.0, 1e-3, 300)
    drive = Drive.ramps(times, rng.uniform(-0.5, 0.5, (2, 2, times.size)))
    cell, saw = SenseCell("linear"), Sawtooth(1e-5, 1e-3)
    for found, exact in zip(
        default.run(network, cell, saw, drive), Reference().run(network, cell, saw, drive), strict=True
    ):
        u = np.array([np.interp(found.time, exact.time, row) for row in exact.u])
        assert np.abs(found.u - u).max() <= 5e-3 * np.abs(u).max()


def test_bad_settings_are_refused() -> None:
    for wrong in ({"workers": 0}, {"reltol": 0.0}, {"reltol": 1.0}, {"time_limit": 0.0}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            Ngspice(**wrong)
