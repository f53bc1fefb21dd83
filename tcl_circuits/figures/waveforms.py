"""Waveforms of one cycle: nudge, outputs, signals and the kernel outputs that the threshold reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.errors import InputError
from tcl_circuits.figures.spans import TimeColumns
from tcl_circuits.figures.style import (
    FAINT,
    INK,
    MUTED,
    PALETTE,
    Scale,
    headline,
    house_style,
    line_style,
    quiet_grid,
    save,
    scale_for,
    short_name,
)

__all__ = ["draw_waveforms", "edge_names", "largest_changes", "save"]

_MOST_NODES = 6
_SMALL_CHANGE = 0.1
"""Share of the voltages' range below which their changes are drawn instead."""
_THEORY: dict[str, Any] = {"color": "black", "linewidth": 1.0, "linestyle": (0, (4, 3))}


def draw_waveforms(
    data: xr.Dataset,
    theta: FloatArray | float | None = None,
    edges: int = 6,
    theory: FloatArray | None = None,
    title: str = "",
) -> Figure:
    """Draw one cycle: close-up of the fast ramp on the left, the whole cycle on the right.

    From the top: nudge strength, output voltages, signals minus their free values, kernel outputs. The
    last panel on the right is enlarged where the slow ramp would be a flat line.

    Parameters
    ----------
    data : xarray.Dataset
        Waveforms as :func:`tcl_circuits.engines.base.waveforms` gives them.
    theta : float or ndarray of shape (edges,), optional
        Threshold of all or each of the data's edges [A].
    edges : int
        Number of edges to show, those with the largest change of their signal.
    theory : ndarray of shape (edges, time), optional
        Kernel output after Eq. 25 [A], for all of the data's edges at its times.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.

    Raises
    ------
    InputError
        If `theta` or `theory` does not fit the data.
    """
    chosen = largest_changes(data, edges)
    thresholds = _thresholds(data, theta, chosen)
    if theory is not None and theory.shape != data["u"].shape:
        raise InputError(f"theory of shape {theory.shape} does not fit kernel outputs {data['u'].shape}")
    columns = TimeColumns(data)
    with house_style():
        figure = Figure(figsize=(12.0, 8.4), layout="constrained")
        grid = figure.subplots(
            4, 2, gridspec_kw={"height_ratios": [0.6, 1, 1, 1.5], "width_ratios": [1, 1.15]}, squeeze=False
        )
        panels = [_Panel(columns, near, far) for near, far in grid]
        _draw_nudge(panels[0], data)
        _draw_voltages(panels[1], data)
        _draw_signals(panels[2], data, chosen)
        _draw_kernel_outputs(panels[3], data, chosen, thresholds, theory)
        for panel in panels[:-1]:
            panel.hide_times()
        columns.label(*grid[-1])
        grid[0, 0].set_title("Fast ramp")
        grid[0, 1].set_title("Whole cycle (fast ramp shaded)")
        figure.align_ylabels(grid[:, 0])
        headline(figure, title)
    return figure


def largest_changes(data: xr.Dataset, count: int) -> IntArray:
    """Positions of the `count` edges whose signal leaves its free value the most, the largest first."""
    if count < 1:
        raise InputError(f"edges = {count} must be at least 1")
    return _by_size(_from_free(data, "signal"))[:count]


def edge_names(data: xr.Dataset, edges: IntArray) -> list[str]:
    """Readable names of edges, in the direction in which their current counts positive."""
    names = []
    for e in edges.tolist():
        first, second, label = (str(data[name].values[e]) for name in ("first", "second", "edge"))
        names.append(f"{short_name(first)} → {short_name(second)}{label[len(first) + 2 + len(second) :]}")
    return names


@dataclass(frozen=True)
class _Panel:
    """A row: the same lines over the close-up and over the whole cycle."""

    columns: TimeColumns
    near: Axes
    far: Axes

    def __post_init__(self) -> None:
        self.columns.frame(self.near, self.far)
        for axes in (self.near, self.far):
            axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
            quiet_grid(axes)

    def plot(self, values: FloatArray, **style: Any) -> None:
        """Draw values over both time axes."""
        for axes, scale in zip((self.near, self.far), self.columns.scales, strict=True):
            axes.plot(scale(self.columns.time), values, **style)

    def share_heights(self) -> None:
        """Give both columns the limits of the whole cycle, and the second none of its own numbers."""
        self.near.set_ylim(*self.far.get_ylim())
        self.far.tick_params(labelleft=False)

    def hide_times(self) -> None:
        """Leave the numbers of the time axis to the last row."""
        for axes in (self.near, self.far):
            axes.tick_params(labelbottom=False)

    def legend(self, handles: list[Artist] | None = None, title: str = "") -> None:
        """Put the legend beside the row."""
        found = self.far.get_legend_handles_labels()[0] if handles is None else handles
        self.far.legend(
            handles=found, title=title, loc="upper left", bbox_to_anchor=(1.01, 1.04), alignment="left"
        )


def _draw_nudge(panel: _Panel, data: xr.Dataset) -> None:
    panel.plot(np.asarray(data["beta"].values), color=INK)
    for axes in (panel.near, panel.far):
        axes.set_ylim(-0.08, 1.12)
        axes.set_yticks([0, 1])
    panel.near.set_ylabel("Nudge\nβ")
    panel.share_heights()


