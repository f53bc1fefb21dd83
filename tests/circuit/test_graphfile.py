"""Graph files become networks, or one refusal that names the file, the places, and the remedies."""

from __future__ import annotations

import enum
import json
import os
import re
import time
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from tcl_circuits.circuit.graphfile import read_network, write_network
from tcl_circuits.circuit.names import NameMap, clean
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError, NetworkError, TclError

HOSTILE = [
    "x\n.control\nshell touch pwned\n.endc",
    ";",
    "\"'`$(touch pwned)",
    ".include /etc/hostname",
    "long" * 2500,
    "🔌⚡",
    "a b\tc",
    "<data>&lt;",
]
XMLNS = 'xmlns="http://graphml.graphdrawing.org/xmlns"'


def networkx_data(graph: nx.Graph[Any], key: str) -> dict[str, Any]:
    """Node-link data with the edges under `key`, whichever name this version of networkx gives them."""
    data: dict[str, Any] = nx.node_link_data(graph)
    return {
        **{k: data[k] for k in data if k not in ("edges", "links")},
        key: data.get("edges") or data["links"],
    }


def node_link(nodes: Sequence[Any], edges: Sequence[Any], **graph: Any) -> dict[str, Any]:
    return {
        "nodes": [{"id": node, "role": role} if role else {"id": node} for node, role in nodes],
        "edges": [dict(zip(("source", "target", "conductance"), edge, strict=False)) for edge in edges],
        "graph": graph,
    }


CHAIN = [("a", "input"), ("b", "output"), ("c", "ground")]


def saved(folder: Path, content: object, name: str = "net.json") -> Path:
    path = folder / name
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    path.write_bytes(content)
    return path


def refusal(folder: Path, content: object, name: str = "net.json", **options: Any) -> str:
    """Return the message of the InputError that is not about a network but about the file."""
    with pytest.raises(InputError) as caught:
        read_network(saved(folder, content, name), **options)
    assert not isinstance(caught.value, NetworkError)
    assert name in str(caught.value)
    return str(caught.value)


def faults(folder: Path, content: object, name: str = "net.json", **options: Any) -> tuple[str, ...]:
    with pytest.raises(NetworkError) as caught:
        read_network(saved(folder, content, name), **options)
    assert name in str(caught.value)
    assert all(fault in str(caught.value) for fault in caught.value.faults)
    return caught.value.faults


def chain_faults(folder: Path, conductance: object) -> tuple[str, ...]:
    """Faults of a network with one edge of a conductance; JSON may hold NaN and Infinity here."""
    return faults(folder, node_link(CHAIN, [("a", "b", 1e-5), ("b", "c", conductance), ("c", "a", 1e-5)]))


def graphml(body: str, head: str = "") -> str:
    start = f'<?xml version="1.0" encoding="utf-8"?>\n<graphml {XMLNS}>\n{head}\n<graph>\n'
    return f"{start}{body}\n</graph>\n</graphml>"


CHAIN_XML = """<node id="a"><data key="role">input</data></node>
<node id="b"><data key="role"> output </data></node>
<edge source="b" target="a"><data key="conductance">10u</data></edge>"""


def same(one: Network, other: Network) -> None:
    assert list(map(repr, one.nodes)) == list(map(repr, other.nodes))
    assert_array_equal(one.edges, other.edges)
    assert_array_equal(one.inputs, other.inputs)
    assert_array_equal(one.outputs, other.outputs)
    assert one.ground == other.ground
    assert one.conductance.tobytes() == other.conductance.tobytes()
    assert one.bounds == other.bounds
    assert one.node_capacitance == other.node_capacitance
    assert dict(one.positions) == dict(other.positions)


