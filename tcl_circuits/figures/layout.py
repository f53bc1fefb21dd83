"""Where a network's nodes and edges go on paper."""

from __future__ import annotations

from collections import defaultdict

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.network import Network

_MOST_NODES_EXACT = 150
"""Nodes up to which distances in the plane follow those in the graph; beyond, springs are quicker."""
_ARC_POINTS = 25
_ARC_BULGE = 0.18


def is_crossbar(network: Network) -> bool:
    """Whether every edge joins a driven node and an output, and no other node exists."""
    driven = np.isin(network.edges, network.driven)
    output = np.isin(network.edges, network.outputs)
    joined = bool(np.all((driven[:, 0] & output[:, 1]) | (driven[:, 1] & output[:, 0])))
    sides = network.driven.size + network.outputs.size
    return joined and sides == network.node_count and min(network.driven.size, network.outputs.size) > 1


def crossbar_places(network: Network) -> IntArray:
    """Row (among the driven nodes) and column (among the outputs) of each edge, shape (edges, 2)."""
    row = {int(node): k for k, node in enumerate(network.driven)}
    column = {int(node): k for k, node in enumerate(network.outputs)}
    ends = [(a, b) if a in row else (b, a) for a, b in network.edges.tolist()]
    return np.array([(row[a], column[b]) for a, b in ends], dtype=np.int64).reshape(-1, 2)


def node_places(network: Network) -> FloatArray:
    """Places of the nodes, shape (nodes, 2): two columns, the user's own places, or a layout.

    The layout depends on the graph alone, so that it is the same for each state of a network.
    """
    if is_crossbar(network):
        return _two_columns(network)
    if all(node in network.positions for node in network.nodes):
        return np.array([network.positions[node] for node in network.nodes], dtype=float)
    return _laid_out(network)


def edge_paths(network: Network, places: FloatArray) -> list[FloatArray]:
    """Points of each edge's line, in the network's order; parallel edges are arcs beside one another."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for e, (a, b) in enumerate(network.edges.tolist()):
        groups[min(a, b), max(a, b)].append(e)
    paths: list[FloatArray] = [np.empty((0, 2))] * network.edge_count
    for (a, b), edges in groups.items():
        for k, e in enumerate(edges):
            paths[e] = _arc(places[a], places[b], k - (len(edges) - 1) / 2)
    return paths


def free_side(network: Network, places: FloatArray, node: int) -> FloatArray:
    """Return the unit vector from a node into the widest gap between its edges."""
    touching = network.edges[np.any(network.edges == node, axis=1)]
    towards = places[touching.sum(axis=1) - node] - places[node]
    if not towards.size:
        return np.array([0.0, 1.0])
    angles = np.sort(np.arctan2(towards[:, 1], towards[:, 0]))
    gaps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    widest = int(np.argmax(gaps.round(6)))
    middle = angles[widest] + gaps[widest] / 2
    return np.array([np.cos(middle), np.sin(middle)])


def _arc(start: FloatArray, stop: FloatArray, bend: float) -> FloatArray:
    if bend == 0:
        return np.array([start, stop])
    along = stop - start
    across = np.array([-along[1], along[0]])
    control = 0.5 * (start + stop) + 2 * _ARC_BULGE * bend * across
    t = np.linspace(0, 1, _ARC_POINTS)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * stop


def _two_columns(network: Network) -> FloatArray:
    places = np.zeros((network.node_count, 2))
    for x, nodes in ((0.0, network.driven), (1.0, network.outputs)):
        places[nodes, 0] = x
        places[nodes, 1] = -(np.arange(nodes.size) + 0.5) / nodes.size
    return places


def _laid_out(network: Network) -> FloatArray:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(network.node_count))
    graph.add_edges_from(network.edges.tolist())
    if network.node_count <= _MOST_NODES_EXACT and nx.is_connected(graph):
        found = nx.kamada_kawai_layout(graph)
    else:
        found = nx.spring_layout(graph, seed=0, iterations=200)
    places = np.array([found[k] for k in range(network.node_count)], dtype=float)
    if network.driven.size and places[network.driven, 0].mean() > places[:, 0].mean():
        places[:, 0] *= -1
    return places
