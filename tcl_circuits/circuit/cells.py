"""Edge cells: what stands between two nodes of the network.

A cell conducts with the edge's trainable conductance and senses the edge's signal s through a high-pass
C-R branch, whose current u is the output of the memory kernel of Eq. 25: ``R du/dt + u/C = ds/dt``.
Cells are written flat into a training netlist; :meth:`Cell.subcircuit` is the same cell as a ``.subckt``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.devices import Device, HeldConductance
from tcl_circuits.circuit.elements import (
    BehaviouralVoltage,
    Capacitor,
    Element,
    Resistor,
    Subcircuit,
)
from tcl_circuits.errors import InputError
from tcl_circuits.units import engineering

Signal = Literal["power", "abs", "linear"]

SIGNALS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "power": lambda drop: 0.5 * drop * drop,
    "abs": np.abs,
    "linear": lambda drop: drop,
}
"""The synaptic signal s as a function of an edge's voltage drop: s = dV^2/2 [V^2], abs(dV) or dV [V]."""

SIGNAL_UNITS = {"power": "V2", "abs": "V", "linear": "V"}

SIGNAL_EXPRESSIONS = {"power": "0.5*V({a},{b})*V({a},{b})", "abs": "abs(V({a},{b}))"}
"""The same as behavioural expressions; the linear signal needs no source of its own."""


@dataclass(frozen=True)
class Probe:
    """Ends of an edge's sense resistance, u = (V(plus) - V(minus))/r; `minus` may be ``0``."""

    plus: str
    minus: str


class Cell(Protocol):
    """An edge cell, seen by netlists and engines.

    A cell whose circuit the exact engine knows says so with a class attribute ``exact``, ``"sense"`` or
    ``"series"``, in the class that defines :meth:`edge`; any other cell is simulated by ngspice only.
    """

    @property
    def device(self) -> Device:
        """The trainable conductance."""
        ...

    @property
    def signal(self) -> Signal:
        """Which synaptic signal the cell senses."""
        ...

    @property
    def conducts_dc(self) -> bool:
        """Whether the edge carries direct current."""
        ...

    def capacitance(self, conductance: FloatArray) -> FloatArray:
        """Sense capacitance of each edge [F]; u = C ds/dt on a slow ramp."""
        ...

    def resistance(self, conductance: FloatArray) -> FloatArray:
        """Sense resistance of each edge [ohm]."""
        ...

    def edge(self, e: int, a: str, b: str, conductance: float) -> tuple[tuple[Element, ...], Probe]:
        """Elements of edge number `e` between the nodes `a` and `b`, and where its u is read."""
        ...

    def subcircuit(self, conductance: float) -> Subcircuit:
        """Return the cell as a documented ``.subckt`` with the pins ``a b``."""
        ...


def _positive(owner: str, name: str, value: float | FloatArray, unit: str) -> None:
    array = np.asarray(value, dtype=float)
    if array.ndim > 1 or not np.all(np.isfinite(array) & (array > 0)):
        raise InputError(f"{owner}: {name} = {value!r} must be positive and finite, in {unit}")


def _at(value: float | FloatArray, e: int) -> float:
    array = np.asarray(value, dtype=float)
    return float(array) if array.ndim == 0 else float(array[e])


def _for_edges(owner: str, name: str, value: float | FloatArray, edges: int) -> FloatArray:
    array = np.asarray(value, dtype=float)
    if array.ndim and array.size != edges:
        raise InputError(f"{owner}: {name} has {array.size} values for a network of {edges} edges")
    return np.broadcast_to(array, (edges,))


