"""Networks with diodes and amplifiers: against ngspice and a worked case, by physics, and when they fail."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nonlinear_networks import driven, random_network, volts

from tcl_circuits import ConductanceNudge, Drive, Network, Sawtooth, SenseCell, single_ended
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.nudge import CurrentNudge, OutputMap, SoftmaxNudge
from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail, Part
from tcl_circuits.engines import Ngspice, Reference
from tcl_circuits.engines.diode_currents import diode_currents
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.errors import EngineError, InputError
from tcl_circuits.training.pace import design_rule
from tcl_circuits.training.readout import temporal_contrast
from tcl_circuits.training.rules import loss_gradient

SEEDS = range(20)


def check_against_ngspice(seed: int, ngspice: Ngspice) -> None:
    network, inputs = random_network(seed), volts(seed)
    exact = Reference().settle(network, SenseCell(), inputs)
    assert np.abs(ngspice.settle(network, SenseCell(), inputs) - exact).max() < 1e-9


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_voltages_are_those_of_ngspice(seed: int, ngspice: Ngspice) -> None:
    check_against_ngspice(seed, ngspice)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS[4:])
def test_voltages_are_those_of_ngspice_in_twenty_networks(seed: int, ngspice: Ngspice) -> None:
    check_against_ngspice(seed, ngspice)


@pytest.mark.parametrize(("seed", "nodes", "most_amplifiers"), [(3, 30, 3), (19, 30, 3), (7, 20, 0)])
@pytest.mark.parametrize("reltol", [None, 1e-6])
def test_edges_learn_what_they_learn_in_ngspice(
    seed: int, nodes: int, most_amplifiers: int, reltol: float | None
) -> None:
    """In the last network, diodes lift u of an edge over the threshold on a part of the slow ramp."""
    network, drive = random_network(seed, nodes, most_amplifiers), driven(seed, samples=2)
    cell, saw = SenseCell(), Sawtooth(1e-5, 1e-3)
    gate = design_rule(network, cell, saw, drive).gate(network, cell)
    with Ngspice() if reltol is None else Ngspice(reltol=reltol) as engine:
        simulated = engine.run(network, cell, saw, drive)
    exact = Reference().run(network, cell, saw, drive)
    found, expected = (temporal_contrast(network, cell, saw, run, gate) for run in (simulated, exact))
    assert np.linalg.norm(found - expected) < 3e-3 * np.linalg.norm(expected)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_adjoint_gradient_is_the_finite_difference(seed: int) -> None:
    network, drive = random_network(seed, nodes=25), driven(seed)
    found = loss_gradient(network, drive)
    rng = np.random.default_rng(seed)

    def loss(conductance: FloatArray) -> float:
        voltages = OperatingPoints(network.with_conductance(conductance)).free(drive.inputs_at_start).voltages
        assert drive.nudge is not None
        return float(drive.nudge.loss(voltages[:, network.outputs], drive.targets).mean())

    for edge in rng.choice(network.edge_count, 4, replace=False).tolist():
        step = np.zeros(network.edge_count)
        step[edge] = 1e-4 * network.conductance[edge]
        slope = (loss(network.conductance + step) - loss(network.conductance - step)) / (2 * step[edge])
        assert found[edge] == pytest.approx(slope, rel=1e-5, abs=1e-7 * np.abs(found).max())


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
@example(seed=155)
def test_contrast_of_a_weak_nudge_is_the_gradient(seed: int) -> None:
    """Equilibrium propagation holds with diodes, whose energy has no conductance to learn."""
    network = random_network(seed, nodes=25, most_amplifiers=0)
    drive, points = driven(seed), OperatingPoints(network)
    assert drive.nudge is not None
    rest = points.free(drive.inputs_at_start)
    weak = 1e-4  # what it is off by falls with its square: 3e-3 at ten times the nudge, seed 155
    nudged = points.nudged(rest, drive.nudge, drive.targets, np.array([-weak, weak]))
    signal = 0.5 * network.drops(nudged) ** 2
    contrast = (signal[:, 1] - signal[:, 0]).mean(axis=0) / (2 * weak * 1e-5)
    gradient = loss_gradient(network, drive)
    assert np.linalg.norm(contrast - gradient) < 1e-3 * np.linalg.norm(gradient)


def test_power_given_is_power_spent() -> None:
    """Tellegen: what inputs give, edges and diodes turn into heat."""
    network = random_network(5, nodes=40, most_amplifiers=0)
    network = replace(network, parts=tuple(p for p in network.parts if isinstance(p, DiodePair)))
    points = OperatingPoints(network)
    rest = points.free(volts(5))
    drops = network.drops(rest.voltages)
    heat = (drops**2) @ network.conductance + (
        points.junctions.across(rest.voltages) * points.leaving(rest)
    ).sum(axis=1)
    current = network.conductance * drops
    given_off = np.zeros_like(rest.voltages)
    for e, (a, b) in enumerate(network.edges.tolist()):
        given_off[:, a] += current[:, e]
        given_off[:, b] -= current[:, e]
    supplied = (given_off * rest.voltages)[:, network.inputs].sum(axis=1)
    assert supplied == pytest.approx(heat, rel=1e-10)


def test_pairs_keep_the_symmetry_of_signs() -> None:
    network = random_network(6, nodes=40)
    odd = replace(network, parts=tuple(p for p in network.parts if not isinstance(p, DiodeToRail)))
    points = OperatingPoints(odd)
    assert np.abs(points.free(volts(6)).voltages + points.free(-volts(6)).voltages).max() < 1e-12


def test_diodes_without_saturation_current_are_not_there() -> None:
    network, inputs = random_network(7, nodes=40), 0.1 * volts(7)
    without = replace(network, parts=tuple(p for p in network.parts if isinstance(p, Amplifier)))
    idle = replace(
        network,
        parts=tuple(
            p if isinstance(p, Amplifier) else replace(p, saturation=1e-30, emission=20.0)
            for p in network.parts
        ),
    )
    linear = Reference().settle(without, SenseCell(), inputs)
    assert np.abs(Reference().settle(idle, SenseCell(), inputs) - linear).max() < 1e-9


def test_a_unit_amplifier_is_a_wire() -> None:
    graph = nx.Graph([("in", "low"), ("high", "out"), ("out", "ground")])
    parts: list[Part] = [Amplifier("low", "high", 1.0, 1.0), DiodePair("out")]
    amplified = Network.from_graph(graph, ["in"], ["out"], "ground", 1e-5, parts=parts)
    plain = Network.from_graph(
        nx.path_graph(["in", "low", "out", "ground"]), ["in"], ["out"], "ground", 1e-5, parts=parts[1:]
    )
    found = Reference().settle(amplified, SenseCell(), np.array([[2.0]]))[0]
    wired = Reference().settle(plain, SenseCell(), np.array([[2.0]]))[0]
    assert dict(zip(amplified.nodes, found.round(12), strict=True))["out"] == wired.round(12)[2]


def worked_case() -> tuple[Network, Drive]:
    """Two samples of a 2-2-2 network with amplifiers and pairs, solved by another program to ten digits."""
    first = np.array([[[8, 3], [2, 9], [4, 5]], [[3, 7], [6, 2], [5, 4]]]) * 1e-6
    second = np.array([[30, 12, 8, 25], [10, 28, 22, 9], [20, 15, 18, 21], [16, 19, 14, 23]]) * 1e-6
    outputs, values = ["o0+", "o1+", "o0-", "o1-"], {}
    graph: nx.Graph[str] = nx.Graph()
    for sign, block in zip("+-", first, strict=True):
        for (k, j), g in np.ndenumerate(block):
            values[f"x{k}{sign}", f"h{j}"] = g
    for (j, k), g in np.ndenumerate(second):
        values[["z0", "z1", "r+", "r-"][j], outputs[k]] = g
    graph.add_edges_from((a, b, {"g": g}) for (a, b), g in values.items())
    inputs = [f"x{k}{sign}" for sign in "+-" for k in range(3)] + ["r+", "r-"]
    parts = [part for k in "01" for part in (Amplifier(f"h{k}", f"z{k}"), DiodePair(f"z{k}", 2e-8))]
    x = 2.0 * np.array([[0.9, 0.2, 1.0], [0.1, 0.7, 1.0]])
    volts_in = np.hstack([x, -x, np.full((2, 1), 0.09), np.full((2, 1), -0.09)])
    network = Network.from_graph(graph, inputs, outputs, conductance="g", parts=parts)
    return network, Drive.hold(volts_in, SoftmaxNudge(20e-6, 0.05, OutputMap((0, 1), (2, 3))), np.eye(2))


def test_the_worked_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has 2 IS sinh(v/VT) for a pair, without SPICE's law of a diode in reverse (4e-7 V)."""
    monkeypatch.setattr("tcl_circuits.engines.junctions._REVERSE", -600.0)
    network, drive = worked_case()
    place = {node: k for k, node in enumerate(network.nodes)}
    points = OperatingPoints(network)
    rest = points.free(drive.inputs_at_start)
    z, o = [place["z0"], place["z1"]], [place[f"o{k}{s}"] for s in "+-" for k in range(2)]
    expected_z = [[0.1554226358, -0.0960481269], [-0.1617656504, 0.1845509569]]
    expected_o = [
        [0.0534499711, -0.0160037287, -0.0082206082, 0.0364247789],
        [-0.0348349993, 0.0387329593, 0.0504192879, -0.0328613160],
    ]
    assert np.abs(rest.voltages[:, z] - expected_z).max() < 1e-9
    assert np.abs(rest.voltages[:, o] - expected_o).max() < 1e-9
    assert drive.nudge is not None
    nudged = points.nudged(rest, drive.nudge, drive.targets, np.ones(1))[:, 0]
    expected_z = [[0.1555015115, -0.0965269592], [-0.1618022408, 0.1845697386]]
    assert np.abs(nudged[:, z] - expected_z).max() < 1e-9
    contrast = 0.5 * (network.drops(nudged) ** 2 - network.drops(rest.voltages) ** 2).sum(axis=0) / (2 * 20)
    ends = [frozenset((network.nodes[a], network.nodes[b])) for a, b in network.edges.tolist()]
    found = [[contrast[ends.index(frozenset((f"x{k}+", f"h{j}")))] for j in range(2)] for k in range(3)]
    expected = [
        [-1.1171003e-7, 7.1649517e-7],
        [1.6901954e-8, 1.3907581e-7],
        [-6.9970395e-8, 7.6812805e-7],
    ]
    assert np.abs(np.array(found) - expected).max() < 1e-9


