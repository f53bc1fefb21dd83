"""The drawing of the network in a bundle: a file of its own, the same bytes on every machine."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.drawing import Layout, network_svg

_STYLE = """\
svg { background: #fff; font-family: sans-serif; fill: #222; }
.edge { fill: none; stroke-linecap: round; }
.node { stroke: #222; stroke-width: 1.2; }
.input { fill: #e6a04a; } .output { fill: #5aa469; } .hidden { fill: #ddd; } .zero { fill: #222; }
.halo { paint-order: stroke; stroke: #fff; stroke-width: 3px; }
"""
_SHADES = (
    "#cfe0ee",
    "#b1cfe5",
    "#8fbcdb",
    "#6ca6cf",
    "#4a90c2",
    "#3378b0",
    "#1d5f9e",
    "#124785",
    "#08306b",
)
_BULGE = 0.12


def network_picture(network: Network) -> str:
    """Draw a network as SVG: at its own places, as two columns, or in a circle; shades are conductances."""
    shades = " ".join(
        f".g{k} {{ stroke: {colour}; }} rect.g{k} {{ fill: {colour}; }}" for k, colour in enumerate(_SHADES)
    )
    text = str(network_svg(network, Layout(_places(network), _paths(network))))
    head = '<svg xmlns="http://www.w3.org/2000/svg"'
    body = text.replace("<svg", head, 1).replace(">", f"><style>{_STYLE}{shades}</style>", 1)
    return body + "\n"


def _places(network: Network) -> FloatArray:
    """Places of the nodes, which follow from the graph by simple arithmetic alone."""
    if all(node in network.positions for node in network.nodes):
        return np.array([network.positions[node] for node in network.nodes])
    outputs = set(network.outputs.tolist())
    driven = set(network.driven.tolist())
    if len(outputs) + len(driven) == network.node_count:
        places = np.zeros((network.node_count, 2))
        for x, column in enumerate((network.driven, network.outputs)):
            places[column] = [(1.5 * x, -k / max(1, len(column) - 1)) for k in range(len(column))]
        return places
    angle = 2 * np.pi * np.arange(network.node_count) / network.node_count
    circle: FloatArray = np.column_stack([np.sin(angle), np.cos(angle)])
    return circle


def _paths(network: Network) -> list[FloatArray]:
    """Straight lines; edges in parallel are bent, each more than the one before."""
    places, seen = _places(network), dict[frozenset[int], int]()
    found = []
    for a, b in network.edges.tolist():
        pair = frozenset((a, b))
        bend = seen.get(pair, 0)
        seen[pair] = bend + 1
        first, last = places[a], places[b]
        across = np.array([first[1] - last[1], last[0] - first[0]]) * (1 if a < b else -1)
        middle = (first + last) / 2 + bend * _BULGE * across
        found.append(np.array([first, middle, last]) if bend else np.array([first, last]))
    return found
