"""The paper's figures 4, 5, 6 and 8, from the tables of their studies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from tcl_circuits.arrays import FloatArray
from tcl_circuits.figures.style import (
    BAND,
    INK,
    MUTED,
    PALETTE,
    SEQUENTIAL,
    headline,
    house_style,
    log_ticks,
    quiet_grid,
    save,
)
from tcl_circuits.studies.base import StudyResult

__all__ = ["draw_study", "save"]


def draw_study(result: StudyResult) -> Figure:
    """Draw a study as the paper does, the published way beside the right one where they differ.

    Parameters
    ----------
    result : StudyResult
        What :func:`tcl_circuits.studies.run_study` returned.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    with house_style():
        return _DRAWN[result.name](result.table, result.parameters)


def _ways(table: pd.DataFrame, column: str = "method") -> list[tuple[str, pd.DataFrame]]:
    """Parts of the table by how they were computed, in the order of the rows."""
    return [(str(way), part) for way, part in table.groupby(column, sort=False)]


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=float)


def _panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(6.2 * count, 4.8), layout="constrained")
    headline(figure, title)
    axes = list(figure.subplots(1, count, squeeze=False)[0])
    for panel in axes:
        quiet_grid(panel)
    return figure, axes


def _update_curve(table: pd.DataFrame, parameters: Mapping[str, Any], title: str) -> Figure:
    """Draw update against amplitude, beside the ideal contrast."""
    figure, (axes,) = _panels(1, title)
    exact, published = dict(_ways(table))["exact"], dict(_ways(table))["published"]
    amplitude = _column(exact, "amplitude")
    largest = float(amplitude.max())
    onset, end = parameters["onset"], parameters["end"]
    if end > onset:
        axes.axvspan(onset, min(end, largest), color=BAND, zorder=0)
        middle = 0.5 * (onset + min(end, largest))
        axes.text(middle, 0.03 * largest, "learns", ha="center", color=MUTED)
    axes.plot([0, largest], [0, largest], color=MUTED, linewidth=1.2, linestyle="--", label="ideal contrast")
    axes.plot(amplitude, _column(exact, "update"), color=PALETTE[0], label="exact")
    axes.plot(
        _column(published, "amplitude"),
        _column(published, "update"),
        color=PALETTE[1],
        linestyle="none",
        marker="o",
        markersize=3.5,
        markerfacecolor="none",
        markevery=3,
        label="as published (dense grid)",
    )
    axes.set_xlabel("Amplitude A = s(clamped) - s(free)")
    axes.set_ylabel("Weight update over a cycle")
    axes.legend(loc="upper left")
    return figure


def _fig_4b(table: pd.DataFrame, parameters: Mapping[str, Any]) -> Figure:
    return _update_curve(table, parameters, "4B  Update against amplitude, kernel without area")


def _fig_5b(table: pd.DataFrame, parameters: Mapping[str, Any]) -> Figure:
    title = f"5B  The same, kernel of area {parameters['area']:g}, mean signal {parameters['mean']:g}"
    return _update_curve(table, parameters, title)


def _scale(values: FloatArray) -> LogNorm:
    """Scale of colours that all panels share, so that one colour bar is right for each."""
    return LogNorm(float(values.min()), float(values.max()))


def _coloured(axes: Axes, x: FloatArray, y: FloatArray, colour: FloatArray, scale: LogNorm) -> ScalarMappable:
    return axes.scatter(
        x,
        y,
        c=colour,
        cmap=SEQUENTIAL,
        norm=scale,
        s=9,
        linewidths=0,
        alpha=0.9,
    )


def _colour_bar(figure: Figure, panels: list[Axes], shown: ScalarMappable | None, label: str) -> None:
    if shown is not None:
        bar = figure.colorbar(shown, ax=panels, label=label)
        log_ticks(bar.ax.yaxis, *(float(end) for end in shown.get_clim() if end is not None))


def _fig_4c(table: pd.DataFrame, parameters: Mapping[str, Any]) -> Figure:
    names = {"published": "published: three-piece fit", "onset": "onset: least amplitude that learns"}
    parts = _ways(table)
    figure, panels = _panels(len(parts), "4C  Dynamic range of amplitudes against the ratio of the ramps")
    shown, scale = None, _scale(_column(table, "tau_f") / parameters["tau_k"])
    for axes, (way, part) in zip(panels, parts, strict=True):
        ratio, found = _column(part, "tau_s") / _column(part, "tau_f"), _column(part, "dynamic_range")
        known = np.isfinite(found)
        speed = _column(part, "tau_f") / parameters["tau_k"]
        shown = _coloured(axes, ratio[known], found[known], speed[known], scale)
        ends = np.array([1.0, float(ratio.max())])
        axes.plot(ends, ends, color=INK, linewidth=1.0, linestyle="--", label="limit of Eq. 12")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("τs/τf")
        axes.set_ylabel("Amax/Amin")
        axes.set_title(names.get(way, way))
        axes.legend(loc="upper left")
    _colour_bar(figure, panels, shown, "τf/τK")
    return figure


