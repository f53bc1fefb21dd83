"""What a film shows in each of its pictures: the conductances, and the answers that they give."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.moments import Moments
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.figures.layout import crossbar_places, edge_paths, is_crossbar, node_places
from tcl_circuits.figures.style import (
    DIVERGING,
    FAINT,
    INK,
    MUTED,
    PALETTE,
    SEQUENTIAL,
    plain_text,
    quiet_grid,
    scale_for,
)

ROLE_COLOURS = {"input": "#E69F00", "output": "#B5446E", "hidden": "white", "ground": INK}
"""Colour of a node, by its role."""
_HEIGHT = np.sqrt(3) / 2


class Panel(Protocol):
    """A part of a film's pictures."""

    words: str
    """What it shows."""

    def draw(self, axes: Axes, k: int) -> None:
        """Draw moment number `k`."""
        ...


class Conductances:
    """The network, its conductances as colours: a crossbar as a heat map, any other as lines."""

    words = "conductances"

    def __init__(self, shown: Moments) -> None:
        self._shown, network = shown, shown.network
        self.scale = scale_for(shown.conductance, "S")
        values = self.scale(shown.conductance)
        self.norm = Normalize(0.0, float(values.max()))
        self._values = values
        self._crossbar = is_crossbar(network)
        self._roles = [network.role_of(k) for k in range(network.node_count)]
        if isinstance(network, SpringNetwork):
            lattice = network.springs
            self._places = lattice.points
            self._paths = list(lattice.points[lattice.bonds])
            self._roles = ["hidden"] * len(lattice.points)
            for role, chosen in (
                ("ground", lattice.fixed),
                ("input", lattice.driven),
                ("output", lattice.outputs),
            ):
                for point, _ in chosen:
                    self._roles[point] = role
        elif not self._crossbar:
            self._places = node_places(network)
            self._paths = edge_paths(network, self._places)

    def draw(self, axes: Axes, k: int) -> None:
        """Draw moment number `k`."""
        if self._crossbar:
            self._draw_crossbar(axes, self._values[k])
        else:
            self._draw_lines(axes, self._values[k])

    def _draw_crossbar(self, axes: Axes, values: FloatArray) -> None:
        network = self._shown.network
        matrix = np.full((network.driven.size, network.outputs.size), np.nan)
        matrix[tuple(crossbar_places(network).T)] = values
        axes.pcolormesh(
            np.ma.masked_invalid(matrix), norm=self.norm, cmap=SEQUENTIAL, edgecolors="white", linewidth=1.2
        )
        axes.invert_yaxis()
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.set_xlabel("outputs", color=MUTED, fontsize=9)
        axes.set_ylabel("inputs", color=MUTED, fontsize=9)

    def _draw_lines(self, axes: Axes, values: FloatArray) -> None:
        weight = np.asarray(self.norm(values))
        order = np.argsort(weight, kind="stable")
        lines = LineCollection(
            [self._paths[e] for e in order],
            colors=SEQUENTIAL(weight[order]),
            linewidths=0.4 + 3.2 * weight[order],
            capstyle="round",
            zorder=1,
        )
        axes.add_collection(lines)
        colours = [ROLE_COLOURS[role] for role in self._roles]
        axes.scatter(
            self._places[:, 0], self._places[:, 1], s=30, c=colours, edgecolor=INK, linewidth=0.8, zorder=3
        )
        axes.margins(0.06)
        axes.set_axis_off()


class Simplex:
    """Three classes: each sample a point in a triangle, at home in the corner of its class."""

    words = (
        "Each point a sample, where the answer puts it between the classes; ringed: held out from learning"
    )

    def __init__(self, shown: Moments) -> None:
        assert shown.probability is not None
        assert shown.classes is not None
        self._shown = shown
        corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, _HEIGHT]])
        self._corners, self._names = corners, shown.classes
        self._points = shown.probability @ corners
        self._true = shown.target.argmax(axis=1)

    def draw(self, axes: Axes, k: int) -> None:
        """Draw moment number `k`."""
        corners, middle = self._corners, self._corners.mean(axis=0)
        for one in range(3):
            across = 0.5 * (corners[one] + corners[(one + 1) % 3])
            axes.plot(*np.transpose([middle, across]), color=FAINT, linewidth=1.0, zorder=1)
        axes.fill(*corners.T, facecolor="none", edgecolor=MUTED, linewidth=1.0, zorder=1)
        train = np.arange(self._true.size) < self._shown.train
        for one, name in enumerate(self._names):
            for part, size in ((train, 13.0), (~train, 24.0)):
                chosen = self._points[k, (self._true == one) & part]
                axes.scatter(
                    chosen[:, 0],
                    chosen[:, 1],
                    s=size,
                    color=PALETTE[one],
                    edgecolor="white" if size < 20 else INK,
                    linewidth=0.3 if size < 20 else 0.6,
                    alpha=0.85,
                    zorder=3,
                )
            away = corners[one] - middle
            place = corners[one] + 0.1 * away / np.hypot(*away)
            axes.text(
                place[0],
                place[1],
                plain_text(name),
                color=PALETTE[one],
                fontsize=9,
                ha=("left", "right", "center")[one],
                va=("top", "top", "bottom")[one],
            )
        axes.set_xlim(-0.12, 1.12)
        axes.set_ylim(-0.16, _HEIGHT + 0.16)
        axes.set_aspect("equal")
        axes.set_axis_off()