class TestReading:
    def test_node_link_json(self, tmp_path: Path) -> None:
        edges = [("b", "a", 1e-5), ("c", "b", "4.7 uS"), ("b", "a", "10u")]
        content = node_link(CHAIN, edges, node_capacitance="10p", bounds=["1u", 1e-3])
        content["nodes"][1]["pos"] = [1, 2.5]
        network = read_network(saved(tmp_path, content))
        assert network.nodes == ("a", "b", "c")
        assert network.edges.tolist() == [[1, 0], [2, 1], [1, 0]]
        assert (network.inputs.tolist(), network.outputs.tolist(), network.ground) == ([0], [1], 2)
        np.testing.assert_allclose(network.conductance, [1e-5, 4.7e-6, 1e-5], rtol=1e-15)
        assert not network.conductance.flags.writeable
        assert network.bounds == (1e-6, 1e-3)
        assert network.node_capacitance == pytest.approx(1e-11)
        assert network.positions == {"b": (1.0, 2.5)}

    @pytest.mark.parametrize("key", ["links", "edges"])
    @pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
    def test_what_networkx_writes_is_the_network_of_the_graph(
        self, tmp_path: Path, key: str, kind: type[nx.Graph[Any]]
    ) -> None:
        graph = kind()
        graph.add_edges_from([(3, 1), ((1, "x"), 3), (1, 7), (7, (1, "x")), (3, 7), (3, 1)])
        roles = {3: "input", 7: "output", 1: "hidden", (1, "x"): "input"}
        nx.set_node_attributes(graph, roles, "role")
        path = saved(tmp_path, networkx_data(graph, key))
        same(read_network(path, seed=4), Network.from_graph(graph, seed=4))
        numbers = np.linspace(1e-5, 2e-5, graph.number_of_edges())
        for number, (*_, data) in zip(numbers, graph.edges(data=True), strict=True):
            data["conductance"] = float(number)
        path = saved(tmp_path, networkx_data(graph, key))
        same(read_network(path), Network.from_graph(graph, conductance=numbers))

    @pytest.mark.parametrize("kind", [nx.Graph, nx.MultiDiGraph])
    @pytest.mark.parametrize("name", ["net.graphml", "net.xml", "net", "NET.GRAPHML"])
    def test_graphml_that_networkx_writes(self, tmp_path: Path, name: str, kind: type[nx.Graph[Any]]) -> None:
        graph = kind(bounds="[1u, 1e-3]", node_capacitance=1e-12)
        graph.add_node("x", role="output", pos="(0.5, -1)")
        graph.add_edges_from([("y", "x"), ("z", "y"), ("y", "x")], conductance=2e-5)
        graph.add_node("z", role="ground")
        graph.add_node("y", role="input")
        nx.write_graphml(graph, tmp_path / name)
        network = read_network(tmp_path / name)
        expected = Network.from_graph(
            graph, conductance="conductance", bounds=(1e-6, 1e-3), node_capacitance=1e-12
        )
        assert network.positions == {"x": (0.5, -1.0)}
        same(network, replace(expected, positions=network.positions))

    def test_graphml_by_hand(self, tmp_path: Path) -> None:
        network = read_network(saved(tmp_path, graphml(CHAIN_XML), "net.graphml"))
        assert network.nodes == ("a", "b")
        assert network.edges.tolist() == [[1, 0]]
        np.testing.assert_allclose(network.conductance, 1e-5, rtol=1e-15)

    def test_graphml_defaults_and_skipped_parts(self, tmp_path: Path) -> None:
        head = """<desc>text</desc>
        <key id="d0" for="node" attr.name="role"><default>hidden</default></key>
        <key id="d1" for="edge" attr.name="conductance" attr.type="double"><default>2e-5</default></key>
        <key id="d2" for="node" yfiles.type="nodegraphics"/>"""
        body = """<node id="a"><data key="d0">input</data><port name="p"/>
            <data key="d2"><y:Shape xmlns:y="http://www.yworks.com"><y:node>Label</y:node></y:Shape></data></node>
        <node id="b"><data key="d9"><node id="no"/><graph><node id="no"/></graph></data></node>
        <edge source="a" target="b"/><edge source="b" target="a"><data key="d1">3e-5</data></edge>"""
        network = read_network(saved(tmp_path, graphml(body, head), "net.graphml"))
        assert network.nodes == ("a", "b")
        assert network.conductance.tolist() == [2e-5, 3e-5]

    def test_graphml_without_namespace_and_in_other_encodings(self, tmp_path: Path) -> None:
        text = graphml(CHAIN_XML.replace('"a"', '"ä"')).replace(f" {XMLNS}", "").replace("utf-8", "ENC")
        for encoding in ("utf-8", "utf-16", "iso-8859-1", "cp1252"):
            content = text.replace("ENC", encoding).encode(encoding)
            for name in ("net.xml", "net.txt"):
                assert read_network(saved(tmp_path, content, name)).nodes[0] == "ä"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
    @pytest.mark.parametrize("name", ["net.json", "net", "net.txt"])
    def test_json_in_any_encoding_of_unicode(self, tmp_path: Path, encoding: str, name: str) -> None:
        content = node_link([("ä", "input"), ("b", None)], [("ä", "b", 1e-5)])
        text = "\n " + json.dumps(content, ensure_ascii=False)
        assert read_network(saved(tmp_path, text.encode(encoding), name)).nodes == ("ä", "b")

    def test_ids_of_every_json_kind(self, tmp_path: Path) -> None:
        ids: list[Any] = ["1b", 2, 2.5, True, None, [1, ["x", []]], -7, "None "[:3]]
        content = node_link(
            [(ids[0], "input"), *((i, None) for i in ids[1:])], [(ids[0], i) for i in ids[1:]]
        )
        network = read_network(saved(tmp_path, content))
        assert network.nodes == ("1b", 2, 2.5, True, None, (1, ("x", ())), -7, "Non")
        assert network.edges[:, 1].tolist() == list(range(1, 8))

    def test_empty_graph_attributes_and_null_role(self, tmp_path: Path) -> None:
        content = node_link([("a", "input"), ("b", None)], [("a", "b", 1e-5)])
        content["graph"] = None
        content["nodes"][1] |= {"role": None, "pos": "nowhere"}
        network = read_network(saved(tmp_path, content))
        assert network.role_of(1) == "hidden"
        assert network.positions == {}

    def test_names_of_any_text_stay_out_of_the_netlist(self, tmp_path: Path) -> None:
        path = saved(
            tmp_path, node_link([(n, "input") for n in HOSTILE], [(HOSTILE[0], n) for n in HOSTILE[1:]])
        )
        check_hostile(read_network(path))

    def test_names_of_any_text_in_graphml(self, tmp_path: Path) -> None:
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(HOSTILE, role="input")
        graph.add_edges_from((HOSTILE[0], name) for name in HOSTILE[1:])
        nx.write_graphml_xml(graph, tmp_path / "net.graphml")
        text = (tmp_path / "net.graphml").read_text()
        check_hostile(read_network(saved(tmp_path, text, "again.graphml")))

    def test_ten_thousand_edges(self, tmp_path: Path) -> None:
        graph = nx.gnm_random_graph(3000, 10_000, seed=1)
        graph = graph.subgraph(max(nx.connected_components(graph), key=len)).copy()
        nx.set_node_attributes(graph, {0: "input"}, "role")
        nx.write_graphml(graph, tmp_path / "net.graphml")
        start = time.process_time()
        network = read_network(tmp_path / "net.graphml")
        write_network(network, tmp_path / "net.json")
        same(read_network(tmp_path / "net.json"), network)
        assert network.edge_count == 10_000
        assert time.process_time() - start < 60

    def test_ten_thousand_faults(self, tmp_path: Path) -> None:
        names = [f"node {k}" for k in range(2000)]
        content = node_link([(n, "inptu") for n in names], [(n, f"{n}x", "x") for n in names] * 5)
        start = time.process_time()
        found = faults(tmp_path, content)
        assert time.process_time() - start < 120
        assert len(found) < 120
        assert sum("more of this kind" in fault for fault in found) >= 3


