"""The threshold of a learning cell: what of a sense output gets through to its state, in numbers and as text.

``h(u)`` is odd, and nothing gets through the dead zone and the power law below theta:

- ``dead_zone``: ``d = max(u - theta, 0) + min(u + theta, 0)``;
- ``hard``, ``soft``: ``u/(1 + exp(-(abs(u) - theta)/width))`` with a width of .05 or .25 theta;
- ``vteam``: ``sign(d) (reach - theta)/alpha (abs(d)/(reach - theta))^alpha``, the power law of the VTEAM
  memristor [1]_, ``dw/dt = k (abs(v)/v_t - 1)^alpha``, with both directions alike. Written so, its slope is 1
  at ``u = reach`` and less below, and alpha = 1 is the dead zone. TEAM [2]_ is the same law in a current,
  which the kernel's resistor makes of the same u: ``i = u/r``, with its threshold at theta/r.

References
----------
.. [1] Kvatinsky, Ramadan, Friedman, Kolodny, IEEE Trans. Circuits Syst. II 62, 786 (2015).
.. [2] Kvatinsky, Friedman, Kolodny, Weiser, IEEE Trans. Circuits Syst. I 60, 211 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, not_negative
from tcl_circuits.errors import InputError
from tcl_circuits.units import spice_number

Threshold = Literal["dead_zone", "hard", "soft", "vteam"]

_WIDTHS = {"hard": 0.05, "soft": 0.25}
"""Width of a step, in units of theta."""


@dataclass(frozen=True)
class WriteThreshold:
    """h(u) of a learning cell.

    Parameters
    ----------
    kind : {"dead_zone", "hard", "soft", "vteam"}
        Its law, see the module.
    theta : float
        Threshold [V].
    alpha : float
        Exponent of vteam, from 1 on.
    reach : float
        Where the slope of vteam is 1 [V], above theta.

    Raises
    ------
    InputError
        If the law can't have such a threshold.
    """

    kind: Threshold
    theta: float
    alpha: float = 3.0
    reach: float = 0.0

    def __post_init__(self) -> None:
        owner = "AutonomousCell"
        if self.kind not in get_args(Threshold):
            options = ", ".join(get_args(Threshold))
            raise InputError(f"{owner}: threshold {self.kind!r} must be one of {options}")
        not_negative(owner, "theta", self.theta)
        if self.kind != "dead_zone" and self.theta == 0:
            raise InputError(f"{owner}: a {self.kind} threshold needs theta > 0; use dead_zone for none")
        if finite(owner, "alpha", self.alpha) < 1:
            raise InputError(f"{owner}: alpha = {self.alpha:g} must be at least 1")
        if self.kind == "vteam" and not finite(owner, "reach", self.reach) > self.theta:
            raise InputError(
                f"{owner}: reach = {self.reach:g} V, where the slope of a vteam threshold is 1, "
                f"must be above theta = {self.theta:g} V"
            )

    def passed(self, u: FloatArray, theta: float | FloatArray | None = None) -> FloatArray:
        """h(u) [V] of sense outputs u [V]; another `theta` may take the place of its own.

        The factor of vteam stays what it is at its own theta.
        """
        level = self.theta if theta is None else theta
        result: FloatArray
        if self.kind in _WIDTHS:
            steep = np.minimum((level - np.abs(u)) / (_WIDTHS[self.kind] * level), 700.0)
            result = u / (1.0 + np.exp(steep))
            return result
        beyond = np.maximum(u - level, 0.0) + np.minimum(u + level, 0.0)
        if self.kind == "dead_zone":
            return beyond
        result = self._factor * np.sign(beyond) * np.abs(beyond) ** self.alpha
        return result

    def text(self, u: str, theta_node: str | None = None) -> str:
        """Expression of h for that of u; the voltage of a node may take the place of theta."""
        theta = spice_number(self.theta) if theta_node is None else f"V({theta_node})"
        if self.kind in _WIDTHS:
            width = spice_number(_WIDTHS[self.kind])
            return f"{u}/(1+exp(-(abs({u})-{theta})/({width}*{theta})))"
        if self.kind == "dead_zone":
            return f"(max({u}-{theta},0)+min({u}+{theta},0))"
        alpha = spice_number(self.alpha)
        # Two powers of what is never negative: their slopes are defined everywhere, unlike that of abs().
        return (
            f"{spice_number(self._factor)}*(pow(max({u}-{theta},0),{alpha})-pow(max(-{theta}-{u},0),{alpha}))"
        )

    @property
    def _factor(self) -> float:
        """Factor of vteam, [V^(1 - alpha)]."""
        return float((self.reach - self.theta) ** (1 - self.alpha)) / self.alpha
