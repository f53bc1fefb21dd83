"""Files of drawing programs: nodes are named by what the drawing shows, where that names one node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import NetworkError, Remark

YED = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
<key for="node" id="d6" yfiles.type="nodegraphics"/><key for="edge" id="d9" attr.name="conductance"/>
<graph edgedefault="directed" id="G">{nodes}
<edge id="e0" source="n0" target="n1"><data key="d9">10u</data></edge>
<edge id="e1" source="n1" target="n2"><data key="d9">20u</data></edge>
</graph></graphml>"""
NODE = """<node id="{id}"><data key="d6"><y:ShapeNode><y:Geometry height="30.0"/>
<y:NodeLabel fontSize="12">{label}<y:LabelModel><y:SmartNodeLabelModel/></y:LabelModel></y:NodeLabel>
<y:Shape type="rectangle"/></y:ShapeNode></data></node>"""


def yed(*labels: str) -> str:
    return YED.format(nodes="".join(NODE.format(id=f"n{k}", label=label) for k, label in enumerate(labels)))


def cytoscape() -> str:
    """As Cytoscape writes a .cyjs file."""
    names = {"62": "In", "64": "Out", "66": "Gnd"}
    nodes = [{"data": {"id": id_, "name": name, "SUID": int(id_)}} for id_, name in names.items()]
    ends = [("62", "64", 1e-5), ("64", "66", 2e-5)]
    edges = [{"data": {"id": f"{a}{b}", "source": a, "target": b, "conductance": g}} for a, b, g in ends]
    return json.dumps({"format_version": "1.0", "elements": {"nodes": nodes, "edges": edges}})


def cytoscape_of_networkx() -> str:
    graph: nx.Graph[Any] = nx.Graph()
    for k, name in enumerate(["In", "Out", "Gnd"]):
        graph.add_node(k, name=name)
    graph.add_edge(0, 1, conductance=1e-5)
    graph.add_edge(1, 2, conductance=2e-5)
    return json.dumps(nx.cytoscape_data(graph))


def d3(ids: bool, places: bool) -> str:
    names = ["In", "Out", "Gnd"]
    ends: list[tuple[Any, Any]] = [(0, 1), (1, 2)] if places else [("In", "Out"), ("Out", "Gnd")]
    nodes = [{"id" if ids else "name": name, "group": 1} for name in names]
    values = zip(ends, (1e-5, 2e-5), strict=True)
    links = [{"source": a, "target": b, "conductance": g} for (a, b), g in values]
    return json.dumps({"nodes": nodes, "links": links})


def check(network: Network) -> None:
    assert network.edges.tolist() == [[0, 1], [1, 2]]
    assert network.conductance.tolist() == pytest.approx([1e-5, 2e-5], rel=1e-12)
    assert (network.inputs.tolist(), network.outputs.tolist(), network.ground) == ([0], [1], 2)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (yed("In", "Out", "Gnd"), "net.graphml"),
        (cytoscape(), "net.cyjs"),
        (cytoscape_of_networkx(), "net.json"),
        (d3(ids=False, places=True), "net.json"),
        (d3(ids=False, places=False), "net.json"),
    ],
    ids=["yed", "cytoscape", "networkx", "d3 places", "d3 names"],
)
def test_labels_name_nodes(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / name).write_text(text)
    check(read_network(tmp_path / name, ["In"], ["Out"], "Gnd"))


def test_cytoscape_as_graphml(tmp_path: Path) -> None:
    graph: nx.Graph[Any] = nx.Graph()
    for k, name in enumerate(["In", "Out", "Gnd"]):
        graph.add_node(str(60 + k), **{"shared name": name})
    graph.add_edge("60", "61", conductance=1e-5)
    graph.add_edge("61", "62", conductance=2e-5)
    nx.write_graphml(graph, tmp_path / "net.graphml")
    check(read_network(tmp_path / "net.graphml", ["In"], ["Out"], "Gnd"))


def test_links_by_place_are_said(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(d3(ids=True, places=True))
    with pytest.warns(Remark, match="links: source and target are whole numbers"):
        check(read_network(tmp_path / "net.json", ["In"], ["Out"], "Gnd"))


def test_a_label_of_several_nodes_names_none(tmp_path: Path) -> None:
    (tmp_path / "net.graphml").write_text(yed("In", "x", "x"))
    with pytest.raises(NetworkError, match="outputs: 2 nodes have the label 'x'; give an id: 'n1', 'n2'"):
        read_network(tmp_path / "net.graphml", ["In"], ["x"])


def test_an_id_goes_before_a_label(tmp_path: Path) -> None:
    (tmp_path / "net.graphml").write_text(yed("n1", "n0", "Gnd"))
    check(read_network(tmp_path / "net.graphml", ["n0"], ["n1"], "Gnd"))