def check_hostile(network: Network) -> None:
    assert set(network.nodes) == set(HOSTILE)
    names = NameMap.of(network.nodes).spice
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)
    assert len({name.lower() for name in names}) == len(names)


class TestDrawing:
    nodes = (("a", "input"), ("b", None), ("c", None))

    def test_edges_without_conductance_draw_as_from_graph(self, tmp_path: Path) -> None:
        path = saved(tmp_path, node_link(self.nodes, [("a", "b"), ("b", "c"), ("a", "c")]))
        graph = nx.Graph([("a", "b"), ("b", "c"), ("a", "c")])
        expected = Network.from_graph(graph, ["a"], conductance=(1e-7, 1e-5), seed=3)
        network = read_network(path, conductance=(1e-7, 1e-5), seed=3)
        assert_array_equal(network.conductance, expected.conductance)
        assert network.bounds == (1e-7, 1e-5)
        assert (read_network(path, seed=4).conductance != read_network(path, seed=5).conductance).all()

    def test_given_and_drawn(self, tmp_path: Path) -> None:
        network = read_network(saved(tmp_path, node_link(self.nodes, [("a", "b", 1e-2), ("b", "c")])))
        assert network.conductance[0] == 1e-2
        assert 1e-6 <= network.conductance[1] <= 1e-4
        assert network.bounds == (network.conductance[1] / 10, 0.1)

    def test_given_conductances_have_bounds_around_them(self, tmp_path: Path) -> None:
        network = read_network(saved(tmp_path, node_link(self.nodes, [("a", "b", 1), ("b", "c", 0.25)])))
        assert network.bounds == (0.025, 10.0)

    def test_bounds_of_the_file_limit_the_draw(self, tmp_path: Path) -> None:
        path = saved(tmp_path, node_link(self.nodes, [("a", "b"), ("b", "c")] * 50, bounds=[5e-5, 1]))
        network = read_network(path)
        assert network.bounds == (5e-5, 1.0)
        assert network.conductance.min() >= 5e-5

    def test_bounds_apart_from_the_range(self, tmp_path: Path) -> None:
        (fault,) = faults(tmp_path, node_link(self.nodes, [("a", "b"), ("b", "c")], bounds=[1e-2, 1]))
        assert "2 edges have no usable conductance" in fault
        assert "0.01 .. 1 S" in fault

    @pytest.mark.parametrize("bad", [(1e-4, 1e-6), (0.0, 1.0), (1.0, np.inf), (np.nan, 1.0), (-1.0, 1.0)])
    def test_range_that_is_none(self, tmp_path: Path, bad: tuple[float, float]) -> None:
        path = saved(tmp_path, node_link(self.nodes, [("a", "b"), ("b", "c")]))
        with pytest.raises(InputError, match="0 < low <= high"):
            read_network(path, conductance=bad)


