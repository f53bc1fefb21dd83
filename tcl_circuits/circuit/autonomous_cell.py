"""The cell that learns by itself: the sense cell, with its conductance as a state of the circuit.

The state w lies on a capacitor. A current, gated and thresholded, charges it by what the sense branch gives
out; a slow R-C behind it, the lag, makes the voltage v that the conductance follows, ``G = slope v``. Without
the lag the conductance moves while its own update is being formed, and the update of each sample is bent by
that (by ``(I + M)^-1``, see :mod:`tcl_circuits.autonomous.stability`).

State equations, with s the synaptic signal and x the voltage of the sense capacitor, both times `scale`::

    u = scale s - x                    r c dx/dt = u
    C_w dw/dt = gate sign g_m h(u) + bound(w) - (w - v)/R_lag
    R_lag C_lag dv/dt = w - v

``h`` is the threshold (:mod:`tcl_circuits.circuit.write_threshold`); `sign` is -1 for the standard sawtooth
and +1 for the inverted one, so that a conductance falls where the nudged state has the larger signal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.cells import SIGNALS, Signal
from tcl_circuits.circuit.write_threshold import Threshold, WriteThreshold
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Polarity

LearningSignal = Literal["power", "abs", "linear", "strain", "product"]
"""What a cell learns from: a synaptic signal; ``strain``, the drop behind a source, which does not load the
network; or ``product``, the same with a write current in proportion to the drop, ``dw/dt ~ dV h(u)``."""


def sensed(signal: LearningSignal) -> Signal:
    """Return the synaptic signal that the sense branch sees."""
    return "linear" if signal in ("strain", "product") else signal  # type: ignore[return-value]


BOUND_SLOPE = 1e-2
"""Conductance with which the bounds pull the state back [S]; it must be far above the write current."""


@dataclass(frozen=True)
class CellState:
    """States of an edge's cell where a transient starts: w, v and x [V]."""

    w: float
    v: float
    x: float = 0.0


