"""A network: a graph with roles and conductances, as a value.

An update makes a new :class:`Network`; nothing reaches back into an old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.check import find_faults
from tcl_circuits.circuit.graph_values import default_bounds
from tcl_circuits.circuit.names import written
from tcl_circuits.circuit.networkx_graph import (
    Conductances,
    Node,
    attribute_conductances,
    capacitance_of,
    drawn_at,
    given_conductances,
    graph_of,
    parts_of,
    positions_in,
    roles_of,
)
from tcl_circuits.circuit.parts import Part, in_node_order
from tcl_circuits.errors import InputError, NetworkError
from tcl_circuits.units import engineering

Term: TypeAlias = tuple[float, int, int]
"""A weight, and the positions of two nodes: a share ``weight (V_first - V_second)`` of an edge's drop."""


@dataclass(frozen=True, eq=False, repr=False)
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
        node_capacitance: float | None = None,
        parts: Sequence[Part] | None = None,
    ) -> Network:
        """Make a network of any networkx graph; parallel edges are edges of their own.

        Parameters
        ----------
        graph : networkx.Graph, MultiGraph, DiGraph or MultiDiGraph
            Node names of any hashable kind. Directions only set the sign of edge currents.
        inputs, outputs : sequence of nodes, optional
            In the order of the voltages and targets given later; None reads the node attribute ``role``
            (``input``, ``output``, ``hidden``, ``ground``), and their order from the graph's attributes
            ``inputs`` and ``outputs`` if it has them.
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
        node_capacitance : float, optional
            Capacitance of every node to ground [F]; by default the graph's attribute of that name, else 0.
        parts : sequence of Part, optional
            Diodes and amplifiers at the nodes, by default those of the node attribute ``parts``; the network
            lists them in the order of their nodes.

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
            inputs, outputs, ground = roles_of(graph)
        ends = list(graph.edges())
        edges = np.array([(index[a], index[b]) for a, b in ends], dtype=np.int64).reshape(-1, 2)
        if conductance is None:
            values, found = attribute_conductances(graph, seed)
        else:
            values = given_conductances(graph, conductance, seed)
            found = default_bounds(conductance, values)
        bounds = found if bounds is None else bounds
        return cls(
            nodes=nodes,
            edges=edges,
            inputs=positions_in(index, inputs or (), "inputs"),
            outputs=positions_in(index, outputs or (), "outputs"),
            ground=None if ground is None else int(positions_in(index, (ground,), "ground")[0]),
            conductance=values,
            bounds=(float(bounds[0]), float(bounds[1])),
            node_capacitance=capacitance_of(graph) if node_capacitance is None else float(node_capacitance),
            positions=drawn_at(graph),
            parts=in_node_order(parts_of(graph) if parts is None else parts, nodes),
        )

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """Read a network from a GraphML or node-link JSON file, as :func:`.graphfile.read_network` does.

        Raises
        ------
        InputError, NetworkError
            If the file can't be read, or makes no network that can be simulated.
        """
        from tcl_circuits.circuit.graphfile import read_network

        return read_network(path)

    def save(self, path: str | Path) -> None:
        """Write node-link JSON, which :meth:`load` and ``networkx.node_link_graph`` read.

        Raises
        ------
        InputError, TclError
            As :func:`.node_link.write_network`.
        """
        from tcl_circuits.circuit.node_link import write_network

        write_network(self, path)

    def to_graph(self) -> nx.Graph[Any]:
        """Return a networkx graph that :meth:`from_graph` reads back, but for networkx's own order of edges.

        It has what the file of :meth:`save` holds: the node attributes ``role``, ``pos`` and ``parts``, the
        edge attribute ``conductance`` [S], and the graph's attributes ``bounds``, ``node_capacitance``,
        ``inputs`` and ``outputs``. It is directed if some edge runs from a later node to an earlier one.

        Examples
        --------
        >>> import networkx as nx
        >>> graph = Network.from_graph(nx.path_graph(3), [0], [1], 2, conductance=1e-5).to_graph()
        >>> graph.edges[0, 1]["conductance"], graph.nodes[2]["role"]
        (1e-05, 'ground')
        """
        return graph_of(self)

    def __repr__(self) -> str:
        low, high = (self.conductance.min(), self.conductance.max()) if self.edge_count else (0.0, 0.0)
        said = [
            f"{self.node_count} nodes",
            f"{self.edge_count} edges of {engineering(low, 'S')} to {engineering(high, 'S')}",
            f"{self.inputs.size} inputs",
            f"{self.outputs.size} outputs",
            *(["ground"] if self.ground is not None else []),
            *([f"{len(self.parts)} diodes and amplifiers"] if self.parts else []),
        ]
        return f"<Network: {', '.join(said)}>"

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