class TestRoles:
    edges = (("a", "b", 1e-5), ("b", "c", 1e-5), (7, "c", 1e-5))
    content = node_link([*CHAIN, (7, None)], edges)

    def test_arguments_name_nodes_as_written_and_keep_their_order(self, tmp_path: Path) -> None:
        path = saved(tmp_path, self.content)
        network = read_network(path, inputs=["7", "c"], outputs=["b", "a"], ground=None)
        assert network.inputs.tolist() == [3, 2]
        assert network.outputs.tolist() == [1, 0]
        assert network.ground is None

    def test_an_argument_replaces_one_role_and_leaves_the_others(self, tmp_path: Path) -> None:
        network = read_network(saved(tmp_path, self.content), ground="7")
        assert (network.inputs.tolist(), network.outputs.tolist(), network.ground) == ([0], [1], 3)
        network = read_network(saved(tmp_path, self.content), outputs=[])
        assert (network.inputs.tolist(), network.outputs.tolist(), network.ground) == ([0], [], 2)

    def test_order_of_inputs_and_outputs(self, tmp_path: Path) -> None:
        nodes = [("a", "input"), ("b", "output"), (7, "input"), ([1, 2], "output")]
        edges = [("a", "b"), ("b", 7), (7, [1, 2])]
        content = node_link(nodes, edges, inputs=[7, "a"], outputs=[[1, 2], "b"])
        network = read_network(saved(tmp_path, content))
        assert network.inputs.tolist() == [2, 0]
        assert network.outputs.tolist() == [3, 1]

    @pytest.mark.parametrize("order", [["a", "b"], [], ["a", "a"], "a", {"a": 1}, [{}], ["q"]])
    def test_order_that_contradicts_the_roles(self, tmp_path: Path, order: object) -> None:
        (fault,) = faults(tmp_path, node_link([*CHAIN, (7, None)], self.edges, inputs=order))
        assert fault.startswith("graph attribute inputs = ")

    def test_no_inputs(self, tmp_path: Path) -> None:
        for nodes in ([("a", None), ("b", "output")], [("a", "ground"), ("b", None)]):
            (fault,) = faults(tmp_path, node_link(nodes, [("a", "b")]))
            assert "role" in fault
            assert "--inputs" in fault

    def test_unknown_role(self, tmp_path: Path) -> None:
        nodes = [*CHAIN, ("d", "inptu"), ("e", 3), ("f", "Output")]
        edges = [("a", "b"), ("b", "c"), ("d", "a"), ("e", "a"), ("f", "a")]
        found = faults(tmp_path, node_link(nodes, edges))
        assert len(found) == 3
        assert found[0].startswith("nodes[3]: node 'd' has the unknown role 'inptu' (did you mean 'input'?)")
        assert "use input, output, hidden or ground" in found[1]
        assert "did you mean 'output'" in found[2]

    def test_several_grounds(self, tmp_path: Path) -> None:
        content = node_link([("a", "input"), ("b", "ground"), ("c", "ground")], [("a", "b"), ("b", "c")])
        (fault,) = faults(tmp_path, content)
        assert fault.startswith("2 nodes have the role ground ('b', 'c')")
        assert read_network(saved(tmp_path, content), ground="c").ground == 2

    def test_unknown_names(self, tmp_path: Path) -> None:
        found = faults(tmp_path, self.content, inputs=["A"], outputs=["b", "zz"], ground="cc")
        assert [fault.split(";")[0] for fault in found] == [
            "inputs: no node 'A'",
            "outputs: no node 'zz'",
            "ground: no node 'cc' (did you mean 'c'?)",
        ]
        assert "the nodes are 'a', 'b', 'c', '7'" in found[0]

    def test_two_roles_for_a_node(self, tmp_path: Path) -> None:
        (fault,) = faults(tmp_path, self.content, inputs=["a"], outputs=["a"])
        assert "'a' has the roles input and output" in fault


