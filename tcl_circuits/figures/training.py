"""Training curves: loss and test accuracy over epochs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tcl_circuits.arrays import FloatArray
from tcl_circuits.figures.style import (
    MUTED,
    PALETTE,
    headline,
    house_style,
    log_ticks,
    plain_text,
    quiet_grid,
    save,
)

__all__ = ["draw_loss", "save"]

_FAR = 100.0
"""How many times below the losses a baseline stays in the picture."""


def draw_loss(
    history: pd.DataFrame,
    baseline: float | None = None,
    baseline_name: str = "baseline",
    loss_unit: str = "",
    title: str = "",
) -> Figure:
    """Draw the loss over epochs on a logarithmic axis and, where there is one, the test accuracy.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns ``epoch`` (0 is before training), ``loss``, ``test_loss`` and ``test_accuracy`` (from 0 to
        1), NaN where there is none.
    baseline : float, optional
        What to compare with: an accuracy if the history has one, else a loss.
    baseline_name : str
        Name of the baseline.
    loss_unit : str
        Unit of the loss, such as ``V2`` or ``nat``.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    accuracy = _column(history, "test_accuracy")
    with_accuracy = bool(np.isfinite(accuracy).any())
    with house_style():
        figure = Figure(figsize=(11.0 if with_accuracy else 7.0, 4.4), layout="constrained")
        panels = figure.subplots(1, 2 if with_accuracy else 1, squeeze=False)[0]
        _draw_losses(panels[0], history, loss_unit)
        if with_accuracy:
            _draw_accuracy(panels[1], history)
        if baseline is not None:
            _draw_baseline(panels[-1], 100 * baseline if with_accuracy else baseline, baseline_name)
        for axes in panels:
            _finish(axes, _column(history, "epoch"))
        headline(figure, title)
    return figure


def _draw_losses(axes: Axes, history: pd.DataFrame, unit: str) -> None:
    drawn = []
    for name, label, color, marker in (
        ("loss", "training", PALETTE[0], "o"),
        ("test_loss", "test", PALETTE[1], "s"),
    ):
        drawn.append(_curve(axes, history, name, 1.0, label=label, color=color, marker=marker))
    values = np.concatenate(drawn)
    positive = values[values > 0]
    axes.set_ylabel(f"Loss ({unit.replace('2', '²')})" if unit else "Loss")
    if positive.size:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, float(positive.min()), float(positive.max()))


def _draw_accuracy(axes: Axes, history: pd.DataFrame) -> None:
    _curve(axes, history, "test_accuracy", 100.0, label="test", color=PALETTE[1], marker="s")
    axes.set_ylabel("Test accuracy (%)")


def _draw_baseline(axes: Axes, level: float, name: str) -> None:
    """Draw a level to compare with; one far below a logarithmic axis is only named, with its value."""
    low, high = axes.get_ylim()
    far = axes.get_yscale() == "log" and level < low / _FAR
    label = plain_text(f"{name} ({level:.2g})" if far else name)
    axes.axhline(level, color=MUTED, linewidth=1.4, linestyle="--", label=label)
    if far:
        axes.set_ylim(low, high)


def _curve(axes: Axes, history: pd.DataFrame, name: str, factor: float, **style: str) -> FloatArray:
    """Draw the finite values of a column over the epochs and return them as drawn."""
    values = factor * _column(history, name)
    known = np.isfinite(values)
    if known.any():
        few = known.sum() <= 60
        epochs = _column(history, "epoch")[known]
        axes.plot(epochs, values[known], markersize=3.5 if few else 0, **style)  # type: ignore[arg-type]
    return values[known]


def _column(history: pd.DataFrame, name: str) -> FloatArray:
    if name not in history:
        return np.full(len(history), np.nan)
    return history[name].to_numpy(dtype=float, na_value=np.nan)


def _finish(axes: Axes, epochs: FloatArray) -> None:
    axes.set_xlabel("Epoch")
    if epochs.size:
        margin = max(0.5, 0.03 * float(np.ptp(epochs)))
        axes.set_xlim(float(epochs.min()) - margin, float(epochs.max()) + margin)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    quiet_grid(axes)
    if axes.get_legend_handles_labels()[1][1:]:
        axes.legend(loc="best")
