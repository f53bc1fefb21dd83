"""A network goes to a file, a networkx graph, a copy and a pickle, and comes back the same."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from tcl_circuits import DiodePair, DiodeToRail, Network, NetworkError, lattice, tasks


def everything() -> Network:
    """Inputs out of order, a parallel edge, an edge against the order of nodes, parts, places, bounds."""
    graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph()
    for k, node in enumerate(("a", "b", "c", (1, 2))):
        graph.add_node(node, pos=(float(k), 0.5))
    graph.add_edges_from([("a", "b"), ("a", "b"), ("c", "a"), ("b", (1, 2)), ((1, 2), "c")])
    return Network.from_graph(
        graph,
        inputs=["c", "a"],
        outputs=[(1, 2)],
        conductance=[1e-5, 2e-5, 3e-5, 4e-5, 5e-5],
        bounds=(1e-6, 1e-3),
        node_capacitance=1e-12,
        parts=[DiodePair("b", 1e-9), DiodeToRail("b", 0.2, "out", 1e-9)],
    )


def same(one: Network, other: Network) -> None:
    assert other.nodes == one.nodes
    for name in ("edges", "inputs", "outputs", "conductance"):
        np.testing.assert_array_equal(getattr(other, name), getattr(one, name), err_msg=name)
    for name in ("ground", "bounds", "node_capacitance", "positions", "parts"):
        assert getattr(other, name) == getattr(one, name), name


NETWORKS = {
    "everything": everything(),
    "lattice": lattice(3, 3, [(0, 0), (2, 2)], [(0, 2)], seed=0),
    "xor": tasks.load("xor", 0).network,
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_way_back_gives_the_same(network: Network, tmp_path: Path) -> None:
    network.save(tmp_path / "network.json")
    same(network, Network.load(tmp_path / "network.json"))
    same(network, Network.from_graph(network.to_graph()))
    same(network, copy.deepcopy(network))
    same(network, pickle.loads(pickle.dumps(network)))


def test_the_graph_is_what_networkx_works_with() -> None:
    graph = everything().to_graph()
    assert graph.nodes["a"]["role"] == "input"
    assert nx.shortest_path_length(graph, "c", (1, 2)) == 3
    assert sorted(nx.get_edge_attributes(graph, "conductance").values()) == [1e-5, 2e-5, 3e-5, 4e-5, 5e-5]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("inputs", ["a"], "inputs = .'a'. does not list the nodes of that role"),
        ("node_capacitance", "1us", "node_capacitance"),
        ("bounds", (1e-3, 1e-6), "bounds"),
    ],
)
def test_wrong_attributes_of_the_graph_are_faults(key: str, value: object, message: str) -> None:
    graph = everything().to_graph()
    graph.graph[key] = value
    with pytest.raises(NetworkError, match=message):
        Network.from_graph(graph).check()


def test_a_part_that_is_none_is_a_fault() -> None:
    graph = everything().to_graph()
    graph.nodes["a"]["parts"] = [{"kind": "resistor"}]
    with pytest.raises(NetworkError, match="'resistor'"):
        Network.from_graph(graph)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_its_repr_is_a_line(network: Network) -> None:
    assert repr(network).startswith(f"<Network: {network.node_count} nodes, {network.edge_count} edges of ")
    assert len(repr(network)) <= 200