class TestFaultsOfTheNetwork:
    @pytest.mark.parametrize(
        "number", [float("nan"), float("inf"), 0, -1e-6, 1e-30, 1e30, 10**400], ids=range(7)
    )
    def test_conductance_out_of_reach(self, tmp_path: Path, number: float) -> None:
        found = chain_faults(tmp_path, number)
        assert len(found) == 1
        assert "edge 'b--c' has conductance" in found[0]

    @pytest.mark.parametrize(
        "value", ["", "much", "nan", "10M", "1e-5 ohm", "1_0", True, None, [1e-5], {}, "9" * 99]
    )
    def test_conductance_that_is_no_number(self, tmp_path: Path, value: object) -> None:
        (fault,) = chain_faults(tmp_path, value)
        assert fault.startswith("edges[1]: edge 'b' -- 'c': conductance: ")
        assert len(fault) < 300

    @pytest.mark.parametrize("text", ["nan", "inf", "", "x", "0", "-1u", "1e-30", "1e30"])
    def test_conductance_in_graphml(self, tmp_path: Path, text: str) -> None:
        body = CHAIN_XML.replace("10u", text) + '<edge source="a" target="b"/>'
        (fault,) = faults(tmp_path, graphml(body), "net.graphml")
        assert "conductance" in fault

    @pytest.mark.parametrize(
        "bounds", [[1e-3, 1e-6], [0, 1], [1], 1, "wide", ["x", 1], [1e-6, 1e999], {}, [True, 2], ""]
    )
    def test_bounds_that_are_none(self, tmp_path: Path, bounds: object) -> None:
        (fault,) = faults(tmp_path, node_link(CHAIN, [("a", "b", 1e-5), ("b", "c", 1e-5)], bounds=bounds))
        assert fault.startswith("graph attribute bounds")

    @pytest.mark.parametrize("capacitance", ["much", None, [], -1, float("nan")])
    def test_node_capacitance(self, tmp_path: Path, capacitance: object) -> None:
        content = node_link(CHAIN, [("a", "b"), ("b", "c")], node_capacitance=capacitance)
        (fault,) = faults(tmp_path, content)
        assert "node_capacitance" in fault

    def test_conductance_outside_the_bounds(self, tmp_path: Path) -> None:
        edges = [("a", "b", 1e-5), ("b", "c", 1.0)]
        (fault,) = faults(tmp_path, node_link(CHAIN, edges, bounds=[1e-6, 1e-4]))
        assert "'b--c' has conductance 1 S, outside the bounds" in fault

    def test_self_loop_and_disconnected_part(self, tmp_path: Path) -> None:
        nodes = [*CHAIN, ("d", None), ("e", None)]
        found = faults(tmp_path, node_link(nodes, [("a", "b"), ("b", "b"), ("b", "c"), ("d", "e")]))
        assert len(found) == 3
        assert "self-loop at node 'b'" in found[0]
        assert "'d' has no conducting path" in found[1]

    def test_no_nodes_or_no_edges(self, tmp_path: Path) -> None:
        assert faults(tmp_path, node_link([], [])) == ("it has no nodes", "it has no edges")
        assert faults(tmp_path, graphml(""), "net.graphml") == ("it has no nodes", "it has no edges")
        assert faults(tmp_path, node_link(CHAIN, [])) == ("it has no edges",)

    def test_duplicate_ids(self, tmp_path: Path) -> None:
        (fault,) = faults(tmp_path, node_link([*CHAIN, ("a", None)], [("a", "b"), ("b", "c")]))
        assert fault.startswith("nodes[3]: node 'a' is declared at nodes[0] already")
        body = '<node id="a"/>\n<node id="a"/>\n' + CHAIN_XML.split("\n", 1)[1]
        found = faults(tmp_path, graphml(body), "net.graphml", inputs=["b"])
        assert found[0].startswith("line 6: node 'a' is declared at line 5 already")

    @pytest.mark.parametrize("twin", [1.0, True])
    def test_ids_that_python_holds_equal(self, tmp_path: Path, twin: object) -> None:
        content = node_link([(1, "input"), (twin, None), (2, None)], [(1, 2)])
        (fault,) = faults(tmp_path, content)
        assert f"{twin!r} is declared at nodes[0] already" in fault

    def test_edges_to_undeclared_nodes(self, tmp_path: Path) -> None:
        found = faults(
            tmp_path, node_link([*CHAIN, (1, None)], [("a", "b"), ("b", "cc"), ("c", "a"), ("a", "1")])
        )
        assert found == (
            "edges[1]: edge 'b' -- 'cc': no node 'cc' is declared (did you mean 'c'?); "
            "declare it or correct the edge",
            "edges[3]: edge 'a' -- '1': no node '1' is declared (did you mean 1?); "
            "declare it or correct the edge",
            "node 1 has no conducting path to an input or ground; connect it",
        )
        body = CHAIN_XML + '\n<edge source="a" target="q"/>'
        (fault,) = faults(tmp_path, graphml(body), "net.graphml")
        assert fault.startswith("line 8: edge 'a' -- 'q'")

    def test_same_written_name(self, tmp_path: Path) -> None:
        found = faults(tmp_path, node_link([(1, "input"), ("1", None), (2, None)], [(1, "1"), (1, 2)]))
        assert found == ("nodes 1, '1' have the same written name '1'; rename all but one",)

    def test_names_that_differ_in_case_or_signs_alone(self, tmp_path: Path) -> None:
        nodes = [("Out 1", "input"), ("out_1", None), ("OUT_1", None)]
        network = read_network(saved(tmp_path, node_link(nodes, [("Out 1", "out_1"), ("OUT_1", "out_1")])))
        assert network.nodes == ("Out 1", "out_1", "OUT_1")

    def test_all_at_once(self, tmp_path: Path) -> None:
        nodes = [("a", "inptu"), ("A", None), ("a", None), ("b", "ground"), ("c", "ground"), ("lonely", None)]
        edges = [("a", "A", "much"), ("a", "b", 0), ("b", "b", 1e-5), ("b", "c", 1e-30), ("c", "gone", 1)]
        content = node_link(nodes, edges, bounds="wide", node_capacitance="x")
        found = "\n".join(faults(tmp_path, content, outputs=["q"]))
        for part in (
            "declared at nodes[0] already", "'gone' is declared", "'lonely' has no",
            "unknown role 'inptu'", "no node 'q'", "2 nodes have the role ground", "no node is an input",
            "'much' is not a number", "bounds = 'wide'", "node_capacitance", "self-loop",
            "0 S, not positive", "1e-30 S",
        ):  # fmt: skip
            assert part in found
        assert len(found.splitlines()) < 20


