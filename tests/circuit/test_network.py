"""Networks from any graph; check() lists every fault at once."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcl_circuits import InputError, Network, NetworkError


class Odd:
    """A hashable node name of no special kind."""


@pytest.mark.parametrize("kind", [nx.Graph, nx.MultiGraph, nx.DiGraph, nx.MultiDiGraph])
def test_any_graph_with_any_hashable_names(kind: type[nx.Graph[Any]]) -> None:
    odd = Odd()
    graph = kind()
    graph.add_edges_from([(1, "a"), ("a", (2, 3)), ((2, 3), odd), (odd, frozenset({1}))])
    network = Network.from_graph(graph, inputs=[1], outputs=[odd], ground=frozenset({1}), seed=1)
    network.check()
    assert network.edge_count == 4
    assert [network.role_of(k) for k in range(5)] == ["input", "hidden", "hidden", "output", "ground"]


def test_parallel_edges_are_edges_of_their_own() -> None:
    graph: nx.MultiGraph[str] = nx.MultiGraph([("a", "b"), ("a", "b")])
    network = Network.from_graph(graph, inputs=["a"], outputs=["b"], conductance=1e-5)
    assert network.edge_labels == ("a--b", "a--b #2")


def test_drops_count_from_the_first_node_to_the_second() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([("b", "a")])
    network = Network.from_graph(graph, inputs=["b"], outputs=["a"], conductance=1e-5)
    volts = np.zeros(2)
    volts[list(network.nodes).index("b")] = 0.7
    assert network.drops(volts)[0] == pytest.approx(0.7)


def test_conductances_given_drawn_or_read() -> None:
    graph = nx.path_graph(4)
    nx.set_edge_attributes(graph, {(0, 1): 1e-5, (1, 2): 2e-5, (2, 3): 3e-5}, "siemens")
    assert Network.from_graph(graph, [0], conductance="siemens").conductance.tolist() == [1e-5, 2e-5, 3e-5]
    assert Network.from_graph(graph, [0], conductance=[1e-6, 2e-6, 3e-6]).conductance[2] == 3e-6
    assert Network.from_graph(graph, [0], conductance=5e-6).conductance.tolist() == [5e-6] * 3
    drawn = [Network.from_graph(graph, [0], conductance=(1e-6, 1e-4), seed=s) for s in (3, 3, 4)]
    np.testing.assert_array_equal(drawn[0].conductance, drawn[1].conductance)
    assert not np.array_equal(drawn[0].conductance, drawn[2].conductance)
    assert drawn[0].bounds == (1e-6, 1e-4)


@given(st.floats(1e-9, 1e-3), st.floats(1.0, 1e3), st.integers(0, 2**31))
@settings(max_examples=25)
def test_drawn_conductances_lie_in_their_range(low: float, span: float, seed: int) -> None:
    values = Network.from_graph(nx.cycle_graph(9), [0], conductance=(low, low * span), seed=seed).conductance
    assert np.all((values >= low * (1 - 1e-12)) & (values <= low * span * (1 + 1e-12)))


def test_roles_from_node_attributes() -> None:
    graph = nx.path_graph(3)
    nx.set_node_attributes(graph, {0: "input", 1: "hidden", 2: "ground"}, "role")
    network = Network.from_graph(graph)
    assert (network.inputs.tolist(), network.ground) == ([0], 2)
    graph.nodes[1]["role"] = "boss"
    with pytest.raises(NetworkError, match="boss"):
        Network.from_graph(graph)


def test_check_reports_every_fault_at_once() -> None:
    graph = nx.path_graph(6)
    graph.add_edge(2, 2)
    graph.add_edge("far", "away")
    values = np.array([1e-5, np.nan, np.inf, -1e-5, 0.0, 1e-5, 1e-5, 1e-5])
    values = values[: graph.number_of_edges()]
    network = Network.from_graph(graph, [0], [0, 3], conductance=values, bounds=(1e-6, 1e-4))
    with pytest.raises(NetworkError) as caught:
        network.check()
    told = "\n".join(caught.value.faults)
    for part in ("nan", "inf", "not positive", "self-loop", "'far'", "'away'", "input and output"):
        assert part in told
    assert len(caught.value.faults) >= 7


@pytest.mark.parametrize("value", [1e-30, 1e30])
def test_conductances_beyond_resolution_are_faults(value: float) -> None:
    with pytest.raises(NetworkError, match="beyond what a simulator resolves"):
        Network.from_graph(nx.path_graph(2), [0], [1], conductance=value).check()


def test_bounds_crossed_and_bad_bounds_and_capacitance() -> None:
    crossed = Network.from_graph(nx.path_graph(2), [0], [1], conductance=1e-3, bounds=(1e-6, 1e-4))
    with pytest.raises(NetworkError, match="outside the bounds"):
        crossed.check()
    with pytest.raises(NetworkError, match="bounds"):
        Network.from_graph(nx.path_graph(2), [0], [1], conductance=1e-5, bounds=(1e-4, 1e-6)).check()
    with pytest.raises(NetworkError, match="node_capacitance"):
        Network.from_graph(nx.path_graph(2), [0], [1], node_capacitance=-1.0).check()


def test_no_driven_node_no_nodes_no_edges() -> None:
    with pytest.raises(NetworkError, match="no node is an input"):
        Network.from_graph(nx.path_graph(2), [], [1]).check()
    with pytest.raises(NetworkError, match="no nodes"):
        Network.from_graph(nx.Graph(), [], []).check()


def test_names_that_are_not_there() -> None:
    with pytest.raises(InputError, match="'nowhere'"):
        Network.from_graph(nx.path_graph(2), ["nowhere"])


def test_an_update_makes_a_new_network() -> None:
    network = Network.from_graph(nx.path_graph(2), [0], [1], conductance=1e-5)
    changed = network.with_conductance(np.array([2e-5]))
    assert (network.conductance[0], changed.conductance[0]) == (1e-5, 2e-5)
    with pytest.raises(ValueError, match="read-only"):
        changed.conductance[0] = 0.0
    with pytest.raises(InputError, match="edges"):
        network.with_conductance(np.zeros(3))
