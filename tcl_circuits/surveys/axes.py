"""The imperfections that a Monte Carlo varies, each by itself, and their values from mild to severe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SPREADS = ("conductance", "capacitance", "resistance", "threshold", "gain")
_MIDDLE = 1e-5
"""Middle of a narrowed range of conductances [S]."""


@dataclass(frozen=True)
class Axis:
    """One imperfection and the values that are tried.

    Parameters
    ----------
    name, unit : str
        For tables and pictures.
    values : tuple of float
        From mild to severe.
    settings : callable
        From a value to the fields of :class:`Imperfections` that it sets.
    rules : tuple of str, optional
        Rules that it touches; all by default.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    settings: Callable[[float], dict[str, Any]]
    rules: tuple[str, ...] | None = None


def _field(
    name: str, unit: str, values: tuple[float, ...], kind: type = float, rules: tuple[str, ...] | None = None
) -> Axis:
    return Axis(name, unit, values, lambda value: {name: kind(value)}, rules)


_SENSING = ("tcl", "tcl-following", "continual")
_THRESHOLDED = ("tcl", "tcl-following")
AXES = (
    Axis(
        "spread",
        "relative rms, all parts",
        (0.1, 0.2, 0.4),
        lambda value: {f"{part}_spread": value for part in _SPREADS},
    ),
    *(_field(f"{part}_spread", "relative rms", (0.1, 0.2, 0.4)) for part in _SPREADS),
    _field("threshold_softness", "share of theta", (0.05, 0.2, 0.5), rules=_THRESHOLDED),
    _field("input_offset", "share of A_max C/tau_f", (0.003, 0.01, 0.03, 0.1), rules=_SENSING),
    _field("update_noise", "share of each write", (0.1, 0.3, 1.0)),
    _field("asymmetry", "rms share", (0.1, 0.2, 0.4)),
    Axis(
        "levels",
        "levels, to the nearest",
        (1024, 256, 64, 32),
        lambda value: {"levels": int(value), "stochastic_rounding": False},
    ),
    Axis(
        "levels_stochastic",
        "levels, stochastic rounding",
        (1024, 256, 64, 32),
        lambda value: {"levels": int(value), "stochastic_rounding": True},
    ),
    Axis(
        "range",
        "largest G over smallest",
        (30.0, 10.0, 4.0),
        lambda value: {"conductance_low": _MIDDLE / value**0.5, "conductance_high": _MIDDLE * value**0.5},
    ),
    _field("leak", "share a cycle", (1e-5, 1e-4, 1e-3, 1e-2)),
    _field("read_noise", "relative rms", (0.01, 0.03, 0.1)),
    _field("capacitor_leak", "S", (1e-11, 1e-10, 1e-9), rules=_SENSING),
    _field("temperature", "K at 1 pF", (3.0, 30.0, 300.0), rules=(*_SENSING, "contrast")),
    _field(
        "static_offset", "share of 0.5 V^2", (1e-4, 1e-3, 1e-2), rules=("contrast", "twins", "oscillating")
    ),
    _field("memory_bits", "bits", (12, 8, 6), int, rules=("contrast",)),
    _field("twin_mismatch", "relative rms", (0.01, 0.03, 0.1), rules=("twins",)),
)
"""All imperfections that are tried."""