class TestFilesThatAreNoGraph:
    def test_no_file(self, tmp_path: Path) -> None:
        for path, word in ((tmp_path / "none.json", "does not exist"), (tmp_path, "is a directory")):
            with pytest.raises(InputError, match=word) as caught:
                read_network(path)
            assert str(path) in str(caught.value)
        with pytest.raises(InputError, match=r"does not exist|can't be read"):
            read_network("a\0b.json")
        with pytest.raises(InputError, match="can't be read"):
            read_network("x" * 5000)

    @pytest.mark.parametrize("content", [b"", b" \n\t", b"\xef\xbb\xbf\n"])
    @pytest.mark.parametrize("name", ["net.json", "net.graphml", "net"])
    def test_empty(self, tmp_path: Path, content: bytes, name: str) -> None:
        assert "is empty" in refusal(tmp_path, content, name)

    @pytest.mark.parametrize("content", [b"a,b\n1,2", b"\x89PNG\r\n", b"\x80\x04\x95pickle."])
    def test_neither_form(self, tmp_path: Path, content: bytes) -> None:
        assert "neither GraphML nor JSON" in refusal(tmp_path, content, "net.txt")
        assert "line 1" in refusal(tmp_path, content, "net.json")
        assert "line 1" in refusal(tmp_path, content, "net.graphml")

    def test_malformed_json(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, '{"nodes": [],\n "edges": [}')
        assert "line 2, column 12: not JSON" in message
        assert "node_link_data" in message

    def test_json_in_a_wrong_encoding(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, '{"nodes":\n[{"id": "ä"}]}'.encode("latin-1"))
        assert "line 2: not utf-8 text; save the file as UTF-8" in message

    def test_json_beyond_limits(self, tmp_path: Path) -> None:
        assert "nested too deeply" in refusal(tmp_path, "[" * 100_000)
        assert "4300 digits" in refusal(tmp_path, '{"nodes": [' + "9" * 5000 + "]}")

    @pytest.mark.parametrize("content", ["[]", "3", "{}", '{"nodes": 3, "edges": []}', '{"elements": {}}'])
    def test_json_that_is_not_node_link(self, tmp_path: Path, content: str) -> None:
        assert "not a node-link graph" in refusal(tmp_path, content)

    def test_lists_of_edges(self, tmp_path: Path) -> None:
        assert "no list 'edges'" in refusal(tmp_path, {"nodes": []})
        assert "two lists" in refusal(tmp_path, {"nodes": [], "edges": [], "links": []})
        assert "'graph' is [1]" in refusal(tmp_path, {"nodes": [], "edges": [], "graph": [1]})

    @pytest.mark.parametrize(
        ("nodes", "edges", "part"),
        [
            ([3], [], "nodes[0]: 3 is not an object with id"),
            ([{"id": 1}, {"name": 2}], [], "nodes[1]: {'name': 2} has no 'id'"),
            ([{"id": {"a": 1}}], [], "nodes[0]: {'a': 1} can't name a node"),
            ([{"id": [1, {}]}], [], "nodes[0]: {} can't name a node"),
            ([{"id": float("nan")}], [], "nodes[0]: nan can't name a node"),
            ([{"id": 1}], [[1, 2]], "edges[0]: [1, 2] is not an object with source and target"),
            ([{"id": 1}], [{"source": 1}], "edges[0]: {'source': 1} has no 'target'"),
            ([{"id": 1}], [{"source": 1, "target": {}}], "edges[0]: {} can't name a node"),
        ],
    )
    def test_items(self, tmp_path: Path, nodes: list[Any], edges: list[Any], part: str) -> None:
        assert part in refusal(tmp_path, {"nodes": nodes, "edges": edges})

    def test_id_nested_deeply(self, tmp_path: Path) -> None:
        deep: list[Any] = []
        for _ in range(200):
            deep = [deep]
        assert "deeply nested" in refusal(tmp_path, {"nodes": [{"id": deep}], "edges": []})

    def test_malformed_xml(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, graphml("<node id='a'></edge>"), "net.graphml")
        assert "line 5, column 16: not XML (mismatched tag)" in message
        assert "not XML" in refusal(tmp_path, graphml("<node id='&nope;'/>"), "net.graphml")
        assert "not XML" in refusal(tmp_path, graphml("")[:-3], "net.graphml")

    def test_xml_in_a_wrong_encoding(self, tmp_path: Path) -> None:
        message = refusal(tmp_path, graphml('<node id="ä"/>').encode("latin-1"), "net.graphml")
        assert "line 5" in message
        for encoding in ("shift_jis", "klingon", "rot13"):
            text = graphml("").replace("utf-8", encoding)
            assert "encoding" in refusal(tmp_path, text, "net.graphml")

    @pytest.mark.parametrize(
        "declaration",
        [
            '<!DOCTYPE graphml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
            '<!DOCTYPE graphml [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
            '<!DOCTYPE graphml SYSTEM "http://example.org/graphml.dtd">',
        ],
    )
    def test_document_types_are_refused(self, tmp_path: Path, declaration: str) -> None:
        text = graphml(CHAIN_XML).replace("\n", f"\n{declaration}\n", 1)
        assert "line 2: a document type" in refusal(tmp_path, text, "net.graphml")

    def test_deep_nesting_is_refused_where_it_begins(self, tmp_path: Path) -> None:
        text = graphml("<node id='a'>\n" + "<x>" * 98)
        assert "line 6: elements nested by more than 100 levels" in refusal(tmp_path, text, "n.xml")
        assert "not XML" in refusal(tmp_path, text.replace("<x>", "", 1), "n.xml")

    def test_defaults_that_would_multiply_are_refused(self, tmp_path: Path) -> None:
        head = "".join(f'<key id="k{k}"><default>1</default></key>' for k in range(101))
        assert "101 keys give every graph a default" in refusal(tmp_path, graphml(CHAIN_XML, head), "n.xml")

    @pytest.mark.parametrize("name", ["net.json", "net.graphml"])
    def test_files_beyond_a_million_edges_are_refused_unread(self, tmp_path: Path, name: str) -> None:
        with (tmp_path / name).open("wb") as file:
            file.truncate(100_000_000)
        with pytest.raises(InputError, match=f"{name} has 100,000,000 bytes, more than"):
            read_network(tmp_path / name)

    def test_other_xml(self, tmp_path: Path) -> None:
        assert "not GraphML (it starts with 'svg')" in refusal(tmp_path, "<svg/>", "net.xml")
        assert "without a graph" in refusal(tmp_path, f"<graphml {XMLNS}/>", "net.graphml")

    @pytest.mark.parametrize(
        ("body", "part"),
        [
            ("</graph><graph>", "line 5: a second graph"),
            ("<node id='a'><graph/></node>", "line 5: a second graph"),
            ("<graph/>", "line 5: a second graph"),
            ("<hyperedge/>", "line 5: a hyperedge"),
            ("<node/>", "line 5: <node> has no 'id'"),
            ("<edge source='a'/>", "line 5: <edge> has no 'target'"),
            ("<node id='a'><data>1</data></node>", "line 5: <data> has no 'key'"),
            ("</graph><key/><graph>", "line 5: <key> has no 'id'"),
        ],
    )
    def test_graphml_beyond_a_simple_graph(self, tmp_path: Path, body: str, part: str) -> None:
        assert part in refusal(tmp_path, graphml(body), "net.graphml")