class Plane:
    """Two inputs and the sign of one output: the answer over the square, its corners what was learned."""

    def __init__(self, shown: Moments) -> None:
        assert shown.plane is not None
        self._shown = shown
        self.scale = scale_for(shown.plane, "V")
        self._values = self.scale(shown.plane)
        self._reach = float(np.quantile(np.abs(self._values[-1]), 0.98)) or 1.0
        self.words = (
            f"Answer to every pair of inputs, colours to ±{self._reach:.2g} {self.scale.unit}; "
            "discs: the sign that is wanted, hollow while the answer has the other"
        )

    def draw(self, axes: Axes, k: int) -> None:
        """Draw moment number `k`."""
        values, reach = self._values[k], self._reach
        axes.imshow(
            values,
            origin="lower",
            extent=(-1, 1, -1, 1),
            cmap=DIVERGING,
            vmin=-reach,
            vmax=reach,
            interpolation="bilinear",
        )
        at = np.linspace(-1, 1, values.shape[0])
        if values.min() < 0 < values.max():
            axes.contour(at, at, values, levels=[0.0], colors="white", linewidths=1.6)
        for (x, y), corner in (
            ((-1, -1), (0, 0)),
            ((-1, 1), (-1, 0)),
            ((1, -1), (0, -1)),
            ((1, 1), (-1, -1)),
        ):
            self._mark(axes, (x, y), float(values[corner]))
        axes.set_xlim(-1.32, 1.32)
        axes.set_ylim(-1.32, 1.32)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.set_xlabel("input 0, −1 to 1 V", color=MUTED, fontsize=9)
        axes.set_ylabel("input 1, −1 to 1 V", color=MUTED, fontsize=9)

    def _mark(self, axes: Axes, corner: tuple[int, int], value: float) -> None:
        """Disc of the sign that is wanted at a corner, hollow where the answer has the other one."""
        wanted = -corner[0] * corner[1]
        colour = DIVERGING(1.0 if wanted > 0 else 0.0)
        right = value * wanted > 0
        axes.scatter(
            *corner, s=230, facecolor=colour if right else "white", edgecolor=colour, linewidth=2.2, zorder=4
        )
        axes.text(
            *corner,
            "+" if wanted > 0 else "−",
            color="white" if right else colour,
            ha="center",
            va="center_baseline",
            fontsize=12,
            fontweight="bold",
            zorder=5,
        )


class Shares:
    """Any number of classes: the probability that each sample gives its own class."""

    words = "Each point a sample"

    def __init__(self, shown: Moments) -> None:
        assert shown.probability is not None
        assert shown.classes is not None
        self._names = shown.classes
        self._true = shown.target.argmax(axis=1)
        self._own = np.take_along_axis(shown.probability, self._true[None, :, None], axis=2)[..., 0]

    def draw(self, axes: Axes, k: int) -> None:
        """Draw moment number `k`."""
        for one in range(len(self._names)):
            chosen = np.flatnonzero(self._true == one)
            x = one + np.linspace(-0.3, 0.3, chosen.size)
            axes.scatter(x, self._own[k, chosen], s=12, color=PALETTE[one % len(PALETTE)], alpha=0.85)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xticks(range(len(self._names)), [plain_text(name) for name in self._names], fontsize=9)
        axes.set_ylabel("probability of own class", fontsize=9)
        quiet_grid(axes)


class Answers:
    """Voltages: each answer over what was wanted."""

    words = "Squares: samples that are learned from; circles: held out"

    def __init__(self, shown: Moments) -> None:
        self._shown = shown
        self.scale = scale_for(np.concatenate([shown.target.ravel(), shown.output.ravel()]), "V")
        self._target, self._output = self.scale(shown.target), self.scale(shown.output)
        both = np.concatenate([self._target.ravel(), self._output.ravel()])
        margin = 0.06 * float(np.ptp(both)) or 1.0
        self._limits = float(both.min()) - margin, float(both.max()) + margin

    def draw(self, axes: Axes, k: int) -> None:
        """Draw moment number `k`."""
        axes.plot(self._limits, self._limits, color=MUTED, linewidth=1.0, linestyle="--", zorder=1)
        train = self._shown.train
        for part, colour, marker in ((slice(train, None), PALETTE[0], "o"), (slice(train), PALETTE[1], "s")):
            axes.scatter(
                self._target[part].ravel(),
                self._output[k, part].ravel(),
                s=20,
                color=colour,
                marker=marker,
                edgecolor="white",
                linewidth=0.4,
                zorder=3,
            )
        axes.set_xlim(self._limits)
        axes.set_ylim(self._limits)
        axes.set_aspect("equal")
        axes.set_xlabel(self.scale.label("target"), fontsize=9)
        axes.set_ylabel(self.scale.label("answer"), fontsize=9)
        axes.tick_params(labelsize=8)
        axes.locator_params(nbins=4)


def answers_of(shown: Moments) -> Panel:
    """Choose the panel that suits the task."""
    if shown.plane is not None:
        return Plane(shown)
    if shown.probability is None or shown.classes is None:
        return Answers(shown)
    return Simplex(shown) if len(shown.classes) == 3 else Shares(shown)
