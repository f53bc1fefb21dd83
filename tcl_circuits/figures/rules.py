"""Pictures of a comparison of rules: what each reaches, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tcl_circuits.figures.style import (
    FAINT,
    INK,
    MUTED,
    PALETTE,
    headline,
    house_style,
    log_ticks,
    plain_text,
    scale_for,
)
from tcl_circuits.surveys.rules.comparison import RuleRow

_MANY = 6
_HEIGHT = 0.42


def draw_rules(rows: Sequence[RuleRow], title: str = "", baseline: float | None = None) -> Figure:
    """Draw what each rule reaches, and its circuit time, energy and writes, as rows of dots.

    Parameters
    ----------
    rows : sequence of RuleRow
        The rules.
    title : str
        Headline.
    baseline : float, optional
        Accuracy of a standard method, for classes.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    with house_style():
        figure = Figure(figsize=(11.0, _HEIGHT * len(rows) + 1.9), layout="constrained")
        panels = figure.subplots(1, 4, sharey=True, width_ratios=(1.5, 1, 1, 1))
        _reached(panels[0], rows, baseline)
        _cost(panels[1], [_each(row.time, row.cycles) for row in rows], "Circuit time a cycle", "s")
        _cost(panels[2], [_each(row.energy, row.cycles) for row in rows], "Energy a cycle", "J")
        _cost(panels[3], [row.writes for row in rows], "Writes an edge a cycle", "")
        panels[0].set_yticks(range(len(rows)), [plain_text(row.rule) for row in rows])
        panels[0].set_ylim(len(rows) - 0.5, -0.5)
        for axes in panels:
            axes.grid(True, axis="y", color=FAINT, linewidth=0.6)
            axes.tick_params(axis="y", length=0)
        headline(figure, plain_text(title))
    return figure


def _each(total: float | None, cycles: int | None) -> float | None:
    return None if total is None or not cycles else total / cycles


def _reached(axes: Axes, rows: Sequence[RuleRow], baseline: float | None) -> None:
    """Accuracy with its spread over specimens, or loss factor."""
    classes = any(row.accuracy is not None for row in rows)
    for k, row in enumerate(rows):
        value = row.accuracy if classes else row.factor
        if value is None:
            axes.text(0.5, k, "failed", color=MUTED, va="center", transform=axes.get_yaxis_transform())
            continue
        if classes and row.accuracy_sd:
            axes.plot(
                [value - row.accuracy_sd, value + row.accuracy_sd], [k, k], color=PALETTE[0], linewidth=1.4
            )
        axes.plot([value], [k], "o", color=PALETTE[0], markersize=7)
    if classes:
        axes.set_xlim(0, 1.02)
        axes.set_xlabel("Test accuracy")
        if baseline is not None:
            axes.axvline(baseline, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
            axes.set_title(f"dashed: baseline {baseline:.3f}", color=MUTED, fontsize=10)
    else:
        axes.set_xscale("log")
        axes.axvline(1.0, color=INK, linewidth=0.8)
        axes.set_xlabel("Test loss, before over after")


def _cost(axes: Axes, values: Sequence[float | None], quantity: str, unit: str) -> None:
    known = np.array([value for value in values if value])
    scale = scale_for(known, unit)
    for k, value in enumerate(values):
        if value:
            axes.plot([value * scale.factor], [k], "o", color=PALETTE[1], markersize=6)
    axes.set_xscale("log")
    axes.set_xlabel(scale.label(quantity))
    if known.size:
        low, high = scale.factor * float(known.min()) / 1.6, scale.factor * float(known.max()) * 1.6
        axes.set_xlim(low, high)
        log_ticks(axes.xaxis, low, high)
