"""What memristor models share: bounds of the state, its place in a netlist, and the way into a cell.

A model is a frozen set of parameters with two equations, ``dx/dt = f(x, v)`` and ``i = h(x, v)``: one state
and one voltage, both written once for NumPy and once for a behavioural source. In a netlist the state stands
on a capacitor, scaled to 0..1 V. The circuit is well posed in the sense of Wang and Roychowdhury
(arXiv:1605.04897, 2016): all expressions are continuous and defined for every voltage a Newton step may
try, the operating point exists and is unique, and what the device sees of its state never leaves the bounds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite_array
from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Element,
    Subcircuit,
    VoltageSource,
)
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.errors import InputError
from tcl_circuits.units import engineering

EDGE = 1e-4
"""Share of the range in which a netlist brings motion towards a bound to rest; NumPy stops at the bound."""


class Memristor(ABC):
    """A two-terminal memristor with one state variable.

    The current counts positive from the terminal p through the device to n, as v = V(p) - V(n) does.
    """

    kind: ClassVar[str]
    state_name: ClassVar[str]
    state_unit: ClassVar[str]
    parameter: ClassVar[str] = "x0"
    """Parameter of the ``.subckt`` that holds what is learned: the state at the start, scaled to 0..1."""
    volatile: ClassVar[bool] = False
    """Whether the state goes back by itself; what is learned is then not the state."""

    @property
    def name(self) -> str:
        """Name on the command line and in netlists."""
        return self.kind

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is and its equation, in a line."""

    @property
    @abstractmethod
    def citation(self) -> str:
        """Where it is from."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[float, float]:
        """Least and largest value of the state."""

    @property
    @abstractmethod
    def levels(self) -> tuple[float, ...]:
        """Voltages at which the state begins or ceases to move, or turns [V]."""

    @property
    @abstractmethod
    def time_scale(self) -> float:
        """Time in which a strong voltage moves the state over its range, roughly [s]."""

    @property
    @abstractmethod
    def test(self) -> Sine:
        """The voltage of the standard sine test."""

    @property
    @abstractmethod
    def usual_start(self) -> float:
        """State at which the sine test starts."""

    @abstractmethod
    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """Motion of the state inside its bounds [state unit/s], `x` and `v` as arrays of one shape."""

    @abstractmethod
    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """Current [A] at the state `x` and the voltage `v` [V], arrays of shapes that fit each other."""

    @abstractmethod
    def conductance(self, x: FloatArray) -> FloatArray:
        """Conductance at small voltages [S]."""

    @abstractmethod
    def _state(self, conductance: FloatArray) -> FloatArray:
        """Inverse of :meth:`conductance`."""

    @abstractmethod
    def drift_text(self, x: str, v: str) -> str:
        """:meth:`drift` over the state's range [1/s] as an expression of the scaled state and the voltage."""

    @abstractmethod
    def current_text(self, x: str, v: str, learned: str) -> str:
        """:meth:`current` as an expression of the scaled state, the voltage and what is learned."""

    def state_derivative(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """dx/dt [state unit/s], zero where the state is at a bound and would leave it.

        Parameters
        ----------
        x : ndarray
            State.
        v : ndarray
            Voltage [V], of a shape that fits.
        """
        low, high = self.bounds
        state, volts = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(v, dtype=float))
        rate = self.drift(np.clip(state, low, high), volts)
        leaves = ((state <= low) & (rate < 0)) | ((state >= high) & (rate > 0))
        return np.where(leaves, 0.0, rate)

    @property
    def conductances(self) -> tuple[float, float]:
        """Least and largest conductance that can be learned [S]."""
        ends = self.conductance(np.array(self.bounds))
        return float(ends.min()), float(ends.max())

    def state(self, conductance: FloatArray | float) -> FloatArray:
        """State of a conductance [S].

        Raises
        ------
        InputError
            If the device can't have this conductance.
        """
        return self._state(self.learnable(conductance))

    def learnable(self, conductance: FloatArray | float) -> FloatArray:
        """Conductances [S] as an array, if the device can have them.

        Raises
        ------
        InputError
            If one is not finite or out of range.
        """
        value = finite_array(self.name, "conductance", conductance)
        low, high = self.conductances
        off = value[(value < low * (1 - 1e-9)) | (value > high * (1 + 1e-9))]
        if off.size:
            raise InputError(
                f"{self.name}: a conductance of {engineering(float(off.flat[0]), 'S')} lies outside "
                f"{engineering(low, 'S')} .. {engineering(high, 'S')}; give the device other parameters"
            )
        return np.clip(value, low, high)

    def scaled(self, x: FloatArray | float) -> FloatArray:
        """State as in a netlist: 0 at the least value, 1 at the largest."""
        low, high = self.bounds
        result: FloatArray = (np.asarray(x, dtype=float) - low) / (high - low)
        return result

    def unscaled(self, share: FloatArray) -> FloatArray:
        """State of a netlist's scaled one."""
        low, high = self.bounds
        return low + (high - low) * share

    def learned(self, conductance: FloatArray | float) -> FloatArray:
        """Value of :attr:`parameter` at a conductance [S]."""
        return self.scaled(self.state(conductance))

    # In a cell: the device protocol.

    def elements(self, suffix: str, a: str, b: str, conductance: float) -> tuple[Element, ...]:
        """Elements between `a` and `b` (p and n), the state that of the conductance [S] at t = 0.

        The source ``vm<suffix>`` holds what is learned, ``x<suffix>`` is the scaled state.
        """
        held = f"y{suffix}"
        source = VoltageSource(f"vm{suffix}", held, "0", float(self._held(np.asarray(conductance))))
        return (source, *self._parts(suffix, (a, b, f"x{suffix}"), f"m{suffix}", self._held_text(held)))

    def settings(self, conductance: FloatArray) -> Iterable[tuple[str, float]]:
        """Names of the elements that set the edges' conductances [S], and their values."""
        return [(f"vm{e}", value) for e, value in enumerate(self._held(conductance).tolist())]

    def _held(self, conductance: FloatArray) -> FloatArray:
        """Voltage of the source that holds what is learned."""
        return self.learned(conductance)

    def _held_text(self, node: str) -> str:
        """What is learned, in terms of that voltage."""
        return f"V({node})"

    def subcircuit(self) -> Subcircuit:
        """Return the device as a documented ``.subckt`` with the pins ``p n x``; x is the scaled state."""
        low, high = self.bounds
        unit = f" {self.state_unit}" if self.state_unit else ""
        text = (
            f"{self.title}\n{self.citation}\n"
            f"p, n: terminals; x: state, 0..1 V for {self.state_name} = {low:g} .. {high:g}{unit}\n"
            f"{self._parameter_text()}"
        )
        start = float(number(self.learned_default))
        parts = self._parts("", ("p", "n", "x"), "m", f"{{{self.parameter}}}")
        return Subcircuit(self.name, ("p", "n", "x"), parts, text, ((self.parameter, start),))

    @property
    def learned_default(self) -> float:
        """Value of :attr:`parameter` where none is given."""
        return float(self.scaled(self.usual_start))

    def _parameter_text(self) -> str:
        return f"{self.parameter}: the scaled state at the operating point (t = 0)"

    def _parts(self, suffix: str, pins: tuple[str, str, str], m: str, learned: str) -> tuple[Element, ...]:
        """Its speed, the state on a capacitor at `m`, what the device sees of it at x, and the current."""
        p, n, x = pins
        drop, r = f"V({p},{n})", f"{m}r"
        if self.volatile:
            # It relaxes to a state inside its bounds, which is its operating point.
            seen, motion = f"V({m})", f"V({r})"
        else:
            # Near a bound the motion towards it ends within EDGE of the range; the motion back is not held.
            up, down = f"min(1,(1-V({m}))/{EDGE:g})", f"min(1,V({m})/{EDGE:g})"
            # At the operating point the source holds the state: at v = 0 any would be one.
            seen = f"V({x})"
            motion = f"time>0 ? max(V({r}),0)*{up}+min(V({r}),0)*{down} : {learned}-V({m})"
        speed = f"{number(self.time_scale)}*({self.drift_text(seen, drop)})"
        return (
            BehaviouralVoltage(f"br{suffix}", r, "0", speed),
            BehaviouralCurrent(f"bm{suffix}", "0", m, motion),
            # One ampere, or 1 V at r, moves the state over its range in time_scale.
            Capacitor(f"cm{suffix}", m, "0", float(number(self.time_scale))),
            BehaviouralVoltage(f"bx{suffix}", x, "0", f"min(max(V({m}),0),1)"),
            BehaviouralCurrent(f"bg{suffix}", p, n, self.current_text(f"V({x})", drop, learned)),
        )
