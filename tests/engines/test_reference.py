"""The reference engine against solutions found in other ways."""

from __future__ import annotations

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
    simulate,
    single_ended,
)
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines import Reference, Transient
from tcl_circuits.engines.grid import branch_outputs, graded_grid, response_matrices
from tcl_circuits.engines.linear import edge_model, sense_model
from tcl_circuits.rule import HardThreshold, update_integral

SAW = Sawtooth(1e-5, 1e-3)


def three_by_three(seed: int = 1) -> Network:
    return lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (2, 1)], seed=seed)


def test_both_ways_to_the_modes_agree() -> None:
    network, cell = three_by_three(), SenseCell("linear")
    drive = Drive.hold([1.0, -0.5], CurrentNudge(1e-5, single_ended(2)), [0.3, 0.1])
    ramped = Drive.ramps([0.0, 1e-6], np.repeat(drive.inputs[0], 2, axis=1), drive.nudge, drive.targets)
    by_nodes, by_edges = (Reference().run(network, cell, SAW, d)[0] for d in (drive, ramped))
    u = np.array([np.interp(by_edges.time, by_nodes.time, row) for row in by_nodes.u])
    np.testing.assert_allclose(by_edges.u, u, atol=2e-3 * np.abs(u).max())
    assert sense_model(network, cell).rates.size < edge_model(network, cell).rates.size


@pytest.mark.parametrize("ratio", [3.0, 1e4, 1e6])
def test_grid_resolves_corners_at_any_ratio(ratio: float) -> None:
    time = graded_grid(np.array([0.0, 1e-5, 1e-5 * (1 + ratio)]), 1e-6, resolution=8)
    after = time[(time >= 1e-5) & (time <= 2e-5)]
    assert np.all(np.diff(time) > 0)
    assert np.diff(after).max() <= 1e-6


def test_current_nudge_is_exact_whatever_the_resolution() -> None:
    network, cell = three_by_three(), SenseCell("linear")
    drive = Drive.hold([1.0, -0.5], CurrentNudge(1e-5, single_ended(2)), [0.3, 0.1])
    coarse, fine = (Reference(resolution=r).run(network, cell, SAW, drive)[0] for r in (0.5, 5))
    shared, at, there = np.intersect1d(coarse.time, fine.time, return_indices=True)
    assert shared.size > 5
    np.testing.assert_allclose(coarse.u[:, at], fine.u[:, there], atol=1e-12 * np.abs(fine.u).max())


@pytest.mark.parametrize(
    "nudge",
    [ConductanceNudge(1e-5, single_ended(2)), SoftmaxNudge(1e-5, 0.3, single_ended(2))],
    ids=["mse", "softmax"],
)
@pytest.mark.parametrize("signal", ["power", "abs", "linear"])
def test_default_grid_is_fine_enough(nudge: Nudge, signal: Any) -> None:
    network, cell = three_by_three(), SenseCell(signal)
    drive = Drive.hold([1.0, -0.5], nudge, [1.0, 0.0])
    coarse, fine = (Reference(resolution=r).run(network, cell, SAW, drive)[0] for r in (1, 8))
    u = np.array([np.interp(coarse.time, fine.time, row) for row in fine.u])
    # A rectified drop that changes sign on the way has a kink between the grid's points.
    atol = 5e-3 if signal == "abs" else 3e-4
    np.testing.assert_allclose(coarse.u, u, atol=atol * np.abs(u).max())
    gate = HardThreshold(0.05 * np.abs(u).max())
    rough, good = update_integral(coarse.time, coarse.u, gate), update_integral(fine.time, fine.u, gate)
    np.testing.assert_allclose(rough, good, atol=2e-3 * np.abs(good).max())


def test_squaring_cell_passes_through_eq_25() -> None:
    network, cell = three_by_three(), SenseCell("power")
    drive = Drive.hold([1.0, -0.5], ConductanceNudge(1e-5, single_ended(2)), [0.3, 0.1])
    data = simulate(network, cell, SAW, drive, Reference(resolution=4))
    expected = kernels.rc(1e6, 1e-12).response(data["time"].to_numpy(), data["signal"].to_numpy())
    np.testing.assert_allclose(data["u"], expected, atol=3e-5 * np.abs(expected).max())
    assert data["u"].attrs["units"] == "A"
    assert set(data.sizes) == {"node", "edge", "time"}


def test_nudged_voltages_satisfy_kirchhoff_with_the_nudge() -> None:
    network, nudge = three_by_three(), SoftmaxNudge(5e-5, 0.3, single_ended(2))
    drive = Drive.hold([[1.0, -0.5], [0.2, 0.9]], nudge, [[1.0, 0.0], [0.0, 1.0]])
    for k, found in enumerate(Reference().run(network, SenseCell(), SAW, drive)):
        balance = (laplacian(network, network.conductance) @ found.voltage)[network.free]
        beta = np.interp(found.time, *SAW.breakpoints)
        pushed = np.zeros((network.node_count, found.time.size))
        pushed[network.outputs] = (
            beta[:, None] * nudge.force(found.voltage[network.outputs].T, drive.targets[k])
        ).T
        np.testing.assert_allclose(balance, pushed[network.free], atol=1e-7 * np.abs(pushed).max())