def test_a_nudge_that_remembers_and_inputs_that_move() -> None:
    """Every moment of a slow course is an operating point of its own."""
    network = random_network(8, nodes=20)
    saw, cell = Sawtooth(1e-5, 1e-3), SenseCell()
    level = volts(8, samples=1)
    ramp = np.stack([0.5 * level, level], axis=-1)
    nudge = CurrentNudge(1e-5, single_ended(2))
    drive = Drive.ramps([0.0, 1e-3], ramp, nudge, [[0.1, -0.2]])
    (cycle,) = Reference().run(network, cell, saw, drive)
    points = OperatingPoints(network)
    held = nudge.force(points.free(0.5 * level).voltages[:, network.outputs], drive.targets)
    k = int(np.searchsorted(cycle.time, 4e-4))
    now = points.free(level * (0.5 + 0.5 * cycle.time[k] / 1e-3))
    beta = saw.strength(cycle.time[k : k + 1])
    # A nudge towards targets as far away as the held force: conductance 1e-20, the same current.
    far = ConductanceNudge(1e-20, single_ended(2))
    expected = points.nudged(now, far, held / 1e-20, beta)[0, 0]
    assert np.abs(cycle.voltage[:, k] - expected).max() < 1e-9


@pytest.mark.parametrize("parts", [[], [DiodePair("b", 1e-20, ohms=1e6)]])
@pytest.mark.parametrize("least", [1e-15, 1e-13])
def test_conductances_too_far_apart_are_told_with_the_nodes(least: float, parts: list[Part]) -> None:
    graph = nx.Graph([("in", "a"), ("a", "b")])
    network = Network.from_graph(graph, ["in"], ["b"], None, np.array([least, 1.0]), parts=parts)
    with pytest.raises(EngineError, match=r"nodes ('a', 'b'|'b', 'a') .* double precision.* V apart"):
        Reference().settle(network, SenseCell(), np.array([[1.0]]))


