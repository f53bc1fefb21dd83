"""Heat maps of a sweep: one panel for each pair of values of the two shorter axes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.figures.style import FAINT, INK, MUTED, SEQUENTIAL, headline, house_style, log_ticks

_LABELS = {
    "ratio": "τs/τf",
    "theta": "θ / (Amax C/τs)",
    "memory": "RC/τf",
    "g_range": "Gmax/Gmin",
}
_TITLES = {
    "cosine": "Cosine to the gradient, first epoch",
    "test_error": "Test error after training",
    "test_loss": "Test loss after training",
}
_DARK = 0.55
_MOST_NUMBERED = 120


def draw_design_map(data: xr.Dataset, measure: str) -> Figure:
    """Draw a measure of a sweep; dark is good.

    Parameters
    ----------
    data : xarray.Dataset
        As :func:`tcl_circuits.surveys.sweep` returns it.
    measure : {"cosine", "test_error", "test_loss"}
        Which variable. Losses have a logarithmic scale.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.

    Raises
    ------
    InputError
        If the map has no such measure, or no axis of one.
    """
    if measure not in _TITLES or measure not in data or set(data[measure].dims) != set(_LABELS):
        raise InputError(f"a design map has {', '.join(_TITLES)} over {', '.join(_LABELS)}, not {measure!r}")
    # The longest axes along the panel's sides; equally long ones in the map's order.
    across, up, columns, rows = sorted(_LABELS, key=lambda axis: -data.sizes[axis])
    values = data[measure].transpose(rows, columns, up, across)
    shape = values.shape
    scale, colours = _scale(values.to_numpy(), measure), _colours(measure)
    with house_style():
        width, height = 1.1 + 0.62 * shape[3], 1.0 + 0.42 * shape[2]
        size = (max(6.0, 1.2 + width * shape[1]), max(3.4, 0.9 + height * shape[0]))
        figure = Figure(figsize=size, layout="constrained")
        headline(figure, f"{_TITLES[measure]}: {data.attrs.get('task', '')}{_length(data, measure)}")
        panels = figure.subplots(shape[0], shape[1], squeeze=False, sharex=True, sharey=True)
        for (k, j), axes in np.ndenumerate(panels):
            _panel(axes, values[k, j].to_numpy(), scale, colours, measure)
            axes.set_title(
                f"{_LABELS[columns]} = {_short(data[columns][j])}, {_LABELS[rows]} = {_short(data[rows][k])}",
                fontsize=10,
            )
            axes.set_xticks(range(shape[3]), [_short(value) for value in data[across]])
            axes.set_yticks(range(shape[2]), [_short(value) for value in data[up]])
            if k == shape[0] - 1:
                axes.set_xlabel(_LABELS[across])
            if j == 0:
                axes.set_ylabel(_LABELS[up])
        shown = panels[0, 0].images[0]
        bar = figure.colorbar(shown, ax=list(panels.flat), label=_unit(data, measure), aspect=30, pad=0.02)
        if isinstance(scale, LogNorm):
            log_ticks(bar.ax.yaxis, float(scale.vmin or 0), float(scale.vmax or 1))
        return figure


def _panel(axes: Axes, values: FloatArray, scale: Normalize, colours: Colormap, measure: str) -> None:
    axes.imshow(values, origin="lower", aspect="auto", cmap=colours, norm=scale)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if values.size > _MOST_NUMBERED:
        return
    for (row, column), value in np.ndenumerate(values):
        known = bool(np.isfinite(value))
        shade = float(scale(value)) if known else 0.0
        dark = known and (shade if measure == "cosine" else 1 - shade) > _DARK
        axes.text(
            column,
            row,
            _number(float(value), measure) if known else "–",
            ha="center",
            va="center",
            fontsize=8.5,
            color="white" if dark else INK if known else MUTED,
        )


def _scale(values: FloatArray, measure: str) -> Normalize:
    known = values[np.isfinite(values)]
    if not known.size:
        return Normalize(0, 1)
    low, high = float(known.min()), float(known.max())
    if measure == "cosine":
        return Normalize(min(0.0, low), 1.0)
    if measure == "test_loss" and low > 0 and high > 1.5 * low:
        return LogNorm(low, high)
    return Normalize(0.0, high or 1.0)


def _colours(measure: str) -> Colormap:
    chosen: Colormap = SEQUENTIAL if measure == "cosine" else SEQUENTIAL.reversed()
    return chosen.with_extremes(bad=FAINT)


def _number(value: float, measure: str) -> str:
    """Three digits, so that .9997 is not taken for 1."""
    if measure == "test_loss":
        return f"{value:.2g}"
    if measure == "cosine" and 0.9995 <= value < 1:
        return ">.999"
    return f"{value:.3f}".replace("0.", ".", 1)


def _short(value: xr.DataArray) -> str:
    return f"{float(value):g}"


def _length(data: xr.Dataset, measure: str) -> str:
    epochs = data.attrs.get("epochs")
    return "" if epochs is None or measure == "cosine" else f", {epochs} epochs"


def _unit(data: xr.Dataset, measure: str) -> str:
    words = {"cosine": "cosine", "test_error": "test error", "test_loss": "test loss"}[measure]
    unit = data.attrs.get("loss_units", "")
    return f"{words} ({unit.replace('V2', 'V²')})" if measure == "test_loss" and unit else words
