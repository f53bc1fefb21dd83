"""Hysteresis loops of a memristor: current over voltage, and the state over the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcl_circuits.figures.style import FAINT, Scale, headline, house_style, line_style, scale_for
from tcl_circuits.units import engineering

if TYPE_CHECKING:
    import xarray as xr

_NGSPICE: dict[str, Any] = {"color": "black", "linewidth": 1.0, "linestyle": (0, (4, 3))}


@dataclass(frozen=True, eq=False)
class LoopCurves:
    """A sine test at one frequency.

    Parameters
    ----------
    frequency : float
        Hertz.
    numpy : xarray.Dataset
        Waveforms solved in NumPy.
    ngspice : xarray.Dataset or None
        The same in ngspice, if it is there.
    """

    frequency: float
    numpy: xr.Dataset
    ngspice: xr.Dataset | None


def draw_loops(curves: Sequence[LoopCurves], title: str = "") -> Figure:
    """Draw the last period's loop at each frequency, and the state over all periods.

    Parameters
    ----------
    curves : sequence of LoopCurves
        From the lowest frequency on.
    title : str
        Headline.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    amperes = scale_for(np.concatenate([c.numpy["current"].to_numpy() for c in curves]), "A")
    states = np.concatenate([c.numpy["state"].to_numpy() for c in curves])
    about = curves[0].numpy["state"].attrs
    unit = "" if about["units"] == "1" else about["units"]
    state = scale_for(states, unit) if unit else Scale(1.0, "")
    with house_style():
        figure = Figure(figsize=(11.0, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.1, 1]})
        for k, one in enumerate(curves):
            style = line_style(k)
            for data, look in ((one.numpy, style), (one.ngspice, _NGSPICE)):
                if data is None:
                    continue
                phase = data["time"].to_numpy() * one.frequency
                last = phase >= phase[-1] - 1 - 1e-9
                left.plot(data["voltage"].to_numpy()[last], amperes(data["current"].to_numpy()[last]), **look)
                right.plot(phase, state(data["state"].to_numpy()), **look)
        for axes in (left, right):
            axes.grid(True, color=FAINT, linewidth=0.6)
        left.axhline(0, color=FAINT, linewidth=1.2, zorder=0)
        left.axvline(0, color=FAINT, linewidth=1.2, zorder=0)
        left.set(xlabel="voltage (V)", ylabel=amperes.label("current"), title="Last period")
        right.set(
            xlabel="time (periods)",
            ylabel=state.label(str(about["long_name"])),
            title="State from the start on",
        )
        right.margins(x=0)
        _legend(left, curves)
        headline(figure, title)
    return figure


def _legend(axes: Axes, curves: Sequence[LoopCurves]) -> None:
    handles = [
        Line2D([], [], label=engineering(one.frequency, "Hz"), **line_style(k))
        for k, one in enumerate(curves)
    ]
    if any(one.ngspice is not None for one in curves):
        handles.append(Line2D([], [], label="ngspice", **_NGSPICE))
    axes.legend(handles=handles, loc="best")
