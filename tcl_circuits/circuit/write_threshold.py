"""Thresholds of the write current of a cell that learns by itself: what passes of a sense output u.

Each is a law for arrays and, with the same numbers, an expression for a netlist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.units import spice_number

Threshold = Literal["dead_zone", "hard", "soft", "vteam"]

_WIDTHS = {"hard": 0.05, "soft": 0.25}


class WriteThreshold(Protocol):
    """What passes, h(u)."""

    def passed(self, u: FloatArray, theta: float | FloatArray) -> FloatArray:
        """h(u) [V] of sense outputs and a threshold [V]."""
        ...

    def text(self, u: str, theta: str) -> str:
        """Expression of h, of the expressions of u and theta."""
        ...


class DeadZone:
    """``max(u - theta, 0) + min(u + theta, 0)``."""

    def passed(self, u: FloatArray, theta: float | FloatArray) -> FloatArray:
        """As :class:`WriteThreshold`."""
        return np.maximum(u - theta, 0.0) + np.minimum(u + theta, 0.0)

    def text(self, u: str, theta: str) -> str:
        """As :class:`WriteThreshold`."""
        return f"(max({u}-{theta},0)+min({u}+{theta},0))"


@dataclass(frozen=True)
class Step:
    """``u/(1 + exp(-(abs(u) - theta)/width))``, the width in units of theta."""

    width: float

    def passed(self, u: FloatArray, theta: float | FloatArray) -> FloatArray:
        """As :class:`WriteThreshold`."""
        steep = np.minimum((theta - np.abs(u)) / (self.width * theta), 700.0)
        result: FloatArray = u / (1.0 + np.exp(steep))
        return result

    def text(self, u: str, theta: str) -> str:
        """As :class:`WriteThreshold`."""
        return f"{u}/(1+exp(-(abs({u})-{theta})/({spice_number(self.width)}*{theta})))"


@dataclass(frozen=True)
class PowerLaw:
    """``c (abs(u)/theta - 1)^alpha`` with the sign of u: a memristor's power law beyond its threshold.

    VTEAM: Kvatinsky, Ramadan, Friedman, Kolodny, IEEE Trans. Circuits Syst. II 62, 786 (2015). TEAM (IEEE
    Trans. Circuits Syst. I 60, 211, 2013) is the same law of a current: that through the sense resistor is
    u/r, its threshold theta/r. c is such that h is ``u - theta`` where abs(u) is `reach`, the largest signal.

    Parameters
    ----------
    alpha : float
        Exponent; 1 is a dead zone.
    reach : float
        Sense output at which h is that of a dead zone [V].
    """

    alpha: float
    reach: float

    def passed(self, u: FloatArray, theta: float | FloatArray) -> FloatArray:
        """As :class:`WriteThreshold`."""
        span = self.reach - theta
        share = np.maximum(np.abs(u) - theta, 0.0) / span
        result: FloatArray = np.sign(u) * span * share**self.alpha
        return result

    def text(self, u: str, theta: str) -> str:
        """As :class:`WriteThreshold`."""
        span, alpha = f"({spice_number(self.reach)}-{theta})", spice_number(self.alpha)
        up, down = (f"pow(max({side}-{theta},0)/{span},{alpha})" for side in (u, f"0-{u}"))
        return f"{span}*({up}-{down})"


def threshold_of(kind: Threshold, alpha: float, reach: float) -> WriteThreshold:
    """Threshold of a kind; `alpha` and `reach` are those of vteam alone."""
    if kind == "dead_zone":
        return DeadZone()
    return PowerLaw(alpha, reach) if kind == "vteam" else Step(_WIDTHS[kind])