def _fig_5c(table: pd.DataFrame, parameters: Mapping[str, Any]) -> Figure:
    names = {"published": "threshold of Eq. F12", "exact": "threshold max |u| on the slow ramp"}
    parts = _ways(table)
    figure, panels = _panels(len(parts), f"5C  Offset of the update, kernel of area {parameters['area']:g}")
    shown, scale = None, _scale(_column(table, "tau_s") / parameters["tau_k"])
    line = np.array([0.0, float(_column(table, "tau_f").max() / parameters["tau_k"])])
    for axes, (way, part) in zip(panels, parts, strict=True):
        offset = _column(part, "offset") / parameters["mean"]
        kept = np.isfinite(offset) & (offset >= 0) & (offset <= parameters["largest_offset"])
        fast = _column(part, "tau_f")[kept] / parameters["tau_k"]
        slow = _column(part, "tau_s")[kept] / parameters["tau_k"]
        shown = _coloured(axes, fast, offset[kept], slow, scale)
        axes.plot(
            line,
            parameters["area"] * parameters["tau_k"] * line,
            color=INK,
            linewidth=1.0,
            linestyle="--",
            label="theory I τf (Eq. F3)",
        )
        axes.set_xlabel("τf/τK")
        axes.set_ylabel("Offset / mean signal")
        dropped = int(np.sum(~kept))
        axes.set_title(f"{names.get(way, way)}; {dropped} of {kept.size} left out")
        axes.legend(loc="best")
    _colour_bar(figure, panels, shown, "τs/τK")
    return figure


def _fig_6b(table: pd.DataFrame, parameters: Mapping[str, Any]) -> Figure:
    names = {
        "truncated": "kernel cut at Markov time 5, threshold of Eq. F12",
        "whole": "whole kernel, threshold max |u| on the slow ramp",
    }
    parts = _ways(table, "kernel")
    figure, panels = _panels(len(parts), "6B  Dissipation of the ladder against the error of its update")
    shown, scale = None, _scale(_column(table, "rate_factor"))
    for axes, (way, part) in zip(panels, parts, strict=True):
        error = np.abs(_column(part, "offset")) / parameters["mean"]
        known = np.isfinite(error) & (error > 0)
        dissipation, factor = (_column(part, name)[known] for name in ("dissipation", "rate_factor"))
        shown = _coloured(axes, error[known], dissipation, factor, scale)
        axes.set_xscale("log")
        axes.set_xlabel("|offset| / mean signal")
        axes.set_ylabel("Dissipation σ (kT per unit of Markov time)")
        axes.set_title(names.get(way, way))
    _colour_bar(figure, panels, shown, "rate factor F")
    return figure


def _fig_8(table: pd.DataFrame, parameters: Mapping[str, Any]) -> Figure:
    figure, (axes,) = _panels(1, "8  Short ramps: what is left of the update")
    for k, (way, part) in enumerate(_ways(table)):
        speed = _column(part, "tau_f") / parameters["tau_k"]
        axes.plot(
            speed,
            _column(part, "ratio"),
            color=PALETTE[k],
            linestyle="-" if way == "exact" else "none",
            marker="" if way == "exact" else "o",
            markersize=3.5,
            markerfacecolor="none",
            label=way if way == "exact" else "as published (dense grid)",
        )
        axes.set_xscale("log")
        log_ticks(axes.xaxis, float(speed.min()), float(speed.max()))
    axes.axhline(1.0, color=MUTED, linewidth=1.0, linestyle="--", label="ideal")
    axes.set_xlabel("τf/τK")
    axes.set_ylabel("Update / amplitude")
    axes.legend(loc="lower right")
    return figure


_DRAWN: dict[str, Callable[[pd.DataFrame, Mapping[str, Any]], Figure]] = {
    "4b": _fig_4b,
    "4c": _fig_4c,
    "5b": _fig_5b,
    "5c": _fig_5c,
    "6b": _fig_6b,
    "8": _fig_8,
}