def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """Replace some parts of a file by others or by any bytes."""
    for _ in range(draw(st.integers(1, 3))):
        start, stop = sorted(draw(st.integers(0, len(content))) for _ in range(2))
        stop = min(stop, start + draw(st.integers(0, 30)))
        at = draw(st.integers(0, len(content)))
        part = draw(st.binary(max_size=8) | st.just(content[at : at + 20]))
        content = content[:start] + part + content[stop:]
    return content


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a", "b"]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=2),
    max_leaves=5,
)


class TestAnyFile:
    """Whatever is in a file, it gives a network without faults or an InputError."""

    def read(self, path: Path) -> None:
        message = path.name
        try:
            read_network(path, inputs=["a"]).check()
        except InputError as error:
            message = str(error)
        assert path.name in message

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
    @given(st.data(), st.sampled_from(["net.json", "net.graphml", "net"]))
    def test_spoilt_files(self, tmp_path: Path, data: st.DataObject, name: str) -> None:
        text = json.dumps(node_link(CHAIN, [("a", "b", 1e-5), ("b", "c")], bounds=[1e-6, 1]), indent=1)
        content = (text if name.endswith("json") else graphml(CHAIN_XML)).encode()
        self.read(saved(tmp_path, data.draw(st.composite(spoilt)(content)), name))

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
    @given(st.lists(st.lists(json_values, min_size=11, max_size=11), min_size=1, max_size=1))
    def test_any_value_in_any_place(self, tmp_path: Path, drawn: list[list[Any]]) -> None:
        ((id_, role, pos, source, conductance, bounds, capacitance, order, graph, node, edge),) = drawn
        attributes = {"bounds": bounds, "node_capacitance": capacitance, "inputs": order, "outputs": order}
        nodes = [{"id": "a", "role": role}, {"id": id_, "pos": pos}]
        edges = [
            {"source": source, "target": id_, "conductance": conductance},
            {"source": "a", "target": id_},
        ]
        for content in (
            {"nodes": nodes, "edges": edges, "graph": attributes},
            {"nodes": nodes, "links": edges[1:], "graph": graph},
            {"nodes": [*nodes, node], "edges": [*edges, edge]},
            {"nodes": node, "edges": edge},
        ):
            self.read(saved(tmp_path, content))


class Colour(enum.Enum):
    RED = 1


def example(names: Sequence[Hashable] = ("in", "out", "mid")) -> Network:
    graph: nx.MultiDiGraph[Hashable] = nx.MultiDiGraph(
        [(names[0], names[2]), (names[2], names[1]), (names[1], names[0])]
    )
    graph.add_edge(names[0], names[2])
    graph.nodes[names[0]]["pos"] = (0.1, -2)
    return Network.from_graph(graph, [names[0]], [names[1]], ground=names[2], node_capacitance=1e-13)


