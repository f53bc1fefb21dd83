"""What a cycle costs: energies by part, and the threshold beside thermal noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tcl_circuits.figures.style import FAINT, MUTED, PALETTE, headline, house_style, scale_for
from tcl_circuits.units import engineering

_PARTS = {
    "dc_J": "conductances",
    "diodes_J": "diodes",
    "write_J": "writes",
    "sense_J": "sense branches",
    "appendix_c_J": "Appendix C's estimate",
}


def draw_cost(cost: Mapping[str, Any]) -> Figure:
    """Draw an account of costs.

    Parameters
    ----------
    cost : mapping
        What ``cost.json`` holds.

    Returns
    -------
    matplotlib.figure.Figure
        Drawn, not yet saved.
    """
    cycles: Mapping[str, Mapping[str, Any]] = cost["cycles"]
    with house_style():
        figure = Figure(figsize=(12.4, 4.2), layout="constrained")
        headline(
            figure,
            f"Cost of a training cycle: {cost['task']}, {cost['edges']} edges, signal {cost['signal']}",
        )
        left, right = figure.subplots(1, 2)
        _energies(left, cycles)
        _voltages(right, cycles)
        return figure


def _energies(axes: Axes, cycles: Mapping[str, Mapping[str, Any]]) -> None:
    """Bars on a logarithmic axis, each with its value."""
    diodes = any(cycle["diodes_J"] for cycle in cycles.values())
    parts = {part: label for part, label in _PARTS.items() if diodes or part != "diodes_J"}
    values = np.array([[cycle[part] for part in parts] for cycle in cycles.values()])
    known = values[values > 0]
    low = 10 ** (np.floor(np.log10(known.min())) - 1) if known.size else 1e-18
    height = 0.8 / len(cycles)
    for k, name in enumerate(cycles):
        place = np.arange(len(parts)) + (k - (len(cycles) - 1) / 2) * height
        axes.barh(
            place, np.maximum(values[k], low) - low, height * 0.92, left=low, color=PALETTE[k], label=name
        )
        for y, value in zip(place, values[k], strict=True):
            axes.text(
                max(value, low) * 1.6,
                y,
                engineering(float(value), "J") if value >= 1e-17 or value == 0 else f"{value:.2g} J",
                va="center",
                fontsize=9.5,
            )
    axes.set_xscale("log")
    axes.set_xlim(low, max(float(values.max()), low) * 300)
    axes.set_yticks(range(len(parts)), list(parts.values()))
    axes.invert_yaxis()
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(True, axis="x", color=FAINT, linewidth=0.6)
    axes.set_xlabel("Energy of a cycle (J)")
    if len(cycles) > 1:
        axes.legend(title="cycle", loc="lower right", alignment="left")


def _voltages(axes: Axes, cycles: Mapping[str, Mapping[str, Any]]) -> None:
    """Threshold voltage of each cycle over bands of one to four noise voltages."""
    found = {name: cycle["threshold"] for name, cycle in cycles.items() if cycle["threshold"] is not None}
    if not found:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no threshold", ha="center", va="center", color=MUTED)
        return
    noise = max(threshold["noise_V"] for threshold in found.values())
    top = max(*(threshold["threshold_V"] for threshold in found.values()), 4 * noise)
    scale = scale_for(top, "V")
    for n in (4, 3, 2, 1):
        axes.axhspan(0, scale.factor * n * noise, color=MUTED, alpha=0.11, linewidth=0)
    for n in (1, 4):
        axes.axhline(scale.factor * n * noise, color=MUTED, linewidth=1.0, linestyle="--")
        axes.text(
            len(found) - 0.45,
            scale.factor * n * noise,
            "√(kT/C)" if n == 1 else f"{n} √(kT/C)",
            ha="right",
            va="bottom",
            color=MUTED,
            fontsize=9.5,
        )
    for k, (name, threshold) in enumerate(found.items()):
        axes.bar(k, scale.factor * threshold["threshold_V"], 0.35, color=PALETTE[list(cycles).index(name)])
        axes.text(
            k,
            scale.factor * threshold["threshold_V"],
            f"{threshold['sigmas']:.2g} √(kT/C)",
            ha="center",
            va="bottom",
            fontsize=9.5,
        )
    axes.set_xticks(range(len(found)), [f"{name} cycle" for name in found])
    axes.set_xlim(-0.6, len(found) - 0.4)
    axes.set_ylim(0, scale.factor * top * 1.15)
    axes.set_ylabel(scale.label("Threshold of V(u)"))
