"""Pictures of the EP network: error curves (Fig. 3B), what hidden units look for, one synapse in a cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.figures.style import (
    BAND,
    DIVERGING,
    INK,
    MUTED,
    PALETTE,
    headline,
    house_style,
    line_style,
    log_ticks,
    plain_text,
    quiet_grid,
    save,
    scale_for,
)

__all__ = ["draw_errors", "draw_features", "draw_recall", "draw_rules", "draw_synapse", "save"]

_GREY = "#8c8c8c"
_FEW = 12
"""Up to so many points each has a marker."""


def draw_errors(history: pd.DataFrame, title: str = "") -> Figure:
    """Draw train and test error over epochs as in Fig. 3B: train grey, test dashed black.

    Parameters
    ----------
    history : pandas.DataFrame
        Columns ``epoch``, ``train_error`` and ``test_error`` (percent).
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    epochs = history["epoch"].to_numpy(dtype=float)
    with house_style():
        figure = Figure(figsize=(7.0, 4.4), layout="constrained")
        axes = figure.subplots()
        lines = (
            ("train", {"color": _GREY, "linewidth": 2.6}),
            ("test", {"color": "black", "linewidth": 2.0, "linestyle": (0, (5, 2.5))}),
        )
        for name, style in lines:
            errors = history[f"{name}_error"].to_numpy(dtype=float)
            label = f"{name}, {errors[-1]:.2f} % at the end" if errors.size else name
            axes.plot(epochs, errors, label=label, **style)  # type: ignore[arg-type]
            if errors.size == 1:
                axes.plot(epochs, errors, "o", color=style["color"])
        axes.set_ylabel("Classification error (%)")
        axes.set_ylim(bottom=0)
        _epoch_axis(axes, epochs)
        if epochs.size:
            axes.legend(loc="upper right", handlelength=2.6)
        headline(figure, title)
    return figure


