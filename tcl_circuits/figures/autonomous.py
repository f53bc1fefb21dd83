"""Pictures of circuits that learn by themselves: loss and conductances over circuit time, and some cycles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
)

_MOST_LINES = 6
"""Edges drawn with colours of their own; the others are thin and grey."""


def draw_circuit_loss(
    history: pd.DataFrame,
    baseline: float | None = None,
    baseline_name: str = "baseline",
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
    title : str
        Headline.
    """
    with_accuracy = bool(np.isfinite(history["accuracy"].to_numpy(dtype=float)).any())
    with house_style():
        figure = Figure(figsize=(11.0 if with_accuracy else 7.0, 4.4), layout="constrained")
        panels = figure.subplots(1, 2 if with_accuracy else 1, squeeze=False)[0]
        _curves(panels[0], history, ("loss", "test_loss"), 1.0)
        panels[0].set_ylabel("Loss measured in the circuit")
        panels[0].set_yscale("log")
        drawn = history[["loss", "test_loss"]].to_numpy(dtype=float)
        positive = drawn[np.isfinite(drawn) & (drawn > 0)]
        if positive.size:
            log_ticks(panels[0].yaxis, float(positive.min()), float(positive.max()))
        if with_accuracy:
            _curves(panels[1], history, ("accuracy", "test_accuracy"), 100.0)
            panels[1].set_ylabel("Accuracy (%)")
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
            label = plain_text(str(data["edge"].to_numpy()[e]))
            axes.plot(in_time(time), in_siemens(values[:, e]), label=label, **line_style(k))
        axes.set_xlabel(in_time.label("Circuit time"))
        axes.set_ylabel(in_siemens.label("Conductance"))
        quiet_grid(axes)
        figure.legend(loc="outside right upper", title="changed most")
        headline(figure, title)
    return figure


def draw_learning_cycles(data: xr.Dataset, theta: float, title: str = "") -> Figure:
    """Draw some learning cycles: nudge and gate, outputs, the sense output of three edges, and their states.

    Parameters
    ----------
    data : xarray.Dataset
        ``beta``, ``gate`` (time), ``voltage`` (node, time), ``u`` and ``w`` (edge, time) [V].
    theta : float
        Threshold of u [V].
    title : str
        Headline.
    """
    time = data["time"].to_numpy()
    scale = scale_for(time - time[0], "s")
    at = scale(time - time[0])
    u, w = data["u"].to_numpy(), data["w"].to_numpy()
    moved = np.argsort(-np.abs(w[:, -1] - w[:, 0]))[:3]
    with house_style():
        figure = Figure(figsize=(10.0, 8.4), layout="constrained")
        panels = figure.subplots(4, 1, sharex=True)
        _strengths(panels[0], at, data)
        outputs = np.flatnonzero(data["role"].to_numpy() == "output")
        _lines(panels[1], at, data["voltage"].to_numpy()[outputs], data["node"].to_numpy()[outputs], "Output")
        _lines(panels[2], at, u[moved], data["edge"].to_numpy()[moved], "Sense output u")
        in_volts = scale_for(u[moved], "V")
        panels[2].axhspan(
            -in_volts.factor * theta, in_volts.factor * theta, color=BAND, zorder=0, label="dead zone"
        )
        change = w[moved] - w[moved, :1]
        _lines(panels[3], at, change, data["edge"].to_numpy()[moved], "Change of state w")
        panels[3].set_xlabel(scale.label("Time"))
        for axes in panels:
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
        headline(figure, title)
    return figure


def _strengths(axes: Axes, at: FloatArray, data: xr.Dataset) -> None:
    axes.plot(at, data["beta"].to_numpy(), color=INK, label="nudge β")
    axes.plot(at, data["gate"].to_numpy(), color=PALETTE[4], linestyle="--", label="write gate")
    axes.set_ylabel("Strength")


def _lines(axes: Axes, at: FloatArray, values: FloatArray, names: FloatArray, quantity: str) -> None:
    scale = scale_for(values, "V")
    for k, (row, name) in enumerate(zip(values, names, strict=True)):
        axes.plot(at, scale(row), label=plain_text(str(name)), linewidth=1.2, **line_style(k))
    axes.set_ylabel(scale.label(quantity))
    quiet_grid(axes)
