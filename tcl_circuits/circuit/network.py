"""A network: a graph with roles and conductances, as a value.

An update makes a new :class:`Network`; nothing reaches back into an old one.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.check import find_faults
from tcl_circuits.circuit.graph_text import EdgeEntry
from tcl_circuits.circuit.graph_values import conductances, default_bounds, quantity
from tcl_circuits.circuit.names import written
from tcl_circuits.circuit.parts import Part, in_node_order
from tcl_circuits.errors import InputError, NetworkError

Conductances: TypeAlias = float | str | tuple[float, float] | Sequence[float] | FloatArray
"""A value for all edges, an edge attribute's name, a range to draw from, or a value for each edge [S]."""

Node: TypeAlias = Hashable

Term: TypeAlias = tuple[float, int, int]
"""A weight, and the positions of two nodes: a share ``weight (V_first - V_second)`` of an edge's drop."""


@dataclass(frozen=True, eq=False)
class Network:
    """A graph whose edges conduct and whose nodes have roles.

    The current of an edge counts positive from its first node to its second, in the order listed here.

    Parameters
    ----------
    nodes : tuple of hashable
        Node names, in the graph's order.
    edges : ndarray of shape (edges, 2)
        First and second node of each edge, as positions in `nodes`.
    inputs, outputs : ndarray of int
        Positions of the input nodes (voltages given) and output nodes (nudged), in the user's order.
    ground : int or None
        Position of the node held at 0 V, if there is one.
    conductance : ndarray of shape (edges,)
        Trainable conductances G [S].
    bounds : tuple of float
        Least and largest conductance that training may reach [S].
    node_capacitance : float
        Capacitance of every node to ground [F].
    positions : mapping
        Where to draw a node, for nodes that have a place.
    parts : tuple of Part
        Diodes and amplifiers at the nodes (:mod:`tcl_circuits.circuit.parts`); none in a linear network.
    """

    nodes: tuple[Node, ...]
    edges: IntArray
    inputs: IntArray
    outputs: IntArray
    ground: int | None
    conductance: FloatArray
    bounds: tuple[float, float]
    node_capacitance: float = 0.0
    positions: Mapping[Node, tuple[float, float]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @classmethod
    def from_graph(
        cls,
        graph: nx.Graph[Any],
        inputs: Sequence[Node] | None = None,
        outputs: Sequence[Node] | None = None,
        ground: Node | None = None,
        conductance: Conductances | None = None,
        bounds: tuple[float, float] | None = None,
        seed: int = 0,
        node_capacitance: float = 0.0,
        parts: Sequence[Part] = (),
    ) -> Network:
        """Make a network of any networkx graph; parallel edges are edges of their own.

        Parameters
        ----------
        graph : networkx.Graph, MultiGraph, DiGraph or MultiDiGraph
            Node names of any hashable kind. Directions only set the sign of edge currents.
        inputs, outputs : sequence of nodes, optional
            In the order of the voltages and targets given later; None reads the node attribute ``role``
            (``input``, ``output``, ``hidden``, ``ground``).
        ground : node, optional
            The node at 0 V.
        conductance : float, str, (low, high) or array of shape (edges,), optional
            One value, the name of an edge attribute, a range to draw log-uniformly from with `seed`, or a
            value for each edge in the graph's order [S]. By default the edge attribute ``conductance``, as a
            graph file is read: a number or text such as ``"10u"``; edges without it draw from 1 uS .. 100 uS.
        bounds : (low, high), optional
            Range that training may use [S]; by default the range drawn from, else 1/10 of the least to
            10 times the largest conductance.
        seed : int
            Seed of the draw.
        node_capacitance : float
            Capacitance of every node to ground [F].
        parts : sequence of Part
            Diodes and amplifiers at the nodes; the network lists them in the order of their nodes.

        Raises
        ------
        InputError
            If `inputs`, `outputs` or `ground` name nodes that are not in the graph, or an edge lacks the
            attribute. Faults of the network itself are left to :meth:`check`.

        Warns
        -----
        Remark
            If edges have attributes, and some conductance was drawn all the same; if edges are listed
            both ways.
        """
        nodes = tuple(graph.nodes)
        index = {node: k for k, node in enumerate(nodes)}
        if inputs is None and outputs is None and ground is None:
            inputs, outputs, ground = _roles_of(graph)
        ends = list(graph.edges())
        edges = np.array([(index[a], index[b]) for a, b in ends], dtype=np.int64).reshape(-1, 2)
        if conductance is None:
            values, found = _attribute_conductances(graph, seed)
        else:
            values = _conductances(graph, conductance, seed)
            found = default_bounds(conductance, values)
        bounds = found if bounds is None else bounds
        return cls(
            nodes=nodes,
            edges=edges,
            inputs=_positions(index, inputs or (), "inputs"),
            outputs=_positions(index, outputs or (), "outputs"),
            ground=None if ground is None else int(_positions(index, (ground,), "ground")[0]),
            conductance=values,
            bounds=(float(bounds[0]), float(bounds[1])),
            node_capacitance=float(node_capacitance),
            positions=MappingProxyType(_drawing_positions(graph)),
            parts=in_node_order(parts, nodes),
        )

    def check(self) -> None:
        """Raise one NetworkError that lists every fault, or return if there is none."""
        faults = find_faults(self)
        if faults:
            raise NetworkError(faults)

    def with_conductance(self, conductance: FloatArray) -> Network:
        """Return the same network with other conductances [S]."""
        values = np.array(conductance, dtype=float)
        if values.shape != self.conductance.shape:
            raise InputError(
                f"{values.shape} conductances given for a network of {self.edges.shape[0]} edges"
            )
        values.setflags(write=False)
        changed = replace(self, conductance=values)
        # What follows from the structure alone is the same.
        known = {name: self.__dict__[name] for name in _STRUCTURAL if name in self.__dict__}
        changed.__dict__.update(known)
        return changed

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    @property
    def edge_count(self) -> int:
        """Number of edges."""
        return int(self.edges.shape[0])

    @cached_property
    def driven(self) -> IntArray:
        """Positions of the nodes whose voltage is given: the inputs, then the ground."""
        return self.inputs if self.ground is None else np.append(self.inputs, self.ground)

    @cached_property
    def free(self) -> IntArray:
        """Positions of all other nodes, in order."""
        return np.setdiff1d(np.arange(self.node_count), self.driven)

    @cached_property
    def edge_labels(self) -> tuple[str, ...]:
        """A readable name for each edge, ``first--second``; parallel edges are numbered."""
        counts: dict[str, int] = {}
        labels = []
        for a, b in self.edges:
            base = f"{written(self.nodes[a])}--{written(self.nodes[b])}"
            counts[base] = counts.get(base, 0) + 1
            labels.append(base if counts[base] == 1 else f"{base} #{counts[base]}")
        return tuple(labels)

    def role_of(self, position: int) -> str:
        """Role of the node at a position: input, output, ground or hidden."""
        if position == self.ground:
            return "ground"
        if position in self.inputs:
            return "input"
        return "output" if position in self.outputs else "hidden"

    def drops(self, voltage: FloatArray) -> FloatArray:
        """Voltage drops over the edges, first node minus second; shape (..., nodes) to (..., edges)."""
        return voltage[..., self.edges[:, 0]] - voltage[..., self.edges[:, 1]]

    def leaving(self, currents: FloatArray) -> FloatArray:
        """Currents (..., nodes) that leave each node through its edges, from the edges' own (..., edges)."""
        found = np.zeros((self.node_count, *currents.shape[:-1]))
        along = np.moveaxis(currents, -1, 0)
        np.add.at(found, self.edges[:, 0], along)
        np.subtract.at(found, self.edges[:, 1], along)
        return np.moveaxis(found, 0, -1)

    def laplacian(self, weights: FloatArray) -> FloatArray:
        """``D^T diag(weights) D`` of shape (nodes, nodes), with the matrix D from voltages to drops."""
        size = self.node_count
        a, b = self.edges.T
        off = np.bincount(a * size + b, weights, size * size).reshape(size, size)
        off = off + off.T
        return np.diag(off.sum(axis=1)) - off

    def terms(self, e: int) -> tuple[Term, ...]:
        """What edge `e` reads, as a sum of differences of node voltages; its current flows along each."""
        a, b = self.edges[e].tolist()
        return ((1.0, a, b),)


_STRUCTURAL = ("driven", "free", "edge_labels")
"""Cached properties that do not depend on the conductances."""


def _positions(index: Mapping[Node, int], names: Sequence[Node], what: str) -> IntArray:
    missing = [name for name in names if name not in index]
    if missing:
        some = ", ".join(repr(name) for name in list(index)[:8])
        raise InputError(
            f"{what}: no node {missing!r} in the graph; it has {some}{', ...' * (len(index) > 8)}"
        )
    return np.array([index[name] for name in names], dtype=np.int64)


def _roles_of(graph: nx.Graph[Any]) -> tuple[list[Node], list[Node], Node | None]:
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
        [node for node, role in roles.items() if role == "input"],
        [node for node, role in roles.items() if role == "output"],
        grounds[0] if grounds else None,
    )