def test_a_ring_that_hardly_hangs_on_its_input_is_told() -> None:
    graph = nx.cycle_graph(["p", "q", "r", "s"])
    graph.add_edge("p", "in")
    values = np.array([1e-15 if "in" in edge else 1.0 for edge in graph.edges])
    rails = [DiodeToRail(node, 1.0) for node in "pqrs"]
    network = Network.from_graph(graph, ["in"], ["s"], None, values, parts=rails)
    with pytest.raises(EngineError, match=r"'p'.* double precision"):
        Reference().settle(network, SenseCell(), np.array([[3.0]]))


def test_an_amplifier_that_drives_itself_does_not_pass_for_a_solution() -> None:
    """The message names the node, the steps taken and what is left."""
    graph = nx.Graph([("in", "low"), ("high", "low"), ("high", "out"), ("out", "ground")])
    network = Network.from_graph(
        graph, ["in"], ["out"], "ground", 1e-5, parts=[Amplifier("low", "high"), DiodePair("high")]
    )
    told = r"at node 'high' did not converge in 100 Newton steps \(1 of 2 cases; the last step is still .* V"
    with pytest.raises(EngineError, match=told):
        Reference().settle(network, SenseCell(), np.array([[1.0], [0.01]]))


def test_convergence_is_reported() -> None:
    convergence = OperatingPoints(random_network(0)).free(volts(0)).convergence
    assert convergence is not None
    assert np.all((convergence.iterations > 2) & (convergence.iterations < 30))
    assert np.all(convergence.step < 1e-10)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    with pytest.raises(InputError, match="not a finite number"):
        Reference().settle(random_network(0), SenseCell(), np.full((1, 4), value))


def test_capacitors_at_nodes_are_left_to_ngspice(ngspice: Ngspice) -> None:
    network, saw = random_network(9, nodes=12), Sawtooth(1e-5, 1e-3)
    drive = driven(9, samples=1)
    for cell, changed in (
        (SenseCell("linear"), network),
        (SenseCell(), replace(network, node_capacitance=1e-13)),
    ):
        with pytest.raises(InputError, match="or the engine ngspice"):
            Reference().run(changed, cell, saw, drive)


@pytest.mark.parametrize("seed", [0, 3, 16])
def test_currents_of_diodes_from_voltages_alone_are_those_of_the_solution(seed: int) -> None:
    network = random_network(seed)
    points = OperatingPoints(network)
    rest = points.free(10 * volts(seed))
    _, across, found = diode_currents(network, rest.voltages)
    expected = points.leaving(rest)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * np.abs(expected).max())
    assert (across * found).min() >= 0
    with pytest.raises(EngineError, match="diodes"):
        diode_currents(network, np.full_like(rest.voltages, np.nan))