def test_polarities_give_opposite_charges() -> None:
    network, cell = three_by_three(), SenseCell()
    drive = Drive.hold([1.0, -0.5], ConductanceNudge(1e-5, single_ended(2)), [0.3, 0.1])
    sums = []
    for polarity in ("standard", "inverted"):
        saw = Sawtooth(1e-5, 1e-3, polarity)
        found = Reference(resolution=4).run(network, cell, saw, drive)[0]
        gate = HardThreshold(0.03 * np.abs(found.u).max())
        sums.append(saw.sign * update_integral(found.time, found.u, gate))
    np.testing.assert_allclose(sums[0], sums[1], atol=0.03 * np.abs(sums[0]).max())


def divider_of(network: Network, weights: np.ndarray, volts: np.ndarray) -> np.ndarray:
    matrix, free = laplacian(network, weights), network.free
    full = np.zeros(network.node_count)
    full[network.inputs] = volts
    full[free] = np.linalg.solve(matrix[np.ix_(free, free)], -(matrix @ full)[free])
    return full


def stepped(engine: Any, network: Network, rise: float) -> Transient:
    """Node voltages of a series-cell lattice whose inputs rise to (1, -0.4) V in a time."""
    drive = Drive.ramps([0.0, rise], [[0.0, 1.0], [0.0, -0.4]])
    found: Transient = engine.run(network, SeriesCell(c=1e-12), Sawtooth(rise / 10, rise), drive)[0]
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_series_lattice_is_capacitive_when_slow_and_resistive_when_fast(seed: int) -> None:
    network = lattice(4, 4, [(0, 0), (3, 3)], [(1, 2)], seed=seed, conductance=(1e-5, 1e-4))
    volts = np.array([1.0, -0.4])
    slow = stepped(Reference(), network, 1e-4)
    np.testing.assert_allclose(
        slow.voltage[:, -1], divider_of(network, np.ones(network.edge_count), volts), atol=1e-4
    )
    fast = stepped(Reference(), network, 1e-13)
    at = int(np.searchsorted(fast.time, 1e-13))
    np.testing.assert_allclose(
        fast.voltage[:, at], divider_of(network, network.conductance, volts), atol=1e-4
    )


def test_rc_chain_relaxes_as_its_matrix_exponential() -> None:
    network = Network.from_graph(nx.path_graph(5), [0], [4], conductance=1e-5, node_capacitance=1e-12)
    drive = Drive.ramps([0.0, 1e-9], [[0.0, 1.0]])
    found = Reference().run(network, SenseCell(), Sawtooth(1e-6, 1e-5), drive)[0]
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
        max_step=1e-7,
    )
    np.testing.assert_allclose(found.voltage[1:], exact.y, atol=1e-4)


def test_what_it_refuses() -> None:
    network = three_by_three()
    with pytest.raises(InputError, match="input voltages"):
        Reference().run(network, SenseCell(), SAW, Drive.hold([1.0]))
    with pytest.raises(InputError, match="not a finite number"):
        Reference().run(network, SenseCell(), SAW, Drive.hold([1.0, np.nan]))
    with pytest.raises(InputError, match=r"input voltage 1 of sample 0 is 1e\+200; it must lie within"):
        Reference().run(network, SenseCell(), SAW, Drive.hold([1.0, 1e200]))
    with pytest.raises(InputError, match="fit 2 input nodes"):
        Reference().settle(network, SenseCell(), np.zeros((1, 3)))
    with pytest.raises(InputError, match="resolution"):
        Reference(resolution=0)
    two = Drive.hold(np.zeros((2, 2)))
    with pytest.raises(InputError, match=r"drive.sample\(k\)"):
        simulate(network, SenseCell(), SAW, two, Reference())


def test_branches_that_differ_answer_as_their_matrices_do() -> None:
    rng = np.random.default_rng(0)
    time = np.concatenate([[0.0], np.sort(rng.uniform(0, 1, 39))])
    corners = time[[0, 10, 20]]
    taus, capacitances = rng.uniform(0.1, 1, 5), rng.uniform(1, 2, 5)
    signal = rng.standard_normal((3, time.size, 5))
    matrices = response_matrices(time, corners, taus, capacitances)
    wanted = np.einsum("ets,nse->net", matrices, signal)
    found = branch_outputs(time, corners, taus, capacitances, signal)
    assert found == pytest.approx(wanted, abs=1e-9 * np.abs(wanted).max())
