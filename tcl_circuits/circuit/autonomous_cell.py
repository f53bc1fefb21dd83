"""The cell that learns by itself: the sense cell, with its conductance as a state of the circuit.

The state w lies on a capacitor. A current, gated and thresholded, charges it by what the sense branch gives
out; a slow R-C behind it, the lag, makes the voltage v that the conductance follows, ``G = slope v``. Without
the lag the conductance moves while its own update is being formed, and the update of each sample is bent by
that (by ``(I + M)^-1``, see :mod:`tcl_circuits.autonomous.stability`).

State equations, with s the synaptic signal and x the voltage of the sense capacitor, both times `scale`::

    u = scale s - x                    r c dx/dt = u
    C_w dw/dt = gate sign g_m h(u) + bound(w) - (w - v)/R_lag
    R_lag C_lag dv/dt = w - v

``h`` is the threshold; `sign` is -1 for the standard sawtooth and +1 for the inverted one, so that a
conductance falls where the nudged state has the larger signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.autonomous_text import description
from tcl_circuits.circuit.cells import SIGNAL_EXPRESSIONS, SIGNALS, Signal
from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Element,
    Resistor,
    Subcircuit,
)
from tcl_circuits.circuit.write_threshold import Threshold, WriteThreshold, threshold_of
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Polarity
from tcl_circuits.units import spice_number

LearningSignal = Literal["power", "abs", "linear", "strain", "product"]
"""What a cell learns from: a synaptic signal; ``strain``, the drop behind a source, which does not load the
network; or ``product``, the same with a write current in proportion to the drop, ``dw/dt ~ dV h(u)``."""


def sensed(signal: LearningSignal) -> Signal:
    """Return the synaptic signal that the sense branch sees."""
    return "linear" if signal in ("strain", "product") else signal  # type: ignore[return-value]


_EXPRESSIONS: dict[str, str] = {**SIGNAL_EXPRESSIONS, "strain": "V({a},{b})", "product": "V({a},{b})"}

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
        h(u): ``max(u - theta, 0) + min(u + theta, 0)``; ``u/(1 + exp(-(abs(u) - theta)/width))`` with a
        width of .05 (hard) or .25 theta (soft); or a memristor's power of the voltage beyond theta, see
        :class:`~tcl_circuits.circuit.write_threshold.PowerLaw`.
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
        Exponent of ``vteam``, and the sense output [V] at which it passes what a dead zone does.

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
    reach: float = 1.0

    def __post_init__(self) -> None:
        owner = "AutonomousCell"
        for name in ("transconductance", "c", "r", "state_capacitance", "lag_resistance", "slope", "scale"):
            positive(owner, name, getattr(self, name))
        for name in ("theta", "lag_capacitance"):
            not_negative(owner, name, getattr(self, name))
        for name, kind in (("polarity", Polarity), ("signal", LearningSignal), ("threshold", Threshold)):
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
        if self.threshold != "dead_zone" and self.theta == 0:
            raise InputError(f"{owner}: a {self.threshold} threshold needs theta > 0; use dead_zone for none")
        if self.threshold == "vteam":
            self._check_power()

    def _check_power(self) -> None:
        if not 1 <= positive("AutonomousCell", "alpha", self.alpha) <= 10:
            raise InputError(
                f"AutonomousCell: alpha = {self.alpha:g} must lie between 1 (a dead zone) and 10"
            )
        if positive("AutonomousCell", "reach", self.reach) <= self.theta:
            raise InputError(
                f"AutonomousCell: reach = {self.reach:g} V must lie above theta = {self.theta:g} V"
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
    def gain(self) -> float:
        """K [S per unit of s]: ``dG = -k (s_nudged - s_free)`` of an open gate without threshold."""
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
        return self._threshold.passed(u, self.theta if theta is None else theta)

    @property
    def _threshold(self) -> WriteThreshold:
        return threshold_of(self.threshold, self.alpha, self.reach)

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

    def elements(
        self, suffix: str, a: str, b: str, state: CellState, theta_node: str | None = None
    ) -> tuple[Element, ...]:
        """Elements between the nodes `a` and `b`; the nodes s, u, w, v are its own, ``gate`` is shared.

        Parameters
        ----------
        suffix : str
            Ends the names of elements and nodes.
        a, b : str
            First and second node.
        state : CellState
            Where the transient starts.
        theta_node : str, optional
            Node whose voltage is the threshold, in the place of :attr:`theta`.
        """
        conducts = BehaviouralCurrent(f"bg{suffix}", a, b, f"{self._conductance(suffix)}*V({a},{b})")
        return conducts, *self._learning(suffix, a, b, state, theta_node)

    def along(
        self,
        suffix: str,
        terms: Sequence[tuple[float, str, str]],
        state: CellState,
        theta_node: str | None = None,
    ) -> tuple[Element, ...]:
        """Elements of an edge whose drop is a sum over pairs of nodes, as the extension of a bond is.

        With more than one pair a source forms the drop at the node e, and a current flows along each pair by
        its share.

        Parameters
        ----------
        suffix, state, theta_node
            As for :meth:`elements`.
        terms : sequence of (weight, first, second)
            Weights and node names: the drop is the sum of ``weight V(first, second)``.
        """
        if len(terms) == 1 and terms[0][0] == 1:
            return self.elements(suffix, *terms[0][1:], state, theta_node)
        if self.loads:
            raise InputError("AutonomousCell: the linear signal lies across two nodes; use strain for bonds")
        e = f"e{suffix}"
        drop = "+".join(f"{spice_number(weight)}*V({a},{b})" for weight, a, b in terms)
        force = f"{self._conductance(suffix)}*V({e})"
        return (
            BehaviouralVoltage(f"be{suffix}", e, "0", drop),
            *(
                BehaviouralCurrent(f"bg{suffix}_{k}", a, b, f"{spice_number(weight)}*{force}")
                for k, (weight, a, b) in enumerate(terms)
            ),
            *self._learning(suffix, e, "0", state, theta_node),
        )

    def _conductance(self, suffix: str) -> str:
        """Expression of the conductance."""
        return f"{spice_number(self.slope)}*V({'v' if self.lag_capacitance > 0 else 'w'}{suffix})"

    def _learning(
        self, suffix: str, a: str, b: str, state: CellState, theta_node: str | None
    ) -> tuple[Element, ...]:
        """Elements that learn from the drop between two nodes."""
        w, v = f"w{suffix}", f"v{suffix}"
        sensed = f"V(u{suffix},{b})" if self.loads else f"V(u{suffix})"
        lag: tuple[Element, ...] = ()
        if self.lag_capacitance > 0:
            lag = (
                Resistor(f"rv{suffix}", w, v, self.lag_resistance),
                Capacitor(f"cv{suffix}", v, "0", self.lag_capacitance, state.v),
            )
        drop = f"*V({a},{b})" if self.signal == "product" else ""
        return (
            *lag,
            *self._sense(suffix, a, b, state.x),
            BehaviouralCurrent(f"bw{suffix}", "0", w, self._write(sensed, w, theta_node, drop)),
            Capacitor(f"cw{suffix}", w, "0", self.state_capacitance, state.w),
        )

    def _sense(self, suffix: str, a: str, b: str, x: float) -> tuple[Element, ...]:
        """Elements of the sense branch: behind a source, or straight across the edge."""
        s, u = f"s{suffix}", f"u{suffix}"
        if self.loads:
            return Capacitor(f"cs{suffix}", a, u, self.c, x), Resistor(f"rs{suffix}", u, b, self.r)
        factor = "" if self.scale == 1 else f"{spice_number(self.scale)}*"
        signal = factor + _EXPRESSIONS[self.signal].format(a=a, b=b)
        return (
            BehaviouralVoltage(f"bs{suffix}", s, "0", signal),
            Capacitor(f"cs{suffix}", s, u, self.c, x),
            Resistor(f"rs{suffix}", u, "0", self.r),
        )

    def _write(self, u: str, w: str, theta_node: str | None, drop: str) -> str:
        """Expression of the write current with the bounds', of the expression `u` of the sense output."""
        theta = spice_number(self.theta) if theta_node is None else f"V({theta_node})"
        low, high = (spice_number(bound) for bound in self.state_bounds)
        passed = self._threshold.text(u, theta)
        gain = spice_number(self.sign * self.transconductance)
        bound = spice_number(BOUND_SLOPE)
        return f"V(gate)*{gain}*{passed}{drop}+{bound}*(max({low}-V({w}),0)-max(V({w})-{high},0))"

    def subcircuit(self, conductance: float) -> Subcircuit:
        """Return the cell as a documented ``.subckt`` with the pins ``a b gate w v u``."""
        state = self.at(conductance)
        pins = ("a", "b", "gate", "w0", "v0", "u0") if self.lag else ("a", "b", "gate", "w0", "u0")
        return Subcircuit(
            f"autonomous_{self.signal}",
            pins,
            self.elements("0", "a", "b", state),
            description(self, conductance),
        )
