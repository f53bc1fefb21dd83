"""The numbers of a graph file: conductances and their bounds, the node capacitance, places to draw.

What is no number becomes a fault in the list that is handed in, and something harmless in the result, so that
the other faults are found too.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.graph_text import GraphText, NodeEntry, listed, shown
from tcl_circuits.circuit.network import default_bounds
from tcl_circuits.errors import InputError
from tcl_circuits.units import parse_quantity

_LONGEST_NUMBER = 60


def conductances(
    graph: GraphText, drawn_from: tuple[float, float], seed: int, faults: list[str]
) -> tuple[FloatArray, tuple[float, float]]:
    """Return the conductances of the edges and their bounds [S].

    Parameters
    ----------
    graph : GraphText
        Edges with or without ``conductance``, a graph with or without ``bounds``.
    drawn_from : (low, high)
        Range from which edges without a conductance draw, as far as it is within the file's bounds [S].
    seed : int
        Seed of the draw.
    faults : list of str
        Gets a sentence for each value that is no number, and for bounds that are none.
    """
    bounds = _bounds(graph, faults)
    lacking = np.array(["conductance" not in edge.attributes for edge in graph.edges], dtype=bool)
    values = np.ones(len(graph.edges))
    wrong = []
    for k in np.flatnonzero(~lacking).tolist():
        try:
            values[k] = _quantity(graph.edges[k].attributes["conductance"], "S", "conductance")
        except InputError as error:
            wrong.append(f"{graph.edges[k].label}: {error}")
            lacking[k] = True
    faults += listed(wrong, str)
    low, high = _range_within(bounds, drawn_from, int(lacking.sum()), faults)
    drawn = np.random.default_rng(seed).uniform(np.log(low), np.log(high), int(lacking.sum()))
    values[lacking] = np.exp(drawn)
    values.setflags(write=False)
    if bounds is None:
        bounds = (low, high) if lacking.all() else default_bounds(values, values)
    return values, bounds


def _range_within(
    bounds: tuple[float, float] | None, drawn_from: tuple[float, float], count: int, faults: list[str]
) -> tuple[float, float]:
    low, high = map(float, drawn_from)
    if bounds is None or count == 0:
        return low, high
    if low > bounds[1] or high < bounds[0]:
        faults.append(
            f"{count} edges have no usable conductance, and the range to draw from, {low:g} .. {high:g} S, "
            f"is outside the bounds {bounds[0]:g} .. {bounds[1]:g} S; give conductances or change the bounds"
        )
        return bounds
    return max(low, bounds[0]), min(high, bounds[1])


def _bounds(graph: GraphText, faults: list[str]) -> tuple[float, float] | None:
    value = graph.attributes.get("bounds")
    if value is None:
        return None
    pair = _pair(value)
    try:
        low, high = (_quantity(part, "S", "bounds") for part in pair or (0.0, 0.0))
    except InputError as error:
        faults.append(f"graph attribute {error}")
        return None
    if 0 < low <= high < math.inf:
        return low, high
    faults.append(f"graph attribute bounds = {shown(value)} must be [low, high] with 0 < low <= high, in S")
    return None


def node_capacitance(graph: GraphText, faults: list[str]) -> float:
    """Return the capacitance of every node [F]; text that is no number is a fault."""
    try:
        return _quantity(graph.attributes.get("node_capacitance", 0.0), "F", "node_capacitance")
    except InputError as error:
        faults.append(f"graph attribute {error}")
        return 0.0


def places(nodes: Iterable[NodeEntry]) -> dict[Hashable, tuple[float, float]]:
    """Return where to draw the nodes, for those with a usable ``pos``; without it a network is whole."""
    found = {}
    for entry in nodes:
        pair = _pair(entry.attributes.get("pos"))
        if pair is not None:
            try:
                found[entry.name] = (_quantity(pair[0], "", "pos"), _quantity(pair[1], "", "pos"))
            except InputError:
                continue
    return found


def _pair(value: object) -> tuple[object, object] | None:
    """Return two values from a list, or from text such as ``1, 2`` or ``[1, 2]``; None if they aren't two."""
    parts = value.strip("[]() ").split(",") if isinstance(value, str) else value
    return (parts[0], parts[1]) if isinstance(parts, list) and len(parts) == 2 else None


def _quantity(value: object, unit: str, name: str) -> float:
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        return parse_quantity(value, unit, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name}: {shown(value)} is not a number; write for example 1e-5 or 10u{unit}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
