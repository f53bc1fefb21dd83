"""Networks of the usual shapes."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.networkx_graph import Conductances, Node
from tcl_circuits.errors import InputError

_MOST_DRAWS = 200


def lattice(
    rows: int,
    columns: int,
    inputs: Sequence[Node],
    outputs: Sequence[Node],
    ground: Node | None = None,
    diagonals: int = 0,
    conductance: Conductances = (1e-6, 1e-4),
    seed: int = 0,
) -> Network:
    """Square lattice with nodes ``(row, column)`` and, drawn from the seed, some cells' diagonals.

    Parameters
    ----------
    rows, columns : int
        Size.
    inputs, outputs, ground
        Node names ``(row, column)``.
    diagonals : int
        Number of the (rows - 1)(columns - 1) cells that get one diagonal, of random direction.
    conductance, seed
        As for :meth:`Network.from_graph`; the seed draws the diagonals too.
    """
    cells = [(i, j) for i in range(rows - 1) for j in range(columns - 1)]
    if not 0 <= diagonals <= len(cells):
        raise InputError(
            f"lattice: diagonals = {diagonals} must lie in 0 .. {len(cells)} for {rows} x {columns}"
        )
    graph = nx.grid_2d_graph(rows, columns)
    rng = np.random.default_rng([seed, 1])
    for k in sorted(rng.choice(len(cells), diagonals, replace=False).tolist()):
        i, j = cells[k]
        falling = bool(rng.integers(2))
        graph.add_edge(*(((i, j), (i + 1, j + 1)) if falling else ((i + 1, j), (i, j + 1))))
    for i, j in graph.nodes:
        graph.nodes[i, j]["pos"] = (float(j), float(-i))
    return Network.from_graph(graph, inputs, outputs, ground, conductance, seed=seed)


def random_regular(
    nodes: int,
    degree: int,
    inputs: int,
    outputs: int,
    conductance: Conductances = (1e-6, 1e-4),
    seed: int = 0,
) -> Network:
    """Random connected regular graph of the given degree; the first nodes are inputs, the last outputs."""
    if inputs + outputs > nodes:
        raise InputError(f"random_regular: {inputs} inputs and {outputs} outputs do not fit {nodes} nodes")
    graph = _connected_regular(nodes, degree, seed)
    ordered: nx.Graph[int] = nx.Graph()
    ordered.add_nodes_from(range(nodes))
    ordered.add_edges_from(sorted((min(edge), max(edge)) for edge in graph.edges))
    return Network.from_graph(
        ordered, list(range(inputs)), list(range(nodes - outputs, nodes)), None, conductance, seed=seed
    )


def _connected_regular(nodes: int, degree: int, seed: int) -> nx.Graph[int]:
    """Draw regular graphs until one is connected."""
    rng = np.random.default_rng([seed, 4])
    for _ in range(_MOST_DRAWS):
        try:
            graph: nx.Graph[int] = nx.random_regular_graph(degree, nodes, seed=int(rng.integers(2**31)))
        except nx.NetworkXError as failure:
            raise InputError(f"random_regular: {nodes} nodes of degree {degree}: {failure}") from None
        if nx.is_connected(graph):
            return graph
    raise InputError(
        f"random_regular: no connected graph of {nodes} nodes and degree {degree} in {_MOST_DRAWS} draws; "
        "raise the degree"
    )


def crossbar(
    features: Sequence[str],
    outputs: Sequence[str],
    conductance: Conductances = (1e-6, 1e-4),
    seed: int = 0,
) -> Network:
    """Bipartite network of every signed input with every differential output.

    Parameters
    ----------
    features : sequence of str
        Feature names; each gives the inputs ``name+`` and ``name-``; a bias ``one+``, ``one-`` follows.
    outputs : sequence of str
        Names of output values; each gives the nodes ``name+`` and ``name-``.
    conductance, seed
        As for :meth:`Network.from_graph`.
    """
    ins = [f"{name}{sign}" for sign in "+-" for name in features] + ["one+", "one-"]
    outs = [f"{name}{sign}" for name in outputs for sign in "+-"]
    graph: nx.Graph[tuple[str, str]] = nx.Graph()
    for column, names, layer in ((0.0, ins, "in"), (1.0, outs, "out")):
        for k, name in enumerate(names):
            graph.add_node((layer, name), pos=(column, -(k + 0.5) / len(names)))
    graph.add_edges_from((("in", i), ("out", o)) for i in ins for o in outs)
    named = nx.relabel_nodes(graph, {node: f"{node[0]} {node[1]}" for node in graph})
    return Network.from_graph(
        named, [f"in {name}" for name in ins], [f"out {name}" for name in outs], None, conductance, seed=seed
    )


def signed_inputs(features: FloatArray, volts: float = 1.0) -> FloatArray:
    """Input voltages [+x, -x, +1, -1] of the features.

    Parameters
    ----------
    features : ndarray of shape (samples, features)
        Feature values x.
    volts : float
        Voltage of the value 1 [V].

    Returns
    -------
    ndarray of shape (samples, 2 features + 2)
        Volts, in the order of :func:`crossbar`'s inputs.
    """
    ones = np.ones((features.shape[0], 1))
    return volts * np.hstack([features, -features, ones, -ones])