def draw_rules(histories: Mapping[str, pd.DataFrame], title: str = "") -> Figure:
    """Draw the test errors of several rules, over epochs and over CPU time.

    Parameters
    ----------
    histories : mapping
        History of each rule by name: ``epoch``, ``test_error`` (percent), ``cpu_s`` of the epoch.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    runs = {name: history.assign(cpu_s=history["cpu_s"].cumsum()) for name, history in histories.items()}
    with house_style():
        figure = Figure(figsize=(11.0, 4.6), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for k, (name, run) in enumerate(runs.items()):
            style = line_style(k) if k < len(PALETTE) else {"color": INK, "linestyle": "--"}
            marker = "o" if len(run) <= _FEW else None
            for axes, over in zip(panels, ("epoch", "cpu_s"), strict=True):
                axes.plot(
                    run[over], run["test_error"], label=plain_text(name), marker=marker, markersize=3, **style
                )
        errors, seconds = (_above_zero(runs, column) for column in ("test_error", "cpu_s"))
        if errors.size:
            panels[0].set_yscale("log")
            log_ticks(panels[0].yaxis, float(errors.min()), float(errors.max()))
        if seconds.size:
            panels[1].set_xscale("log")
            log_ticks(panels[1].xaxis, float(seconds.min()), float(seconds.max()))
        panels[0].set_ylabel("Test error (%)")
        _epoch_axis(panels[0], _above_zero(runs, "epoch"))
        panels[1].set_xlabel("CPU time (s)")
        quiet_grid(panels[1])
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
        headline(figure, title)
    return figure


def _above_zero(runs: Mapping[str, pd.DataFrame], column: str) -> FloatArray:
    """Values of a column in all runs that a logarithmic axis can show."""
    values = np.concatenate([np.zeros(0), *(run[column].to_numpy(dtype=float) for run in runs.values())])
    return values[values > 0]


def draw_features(
    change: NDArray[np.floating],
    image_shape: tuple[int, int],
    title: str = "",
    rows: int = 5,
    columns: int = 9,
) -> Figure:
    """Draw how the input weights of hidden units have changed, each as an image; the strongest first.

    Parameters
    ----------
    change : ndarray of shape (pixels, hidden)
        Weights from the image to the first hidden layer, minus those before training.
    image_shape : (int, int)
        Height and width of an image.
    title : str
        Headline.
    rows, columns : int
        How many units are shown at most.

    Raises
    ------
    InputError
        If the weights are not those of such an image.
    """
    height, width = image_shape
    if change.shape[0] != height * width:
        raise InputError(f"weights of {change.shape[0]} pixels are no images of {height} x {width}")
    order = np.argsort(-np.linalg.norm(change, axis=0), kind="stable")[: rows * columns]
    columns = min(columns, order.size)
    rows = -(-order.size // columns)
    tiles = change[:, order].T.reshape(-1, height, width)
    # A few strong pixels must not make the others pale.
    limit = float(np.quantile(np.abs(tiles), 0.995)) or 1.0
    mosaic = _mosaic(tiles, rows, columns)
    with house_style():
        figure = Figure(
            figsize=(1.0 * columns + 1.4, 1.0 * rows * height / width + 0.7), layout="constrained"
        )
        axes = figure.subplots()
        picture = axes.imshow(mosaic, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
        axes.set_axis_off()
        bar = figure.colorbar(picture, ax=axes, shrink=0.7, aspect=25, pad=0.02, label="Change of weight")
        bar.outline.set_visible(False)
        bar.locator = MaxNLocator(5)
        headline(figure, title)
    return figure


def _mosaic(tiles: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.floating]:
    """Tiles (count, height, width) in rows, NaN between them and where there is none."""
    height, width = tiles.shape[1:]
    gap = max(1, width // 14)
    whole = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for k, tile in enumerate(tiles):
        top, left = (k // columns) * (height + gap), (k % columns) * (width + gap)
        whole[top : top + height, left : left + width] = tile
    return whole


def draw_recall(
    rows: Sequence[tuple[str, NDArray[np.floating]]], image_shape: tuple[int, int], title: str = ""
) -> Figure:
    """Draw patterns below each other: what was stored, the cues, what was recalled.

    Parameters
    ----------
    rows : sequence of (str, ndarray of shape (patterns, pixels))
        Names and patterns from 0 to 1.
    image_shape : (int, int)
        Height and width of a pattern.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    height, width = image_shape
    columns = max(len(patterns) for _, patterns in rows)
    with house_style():
        figure = Figure(figsize=(0.75 * columns + 1.3, 0.85 * len(rows) + 0.5), layout="constrained")
        panels = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
        for axes, (name, patterns) in zip(panels, rows, strict=True):
            mosaic = _mosaic(patterns.reshape(-1, height, width), 1, columns)
            axes.imshow(mosaic, cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
            axes.set_ylabel(plain_text(name), rotation=0, ha="right", va="center", labelpad=8)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        headline(figure, title)
    return figure


def draw_synapse(
    time: FloatArray,
    signal: FloatArray,
    u: FloatArray,
    theta: float,
    fast_ramp: tuple[float, float],
    title: str = "",
) -> Figure:
    """Draw one synapse in one cycle: its signal above, its kernel output with the threshold below.

    Parameters
    ----------
    time : ndarray of shape (time,)
        Times from the start of the cycle, as shares of it.
    signal : ndarray of shape (time,)
        Synaptic signal eta_i eta_j, drawn as its difference from the first value.
    u : ndarray of shape (time,)
        Kernel output.
    theta : float
        Threshold.
    fast_ramp : (float, float)
        Start and end of the fast ramp, as shares of the cycle.
    title : str
        Headline.
    """
    change = signal - signal[0]
    signal_scale, u_scale = scale_for(change, ""), scale_for(np.append(u, theta), "")
    passes = np.abs(u) >= theta
    with house_style():
        figure = Figure(figsize=(8.0, 5.6), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1, 1.4]})
        for axes in (above, below):
            axes.axvspan(*fast_ramp, color=BAND, linewidth=0, zorder=0)
            axes.axhline(0, color=INK, linewidth=0.8)
        above.plot(time, signal_scale(change), color=PALETTE[0])
        above.set_ylabel(signal_scale.label("Signal s − s(free)"))
        above.set_title("Fast ramp shaded: nudge on; then it slowly goes off")
        level = u_scale.factor * theta
        for sign, label in ((1, "threshold ±θ"), (-1, None)):
            below.axhline(sign * level, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), label=label)
        shown = u_scale(u)
        below.fill_between(
            time,
            0,
            shown,
            where=passes,
            color=PALETTE[1],
            alpha=0.3,
            linewidth=0,
            label="passes: the update",
        )
        below.plot(time, shown, color=PALETTE[1], label="u(t)")
        below.set_ylabel(u_scale.label("Kernel output u"))
        below.set_xlabel("Time (cycles)")
        # A white ground: the threshold's lines go all the way across.
        below.legend(loc="best", frameon=True, facecolor="white", edgecolor="none", framealpha=1)
        below.set_xlim(float(time[0]), float(time[-1]))
        figure.align_ylabels([above, below])
        headline(figure, plain_text(title))
    return figure


def _epoch_axis(axes: Axes, epochs: FloatArray) -> None:
    axes.set_xlabel("Epoch")
    if epochs.size:
        margin = max(0.5, 0.02 * float(np.ptp(epochs)))
        axes.set_xlim(float(epochs.min()) - margin, float(epochs.max()) + margin)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    quiet_grid(axes)
