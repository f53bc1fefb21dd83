"""Spring lattices: their statics, and the network that stands for them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.spring_file import write_lattice
from tcl_circuits.circuit.spring_lattice import SpringLattice, crossed_lattice
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.errors import InputError, NetworkError

BOUNDS = (1e-6, 1e-4)


def lattice(seed: int = 0) -> SpringLattice:
    held = [(0, 0), (0, 1), (3, 1)]
    return crossed_lattice(3, 4, held, [(8, 0), (11, 0), (11, 1)], [(5, 0), (6, 1)], doubled=2, seed=seed)


def network(seed: int = 0) -> SpringNetwork:
    shape = lattice(seed)
    values = np.random.default_rng(seed).uniform(*BOUNDS, len(shape.bonds))
    return SpringNetwork.of(shape, values, BOUNDS)


def test_the_published_lattice_has_58_bonds() -> None:
    corners = [(0, 0), (0, 1), (4, 0), (4, 1)]
    assert len(crossed_lattice(5, 5, corners, [(24, 0)], [(12, 0)], doubled=2).bonds) == 58


@settings(max_examples=25)
@given(seed=st.integers(0, 500))
def test_the_network_moves_as_the_lattice(seed: int) -> None:
    net = network(seed)
    moved = np.random.default_rng([seed, 1]).uniform(-1, 1, (4, 3))
    u = net.springs.displacements(net.conductance, moved)
    voltages = Conduction(net).voltages(moved)
    np.testing.assert_allclose(voltages[:, net.coordinates], u, atol=1e-12)
    np.testing.assert_allclose(net.drops(voltages), net.springs.extensions(u), atol=1e-12)
    force = u @ net.springs.stiffness_matrix(net.conductance)
    assert np.abs(force[:, net.springs.free]).max() < 1e-12 * np.abs(force).max(), "at rest"


@settings(max_examples=10)
@given(seed=st.integers(0, 500))
def test_the_gradient_is_that_of_finite_differences_and_of_the_network(seed: int) -> None:
    net = network(seed)
    shape, k = net.springs, net.conductance
    rng = np.random.default_rng([seed, 2])
    moved, target = rng.uniform(-1, 1, (3, 3)), rng.uniform(-0.2, 0.2, (3, 2))
    read = [2 * point + axis for point, axis in shape.outputs]

    def loss(stiffness: np.ndarray) -> float:
        y = shape.displacements(stiffness, moved)[:, read]
        return float(0.5 * np.sum((y - target) ** 2) / 3)

    u = shape.displacements(k, moved)
    exact = shape.loss_gradient(k, u, u[:, read] - target)
    step = 1e-5 * k
    finite = [(loss(k + d) - loss(k - d)) / (2 * d.sum()) for d in np.diag(step)]
    np.testing.assert_allclose(exact, finite, rtol=1e-4, atol=1e-6 * np.abs(exact).max())
    voltages = Conduction(net).voltages(moved)
    by_network = Conduction(net).loss_gradient(voltages, voltages[:, net.outputs] - target)
    np.testing.assert_allclose(by_network, exact, atol=1e-9 * np.abs(exact).max())


@given(turn=st.floats(-3, 3), seed=st.integers(0, 20))
def test_moved_or_turned_as_a_whole_no_bond_is_stretched(turn: float, seed: int) -> None:
    shape = lattice(seed)
    assert np.abs(shape.extensions(np.tile([0.3, -0.2], len(shape.points)))).max() < 1e-12
    turned = turn * np.column_stack([-shape.points[:, 1], shape.points[:, 0]]).ravel()
    assert np.abs(shape.extensions(turned)).max() < 1e-10


def test_a_single_bond_stretches_by_hooke() -> None:
    """Two springs of 1 and 3 in a row: the middle moves by a quarter of the end's."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    fixed = ((0, 0), (0, 1), (1, 1), (2, 1))
    shape = SpringLattice(points, np.array([[0, 1], [1, 2]]), fixed, ((2, 0),), ((1, 0),))
    u = shape.displacements(np.array([3.0, 1.0]), np.array([1.0]))
    assert u[2] == pytest.approx(0.25)
    assert shape.extensions(u) == pytest.approx([0.25, 0.75])


def test_a_floppy_lattice_is_refused() -> None:
    shape = lattice()
    few = replace(shape, bonds=shape.bonds[:12])
    net = SpringNetwork.of(few, np.full(12, 1e-5), BOUNDS)
    with pytest.raises(NetworkError, match=r"\d+ motions stretch no bond"):
        net.check()
    network().check()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": np.zeros((12, 2))}, "joins points .* in the same place"),
        ({"points": np.full((12, 2), np.nan)}, "points must be finite"),
        ({"points": np.zeros((12, 3))}, "shape"),
        ({"bonds": np.zeros((0, 2), dtype=int)}, "pairs of points"),
        ({"bonds": np.array([[0, 12]])}, "outside of 0 .. 11"),
        ({"outputs": ((12, 0),)}, "no coordinate"),
        ({"outputs": ((5, 2),)}, "no coordinate"),
        ({"outputs": ((0, 0),)}, "more than once"),
    ],
)
def test_what_is_no_lattice_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        replace(lattice(), **changes)


def test_the_file_is_read_by_networkx(tmp_path: Path) -> None:
    net = network()
    write_lattice(net, tmp_path / "lattice.json")
    content = json.loads((tmp_path / "lattice.json").read_text())
    # networkx looks for "links" before its version 3.6.
    graph: nx.Graph[int] = nx.node_link_graph({**content, "links": content["edges"]})
    for bond, value in zip(net.springs.bonds.tolist(), net.conductance.tolist(), strict=True):
        assert graph.edges[bond]["stiffness"] == value
    assert graph.nodes[0]["fixed"] == ["x", "y"]
    assert graph.nodes[6]["outputs"] == ["y"]
