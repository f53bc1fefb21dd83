"""Learning as a film: conductances and answers over circuit time, as a strip and as an animation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from tcl_circuits.arrays import IntArray
from tcl_circuits.autonomous.moments import Moments
from tcl_circuits.figures.film_panels import ROLE_COLOURS, Conductances, answers_of
from tcl_circuits.figures.style import (
    DIVERGING,
    FAINT,
    INK,
    MUTED,
    PALETTE,
    SEQUENTIAL,
    headline,
    house_style,
    log_ticks,
    scale_for,
)
from tcl_circuits.files import replacing
from tcl_circuits.units import engineering

_SHADES = (48, 96)
"""How many of the palette's colours the two colour maps get."""
_FRAME, _HOLD = 120, 2500
"""How long a picture stands, and the last one [ms]."""


def draw_strip(shown: Moments, count: int = 6, title: str = "") -> Figure:
    """Draw some moments side by side: the network above, its answers below.

    Parameters
    ----------
    shown : Moments
        Moments of a run.
    count : int
        How many of them.
    title : str
        Headline.
    """
    chosen = np.unique(np.rint(np.linspace(0, shown.time.size - 1, count)).astype(np.int64))
    network, answers = Conductances(shown), answers_of(shown)
    with house_style():
        figure = Figure(figsize=(2.6 * chosen.size + 1.0, 6.0), layout="constrained")
        panels = figure.subplots(2, chosen.size, squeeze=False, height_ratios=(1.0, 1.0))
        for column, k in enumerate(chosen.tolist()):
            network.draw(panels[0, column], k)
            answers.draw(panels[1, column], k)
            panels[0, column].set_title(_caption(shown, k), fontsize=10, loc="center")
        for axes in panels[:, 1:].flat:
            axes.set_ylabel("")
        _colourbar(figure, panels[0].tolist(), network)
        figure.supxlabel(answers.words, fontsize=10, color=MUTED)
        headline(figure, title)
    return figure


def write_film(shown: Moments, path: Path, title: str = "") -> None:
    """Write an animated GIF: the network, its answers, and the loss up to each moment.

    Parameters
    ----------
    shown : Moments
        Moments of a run, each a picture.
    path : Path
        File to write, whole or not at all.
    title : str
        Headline.
    """
    network, answers = Conductances(shown), answers_of(shown)
    pictures: list[Image.Image] = []
    with house_style():
        figure = Figure(figsize=(8.4, 5.0), dpi=80, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)
        grid = figure.add_gridspec(2, 2, height_ratios=(3.4, 1.0))
        left, right = (figure.add_subplot(grid[0, k]) for k in (0, 1))
        loss = _Loss(figure.add_subplot(grid[1, :]), shown)
        _colourbar(figure, [left], network)
        headline(figure, title)
        for k in range(shown.time.size):
            for axes in (left, right):
                axes.clear()
            network.draw(left, k)
            answers.draw(right, k)
            left.set_title("conductances", fontsize=11, loc="center")
            right.set_title("answers", fontsize=11, loc="center")
            loss.show(k)
            canvas.draw()
            if k == 0:
                # The pictures must not jump: their places are those of the first.
                figure.set_layout_engine("none")
            pixels = np.asarray(canvas.buffer_rgba())[..., :3]
            pictures.append(Image.fromarray(np.ascontiguousarray(pixels)))
    palette = _palette()
    frames = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    with replacing(path) as file:
        frames[0].save(
            file,
            format="GIF",
            save_all=True,
            append_images=frames[1:],
            duration=[_FRAME] * (len(frames) - 1) + [_HOLD],
            loop=0,
            optimize=True,
        )


def _palette() -> Image.Image:
    """The colours of an animation: those of the house, and on the way from each to white."""
    ramps = [
        map_(np.linspace(0, 1, n))[:, :3] for map_, n in zip((SEQUENTIAL, DIVERGING), _SHADES, strict=True)
    ]
    plain = [to_rgb(colour) for colour in (*PALETTE, *ROLE_COLOURS.values(), INK, MUTED)]
    blends = [share * np.array(colour) + 1 - share for colour in plain for share in (1.0, 0.75, 0.5, 0.25)]
    greys = np.repeat(np.linspace(0, 1, 24)[:, None], 3, axis=1)
    colours = np.vstack([*ramps, np.array(blends), greys])[:256]
    found = Image.new("P", (1, 1))
    found.putpalette(np.rint(255 * colours).astype(np.uint8).tobytes())
    return found


def _caption(shown: Moments, k: int) -> str:
    """Circuit time, cycles, and how many samples are right."""
    words = f"{engineering(float(shown.time[k]), 's')}\n{_cycles(shown.cycle, k)}"
    share = float(shown.right[k])
    if not np.isfinite(share):
        return words
    return f"{words}, {_right(shown, k)}"


def _right(shown: Moments, k: int) -> str:
    samples = shown.target.shape[0]
    share = float(shown.right[k])
    if samples <= 20:
        return f"{round(share * samples)} of {samples} right"
    return f"{100 * share:.0f} % right"


def _cycles(cycle: IntArray, k: int) -> str:
    return f"{int(cycle[k])} cycles"


class _Loss:
    """The loss up to a moment, what comes after it pale."""

    def __init__(self, axes: Axes, shown: Moments) -> None:
        self._shown = shown
        scale = scale_for(shown.time, "s")
        self._at = scale(shown.time)
        axes.plot(self._at, shown.loss, color=FAINT, linewidth=1.6)
        (self._past,) = axes.plot(self._at, shown.loss, color=PALETTE[0], linewidth=2.0)
        (self._now,) = axes.plot([], [], marker="o", markersize=7, color=PALETTE[0], markeredgecolor="white")
        axes.set_yscale("log")
        low, high = float(shown.loss.min()), float(shown.loss.max())
        if high < 10 * low:
            log_ticks(axes.yaxis, low, high)
        axes.set_xlabel(scale.label("circuit time"), fontsize=9)
        axes.set_ylabel("loss", fontsize=9)
        axes.tick_params(labelsize=8)
        self._words = axes.text(
            0.995,
            0.93,
            "",
            transform=axes.transAxes,
            ha="right",
            va="top",
            color=INK,
            fontsize=11,
            family="monospace",
        )

    def show(self, k: int) -> None:
        """Show the loss up to moment number `k`."""
        shown = self._shown
        self._past.set_data(self._at[: k + 1], shown.loss[: k + 1])
        self._now.set_data(self._at[k : k + 1], shown.loss[k : k + 1])
        known = bool(np.isfinite(shown.right[k]))
        self._words.set_text(_cycles(shown.cycle, k) + (f"   {_right(shown, k)}" if known else ""))


def _colourbar(figure: Figure, panels: list[Axes], network: Conductances) -> None:
    bar = figure.colorbar(
        ScalarMappable(network.norm, SEQUENTIAL), ax=panels, shrink=0.8, aspect=22, pad=0.015
    )
    bar.set_label(network.scale.label("conductance"), fontsize=9)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, color=MUTED)
