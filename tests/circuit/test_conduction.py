"""Direct currents: Kirchhoff, known dividers, and the adjoint gradient against finite differences."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcl_circuits import ConductanceNudge, Drive, Network, SoftmaxNudge, lattice, random_regular, single_ended
from tcl_circuits.circuit.conduction import Conduction, laplacian
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines.quasistatic import Ports
from tcl_circuits.training.rules import loss_gradient


def test_voltage_divider() -> None:
    network = Network.from_graph(nx.path_graph(3), [0], [1], ground=2, conductance=[3e-5, 1e-5])
    volts = Conduction(network).voltages(np.array([[2.0]]))[0]
    np.testing.assert_allclose(volts, [2.0, 1.5, 0.0], rtol=1e-14)


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_kirchhoff_holds_at_every_free_node(seed: int) -> None:
    network = random_regular(12, 3, inputs=2, outputs=2, seed=seed)
    volts = Conduction(network).voltages(np.random.default_rng(seed).normal(size=(4, 2)))
    currents = volts @ laplacian(network, network.conductance)
    np.testing.assert_allclose(currents[:, network.free], 0.0, atol=1e-18)
    assert volts.max() <= volts[:, network.inputs].max() + 1e-12


@pytest.mark.parametrize(
    "nudge",
    [ConductanceNudge(1e-5, single_ended(2)), SoftmaxNudge(1e-5, 0.1, single_ended(2))],
    ids=["mse", "softmax"],
)
def test_adjoint_gradient_against_finite_differences(nudge: Nudge) -> None:
    network = lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (2, 0)], seed=2)
    rng = np.random.default_rng(0)
    targets = np.eye(2)[rng.integers(0, 2, 5)]
    drive = Drive.hold(rng.uniform(-1, 1, (5, 2)), nudge, targets)
    gradient = loss_gradient(network, drive)
    selection = nudge.outputs.matrix(2)

    def loss(conductance: np.ndarray) -> float:
        volts = Conduction(network.with_conductance(conductance)).voltages(drive.inputs_at_start)
        return float(nudge.loss(volts[:, network.outputs] @ selection.T, targets).mean())

    for e in range(network.edge_count):
        step = np.zeros(network.edge_count)
        step[e] = 1e-5 * network.conductance[e]
        slope = (loss(network.conductance + step) - loss(network.conductance - step)) / (2 * step[e])
        assert gradient[e] == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.abs(gradient).max())


def test_small_nudges_make_contrasts_gradients() -> None:
    """Equilibrium propagation: (s_nudged - s_free)/g_n tends to dL/dG with the error of order g_n."""
    network = lattice(4, 4, [(0, 0), (3, 3)], [(0, 3), (2, 1)], seed=5)
    rng = np.random.default_rng(1)
    errors = []
    for conductance in (1e-8, 5e-9):
        nudge = ConductanceNudge(conductance, single_ended(2))
        rng = np.random.default_rng(1)
        drive = Drive.hold(rng.uniform(-1, 1, (3, 2)), nudge, rng.uniform(-1, 1, (3, 2)))
        solved = Conduction(network)
        free = solved.voltages(drive.inputs_at_start)
        nudged = Ports(solved, nudge).nudged(free, drive.targets, np.ones(1))[:, 0]
        contrast = (0.5 * network.drops(nudged) ** 2 - 0.5 * network.drops(free) ** 2).mean(axis=0)
        gradient = loss_gradient(network, drive)
        errors.append(np.linalg.norm(contrast / conductance - gradient) / np.linalg.norm(gradient))
    assert errors[0] < 1e-2
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.05)
