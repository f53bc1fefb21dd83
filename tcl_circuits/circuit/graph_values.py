"""The numbers of a graph file: conductances and their bounds, the node capacitance, places to draw.

What is no number becomes a fault in the list that is handed in, and something harmless in the result, so that
the other faults are found too.
"""

from __future__ import annotations

import difflib
import math
import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.graph_text import EdgeEntry, Entry, GraphText, NodeEntry, listed
from tcl_circuits.errors import InputError, Remark, shown
from tcl_circuits.units import parse_quantity

_LONGEST_NUMBER = 60


def conductances(
    edges: Sequence[EdgeEntry],
    attributes: Mapping[str, object],
    drawn_from: tuple[float, float],
    seed: int,
    faults: list[str],
) -> tuple[FloatArray, tuple[float, float]]:
    """Return the conductances of the edges and their bounds [S].

    Parameters
    ----------
    edges : sequence of EdgeEntry
        Edges with or without the attribute ``conductance``.
    attributes : mapping
        Those of the graph, with or without ``bounds``.
    drawn_from : (low, high)
        Range from which edges without a conductance draw, as far as it is within the file's bounds [S].
    seed : int
        Seed of the draw.
    faults : list of str
        Gets a sentence for each value that is not a number, and for bounds that are not a range.

    Warns
    -----
    Remark
        If there is no fault: how many conductances were drawn, and which attributes of the edges were not
        read; that every edge is listed both ways with the same value.
    """
    bounds = _bounds(attributes, faults)
    lacking = np.array(["conductance" not in edge.attributes for edge in edges], dtype=bool)
    values = np.ones(len(edges))
    wrong = []
    for k in np.flatnonzero(~lacking).tolist():
        try:
            values[k] = quantity(edges[k].attributes["conductance"], "S", "conductance")
        except InputError as error:
            wrong.append(f"{edges[k].label}: {error}")
            lacking[k] = True
    faults += listed(wrong, str)
    low, high = _range_within(bounds, drawn_from, int(lacking.sum()), faults)
    drawn = np.random.default_rng(seed).uniform(np.log(low), np.log(high), int(lacking.sum()))
    values[lacking] = np.exp(drawn)
    if not faults:
        _tell_drawn(edges, int(lacking.sum()), seed)
        _tell_both_ways(edges)
    values.setflags(write=False)
    if bounds is None:
        bounds = (low, high) if lacking.all() else default_bounds(values, values)
    return values, bounds


_STRUCTURE = ("id", "key", "source", "target", "from", "to", "name", "label")
"""Attributes of edges that say which edge it is, and no more."""


def _tell_drawn(edges: Sequence[EdgeEntry], count: int, seed: int) -> None:
    if not count:
        return
    strange = dict.fromkeys(str(name) for edge in edges for name in edge.attributes)
    unread = [name for name in strange if name not in ("conductance", *_STRUCTURE)]
    told = f"{count} of {len(edges)} conductances drawn, seed {seed}"
    if unread:
        names = ", ".join(unread[:8]) + ", ..." * (len(unread) > 8)
        told += f"; edge attributes not read: {names} (conductance, in siemens, is)"
    warnings.warn(told, Remark, stacklevel=4)


def _tell_both_ways(edges: Sequence[EdgeEntry]) -> None:
    found = {edge.ends: shown(edge.attributes.get("conductance")) for edge in edges}
    there = [(a, b) for a, b in found if a != b]
    if there and len(found) == len(edges) and all(found.get((b, a)) == found[a, b] for a, b in there):
        warnings.warn(
            f"each of {len(there) // 2} edges is listed both ways with one value: they count as two in "
            "parallel, which doubles their conductance; list each once if that is not meant",
            Remark,
            stacklevel=4,
        )


_MEANT = {"g": "conductance", "siemens": "conductance", "conductivity": "conductance"}
_NEAR = 0.85
"""Likeness of two words, as difflib counts it, from which one is taken for the other misspelt."""


def misnamed(graph: GraphText) -> list[str]:
    """Attributes that look like one that is read but are not it: for each kind, which is meant."""
    return [*_near(graph.edges, "conductance", "edge"), *_near(graph.nodes, "role", "node")]


def _near(entries: Iterable[Entry], meant: str, kind: str) -> list[str]:
    found: dict[str, str] = {}
    for entry in entries:
        for name in entry.attributes:
            if str(name) not in found and name != meant and _means(str(name).lower(), meant):
                found[str(name)] = entry.place
    return listed(
        list(found.items()),
        lambda one: f"{one[1]}: the {kind} attribute {shown(one[0])} is not read; rename it to {meant}",
    )


def _means(name: str, meant: str) -> bool:
    alike = len(name) <= _LONGEST_NUMBER and difflib.get_close_matches(meant, [name], 1, _NEAR)
    return _MEANT.get(name) == meant or bool(alike)


def default_bounds(conductance: object, values: FloatArray) -> tuple[float, float]:
    """Bounds of a network whose user gave none: the range drawn from, else a decade beyond the values."""
    if isinstance(conductance, tuple) and len(conductance) == 2:
        return conductance
    usable = values[np.isfinite(values) & (values > 0)]
    return (float(usable.min()) / 10, float(usable.max()) * 10) if usable.size else (1e-6, 1e-4)


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


def _bounds(attributes: Mapping[str, object], faults: list[str]) -> tuple[float, float] | None:
    value = attributes.get("bounds")
    if value is None:
        return None
    pair = _pair(value)
    try:
        low, high = (quantity(part, "S", "bounds") for part in pair or (0.0, 0.0))
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
        return quantity(graph.attributes.get("node_capacitance", 0.0), "F", "node_capacitance")
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
                found[entry.name] = (quantity(pair[0], "", "pos"), quantity(pair[1], "", "pos"))
            except InputError:
                continue
    return found


def _pair(value: object) -> tuple[object, object] | None:
    """Return two values from a list, or from text such as ``1, 2`` or ``[1, 2]``; None if they aren't two."""
    parts = value.strip("[]() ").split(",") if isinstance(value, str) else value
    return (parts[0], parts[1]) if isinstance(parts, list | tuple) and len(parts) == 2 else None


def quantity(value: object, unit: str, name: str) -> float:
    """Read an attribute: a number, or text such as ``10u``; an InputError if it is neither."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        return parse_quantity(value, unit, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name}: {shown(value)} is not a number; write for example 1e-5 or 10u{unit}")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
