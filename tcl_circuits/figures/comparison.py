"""Two engines on the same cycle: kernel outputs, their difference, and the updates that follow."""

from __future__ import annotations

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
    headline,
    house_style,
    line_style,
    quiet_grid,
    save,
    scale_for,
)
from tcl_circuits.figures.waveforms import edge_names, largest_changes

__all__ = ["draw_comparison", "save"]

_MARKERS = 26


def draw_comparison(
    first: xr.Dataset,
    second: xr.Dataset,
    updates: tuple[FloatArray, FloatArray],
    names: tuple[str, str],
    update_unit: str = "",
    edges: int = 4,
    title: str = "",
) -> Figure:
    """Draw two engines' kernel outputs over each other, their difference, and update against update.

    Parameters
    ----------
    first, second : xarray.Dataset
        Waveforms of the same edges under the same drive; their times may differ.
    updates : pair of ndarray of shape (edges,)
        The update that each engine's waveforms give, both in `update_unit`.
    names : pair of str
        The engines' names.
    update_unit : str
        Unit of the updates; without one the axes say arbitrary units.
    edges : int
        Number of edges to show over time, those with the largest change of their signal. The band behind
        their differences spans all edges.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.

    Raises
    ------
    InputError
        If the two differ in their edges, or the updates do not fit them.
    """
    _check(first, second, updates)
    chosen = largest_changes(first, edges)
    columns = TimeColumns(first)
    with house_style():
        figure = Figure(figsize=(14.0, 6.4), layout="constrained")
        grid = figure.add_gridspec(2, 3, height_ratios=[1.6, 1], width_ratios=[1, 1, 1.15])
        axes = np.array([[figure.add_subplot(grid[i, j]) for j in range(2)] for i in range(2)])
        for row in axes:
            columns.frame(*row)
        _draw_kernel_outputs(axes[0], columns, first, second, chosen)
        _draw_residuals(axes[1], columns, first, second, chosen, names)
        columns.label(*axes[1])
        axes[0, 0].set_title("Fast ramp")
        axes[0, 1].set_title("Whole cycle (fast ramp shaded)")
        figure.align_ylabels(axes[:, 0])
        _draw_updates(figure.add_subplot(grid[:, 2]), updates, names, update_unit)
        figure.legend(handles=_keys(first, chosen, names), loc="outside lower left", ncols=7)
        headline(figure, title)
    return figure


def _check(first: xr.Dataset, second: xr.Dataset, updates: tuple[FloatArray, FloatArray]) -> None:
    if not np.array_equal(first["edge"].values, second["edge"].values):
        raise InputError("the two data sets have different edges; compare runs of one network")
    for values in updates:
        if values.shape != (first.sizes["edge"],):
            raise InputError(f"updates of shape {values.shape} do not fit {first.sizes['edge']} edges")


def _draw_kernel_outputs(
    row: np.ndarray, columns: TimeColumns, first: xr.Dataset, second: xr.Dataset, chosen: IntArray
) -> None:
    lines, points = (np.asarray(data["u"].values)[chosen] for data in (first, second))
    near = scale_for(lines, "A")
    reach = columns.slow_reach(lines)
    far = near if reach is None else scale_for(reach, "A")
    other: FloatArray = np.asarray(second["time"].values)
    spans = (columns.close_up, columns.cycle)
    for axes, time, span, scale in zip(row, columns.scales, spans, (near, far), strict=True):
        marked = _spread(other, span)
        for k in range(chosen.size):
            axes.plot(time(columns.time), scale(lines[k]), **line_style(k))
            axes.plot(time(other), scale(points[k]), markevery=marked, **_marker(line_style(k)["color"]))
        axes.tick_params(labelbottom=False)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        quiet_grid(axes)
    row[0].set_ylabel(near.label("Kernel output\nu"))
    if reach is None:
        row[0].set_ylim(*row[1].get_ylim())
        row[1].tick_params(labelleft=False)
    else:
        row[1].set_ylim(-far.factor * reach, far.factor * reach)
        row[1].set_ylabel(far.label("u, enlarged"))


def _marker(color: str) -> dict[str, Any]:
    return {
        "linestyle": "none",
        "marker": "o",
        "markersize": 5,
        "markerfacecolor": "white",
        "markeredgecolor": color,
        "markeredgewidth": 1.2,
    }


def _keys(data: xr.Dataset, chosen: IntArray, names: tuple[str, str]) -> list[Artist]:
    keys: list[Artist] = [Line2D([], [], color=INK, label=names[0])]
    keys.append(Line2D([], [], label=names[1], **_marker(INK)))
    if data.sizes["edge"] > chosen.size:
        keys.append(Patch(color=FAINT, linewidth=0, label=f"all {data.sizes['edge']} edges"))
    for k, name in enumerate(edge_names(data, chosen)):
        keys.append(Line2D([], [], linewidth=3, label=name, **line_style(k)))
    return keys


def _spread(time: FloatArray, span: tuple[float, float]) -> list[int]:
    """Positions of points about evenly spread over a span."""
    wanted = np.linspace(*span, _MARKERS)
    return sorted(set(np.clip(np.searchsorted(time, wanted), 0, time.size - 1).tolist()))


def _draw_residuals(
    row: np.ndarray,
    columns: TimeColumns,
    first: xr.Dataset,
    second: xr.Dataset,
    chosen: IntArray,
    names: tuple[str, str],
) -> None:
    grid, residual = _residual(first, second)
    for axes, time in zip(row, columns.scales, strict=True):
        axes.fill_between(time(grid), residual.min(axis=0), residual.max(axis=0), color=FAINT, linewidth=0)
        for k, e in enumerate(chosen):
            axes.plot(time(grid), residual[e], linewidth=1.2, **line_style(k))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        quiet_grid(axes)
    row[0].set_ylim(*row[1].get_ylim())
    row[1].tick_params(labelleft=False)
    row[0].set_ylabel(f"{names[1]} − {names[0]}\n(% of max |u|)")


def _residual(first: xr.Dataset, second: xr.Dataset) -> tuple[FloatArray, FloatArray]:
    """Second minus first in percent of max abs(u), at the times of the one with fewer points."""
    times = [np.asarray(data["time"].values, dtype=float) for data in (first, second)]
    grid = min(times, key=len)
    a, b = (
        np.array([np.interp(grid, time, row) for row in np.asarray(data["u"].values)])
        for time, data in zip(times, (first, second), strict=True)
    )
    largest = float(np.abs(first["u"].values).max()) or 1.0
    return grid, 100 * (b - a) / largest


def _draw_updates(
    axes: Axes, updates: tuple[FloatArray, FloatArray], names: tuple[str, str], unit: str
) -> None:
    scale = scale_for(np.concatenate(updates), unit)
    shown = scale if unit else type(scale)(scale.factor, f"{scale.unit} arb. units".strip())
    a, b = scale(updates[0]), scale(updates[1])
    reach = 1.12 * max(float(np.abs(a).max()), float(np.abs(b).max())) or 1.0
    axes.plot([-reach, reach], [-reach, reach], color=MUTED, linewidth=1.0, linestyle="--", zorder=1)
    axes.scatter(a, b, s=34, facecolor=PALETTE[0], edgecolor="white", linewidth=0.6, alpha=0.85, zorder=2)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal", anchor="N")
    axes.locator_params(nbins=5)
    axes.set_title("Update of each edge")
    axes.set_xlabel(shown.label(f"Update, {names[0]}"))
    axes.set_ylabel(shown.label(f"Update, {names[1]}"))
