"""A network as SVG: a graph with its conductances as colour and width, or a grid for a large crossbar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.names import written
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.markup import Markup, quantity, tag

_SIZE, _MARGIN = 640.0, 60.0
_CLASSES = 9
_MOST_NAMES = 40
_LONGEST = 18
_CELL, _CELL_SMALL = 44.0, 14.0


@dataclass(frozen=True, eq=False)
class Layout:
    """Where a network's parts are drawn.

    Parameters
    ----------
    places : ndarray of shape (nodes, 2)
        Nodes, in any unit, y upwards.
    paths : sequence of ndarray of shape (points, 2)
        The line of each edge, in the same unit.
    cells : ndarray of shape (edges, 2), optional
        Row (among the driven nodes) and column (among the outputs) of each edge of a crossbar that is to be
        a grid.
    """

    places: FloatArray
    paths: Sequence[FloatArray]
    cells: IntArray | None = None


def network_svg(network: Network, layout: Layout) -> Markup:
    """Draw a network; each edge carries its number as ``data-edge`` and its value as a tooltip.

    Colours are classes ``g0`` to ``g8`` of the page's style sheet, from the least conductance to the largest.
    """
    parts, width, height = (
        _grid(network, layout.cells) if layout.cells is not None else _graph(network, layout)
    )
    key, deep = _key(network, width)
    return tag(
        "svg",
        tag(
            "title", f"Network of {network.node_count} nodes and {network.edge_count} edges with conductances"
        ),
        parts,
        tag("g", key, transform=f"translate(0 {height:g})"),
        viewBox=f"0 0 {width:g} {height + deep:g}",
        role="img",
        style=f"max-width:{1.15 * width:.0f}px",
    )


def _shares(network: Network) -> FloatArray:
    """Place of each conductance between the least and the largest, logarithmically."""
    logs = np.log(network.conductance)
    span = float(np.ptp(logs))
    return (logs - logs.min()) / span if span > 0.05 else np.full(logs.shape, 0.6)


def _classes(shares: FloatArray) -> list[int]:
    return [min(int(share * _CLASSES), _CLASSES - 1) for share in shares.tolist()]


def _tip(network: Network, e: int) -> Markup:
    return tag("title", f"{network.edge_labels[e]}: {quantity(float(network.conductance[e]), 'S')}")


def _graph(network: Network, layout: Layout) -> tuple[list[Markup], float, float]:
    points = np.vstack([layout.places, *layout.paths])
    low, span = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    factor = (_SIZE - 2 * _MARGIN) / span
    if span.max() <= 3 * span.min():
        factor = np.full(2, factor.min())
    height = float(np.clip(span[1] * factor[1], 40, _SIZE)) + 2 * _MARGIN
    middle = np.array([_SIZE / 2, height / 2])

    def at(place: FloatArray) -> FloatArray:
        found: FloatArray = middle + (place - low - span / 2) * factor * np.array([1.0, -1.0])
        return found

    shares = _shares(network)
    groups = _classes(shares)
    widest = 7.0 if network.edge_count <= 120 else 3.5
    parts = []
    for e in np.argsort(shares, kind="stable").tolist():
        line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at(layout.paths[e]))
        width = f"{1.2 + (widest - 1.2) * shares[e]:.1f}"
        look = f"edge g{groups[e]}"
        parts.append(tag("path", _tip(network, e), class_=look, d=line, stroke_width=width, data_edge=e))
    parts += [_node(network, k, at(layout.places[k])) for k in range(network.node_count)]
    if network.node_count <= _MOST_NAMES:
        parts += [_name(network, k, at(layout.places[k]), middle) for k in range(network.node_count)]
    return parts, _SIZE, height


def _node(network: Network, k: int, at: FloatArray, size: float = 0.0) -> Markup:
    x, y = (float(v) for v in at)
    role = network.role_of(k)
    r = size or (9.0 if network.node_count <= _MOST_NAMES else max(3.0, 60.0 / math.sqrt(network.node_count)))
    title = tag("title", f"{written(network.nodes[k])} ({role})")
    return _shape(role, x, y, r, title)


def _shape(role: str, x: float, y: float, r: float, title: Markup) -> Markup:
    """Square, diamond, disc or triangle: roles are told apart without colour, too."""
    look = f"node {'zero' if role == 'ground' else role}"
    if role == "input":
        return tag(
            "rect",
            title,
            class_=look,
            x=f"{x - r:.1f}",
            y=f"{y - r:.1f}",
            width=f"{2 * r:.1f}",
            height=f"{2 * r:.1f}",
        )
    if role == "hidden":
        return tag("circle", title, class_=look, cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{r:.1f}")
    s = 1.3 * r
    corners = (
        [(x, y - s), (x + s, y), (x, y + s), (x - s, y)]
        if role == "output"
        else [(x - s, y - r), (x + s, y - r), (x, y + s)]
    )
    return tag("polygon", title, class_=look, points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners))


def _name(network: Network, k: int, at: FloatArray, middle: FloatArray) -> Markup:
    """Write a node's name away from the middle of the picture."""
    left = bool(at[0] < middle[0])
    below = bool(at[1] >= middle[1])
    name = _short(written(network.nodes[k]))
    x, y = at[0] + (-6 if left else 6), at[1] + (25 if below else -16)
    anchor = "start" if at[0] < 2 * _MARGIN else "end" if at[0] > _SIZE - 2 * _MARGIN else "middle"
    return tag("text", name, class_="halo", x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, font_size=13)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 7]}…{name[-6:]}"


