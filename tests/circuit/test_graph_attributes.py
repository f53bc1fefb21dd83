"""Nothing of a graph is drawn, dropped or guessed without a word; file and networkx graph are read alike."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from numpy.testing import assert_array_equal

import tcl_circuits as tcl
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.commands.options import names
from tcl_circuits.errors import InputError, NetworkError, Remark


def graph_of(*attributes: dict[str, Any]) -> nx.Graph[Any]:
    """A path a - b - c - ... whose edges have attributes."""
    graph: nx.Graph[Any] = nx.Graph()
    for k, given in enumerate(attributes):
        graph.add_edge("abcdef"[k], "abcdef"[k + 1], **given)
    graph.nodes["a"]["role"] = "input"
    return graph


def written(graph: nx.Graph[Any], path: Path, suffix: str) -> Path:
    """The graph as a file."""
    file = path / f"g{suffix}"
    if suffix == ".graphml":
        nx.write_graphml(graph, file)
    else:
        file.write_text(json.dumps(nx.node_link_data(graph)))
    return file


@pytest.mark.parametrize("suffix", [".graphml", ".json"])
def test_file_and_graph_are_read_alike(tmp_path: Path, suffix: str) -> None:
    graph = graph_of({"conductance": "10u"}, {"conductance": 2e-5}, {})
    if suffix == ".graphml":  # a column of GraphML has one type
        graph.edges["b", "c"]["conductance"] = "2e-5"
    with pytest.warns(Remark, match="1 of 3 conductances drawn, seed 4"):
        of_file = read_network(written(graph, tmp_path, suffix), seed=4)
    with pytest.warns(Remark, match="1 of 3 conductances drawn, seed 4"):
        of_graph = tcl.Network.from_graph(graph, seed=4)
    assert_array_equal(of_file.conductance, of_graph.conductance)
    assert of_graph.conductance[:2].tolist() == [10e-6, 2e-5]
    assert of_file.bounds == of_graph.bounds


def test_attributes_that_are_not_read_are_named() -> None:
    with pytest.warns(Remark, match="2 of 2 conductances drawn, seed 0; edge attributes not read: weight"):
        tcl.Network.from_graph(graph_of({"weight": 10}, {"weight": 20}))


def test_what_was_asked_for_is_not_remarked_on() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tcl.Network.from_graph(graph_of({"weight": 10}), conductance=1e-5)
        tcl.Network.from_graph(graph_of({"conductance": 1e-5, "weight": 3}))
        tcl.Network.from_graph(nx.path_graph(3), inputs=[0])


@pytest.mark.parametrize("name", ["Conductance", "conductnace", "CONDUCTANCE", "G", "g", "conductances"])
def test_near_names_of_conductance_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NetworkError, match=f"'{name}' is not read; rename it to conductance"):
        read_network(written(graph_of({name: 1e-5}), tmp_path, ".json"))


@pytest.mark.parametrize("name", ["Role", "ROLE", "roles"])
def test_near_names_of_role_are_refused(tmp_path: Path, name: str) -> None:
    graph = graph_of({"conductance": 1e-5})
    graph.nodes["b"][name] = "ground"
    with pytest.raises(NetworkError, match=f"'{name}' is not read; rename it to role"):
        read_network(written(graph, tmp_path, ".json"))


def test_a_named_attribute_is_read_as_a_files() -> None:
    network = tcl.Network.from_graph(graph_of({"g": "10u"}, {"g": 2e-5}), conductance="g")
    assert network.conductance.tolist() == [1e-5, 2e-5]
    with pytest.raises(InputError, match="edge attribute g: '10us' is a time"):
        tcl.Network.from_graph(graph_of({"g": "10us"}), conductance="g")


def test_edges_listed_both_ways_are_said() -> None:
    with pytest.warns(Remark, match="each of 2 edges is listed both ways"):
        tcl.Network.from_graph(graph_of({"conductance": 1e-5}, {"conductance": 2e-5}).to_directed())


def test_a_key_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "g.json"
    file.write_text('{"nodes": [{"id": "a"}], "links": [], "nodes": [{"id": "b"}]}')
    with pytest.raises(InputError, match="'nodes' stands twice"):
        read_network(file)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a,b", ["a", "b"]),
        (" a , b ,", ["a", "b"]),
        ("(0, 0),(2, 2)", ["(0, 0)", "(2, 2)"]),
        ("((0, 1), 2),x", ["((0, 1), 2)", "x"]),
        ("'a,b',\"c, d\"", ["a,b", "c, d"]),
        ("f(a,b", ["f(a", "b"]),
        ("a),b", ["a)", "b"]),
        ("it's,b", ["it's", "b"]),
        ("", []),
    ],
)
def test_lists_of_names(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize("form", ["(0, 0),(1, 1)", "(0,0),(1,1)"])
def test_nodes_of_a_lattice_can_be_named(tmp_path: Path, form: str) -> None:
    graph = nx.grid_2d_graph(2, 2)
    for _, _, data in graph.edges(data=True):
        data["conductance"] = 1e-5
    nx.write_graphml(graph, tmp_path / "g.graphml")
    network = read_network(tmp_path / "g.graphml", inputs=names(form), outputs=names("(0, 1)"))
    assert [network.nodes[k] for k in network.inputs] == ["(0, 0)", "(1, 1)"]
