"""Networks of the usual shapes."""

from __future__ import annotations

import numpy as np
import pytest

from tcl_circuits import InputError, crossbar, lattice, random_regular, signed_inputs


def test_lattice_of_85_edges() -> None:
    network = lattice(6, 6, [(0, 0)], [(2, 2)], ground=(5, 5), diagonals=25, seed=3)
    network.check()
    assert (network.node_count, network.edge_count) == (36, 85)
    assert set(network.positions) == set(network.nodes)
    again = lattice(6, 6, [(0, 0)], [(2, 2)], ground=(5, 5), diagonals=25, seed=3)
    np.testing.assert_array_equal(network.edges, again.edges)
    with pytest.raises(InputError, match="diagonals"):
        lattice(3, 3, [(0, 0)], [], diagonals=5)


def test_random_regular_degrees() -> None:
    network = random_regular(20, 5, inputs=3, outputs=2, seed=1)
    network.check()
    assert network.edge_count == 50
    assert np.bincount(network.edges.ravel()).tolist() == [5] * 20
    for other in range(200):
        random_regular(8, 3, inputs=1, outputs=1, seed=other).check()
    with pytest.raises(InputError, match="nodes of degree"):
        random_regular(5, 3, inputs=1, outputs=1)
    with pytest.raises(InputError, match="do not fit"):
        random_regular(4, 3, inputs=3, outputs=2)


def test_crossbar_has_signed_inputs_and_differential_outputs() -> None:
    network = crossbar(["a", "b"], ["y"])
    network.check()
    assert (network.inputs.size, network.outputs.size, network.edge_count) == (6, 2, 12)
    volts = signed_inputs(np.array([[0.5, -1.0]]), 2.0)
    np.testing.assert_allclose(volts, [[1.0, -2.0, -1.0, 2.0, 2.0, -2.0]])
    order = [str(network.nodes[k]) for k in network.inputs]
    assert order == ["in a+", "in b+", "in a-", "in b-", "in one+", "in one-"]
