"""Pictures of circuits that learn by themselves: loss and conductances over circuit time, and some cycles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.figures.style import (
    BAND,
    INK,
    MUTED,
    PALETTE,
    headline,
    house_style,
    line_style,
    log_ticks,
    plain_text,
    quiet_grid,
    scale_for,
    short_name,
)

_MOST_LINES = 6
"""Edges drawn with colours of their own; the others are thin and grey."""


def draw_circuit_loss(
    history: pd.DataFrame,
    baseline: float | None = None,
    baseline_name: str = "baseline",
    loss_unit: str = "",
    title: str = "",
) -> Figure:
    """Draw the loss that a circuit showed in its looks, over circuit time, and its accuracy if there is one.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns ``circuit_time_s``, ``loss``, ``test_loss``, ``accuracy`` and ``test_accuracy``.
    baseline : float, optional
        What to compare with: an accuracy if the history has one, else a loss.
    baseline_name : str
        Its name.
    loss_unit : str
        Unit of the loss, such as ``V2`` or ``nat``.
    title : str
        Headline.
    """
    with_accuracy = bool(np.isfinite(history["accuracy"].to_numpy(dtype=float)).any())
    with house_style():
        figure = Figure(figsize=(11.0 if with_accuracy else 7.0, 4.4), layout="constrained")
        panels = figure.subplots(1, 2 if with_accuracy else 1, squeeze=False)[0]
        _curves(panels[0], history, ("loss", "test_loss"), 1.0)
        unit = f" ({loss_unit.replace('2', '²')})" if loss_unit else ""
        panels[0].set_ylabel(f"Loss measured in the circuit{unit}")
        panels[0].set_yscale("log")
        drawn = history[["loss", "test_loss"]].to_numpy(dtype=float)
        positive = drawn[np.isfinite(drawn) & (drawn > 0)]
        if positive.size:
            log_ticks(panels[0].yaxis, float(positive.min()), float(positive.max()))
        if with_accuracy:
            _curves(panels[1], history, ("accuracy", "test_accuracy"), 100.0)
            panels[1].set_ylabel("Accuracy (%)")
            panels[1].set_ylim(0, 103)
        if baseline is not None and (with_accuracy or baseline > 1e-2 * positive.min(initial=1.0)):
            level = 100 * baseline if with_accuracy else baseline
            panels[-1].axhline(
                level, color=MUTED, linewidth=1.4, linestyle="--", label=plain_text(baseline_name)
            )
        for axes in panels:
            quiet_grid(axes)
            axes.legend(loc="best")
        headline(figure, title)
    return figure


def _curves(axes: Axes, history: pd.DataFrame, names: tuple[str, str], factor: float) -> None:
    time = history["circuit_time_s"].to_numpy(dtype=float)
    scale = scale_for(time, "s")
    for k, (name, label) in enumerate(zip(names, ("training", "test"), strict=True)):
        values = factor * history[name].to_numpy(dtype=float)
        if not np.isfinite(values).any():
            continue
        few = values.size <= 60
        axes.plot(
            scale(time), values, marker="os"[k], markersize=3.5 if few else 0, color=PALETTE[k], label=label
        )
    axes.set_xlabel(scale.label("Circuit time"))


def draw_conductances(data: xr.Dataset, title: str = "") -> Figure:
    """Draw each edge's conductance over circuit time; those that change most have colours.

    Parameters
    ----------
    data : xarray.Dataset
        ``conductance`` (time, edge) [S].
    title : str
        Headline.
    """
    values, time = data["conductance"].to_numpy(), data["time"].to_numpy()
    order = np.argsort(-np.abs(values[-1] - values[0]))
    with house_style():
        figure = Figure(figsize=(9.0, 4.8), layout="constrained")
        axes = figure.subplots()
        in_time, in_siemens = scale_for(time, "s"), scale_for(values, "S")
        for e in order[_MOST_LINES:]:
            axes.plot(in_time(time), in_siemens(values[:, e]), color=MUTED, alpha=0.35, linewidth=0.9)
        for k, e in enumerate(order[:_MOST_LINES]):
            label = short_name(data["edge"].to_numpy()[e], 36)
            axes.plot(in_time(time), in_siemens(values[:, e]), label=label, **line_style(k))
        axes.set_xlabel(in_time.label("Circuit time"))
        axes.set_ylabel(in_siemens.label("Conductance"))
        quiet_grid(axes)
        figure.legend(loc="outside right upper", title="changed most")
        headline(figure, title)
    return figure


def draw_learning_cycles(data: xr.Dataset, title: str = "") -> Figure:
    """Draw some learning cycles, and the fast ramp of the first of them beside it.

    Nudge and gate, outputs, the sense output of three edges with the dead zone, and their states.

    Parameters
    ----------
    data : xarray.Dataset
        ``beta``, ``gate`` (time), ``voltage`` (node, time), ``u`` and ``w`` (edge, time) [V]; attributes
        ``theta_V``, ``fast_start_s`` and ``fast_stop_s`` (of the first cycle's fast ramp).
    title : str
        Headline.
    """
    time = data["time"].to_numpy()
    fast = float(data.attrs["fast_start_s"]), float(data.attrs["fast_stop_s"])
    near = (time >= fast[0] - 0.5 * (fast[1] - fast[0])) & (time <= fast[1] + 1.5 * (fast[1] - fast[0]))
    with house_style():
        figure = Figure(figsize=(12.0, 8.4), layout="constrained")
        panels = figure.subplots(4, 2, sharex="col", width_ratios=(2, 1))
        _column(panels[:, 0], data, time - time[0], np.ones(time.size, dtype=bool))
        _column(panels[:, 1], data, time - fast[0], near)
        panels[0, 0].set_title("From the first switch of the inputs")
        panels[0, 1].set_title("The first fast ramp")
        for axes in panels[:, 1]:
            axes.set_ylabel("")
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        headline(figure, title)
    return figure


def _column(panels: Any, data: xr.Dataset, since: FloatArray, shown: NDArray[np.bool_]) -> None:
    """Draw one stretch of time."""
    scale = scale_for(since[shown], "s")
    at = scale(since[shown])
    u, w = data["u"].to_numpy()[:, shown], data["w"].to_numpy()
    moved = np.argsort(-np.abs(w[:, -1] - w[:, 0]))[:3]
    names, change = data["edge"].to_numpy()[moved], (w - w[:, :1])[:, shown]
    outputs = np.flatnonzero(data["role"].to_numpy() == "output")
    _strengths(panels[0], at, data["beta"].to_numpy()[shown], data["gate"].to_numpy()[shown])
    node_names = data["node"].to_numpy()[outputs]
    _lines(panels[1], at, data["voltage"].to_numpy()[outputs][:, shown], node_names, "Output")
    _lines(panels[2], at, u[moved], names, "Sense output u")
    zone = scale_for(u[moved], "V").factor * float(data.attrs["theta_V"])
    panels[2].axhspan(-zone, zone, color=BAND, zorder=0, label="dead zone")
    _lines(panels[3], at, change[moved], names, "Change of w")
    panels[3].set_xlabel(scale.label("Time"))


def _strengths(axes: Axes, at: FloatArray, beta: FloatArray, gate: FloatArray) -> None:
    axes.plot(at, gate, color=PALETTE[4], linewidth=3.2, label="write gate")
    axes.plot(at, beta, color=INK, linewidth=1.3, label="nudge β")
    axes.set_ylabel("Strength")
    quiet_grid(axes)


def _lines(axes: Axes, at: FloatArray, values: FloatArray, names: Any, quantity: str) -> None:
    scale = scale_for(values, "V")
    for k, (row, name) in enumerate(zip(values, names, strict=True)):
        label = short_name(name, 36)
        axes.plot(at, scale(row), label=label, **{**line_style(k), "linewidth": 1.3})
    axes.set_ylabel(scale.label(quantity))
    quiet_grid(axes)
