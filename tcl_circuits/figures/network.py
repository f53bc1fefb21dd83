"""A network and its conductances: a graph, or a heat map where a graph would be a tangle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.figures.layout import crossbar_places, edge_paths, free_side, is_crossbar, node_places
from tcl_circuits.figures.network_parts import draw_parts, part_keys
from tcl_circuits.figures.style import (
    DIVERGING,
    INK,
    SEQUENTIAL,
    headline,
    house_style,
    log_ticks,
    plain_name,
    save,
    scale_for,
)

__all__ = ["draw_network", "save"]

_HEAT_MAP_FROM = 40
_MOST_LABELS = 40
_INSIDE = 3
"""Longest name that is written into its node."""


@dataclass(frozen=True)
class _Look:
    marker: str
    fill: str
    text: str


_ROLES = {
    "input": _Look("s", "#E69F00", INK),
    "output": _Look("D", "#B5446E", "#ffffff"),
    "hidden": _Look("o", "#ffffff", INK),
    "ground": _Look("v", INK, "#ffffff"),
}


@dataclass(frozen=True)
class _Shown:
    """A value for each edge, and how colour and label show it; `weight` from 0 to 1 sets line widths."""

    values: FloatArray
    norm: LogNorm
    cmap: Colormap
    label: str
    weight: FloatArray


def draw_network(network: Network, title: str = "", reference: Network | None = None) -> Figure:
    """Draw a network with its conductances as line widths and colours on a logarithmic scale.

    A crossbar (every edge joins an input and an output) is drawn as two columns, or with many edges as a
    heat map. Nodes take the network's positions if all have one, else places that depend on the graph alone.
    Nodes with diodes have a halo; a dashed arrow leads from an amplifier's low node to its high one.

    Parameters
    ----------
    network : Network
        The network.
    title : str
        Headline.
    reference : Network, optional
        The same graph with other conductances, such as those before training: a second panel shows by what
        factor each conductance differs from it.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.

    Raises
    ------
    InputError
        If `reference` has other edges.
    """
    shown = [_conductances(network)]
    if reference is not None:
        if not np.array_equal(reference.edges, network.edges):
            raise InputError("the reference network has other edges; compare states of one network")
        shown.append(_change(network, reference))
    heat_map = is_crossbar(network) and network.edge_count > _HEAT_MAP_FROM and not _has_parallels(network)
    draw = _draw_heat_map if heat_map else _draw_graph
    with house_style():
        width, height = _size(network, heat_map)
        figure = Figure(figsize=(width * len(shown), height), layout="constrained")
        panels = figure.subplots(1, len(shown), squeeze=False)[0]
        for axes, what in zip(panels, shown, strict=True):
            draw(axes, network, what)
            _add_colorbar(figure, axes, what)
        if not heat_map:
            figure.legend(handles=[*_keys(network), *part_keys(network)], loc="outside lower center", ncols=6)
        headline(figure, title)
    return figure


def _conductances(network: Network) -> _Shown:
    low, high = float(network.conductance.min()), float(network.conductance.max())
    if high < 1.05 * low:
        low, high = low / 2, high * 2
    scale = scale_for(high, "S")
    weight = np.log(network.conductance / low) / np.log(high / low)
    norm = LogNorm(low * scale.factor, high * scale.factor)
    return _Shown(scale(network.conductance), norm, SEQUENTIAL, scale.label("Conductance G"), weight)


def _change(network: Network, reference: Network) -> _Shown:
    ratio = network.conductance / reference.conductance
    size = np.abs(np.log(ratio))
    reach = max(float(size.max()), np.log(1.1))
    norm = LogNorm(np.exp(-reach), np.exp(reach))
    return _Shown(ratio, norm, DIVERGING, "Change of G (factor)", size / reach)


def _size(network: Network, heat_map: bool) -> tuple[float, float]:
    """Width and height of one panel [inch]."""
    if heat_map:
        rows, columns = network.driven.size, network.outputs.size
        cell = min(0.5, 9.0 / max(rows, columns))
        names = max(map(len, _names(network))) * 0.085 if rows <= _MOST_LABELS else 0.4
        return max(4.0, 2.0 + names + cell * columns), max(4.0, 1.8 + cell * rows)
    return (7.0, 3.4) if network.node_count <= 2 else (7.6, 6.8)


def _has_parallels(network: Network) -> bool:
    return len({tuple(sorted(edge)) for edge in network.edges.tolist()}) < network.edge_count


def _add_colorbar(figure: Figure, axes: Axes, shown: _Shown) -> None:
    bar = figure.colorbar(ScalarMappable(shown.norm, shown.cmap), ax=axes, shrink=0.75, aspect=24, pad=0.02)
    bar.set_label(shown.label)
    bar.outline.set_visible(False)
    bar.ax.minorticks_off()
    log_ticks(bar.ax.yaxis, float(shown.norm.vmin or 1), float(shown.norm.vmax or 1))


def _draw_graph(axes: Axes, network: Network, shown: _Shown) -> None:
    places = node_places(network)
    paths = edge_paths(network, places)
    order = np.argsort(shown.weight, kind="stable")
    widest = 6.0 if network.edge_count <= 120 else 4.0 if network.edge_count <= 240 else 3.0
    lines = LineCollection(
        [paths[e] for e in order],
        colors=shown.cmap(shown.norm(shown.values[order])),
        linewidths=0.8 + (widest - 0.8) * shown.weight[order],
        capstyle="round",
        zorder=1,
    )
    axes.add_collection(lines)
    _draw_nodes(axes, network, places)
    _fit(axes, np.vstack([places, *paths]), is_crossbar(network))
    axes.set_axis_off()


def _draw_nodes(axes: Axes, network: Network, places: FloatArray) -> None:
    names = _names(network)
    labelled = network.node_count <= _MOST_LABELS
    inside = labelled and max(map(len, names)) <= _INSIDE
    size = 400.0 if inside else 130.0 if labelled else max(20.0, 5000.0 / network.node_count)
    draw_parts(axes, network, places, size)
    roles = [network.role_of(k) for k in range(network.node_count)]
    for role, look in _ROLES.items():
        having = [k for k, found in enumerate(roles) if found == role]
        if not having:
            continue
        area = size * (0.8 if look.marker == "D" and not inside else 1.0)
        axes.scatter(
            places[having, 0],
            places[having, 1],
            s=area,
            marker=look.marker,
            facecolor=look.fill,
            edgecolor=INK,
            linewidth=1.0,
            zorder=2 if role == "hidden" else 3,
            label=role,
        )
    for k, name in enumerate(names if labelled else ()):
        _label(axes, network, k, name, places, inside)


def _keys(network: Network) -> list[Line2D]:
    roles = {network.role_of(k) for k in range(network.node_count)}
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=look.marker,
            markersize=8 if look.marker == "D" else 10,
            markerfacecolor=look.fill,
            markeredgecolor=INK,
            label=role,
        )
        for role, look in _ROLES.items()
        if role in roles
    ]


def _label(axes: Axes, network: Network, k: int, name: str, places: FloatArray, inside: bool) -> None:
    """Write a node's name into it, or on the side that its edges leave free."""
    x, y = (float(v) for v in places[k])
    if inside:
        color = _ROLES[network.role_of(k)].text
        axes.text(x, y, name, ha="center", va="center_baseline", fontsize=8, color=color, zorder=8)
        return
    side = np.array([-1.0 if k in network.driven else 1.0, 0.0])
    if not is_crossbar(network):
        side = free_side(network, places, k)
    ha = "center" if abs(side[0]) < 0.4 else "left" if side[0] > 0 else "right"
    va = "center" if abs(side[1]) < 0.4 else "bottom" if side[1] > 0 else "top"
    halo = [withStroke(linewidth=2.5, foreground="white")]
    axes.annotate(
        name,
        (x, y),
        (11 * side[0], 11 * side[1]),
        textcoords="offset points",
        ha=ha,
        va=va,
        fontsize=9,
        zorder=8,
        path_effects=halo,
    )