_DRAWN_FROM = (1e-6, 1e-4)
"""Range from which edges without a conductance draw theirs [S]."""


def _attribute_conductances(graph: nx.Graph[Any], seed: int) -> tuple[FloatArray, tuple[float, float]]:
    """Conductances as a file's reader takes them from attributes, and their bounds [S]."""
    edges = [EdgeEntry("graph", data, (a, b)) for a, b, data in graph.edges(data=True)]
    if not any(edge.attributes for edge in edges):
        return _conductances(graph, _DRAWN_FROM, seed), _DRAWN_FROM
    faults: list[str] = []
    values, bounds = conductances(edges, {}, _DRAWN_FROM, seed, faults)
    if faults:
        raise NetworkError(faults, "the graph")
    return values, bounds


def _conductances(graph: nx.Graph[Any], conductance: Conductances, seed: int) -> FloatArray:
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


def _drawing_positions(graph: nx.Graph[Any]) -> dict[Node, tuple[float, float]]:
    """Positions from the node attribute ``pos``, where it is a pair of numbers."""
    found = {}
    for node, data in graph.nodes(data=True):
        pos = data.get("pos")
        if isinstance(pos, tuple | list) and len(pos) == 2:
            found[node] = (float(pos[0]), float(pos[1]))
    return found
