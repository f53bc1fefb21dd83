"""What a networkx graph says of a network, and a network as a networkx graph."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.graph_text import EdgeEntry, GraphText, NodeEntry
from tcl_circuits.circuit.graph_values import conductances, node_capacitance, places, quantity
from tcl_circuits.circuit.part_text import read_parts
from tcl_circuits.circuit.parts import Part
from tcl_circuits.errors import InputError, NetworkError

if TYPE_CHECKING:
    from tcl_circuits.circuit.network import Network

Node: TypeAlias = Hashable

Conductances: TypeAlias = float | str | tuple[float, float] | Sequence[float] | FloatArray
"""A value for all edges, an edge attribute's name, a range to draw from, or a value for each edge [S]."""


def positions_in(index: Mapping[Node, int], names: Sequence[Node], what: str) -> IntArray:
    """Positions of named nodes; a name that is no node is an InputError."""
    missing = [name for name in names if name not in index]
    if missing:
        some = ", ".join(repr(name) for name in list(index)[:8])
        raise InputError(
            f"{what}: no node {missing!r} in the graph; it has {some}{', ...' * (len(index) > 8)}"
        )
    return np.array([index[name] for name in names], dtype=np.int64)


def roles_of(graph: nx.Graph[Any]) -> tuple[list[Node], list[Node], Node | None]:
    """Inputs, outputs and ground from the node attribute ``role``."""
    roles = {node: str(data.get("role", "hidden")) for node, data in graph.nodes(data=True)}
    unknown = {n: r for n, r in roles.items() if r not in ("input", "output", "hidden", "ground")}
    if unknown:
        raise NetworkError(
            [
                f"node {n!r} has the unknown role {r!r}; use input, output, hidden or ground"
                for n, r in unknown.items()
            ]
        )
    grounds = [node for node, role in roles.items() if role == "ground"]
    if len(grounds) > 1:
        raise NetworkError(
            [f"{len(grounds)} nodes have the role ground: {grounds[:5]!r}; join them into one"]
        )
    return (
        _in_order(graph, "inputs", [node for node, role in roles.items() if role == "input"]),
        _in_order(graph, "outputs", [node for node, role in roles.items() if role == "output"]),
        grounds[0] if grounds else None,
    )


def _in_order(graph: nx.Graph[Any], key: str, nodes: list[Node]) -> list[Node]:
    """Nodes of a role, in the order of the graph's attribute if there is one."""
    listed = graph.graph.get(key, nodes)
    if not isinstance(listed, list | tuple) or sorted(map(repr, listed)) != sorted(map(repr, nodes)):
        raise NetworkError(
            [f"the graph's attribute {key} = {listed!r} does not list the nodes of that role, {nodes!r}"]
        )
    return list(listed)


def parts_of(graph: nx.Graph[Any]) -> list[Part]:
    """Diodes and amplifiers of the node attribute ``parts``: part objects, or as a file describes them."""
    found: list[Part] = []
    faults: list[str] = []
    for node, data in graph.nodes(data=True):
        given = data.get("parts")
        if isinstance(given, list | tuple) and all(isinstance(part, Part) for part in given):
            found += given
        else:
            entry = NodeEntry("graph", data, node)
            found += read_parts(GraphText((entry,), (), {}), faults)
    if faults:
        raise NetworkError(faults, "the graph")
    return found


def capacitance_of(graph: nx.Graph[Any]) -> float:
    """The graph's attribute ``node_capacitance`` [F], or 0."""
    faults: list[str] = []
    found = node_capacitance(GraphText((), (), graph.graph), faults)
    if faults:
        raise NetworkError(faults, "the graph")
    return found


def graph_of(network: Network) -> nx.Graph[Any]:
    """What :meth:`.Network.to_graph` returns."""
    ends = [(int(a), int(b)) for a, b in network.edges]
    directed = any(a > b for a, b in ends)
    multiple = len({tuple(sorted(pair)) for pair in ends}) < len(ends)
    kinds: dict[tuple[bool, bool], type[nx.Graph[Any]]] = {
        (False, False): nx.Graph,
        (False, True): nx.MultiGraph,
        (True, False): nx.DiGraph,
        (True, True): nx.MultiDiGraph,
    }
    graph = kinds[directed, multiple](
        bounds=network.bounds,
        node_capacitance=network.node_capacitance,
        inputs=[network.nodes[k] for k in network.inputs],
        outputs=[network.nodes[k] for k in network.outputs],
    )
    for k, node in enumerate(network.nodes):
        graph.add_node(node, role=network.role_of(k))
        if node in network.positions:
            graph.nodes[node]["pos"] = network.positions[node]
        parts = [part for part in network.parts if part.touches[0] == node]
        if parts:
            graph.nodes[node]["parts"] = parts
    for (a, b), value in zip(ends, network.conductance.tolist(), strict=True):
        graph.add_edge(network.nodes[a], network.nodes[b], conductance=value)
    return graph


_DRAWN_FROM = (1e-6, 1e-4)
"""Range from which edges without a conductance draw theirs [S]."""


def attribute_conductances(graph: nx.Graph[Any], seed: int) -> tuple[FloatArray, tuple[float, float]]:
    """Conductances as a file's reader takes them from attributes, and their bounds [S]."""
    edges = [EdgeEntry("graph", data, (a, b)) for a, b, data in graph.edges(data=True)]
    if not any(edge.attributes for edge in edges) and "bounds" not in graph.graph:
        return given_conductances(graph, _DRAWN_FROM, seed), _DRAWN_FROM
    faults: list[str] = []
    values, bounds = conductances(edges, graph.graph, _DRAWN_FROM, seed, faults)
    if faults:
        raise NetworkError(faults, "the graph")
    return values, bounds


def given_conductances(graph: nx.Graph[Any], conductance: Conductances, seed: int) -> FloatArray:
    """Conductance of each edge [S], from what :meth:`.Network.from_graph` was given."""
    count = graph.number_of_edges()
    if isinstance(conductance, str):
        found = [data.get(conductance) for _, _, data in graph.edges(data=True)]
        lacking = [edge for edge, value in zip(graph.edges(), found, strict=True) if value is None]
        if lacking:
            raise InputError(f"edge {lacking[0]!r} (of {len(lacking)}) has no attribute {conductance!r}")
        conductance = [quantity(value, "S", f"edge attribute {conductance}") for value in found]
    if isinstance(conductance, tuple) and len(conductance) == 2:
        low, high = conductance
        if not 0 < low <= high < np.inf:
            raise InputError(
                f"conductance range {conductance!r} must be (low, high) with 0 < low <= high, in S"
            )
        values = np.exp(np.random.default_rng(seed).uniform(np.log(low), np.log(high), count))
    else:
        values = np.array(np.broadcast_to(np.asarray(conductance, dtype=float), (count,)))
    values.setflags(write=False)
    return values


def drawn_at(graph: nx.Graph[Any]) -> dict[Node, tuple[float, float]]:
    """Where to draw nodes, from the node attribute ``pos``."""
    return places(NodeEntry("graph", data, node) for node, data in graph.nodes(data=True))