def _names(network: Network) -> list[str]:
    """Node names; a crossbar's leave out the ``in`` and ``out`` that their column says."""
    names = [plain_name(node, 24) for node in network.nodes]
    if is_crossbar(network):
        for nodes, prefix in ((network.driven, "in "), (network.outputs, "out ")):
            if all(names[k].startswith(prefix) for k in nodes):
                for k in nodes.tolist():
                    names[k] = names[k][len(prefix) :]
    return names


def _fit(axes: Axes, points: FloatArray, stretch: bool) -> None:
    """Set limits around all points; proportions are kept unless the picture is a ribbon."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = high - low
    margin = 0.07 * max(float(span.max()), 1e-9)
    if stretch:
        axes.margins(0.12, 0.06)
        axes.autoscale_view()
        return
    axes.set_xlim(float(low[0]) - margin, float(high[0]) + margin)
    axes.set_ylim(float(low[1]) - margin, float(high[1]) + margin)
    if span.min() == 0 or span.max() <= 3 * span.min():
        axes.set_aspect("equal")


def _draw_heat_map(axes: Axes, network: Network, shown: _Shown) -> None:
    matrix = np.full((network.driven.size, network.outputs.size), np.nan)
    matrix[tuple(crossbar_places(network).T)] = shown.values
    axes.pcolormesh(
        np.ma.masked_invalid(matrix), norm=shown.norm, cmap=shown.cmap, edgecolors="white", linewidth=1.0
    )
    axes.invert_yaxis()
    axes.set_aspect("equal" if max(matrix.shape) <= 3 * min(matrix.shape) else "auto")
    names = _names(network)
    axes.set_ylabel("Input")
    axes.set_xlabel("Output")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if matrix.shape[0] <= _MOST_LABELS:
        axes.set_yticks(np.arange(matrix.shape[0]) + 0.5, [names[k] for k in network.driven])
    if matrix.shape[1] <= _MOST_LABELS:
        labels = [names[k] for k in network.outputs]
        long = max(map(len, labels)) > _INSIDE
        axes.set_xticks(
            np.arange(matrix.shape[1]) + 0.5,
            labels,
            rotation=40 if long else 0,
            ha="right" if long else "center",
            rotation_mode="anchor" if long else "default",
        )