@dataclass(frozen=True, eq=False)
class SenseCell:
    """A trainable conductance that carries DC, beside a light C-R branch that senses the edge's signal.

    With the signals ``power`` (a squaring cell, s = dV^2/2, the default) and ``abs`` (a full-wave
    rectifier, s = abs(dV)) a controlled source drives the branch and does not load the network. With
    ``linear`` (s = dV) the branch lies straight across the edge, beside the conductance, and loads it:
    keep c/(tau_f G) below 0.1.

    Parameters
    ----------
    signal : {"power", "abs", "linear"}
        Synaptic signal. The exact contrastive gradient is that of ``power``.
    c, r : float or ndarray of shape (edges,)
        Sense capacitance [F] and resistance [ohm]; tau_K = r c, by default 1 us, a tenth of the usual
        tau_f. An array gives each edge parts of its own.
    device : Device
        The memristor.
    leak : float or ndarray of shape (edges,), optional
        Resistance across the sense capacitor [ohm]; none by default. With one the kernel has the area
        1/(r + leak), and u follows the signal itself a little.
    """

    signal: Signal = "power"
    c: float | FloatArray = 1e-12
    r: float | FloatArray = 1e6
    device: Device = field(default_factory=HeldConductance)
    leak: float | FloatArray | None = None
    exact: ClassVar[str | None] = "sense"

    def __post_init__(self) -> None:
        if self.signal not in get_args(Signal):
            raise InputError(f"SenseCell: signal {self.signal!r} must be 'power', 'abs' or 'linear'")
        _positive("SenseCell", "c", self.c, "F")
        _positive("SenseCell", "r", self.r, "ohm")
        if self.leak is not None:
            _positive("SenseCell", "leak", self.leak, "ohm")

    @property
    def conducts_dc(self) -> bool:
        """Whether the edge carries direct current: it does."""
        return True

    def capacitance(self, conductance: FloatArray) -> FloatArray:
        """Sense capacitance of each edge [F]."""
        return _for_edges("SenseCell", "c", self.c, conductance.size)

    def resistance(self, conductance: FloatArray) -> FloatArray:
        """Sense resistance of each edge [ohm]."""
        return _for_edges("SenseCell", "r", self.r, conductance.size)

    def leakage(self, conductance: FloatArray) -> FloatArray:
        """Conductance across each edge's sense capacitor [S]; 0 without leak."""
        if self.leak is None:
            return np.zeros(conductance.size)
        return 1.0 / _for_edges("SenseCell", "leak", self.leak, conductance.size)

    def edge(self, e: int, a: str, b: str, conductance: float) -> tuple[tuple[Element, ...], Probe]:
        """Elements of edge number `e` between the nodes `a` and `b`, and where its u is read."""
        c, r = _at(self.c, e), _at(self.r, e)
        learning = self.device.elements(str(e), a, b, conductance)
        source: tuple[Element, ...] = ()
        top, bottom = a, b
        if self.signal != "linear":
            top, bottom = f"s{e}", "0"
            expression = SIGNAL_EXPRESSIONS[self.signal].format(a=a, b=b)
            source = (BehaviouralVoltage(f"bs{e}", top, bottom, expression),)
        sense: tuple[Element, ...] = (
            Capacitor(f"cs{e}", top, f"u{e}", c),
            Resistor(f"rs{e}", f"u{e}", bottom, r),
        )
        if self.leak is not None:
            sense = (*sense, Resistor(f"rl{e}", top, f"u{e}", _at(self.leak, e)))
        return (*learning, *source, *sense), Probe(f"u{e}", bottom)

    def subcircuit(self, conductance: float) -> Subcircuit:
        """Return the cell as a documented ``.subckt`` with the pins ``a b``."""
        c, r = _at(self.c, 0), _at(self.r, 0)
        elements, _ = self.edge(0, "a", "b", conductance)
        where = "straight across the edge" if self.signal == "linear" else "behind a controlled source"
        signal = {"power": "V(a,b)^2/2", "abs": "abs(V(a,b))", "linear": "V(a,b)"}[self.signal]
        return Subcircuit(
            f"sense_{self.signal}",
            ("a", "b"),
            elements,
            f"trainable conductance G = {engineering(conductance, 'S')} carrying DC; C-R high-pass {where}\n"
            f"s = {signal}; r du/dt + u/c = ds/dt (Eq. 25), u = current of rs0\n"
            f"c = {engineering(c, 'F')}, r = {engineering(r, 'ohm')}, tau_K = {engineering(r * c, 's')}"
            + self._said_of_leak(),
        )

    def _said_of_leak(self) -> str:
        """A word on the leak, for the description; none without it."""
        return "" if self.leak is None else f", {engineering(_at(self.leak, 0), 'ohm')} across c (rl0)"


@dataclass(frozen=True, eq=False)
class SeriesCell:
    """A capacitor and a memristor in series: the paper's literal edge.

    Its slow response is a capacitive divider, whatever the conductances; its response to a step (t << RC)
    is the resistive divider. It carries no direct current, so that it is a kernel test circuit rather than
    a network that infers. The current of the edge itself is u, with tau_K = c/G.

    Parameters
    ----------
    c : float or ndarray of shape (edges,)
        Capacitance [F].
    device : Device
        The memristor.
    """

    c: float | FloatArray = 1e-12
    device: Device = field(default_factory=HeldConductance)
    exact: ClassVar[str | None] = "series"

    def __post_init__(self) -> None:
        _positive("SeriesCell", "c", self.c, "F")

    @property
    def signal(self) -> Signal:
        """The edge's own voltage drop."""
        return "linear"

    @property
    def conducts_dc(self) -> bool:
        """Whether the edge carries direct current: it does not."""
        return False

    def capacitance(self, conductance: FloatArray) -> FloatArray:
        """Capacitance of each edge [F]."""
        return _for_edges("SeriesCell", "c", self.c, conductance.size)

    def resistance(self, conductance: FloatArray) -> FloatArray:
        """Resistance of each edge's memristor [ohm]."""
        result: FloatArray = 1.0 / conductance
        return result

    def edge(self, e: int, a: str, b: str, conductance: float) -> tuple[tuple[Element, ...], Probe]:
        """Elements of edge number `e` between the nodes `a` and `b`, and where its u is read."""
        middle = f"u{e}"
        learning = self.device.elements(str(e), middle, b, conductance)
        return (Capacitor(f"cs{e}", a, middle, _at(self.c, e)), *learning), Probe(middle, b)

    def subcircuit(self, conductance: float) -> Subcircuit:
        """Return the cell as a documented ``.subckt`` with the pins ``a b``."""
        c = _at(self.c, 0)
        elements, _ = self.edge(0, "a", "b", conductance)
        return Subcircuit(
            "series",
            ("a", "b"),
            elements,
            "capacitor and memristor in series; no direct current\n"
            "s = V(a,b); (1/G) du/dt + u/c = ds/dt (Eq. 25), u = current of the edge\n"
            f"c = {engineering(c, 'F')}, G = {engineering(conductance, 'S')}, "
            f"tau_K = {engineering(c / conductance, 's')}",
        )


def named_cell(name: str, signal: Signal = "power") -> Cell:
    """Make the cell of a name, ``sense`` or ``series``, with default parts.

    Raises
    ------
    InputError
        If there is no such cell, or the series cell is asked for another signal than its own.
    """
    if name == "sense":
        return SenseCell(signal)
    if name == "series":
        return SeriesCell()
    raise InputError(f"there is no cell {name!r}; there are sense and series")
