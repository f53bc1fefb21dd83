"""The diodes of a network as arrays: SPICE's law, and steps along it that do not overflow.

Each diode is turned so that its current leaves its node while it conducts forward: ``x = sign (V - rail)`` is
the voltage across junction and series resistance, v that of the junction, ``x = v + RS i(v)``. A pair is one
entry, whose law is odd.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE, Amplifier, DiodePair

_REVERSE = -3.0
"""Junction voltage over N VT below which SPICE's law is a cubic."""
_LARGEST = 500.0
"""Junction voltage over N VT above which no current is of this world; exp() overflows at 709."""

_NEAR = 0.1
"""Rise over N VT below which current and voltage lead to the same place."""

State: TypeAlias = tuple[FloatArray, FloatArray, FloatArray]
"""Currents [A], conductances [S] and voltages [V] of diodes."""


class Junctions:
    """The diodes at a network's nodes, in the order of its parts.

    Attributes
    ----------
    nodes : ndarray of int, shape (diodes,)
        Position of each diode's node.
    sign, rail : ndarray of shape (diodes,)
        ``x = sign (V - rail)``; rail in volts.
    """

    def __init__(self, network: Network) -> None:
        place = {node: k for k, node in enumerate(network.nodes)}
        parts = [part for part in network.parts if not isinstance(part, Amplifier)]
        pairs = [isinstance(part, DiodePair) for part in parts]
        self.nodes = np.array([place[part.node] for part in parts], dtype=np.int64)
        self.sign = np.array([-1.0 if getattr(part, "direction", "out") == "in" else 1.0 for part in parts])
        self.rail = np.array([getattr(part, "volts", 0.0) for part in parts])
        self._paired = np.array(pairs, dtype=float)
        self._saturation = np.array([part.saturation for part in parts])
        self._thermal = THERMAL_VOLTAGE * np.array([part.emission for part in parts])
        self._ohms = np.array([part.ohms for part in parts])

    @property
    def count(self) -> int:
        """Number of diodes; a pair counts once."""
        return int(self.nodes.size)

    @property
    def softest(self) -> float:
        """Least thermal voltage N VT, the scale on which currents bend [V]."""
        return float(self._thermal.min())

    def state(self, v: FloatArray) -> State:
        """What diodes do at junction voltages `v` of shape (..., diodes) [V].

        Returns
        -------
        current, conductance, voltage : ndarray of shape (..., diodes)
            i [A]; di/dx, of junction and resistance together [S]; x [V].
        """
        y = v / self._thermal
        forward, slope = _law(y)
        backward, slope_back = _law(-y)
        current = self._saturation * (forward - self._paired * backward)
        steepness = self._saturation / self._thermal * (slope + self._paired * slope_back)
        return current, steepness / (1 + self._ohms * steepness), v + self._ohms * current

    def across(self, voltages: FloatArray) -> FloatArray:
        """Voltages across the diodes (..., diodes), in their own direction, of nodes (..., nodes) [V]."""
        found: FloatArray = self.sign * (voltages[..., self.nodes] - self.rail)
        return found

    def start(self, x: FloatArray, resistance: FloatArray) -> FloatArray:
        """Junction voltages for a search, where each diode alone would have them or above.

        Parameters
        ----------
        x : ndarray of shape (..., diodes)
            Voltages without any diode [V].
        resistance : ndarray of shape (diodes,)
            What each diode sees of the network [ohm].

        Returns
        -------
        ndarray of shape (..., diodes)
            An upper bound of each diode's own solution, from which Newton's method descends and can't
            overflow.
        """
        # Amplifiers that feed back to themselves can make a negative resistance.
        bound = self._at_current(np.abs(x) / (np.maximum(resistance, 0.0) + self._ohms))
        size = np.minimum(np.abs(x), bound)
        return np.where((x < 0) & (self._paired == 0), x, np.copysign(size, x))

    def step(self, v: FloatArray, state: State, x: FloatArray) -> FloatArray:
        """Junction voltages after a Newton step from `v`, to where the tangent has the voltages `x`.

        `state` is that at `v`, as :meth:`state` returns it.

        A rising current is followed as a current, a falling one as a voltage, none further than to zero:
        for a diode alone, such steps don't go too far (cf. SPICE's limiting of junctions).
        """
        current, conductance, at = state
        ahead = current + conductance * (x - at)
        # (x - at) is shared by junction and resistance: the junction's share is what RS g leaves.
        along = v + (1 - self._ohms * conductance) * (x - at)
        # A pair in reverse is a pair forward, seen from the other side.
        side = np.where((self._paired == 1) & (np.where(v == 0, along, v) < 0), -1.0, 1.0)
        before, after = side * v, side * along
        by_current = self._at_current(np.maximum(side * ahead, 0.0))
        crosses = before * after < 0
        rises = (before >= 0) & (after > before + _NEAR * self._thermal)
        found: FloatArray = side * np.where(rises, by_current, np.where(crosses, 0.0, after))
        return found

    def _at_current(self, current: FloatArray) -> FloatArray:
        """Junction voltages of forward currents, from above."""
        ratio = current / self._saturation
        found: FloatArray = self._thermal * np.where(
            self._paired == 1, np.arcsinh(ratio / 2), np.log1p(ratio)
        )
        return found


def _law(y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """i/IS and its slope by y = v/(N VT)."""
    power = np.exp(np.minimum(np.maximum(y, _REVERSE), _LARGEST))
    if y.size and y.min() >= _REVERSE:
        return power - 1, power
    reverse = np.minimum(y, _REVERSE)
    cube = (_REVERSE / (math.e * reverse)) ** 3
    forward = y >= _REVERSE
    current = np.where(forward, power - 1, cube - 1)
    return current, np.where(forward, power, -3 * cube / reverse)
