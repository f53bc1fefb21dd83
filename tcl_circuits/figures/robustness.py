"""Pictures of a Monte Carlo over imperfections: score and yield against each."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tcl_circuits.figures.style import FAINT, MUTED, PALETTE, headline, house_style, plain_text, quiet_grid
from tcl_circuits.surveys.robustness import Robustness, RobustnessRow

_COLUMNS = 5


def draw_robustness(found: Robustness, title: str = "") -> Figure:
    """Draw a panel for each imperfection: the mean score with its spread, and the yield as bars behind.

    Parameters
    ----------
    found : Robustness
        What the Monte Carlo came to.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    base, kinds = found.rows[0], list(dict.fromkeys(row.imperfection for row in found.rows[1:]))
    lines = -(-len(kinds) // _COLUMNS)
    with house_style():
        figure = Figure(figsize=(2.75 * _COLUMNS, 2.45 * lines + 0.8), layout="constrained")
        panels = figure.subplots(lines, _COLUMNS, squeeze=False, sharey=True).ravel()
        for axes, kind in zip(panels, kinds, strict=False):
            _panel(axes, kind, [base, *(row for row in found.rows if row.imperfection == kind)], found)
        for axes in panels[len(kinds) :]:
            axes.set_visible(False)
        name = "Test accuracy" if found.measure == "accuracy" else "Loss factor"
        for axes in panels[::_COLUMNS]:
            axes.set_ylabel(f"{name} (line)\nyield (bars)" if found.measure == "accuracy" else name)
        headline(
            figure,
            plain_text(
                f"{title}. Bars: share of specimens at or above {found.bar:.3g} (dashed)".lstrip(". ")
            ),
        )
    return figure


def _panel(axes: Axes, kind: str, rows: list[RobustnessRow], found: Robustness) -> None:
    places = np.arange(len(rows))
    mean = np.array([np.nan if row.score is None else row.score for row in rows])
    spread = np.array([0.0 if row.score_sd is None else row.score_sd for row in rows])
    height = 1.0 if found.measure == "accuracy" else float(np.nanmax([1.0, *mean]))
    axes.bar(
        places, [row.good * height for row in rows], width=0.7, color=PALETTE[5], alpha=0.35, linewidth=0
    )
    axes.errorbar(
        places, mean, spread, color=PALETTE[0], marker="o", markersize=5, linewidth=1.6, elinewidth=1.2
    )
    axes.axhline(found.bar, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xticks(places, ["none", *(_short(row.value) for row in rows[1:])])
    axes.set_xlabel(plain_text(rows[-1].unit), color=MUTED, fontsize=9)
    axes.set_title(plain_text(kind.replace("_", " ")), fontsize=11)
    axes.set_ylim(0, 1.04 * height)
    axes.set_facecolor("white")
    axes.spines["left"].set_color(FAINT)
    quiet_grid(axes)


def _short(value: float) -> str:
    """A value with few characters: small ones as powers of ten."""
    return f"{value:g}" if value >= 2e-3 else f"{value:.0e}".replace("e-0", "e-")
