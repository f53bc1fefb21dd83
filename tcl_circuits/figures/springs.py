"""A spring lattice before and after it has learned."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.errors import InputError
from tcl_circuits.figures.style import (
    DIVERGING,
    INK,
    PALETTE,
    SEQUENTIAL,
    headline,
    house_style,
    log_ticks,
    scale_for,
)

_ROLES = (
    ("fixed", "held", "^", INK),
    ("driven", "moved", "s", PALETTE[4]),
    ("outputs", "to follow", "D", PALETTE[3]),
)
_ARROW = 0.42
"""Length of an arrow along an axis that is moved or read, in lattice spacings."""


def draw_springs(before: SpringNetwork, after: SpringNetwork, title: str = "") -> Figure:
    """Draw the stiffness of each bond before and after learning, and by what factor it has changed.

    Parameters
    ----------
    before, after : SpringNetwork
        The same lattice with other stiffnesses.
    title : str
        Headline.

    Raises
    ------
    InputError
        If they are not the same lattice.
    """
    if not np.array_equal(before.springs.bonds, after.springs.bonds):
        raise InputError("the two lattices have other bonds; compare states of one lattice")
    both = np.concatenate([before.conductance, after.conductance])
    scale = scale_for(both, "S")
    norm = Normalize(0.0, scale.factor * float(both.max()))
    change = after.conductance / before.conductance
    reach = max(float(np.abs(np.log(change)).max()), np.log(1.1))
    spread = LogNorm(np.exp(-reach), np.exp(reach))
    with house_style():
        figure = Figure(figsize=(13.0, 5.4), layout="constrained")
        panels = figure.subplots(1, 3)
        for axes, name, values in (
            (panels[0], "Before", scale(before.conductance)),
            (panels[1], "After", scale(after.conductance)),
        ):
            _draw(axes, after, values, norm, SEQUENTIAL, np.asarray(norm(values)))
            axes.set_title(name)
        _draw(panels[2], after, change, spread, DIVERGING, np.abs(np.log(change)) / reach)
        panels[2].set_title("Change")
        _colourbar(figure, panels[:2].tolist(), norm, SEQUENTIAL, scale.label("Stiffness, as a conductance"))
        _colourbar(figure, [panels[2]], spread, DIVERGING, "Change of stiffness (factor)")
        figure.legend(handles=_keys(), loc="outside lower center", ncols=3)
        headline(figure, title)
    return figure


def _draw(
    axes: Axes,
    network: SpringNetwork,
    values: FloatArray,
    norm: Normalize,
    cmap: Colormap,
    weight: FloatArray,
) -> None:
    lattice = network.springs
    # The most telling bonds lie on top.
    order = np.argsort(weight)
    lines = LineCollection(
        list(lattice.points[lattice.bonds[order]]),
        colors=cmap(norm(values[order])),
        linewidths=1.2 + 5.0 * weight[order],
        capstyle="round",
    )
    axes.add_collection(lines)
    axes.scatter(
        lattice.points[:, 0],
        lattice.points[:, 1],
        s=14,
        color="white",
        edgecolor=INK,
        linewidth=0.8,
        zorder=3,
    )
    for role, _, marker, colour in _ROLES:
        chosen = getattr(lattice, role)
        places = lattice.points[[point for point, _ in chosen]]
        axes.scatter(
            places[:, 0],
            places[:, 1],
            s=80,
            marker=marker,
            color=colour,
            edgecolor="white",
            linewidth=0.9,
            zorder=5,
        )
        if role == "outputs":
            for place, (_, axis) in zip(places, chosen, strict=True):
                _arrow(axes, place, axis, colour)
    axes.set_aspect("equal")
    axes.margins(0.08)
    axes.axis("off")


def _arrow(axes: Axes, place: FloatArray, axis: int, colour: str) -> None:
    """Arrow along the axis that is read."""
    reach = np.zeros(2)
    reach[axis] = _ARROW
    axes.annotate(
        "",
        tuple(place + reach),
        tuple(place - reach),
        arrowprops={"arrowstyle": "<->", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0},
        zorder=6,
    )


def _colourbar(figure: Figure, panels: list[Axes], norm: Normalize, cmap: Colormap, label: str) -> None:
    bar = figure.colorbar(
        ScalarMappable(norm, cmap), ax=panels, label=label, orientation="horizontal", shrink=0.7, pad=0.02
    )
    if isinstance(norm, LogNorm) and norm.vmin is not None and norm.vmax is not None:
        log_ticks(bar.ax.xaxis, norm.vmin, norm.vmax)
        bar.ax.minorticks_off()


def _keys() -> list[Line2D]:
    return [
        Line2D([], [], linestyle="", marker=marker, markersize=9, color=colour, label=words)
        for _, words, marker, colour in _ROLES
    ]