def _draw_voltages(panel: _Panel, data: xr.Dataset) -> None:
    what, shown = _shown_nodes(data)
    values = np.asarray(data["voltage"].values)[shown]
    change = _from_free(data, "voltage")[shown]
    quantity = "V"
    if 0 < np.abs(change).max() < _SMALL_CHANGE * np.ptp(values):
        values, quantity = change, r"V − V$_{\mathrm{free}}$"
    scale = scale_for(values, "V")
    for k, row in enumerate(values):
        name = short_name(data["node"].values[shown[k]])
        panel.plot(scale(row), label=name, **line_style(k))
    panel.near.set_ylabel(scale.label(f"{what}\n{quantity}"))
    panel.share_heights()
    panel.legend(title=f"{what}s")


def _draw_signals(panel: _Panel, data: xr.Dataset, chosen: IntArray) -> None:
    values = _from_free(data, "signal")[chosen]
    scale = scale_for(values, str(data["signal"].attrs.get("units", "")))
    for k, (row, name) in enumerate(zip(values, edge_names(data, chosen), strict=True)):
        panel.plot(scale(row), label=name, **line_style(k))
    panel.near.set_ylabel(scale.label("Signal\ns − s$_{\\mathrm{free}}$"))
    panel.share_heights()
    count = data.sizes["edge"]
    panel.legend(title="Edge" if count == 1 else f"Edges ({chosen.size} of {count})")


def _draw_kernel_outputs(
    panel: _Panel,
    data: xr.Dataset,
    chosen: IntArray,
    thresholds: FloatArray | None,
    theory: FloatArray | None,
) -> None:
    values = np.asarray(data["u"].values)[chosen]
    near = scale_for(values, "A")
    largest = 0.0 if thresholds is None else float(thresholds.max())
    reach = panel.columns.slow_reach(values, largest)
    far = near if reach is None else scale_for(reach, "A")
    for axes, time, scale in zip((panel.near, panel.far), panel.columns.scales, (near, far), strict=True):
        _draw_thresholds(axes, scale, thresholds)
        for k, row in enumerate(values):
            axes.plot(time(panel.columns.time), scale(row), **line_style(k))
        for row in () if theory is None else theory[chosen]:
            axes.plot(time(panel.columns.time), scale(row), **_THEORY)
    panel.near.set_ylabel(near.label("Kernel output\nu"))
    if reach is None:
        panel.share_heights()
    else:
        panel.far.set_ylim(-far.factor * reach, far.factor * reach)
        panel.far.set_ylabel(far.label("u, enlarged"))
    panel.legend(_keys(thresholds, theory))


def _draw_thresholds(axes: Axes, scale: Scale, thresholds: FloatArray | None) -> None:
    """Shade what the threshold drops; edges with thresholds of their own get lines of their colour."""
    if thresholds is None:
        return
    least = scale.factor * float(thresholds.min())
    axes.axhspan(-least, least, color=FAINT, alpha=0.7, linewidth=0, zorder=0.5)
    one = np.ptp(thresholds) == 0
    for k, theta in enumerate(thresholds[:1] if one else thresholds):
        for side in (-1.0, 1.0):
            axes.axhline(
                side * scale.factor * float(theta),
                color=MUTED if one else PALETTE[k % len(PALETTE)],
                linewidth=1.0,
                linestyle="--",
                zorder=1,
            )


def _keys(thresholds: FloatArray | None, theory: FloatArray | None) -> list[Artist]:
    """Legend entries of what is not an edge."""
    keys: list[Artist] = []
    if thresholds is not None:
        scale = scale_for(thresholds, "A")
        low, high = (f"{scale.factor * float(v):.3g}" for v in (thresholds.min(), thresholds.max()))
        value = low if low == high else f"{low} … {high}"
        keys.append(
            Line2D([], [], color=MUTED, linewidth=1, linestyle="--", label=f"±θ = {value} {scale.unit}")
        )
        keys.append(Patch(color=FAINT, linewidth=0, label="dropped"))
    if theory is not None:
        keys.append(Line2D([], [], label="Eq. 25", **_THEORY))
    return keys


def _shown_nodes(data: xr.Dataset) -> tuple[str, IntArray]:
    """Nodes of the voltage panel and what they are: outputs, else hidden nodes, else all."""
    roles = np.asarray(data["role"].values)
    change = _from_free(data, "voltage")
    for role, what in (("output", "Output node"), ("hidden", "Node")):
        having = np.flatnonzero(roles == role)
        if having.size:
            return what, np.sort(having[_by_size(change[having])[:_MOST_NODES]])
    return "Node", np.sort(_by_size(change)[:_MOST_NODES])


def _from_free(data: xr.Dataset, name: str) -> FloatArray:
    """Return a variable of shape (items, time) minus its value when the sawtooth starts."""
    values = np.asarray(data[name].values, dtype=float)
    start = int(np.argmin(np.abs(data["time"].values)))
    change: FloatArray = values - values[:, start : start + 1]
    return change


def _by_size(values: FloatArray) -> IntArray:
    """Rows in the order of their largest magnitude, the largest first."""
    return np.argsort(-np.abs(values).max(axis=1), kind="stable").astype(np.int64)


def _thresholds(data: xr.Dataset, theta: FloatArray | float | None, chosen: IntArray) -> FloatArray | None:
    if theta is None:
        return None
    values = np.asarray(theta, dtype=float)
    if values.ndim and values.shape != (data.sizes["edge"],):
        raise InputError(f"theta of shape {values.shape} does not fit {data.sizes['edge']} edges")
    return np.broadcast_to(values, (data.sizes["edge"],))[chosen]