names = st.recursive(
    st.text(max_size=20)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.sampled_from(HOSTILE),
    lambda part: st.lists(part, max_size=3).map(tuple),
    max_leaves=4,
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    nodes = draw(st.lists(names, min_size=2, max_size=8, unique_by=(clean, lambda name: name)))
    ends = [(draw(st.integers(0, k - 1)), k) for k in range(1, len(nodes))]
    positions = st.integers(0, len(nodes) - 1)
    ends += draw(
        st.lists(st.tuples(positions, positions).filter(lambda pair: pair[0] != pair[1]), max_size=8)
    )
    ends = [(b, a) if draw(st.booleans()) else (a, b) for a, b in draw(st.permutations(ends))]
    order = draw(st.permutations(range(len(nodes))))
    a, b = sorted((draw(st.integers(1, len(nodes))), draw(st.integers(1, len(nodes)))))
    rest = order[b:]
    grounded = bool(rest) and draw(st.booleans())
    conductance = draw(st.lists(st.floats(1e-15, 1e3), min_size=len(ends), max_size=len(ends)))
    place = st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False))
    return Network(
        nodes=tuple(nodes),
        edges=np.array(ends, dtype=np.int64),
        inputs=np.array(order[:a], dtype=np.int64),
        outputs=np.array(order[a:b], dtype=np.int64),
        ground=rest[0] if grounded else None,
        conductance=np.array(conductance),
        bounds=(draw(st.floats(1e-16, 1e-15)), draw(st.floats(1e3, 1e4))),
        node_capacitance=draw(st.floats(0, 1)),
        positions={node: draw(place) for node in draw(st.lists(st.sampled_from(nodes), unique=True))},
    )


class TestWriting:
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(networks())
    def test_round_trip(self, tmp_path: Path, network: Network) -> None:
        network.check()
        write_network(network, tmp_path / "network.json")
        text = (tmp_path / "network.json").read_bytes()
        again = read_network(tmp_path / "network.json")
        same(again, network)
        write_network(again, tmp_path / "network.json")
        assert (tmp_path / "network.json").read_bytes() == text

    @pytest.mark.parametrize("kind", [nx.Graph, nx.MultiGraph, nx.DiGraph, nx.MultiDiGraph])
    def test_networkx_reads_the_same_network(self, tmp_path: Path, kind: type[nx.Graph[Any]]) -> None:
        graph = kind()
        graph.add_edges_from([(2, 0), (0, 1), (1, 2), (2, 0), (1, 0), (0, 1)])
        network = Network.from_graph(graph, [2], [0, 1], seed=2)
        write_network(network, tmp_path / "network.json")
        data = json.loads((tmp_path / "network.json").read_text())
        assert data["multigraph"] == graph.is_multigraph()
        bounds = tuple(data["graph"]["bounds"])
        read = Network.from_graph(
            nx.node_link_graph({**data, "links": data["edges"]}), conductance="conductance", bounds=bounds
        )
        same(replace(read, outputs=network.outputs), network)

    def test_the_text(self, tmp_path: Path) -> None:
        write_network(example(), tmp_path / "network.json")
        text = (tmp_path / "network.json").read_text()
        assert text.endswith("}\n")
        assert text.startswith('{\n "directed": true,\n "edges": [')
        data = json.loads(text)
        assert data["nodes"][0] == {"id": "in", "role": "input", "pos": [0.1, -2.0]}
        assert [node["role"] for node in data["nodes"]] == ["input", "ground", "output"]
        assert list(data) == ["directed", "edges", "graph", "multigraph", "nodes"]
        assert data["graph"]["inputs"] == ["in"]
        assert set(data["edges"][0]) == {"source", "target", "conductance"}

    def test_names_json_cannot_hold_become_their_repr(self, tmp_path: Path) -> None:
        odd = (frozenset({1}), (Colour.RED, 2), float("inf"))
        write_network(example(odd), tmp_path / "network.json")
        assert read_network(tmp_path / "network.json").nodes == (repr(odd[0]), repr(odd[2]), repr(odd[1]))

    def test_surrogates(self, tmp_path: Path) -> None:
        write_network(example(("\ud83d\ude00", "\ud83d", "a")), tmp_path / "network.json")
        assert read_network(tmp_path / "network.json").nodes == (repr("\ud83d\ude00"), "a", "\ud83d")

    def test_numpy_numbers_return_as_numbers(self, tmp_path: Path) -> None:
        network = example((np.int64(4), (np.int32(1), np.float64(0.5)), np.str_("a")))
        write_network(network, tmp_path / "network.json")
        assert read_network(tmp_path / "network.json").nodes == (4, "a", (1, 0.5)) == network.nodes

    def test_names_that_would_be_written_alike(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="would both be written as"):
            write_network(example((frozenset({1}), "frozenset({1})", "a")), tmp_path / "network.json")
        assert not list(tmp_path.iterdir())

    def test_a_diverged_network_is_kept_and_not_read(self, tmp_path: Path) -> None:
        network = example()
        write_network(network.with_conductance(np.full(4, np.nan)), tmp_path / "network.json")
        with pytest.raises(NetworkError, match="not a finite number"):
            read_network(tmp_path / "network.json")

    def test_wrong_suffix(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"net\.json"):
            write_network(example(), tmp_path / "net.graphml")

    def test_a_failed_write_leaves_the_old_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = saved(tmp_path, "old")

        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(TclError, match="No space left"):
            write_network(example(), path)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_places_that_cannot_be_written(self, tmp_path: Path) -> None:
        file = saved(tmp_path, "old")
        for path in (tmp_path / "none" / "net.json", file / "net.json", tmp_path):
            with pytest.raises(TclError, match="can't be written"):
                write_network(example(), path)

    def test_the_file_has_ordinary_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "other").touch()
        write_network(example(), str(tmp_path / "network.json"))
        assert (tmp_path / "network.json").stat().st_mode == (tmp_path / "other").stat().st_mode