@dataclass(frozen=True)
class AutonomousCell:
    """A conductance that learns from its own voltage drop, in one sawtooth cycle after the other.

    Parameters
    ----------
    transconductance : float
        g_m [A/V]: current into the state per volt of u beyond the threshold.
    theta : float
        Threshold of u [V].
    polarity : {"inverted", "standard"}
        The sawtooth it is made for.
    signal : {"power", "abs", "linear", "strain", "product"}
        Synaptic signal s. The product with the drop needs no square and is the exact gradient too:
        ``dV dV/dt = d(dV^2/2)/dt``. Strain and the linear signal are the drop itself, right only where edges
        are oriented along their voltage drop; the branch of the linear signal
        lies straight across the edge, as in Fig. 7E of the paper, and loads the network: keep c/(tau_f G)
        below 0.1.
    threshold : {"dead_zone", "hard", "soft", "vteam"}
        Law of h(u), see :mod:`tcl_circuits.circuit.write_threshold`.
    c, r : float
        Sense capacitance [F] and resistance [ohm]; tau_K = r c.
    state_capacitance : float
        C_w [F].
    lag_resistance, lag_capacitance : float
        Lag between state and conductance [ohm], [F]; their product is some ten times tau_f. A capacitance of
        0 leaves the lag out.
    slope : float
        Conductance per volt of v [S/V].
    bounds : (low, high)
        Range of the conductance [S].
    scale : float
        Factor on s in the netlist. It changes no physics; a simulator with absolute tolerances for voltages
        resolves small signals better with it.
    alpha, reach : float
        Exponent of a vteam threshold, and the sense output where its slope is 1 [V].

    Raises
    ------
    InputError
        If a value is none that a circuit can have.
    """

    transconductance: float
    theta: float
    polarity: Polarity = "inverted"
    signal: LearningSignal = "power"
    threshold: Threshold = "dead_zone"
    c: float = 3e-12
    r: float = 1e6
    state_capacitance: float = 10e-12
    lag_resistance: float = 1e9
    lag_capacitance: float = 0.1e-12
    slope: float = 20e-6
    bounds: tuple[float, float] = (1e-6, 1e-4)
    scale: float = 1.0
    alpha: float = 3.0
    reach: float = 0.0

    def __post_init__(self) -> None:
        owner = "AutonomousCell"
        for name in ("transconductance", "c", "r", "state_capacitance", "lag_resistance", "slope", "scale"):
            positive(owner, name, getattr(self, name))
        not_negative(owner, "lag_capacitance", self.lag_capacitance)
        _ = self.law  # refuses a threshold that can't be
        for name, kind in (("polarity", Polarity), ("signal", LearningSignal)):
            if getattr(self, name) not in get_args(kind):
                options = ", ".join(get_args(kind))
                raise InputError(f"{owner}: {name} {getattr(self, name)!r} must be one of {options}")
        low, high = (positive(owner, "bounds", bound) for bound in self.bounds)
        if low >= high:
            raise InputError(f"{owner}: bounds {self.bounds!r} must be (low, high) with low < high, in S")
        if self.loads and self.scale != 1:
            raise InputError(
                f"{owner}: scale = {self.scale:g} must be 1 for the linear signal, which has no source"
            )

    @property
    def tau(self) -> float:
        """Kernel time tau_K = r c [s]."""
        return self.r * self.c

    @property
    def lag(self) -> float:
        """Time constant of the lag [s]; 0 without."""
        return self.lag_resistance * self.lag_capacitance

    @property
    def loads(self) -> bool:
        """Whether the sense branch lies straight across the edge and draws current from the network."""
        return self.signal == "linear"

    @property
    def sign(self) -> int:
        """Sign of the write current: +1 for the inverted sawtooth, -1 for the standard one."""
        return 1 if self.polarity == "inverted" else -1

    @property
    def law(self) -> WriteThreshold:
        """The threshold."""
        return WriteThreshold(self.threshold, self.theta, self.alpha, self.reach)

    @property
    def gain(self) -> float:
        """K [S per unit of s]: ``dG = -k (s_nudged - s_free)`` of an open gate without threshold.

        With a vteam threshold a change of s by ds changes dG by at most ``k ds`` up to ``u = reach``.
        """
        return self.slope * self.transconductance * self.scale * self.tau / self.state_capacitance

    @property
    def state_bounds(self) -> tuple[float, float]:
        """Bounds of w [V]."""
        return self.bounds[0] / self.slope, self.bounds[1] / self.slope

    def signal_of(self, drop: FloatArray) -> FloatArray:
        """Synaptic signal s of voltage drops [V^2 or V], without the scale."""
        return SIGNALS[sensed(self.signal)](drop)

    def thresholded(self, u: FloatArray, theta: float | FloatArray | None = None) -> FloatArray:
        """h(u) [V] of sense outputs u [V]; another `theta` may take the place of the cell's own."""
        return self.law.passed(u, theta)

    def write_current(
        self,
        u: FloatArray,
        gate: float | FloatArray,
        theta: float | FloatArray | None = None,
        drop: FloatArray | None = None,
    ) -> FloatArray:
        """Current into the state's capacitor that the gate lets through [A].

        The product signal needs the drops [V] too, and has its transconductance in A/V^2.
        """
        current: FloatArray = self.sign * gate * self.transconductance * self.thresholded(u, theta)
        if self.signal != "product":
            return current
        if drop is None:
            raise InputError("AutonomousCell: the product signal needs the voltage drops")
        return current * drop

    def bound_current(self, w: FloatArray) -> FloatArray:
        """Current that keeps the state within its bounds [A]."""
        low, high = self.state_bounds
        return BOUND_SLOPE * (np.maximum(low - w, 0.0) - np.maximum(w - high, 0.0))

    def at(self, conductance: float) -> CellState:
        """State of a cell at rest with a conductance [S]."""
        return CellState(conductance / self.slope, conductance / self.slope)
