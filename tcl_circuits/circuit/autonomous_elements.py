"""The cell that learns by itself, as elements of a netlist and as a documented block."""

from __future__ import annotations

from collections.abc import Sequence

from tcl_circuits.circuit.autonomous_cell import BOUND_SLOPE, AutonomousCell, CellState
from tcl_circuits.circuit.cells import SIGNAL_EXPRESSIONS
from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Element,
    Resistor,
    Subcircuit,
)
from tcl_circuits.errors import InputError
from tcl_circuits.units import engineering, spice_number

_EXPRESSIONS: dict[str, str] = {**SIGNAL_EXPRESSIONS, "strain": "V({a},{b})", "product": "V({a},{b})"}


def elements(
    cell: AutonomousCell, suffix: str, a: str, b: str, state: CellState, theta_node: str | None = None
) -> tuple[Element, ...]:
    """Elements between the nodes `a` and `b`; the nodes s, u, w, v are its own, ``gate`` is shared.

    Parameters
    ----------
    cell : AutonomousCell
        The cell.
    suffix : str
        Ends the names of elements and nodes.
    a, b : str
        First and second node.
    state : CellState
        Where the transient starts.
    theta_node : str, optional
        Node whose voltage is the threshold, in the place of the cell's theta.
    """
    conducts = BehaviouralCurrent(f"bg{suffix}", a, b, f"{_conductance(cell, suffix)}*V({a},{b})")
    return conducts, *_learning(cell, suffix, a, b, state, theta_node)


