"""Marks of diodes and amplifiers in the picture of a network: halos and arrows."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.parts import Amplifier
from tcl_circuits.figures.style import INK

_HALO = "#56B4E9"
_HALO_OVER_NODE = 2.4


def draw_parts(axes: Axes, network: Network, places: FloatArray, size: float) -> None:
    """A halo behind each node with diodes, an arrow from each amplifier's low node to its high one.

    Parameters
    ----------
    axes : Axes
        Where the network is drawn.
    network : Network
        The network.
    places : ndarray of shape (nodes, 2)
        Where its nodes are.
    size : float
        Area of a node's marker [points^2].
    """
    place = {node: k for k, node in enumerate(network.nodes)}
    bearing = sorted({place[part.node] for part in network.parts if not isinstance(part, Amplifier)})
    if bearing:
        axes.scatter(
            places[bearing, 0],
            places[bearing, 1],
            s=_HALO_OVER_NODE * size,
            marker="o",
            facecolor=_HALO,
            edgecolor=INK,
            linewidth=0.8,
            zorder=1.5,
        )
    for part in network.parts:
        if isinstance(part, Amplifier):
            low, high = (places[place[node]] for node in part.touches)
            arrow = {"arrowstyle": "-|>", "linestyle": "--", "color": INK, "shrinkA": 12, "shrinkB": 12}
            axes.annotate("", tuple(high), tuple(low), arrowprops=arrow, zorder=1.8)


def part_keys(network: Network) -> list[Line2D]:
    """Keys of the marks that :func:`draw_parts` draws."""
    keys = []
    if any(not isinstance(part, Amplifier) for part in network.parts):
        keys.append(
            Line2D(
                [],
                [],
                linestyle="none",
                marker="o",
                markersize=12,
                markerfacecolor=_HALO,
                markeredgecolor=INK,
                label="with diodes",
            )
        )
    if any(isinstance(part, Amplifier) for part in network.parts):
        keys.append(Line2D([], [], linestyle="--", color=INK, linewidth=1.0, label="amplifier"))
    return keys
