"""Where in a cycle to look: the fast ramp lasts a hundredth of it and needs a window of its own."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tcl_circuits.arrays import FloatArray
from tcl_circuits.figures.style import BAND, Scale, scale_for

_BEFORE, _AFTER = 0.3, 1.5
"""Shares of the fast ramp that its window shows before and after it."""
_PAD = 0.05
_ENLARGE_BELOW = 0.4
"""Share of the largest value below which the slow ramp gets a scale of its own."""
_NONE = 1e-6
"""Nudge strength that counts as none: corners are points of the time axis only to rounding."""


def fast_ramp(time: FloatArray, beta: FloatArray) -> tuple[float, float]:
    """Start and end of the sawtooth's shorter ramp [s]; the whole span if beta is zero throughout."""
    nudged = np.flatnonzero(beta > _NONE)
    if nudged.size == 0:
        return float(time[0]), float(time[-1])
    start = float(time[max(nudged[0] - 1, 0)])
    stop = float(time[min(nudged[-1] + 1, time.size - 1)])
    peak = float(time[int(np.argmax(beta))])
    return (start, peak) if peak - start <= stop - peak else (peak, stop)


def window(time: FloatArray, beta: FloatArray) -> tuple[float, float]:
    """Span of the close-up [s]: the fast ramp with its surroundings, as far as there are data."""
    start, stop = fast_ramp(time, beta)
    length = stop - start
    first, last = float(time[0]) - _PAD * length, float(time[-1]) + _PAD * length
    return max(start - _BEFORE * length, first), min(stop + _AFTER * length, last)


class TimeColumns:
    """Two columns of panels over the same data: the close-up of the fast ramp, then the whole cycle.

    Parameters
    ----------
    data : xarray.Dataset
        Waveforms with ``beta`` and ``time``.
    """

    def __init__(self, data: xr.Dataset) -> None:
        self.time: FloatArray = np.asarray(data["time"].values, dtype=float)
        self.close_up = window(self.time, np.asarray(data["beta"].values, dtype=float))
        margin = 0.015 * float(self.time[-1] - self.time[0])
        self.cycle = (float(self.time[0]) - margin, float(self.time[-1]) + margin)
        near = scale_for(self.close_up[1] - self.close_up[0], "s")
        self.scales: tuple[Scale, Scale] = (near, scale_for(self.time[-1] - self.time[0], "s"))

    def slow_reach(self, values: FloatArray, at_least: float = 0.0) -> float | None:
        """Half the height that shows the slow ramp; None where the whole cycle's height does.

        Parameters
        ----------
        values : ndarray of shape (lines, time)
            What is drawn.
        at_least : float
            A value to be seen in any case, such as a threshold.
        """
        slow = np.abs(values[:, (self.time < self.close_up[0]) | (self.time > self.close_up[1])])
        reach = 2.0 * max(float(slow.max()) if slow.size else 0.0, at_least)
        return reach if 0 < reach < _ENLARGE_BELOW * float(np.abs(values).max()) else None

    def frame(self, near: Axes, far: Axes) -> None:
        """Set the time limits of a row's two panels and shade the close-up in the second."""
        left, right = self.scales
        near.set_xlim(*(left.factor * t for t in self.close_up))
        far.set_xlim(*(right.factor * t for t in self.cycle))
        near.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        far.axvspan(*(right.factor * t for t in self.close_up), color=BAND, linewidth=0, zorder=0)

    def label(self, near: Axes, far: Axes) -> None:
        """Name the time axes of the last row's two panels."""
        for axes, scale in zip((near, far), self.scales, strict=True):
            axes.set_xlabel(scale.label("Time t"))