def along(
    cell: AutonomousCell,
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
    cell, suffix, state, theta_node
        As for :func:`elements`.
    terms : sequence of (weight, first, second)
        Weights and node names: the drop is the sum of ``weight V(first, second)``.
    """
    if len(terms) == 1 and terms[0][0] == 1:
        return elements(cell, suffix, *terms[0][1:], state, theta_node)
    if cell.loads:
        raise InputError("AutonomousCell: the linear signal lies across two nodes; use strain for bonds")
    e = f"e{suffix}"
    drop = "+".join(f"{spice_number(weight)}*V({a},{b})" for weight, a, b in terms)
    force = f"{_conductance(cell, suffix)}*V({e})"
    return (
        BehaviouralVoltage(f"be{suffix}", e, "0", drop),
        *(
            BehaviouralCurrent(f"bg{suffix}_{k}", a, b, f"{spice_number(weight)}*{force}")
            for k, (weight, a, b) in enumerate(terms)
        ),
        *_learning(cell, suffix, e, "0", state, theta_node),
    )


def _conductance(cell: AutonomousCell, suffix: str) -> str:
    """Expression of the conductance."""
    return f"{spice_number(cell.slope)}*V({'v' if cell.lag_capacitance > 0 else 'w'}{suffix})"


def _learning(
    cell: AutonomousCell, suffix: str, a: str, b: str, state: CellState, theta_node: str | None
) -> tuple[Element, ...]:
    """Elements that learn from the drop between two nodes."""
    w, v = f"w{suffix}", f"v{suffix}"
    sensed = f"V(u{suffix},{b})" if cell.loads else f"V(u{suffix})"
    lag: tuple[Element, ...] = ()
    if cell.lag_capacitance > 0:
        lag = (
            Resistor(f"rv{suffix}", w, v, cell.lag_resistance),
            Capacitor(f"cv{suffix}", v, "0", cell.lag_capacitance, state.v),
        )
    drop = f"*V({a},{b})" if cell.signal == "product" else ""
    return (
        *lag,
        *_sense(cell, suffix, a, b, state.x),
        BehaviouralCurrent(f"bw{suffix}", "0", w, _write(cell, sensed, w, theta_node, drop)),
        Capacitor(f"cw{suffix}", w, "0", cell.state_capacitance, state.w),
    )


def _sense(cell: AutonomousCell, suffix: str, a: str, b: str, x: float) -> tuple[Element, ...]:
    """Elements of the sense branch: behind a source, or straight across the edge."""
    s, u = f"s{suffix}", f"u{suffix}"
    if cell.loads:
        return Capacitor(f"cs{suffix}", a, u, cell.c, x), Resistor(f"rs{suffix}", u, b, cell.r)
    factor = "" if cell.scale == 1 else f"{spice_number(cell.scale)}*"
    signal = factor + _EXPRESSIONS[cell.signal].format(a=a, b=b)
    return (
        BehaviouralVoltage(f"bs{suffix}", s, "0", signal),
        Capacitor(f"cs{suffix}", s, u, cell.c, x),
        Resistor(f"rs{suffix}", u, "0", cell.r),
    )


def _write(cell: AutonomousCell, u: str, w: str, theta_node: str | None, drop: str) -> str:
    """Expression of the write current with the bounds', of the expression `u` of the sense output."""
    low, high = (spice_number(bound) for bound in cell.state_bounds)
    gain = spice_number(cell.sign * cell.transconductance)
    bound = spice_number(BOUND_SLOPE)
    passed = cell.law.text(u, theta_node)
    return f"V(gate)*{gain}*{passed}{drop}+{bound}*(max({low}-V({w}),0)-max(V({w})-{high},0))"


_PINS = {
    "a": "first end [V]",
    "b": "second end [V]",
    "gate": "0..1, opens the write current",
    "w0": "state [V]",
    "v0": "what G follows [V]",
    "u0": "sense output [V]",
}


def subcircuit(cell: AutonomousCell, conductance: float) -> Subcircuit:
    """Return the cell as a documented ``.subckt`` with the pins ``a b gate w0 v0 u0``, v0 with a lag."""
    state = cell.at(conductance)
    unit = "V2" if cell.signal == "power" else "V"
    learned = "V2" if cell.signal in ("power", "product") else "V"
    lag = f"lag {engineering(cell.lag, 's')} of v0 behind w0" if cell.lag else "no lag: G follows w0"
    pins = ("a", "b", "gate", "w0", *(["v0"] if cell.lag else []), "u0")
    signal = {"power": "V(a,b)^2/2", "abs": "abs(V(a,b))"}.get(cell.signal, "V(a,b)")
    drop = " V(a,b)" if cell.signal == "product" else ""
    low, high = (engineering(bound, "S") for bound in cell.bounds)
    kind, theta = cell.threshold.replace("_", " "), engineering(cell.theta, "V")
    if cell.threshold == "vteam":
        theta += f", power {cell.alpha:g}, slope 1 at {engineering(cell.reach, 'V')}"
    gain, charge = engineering(cell.transconductance, "A"), engineering(cell.state_capacitance, "F")
    contrast = "dG = -k (s_nudged - s_free)" if not drop else "dG = -k (s_nudged^2 - s_free^2)/2"
    if cell.threshold == "vteam":
        contrast += " at most"
    about = (
        f"conductance G = {engineering(cell.slope, 'S')}/V times {'v0' if cell.lag else 'w0'}; "
        f"learns with the {cell.polarity} sawtooth\n"
        f"pins: {'; '.join(f'{pin} {_PINS[pin]}' for pin in pins)}\n"
        f"s = {signal} [{unit}], times {cell.scale:g}; u0 its high-pass, "
        f"tau_K = {engineering(cell.tau, 's')}\n"
        f"C_w dw0/dt = gate g_m h(u0){drop}, {kind} at {theta}, g_m = {gain}/V, C_w = {charge}\n"
        f"{contrast}, k = {engineering(cell.gain, 'S')}/{learned}; {lag}\n"
        f"bounds of G: {low} to {high}; starts at {engineering(conductance, 'S')} (transient with uic)"
    )
    return Subcircuit(f"autonomous_{cell.signal}", pins, elements(cell, "0", "a", "b", state), about)