def _grid(network: Network, cells: IntArray) -> tuple[list[Markup], float, float]:
    rows, columns = network.driven.tolist(), network.outputs.tolist()
    size = _CELL if max(len(rows), len(columns)) <= _MOST_NAMES else _CELL_SMALL
    named = size == _CELL
    names = [_short(written(network.nodes[k])) for k in (*rows, *columns)] if named else [""]
    left = 20.0 + 7.6 * max(map(len, names))
    groups = _classes(_shares(network))
    parts = []
    for e, (row, column) in enumerate(cells.tolist()):
        x, y = left + column * size, 10 + row * size
        look = f"edge g{groups[e]}"
        shape = {"width": size - 2, "height": size - 2, "rx": 2}
        parts.append(
            tag("rect", _tip(network, e), class_=look, x=f"{x:.1f}", y=f"{y:.1f}", data_edge=e, **shape)
        )
    base = 10 + len(rows) * size
    if named:
        for r, name in enumerate(names[: len(rows)]):
            y = 10 + (r + 0.5) * size + 4
            parts.append(tag("text", name, x=left - 8, y=f"{y:.1f}", text_anchor="end", font_size=13))
        for c, name in enumerate(names[len(rows) :]):
            x, y = left + (c + 0.5) * size, base + 14
            turn = f"rotate(-40 {x:.1f} {y:.1f})"
            parts.append(
                tag("text", name, x=f"{x:.1f}", y=f"{y:.1f}", transform=turn, text_anchor="end", font_size=13)
            )
    below = 0.66 * 7.6 * max(map(len, names)) + 24
    return parts, max(left + len(columns) * size + 30, 420.0), base + below


def _key(network: Network, width: float) -> tuple[list[Markup], float]:
    """Draw the scale of colours and the shapes of the roles."""
    low, high = float(network.conductance.min()), float(network.conductance.max())
    parts = [tag("rect", class_=f"g{k}", x=20 + 20 * k, y=10, width=20, height=12) for k in range(_CLASSES)]
    parts.append(
        tag("text", f"G from {quantity(low, 'S')} to {quantity(high, 'S')}", x=20, y=40, font_size=13)
    )
    x, y = (230.0, 17.0) if width >= 600 else (28.0, 62.0)
    for role in ("input", "output", "hidden", "ground"):
        if any(network.role_of(k) == role for k in range(network.node_count)):
            parts += [_shape(role, x, y, 6, Markup("")), tag("text", role, x=x + 12, y=y + 4.5, font_size=13)]
            x += 86
    return parts, y + 34 if y > 40 else 54.0
