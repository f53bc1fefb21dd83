"""What a cell that learns by itself says of itself at the head of its subcircuit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcl_circuits.units import engineering

if TYPE_CHECKING:
    from tcl_circuits.circuit.autonomous_cell import AutonomousCell


def description(cell: AutonomousCell, conductance: float) -> str:
    """Pins, equations and values of a cell that starts at a conductance [S], with units."""
    unit = "V2" if cell.signal == "power" else "V"
    learned = "V2" if cell.signal in ("power", "product") else "V"
    lag = f"lag {engineering(cell.lag, 's')} of v behind w" if cell.lag else "no lag: G follows w"
    signal = {"power": "V(a,b)^2/2", "abs": "abs(V(a,b))"}.get(cell.signal, "V(a,b)")
    drop = " V(a,b)" if cell.signal == "product" else ""
    low, high = (engineering(bound, "S") for bound in cell.bounds)
    kind, theta = _kind(cell), engineering(cell.theta, "V")
    gain, charge = engineering(cell.transconductance, "A"), engineering(cell.state_capacitance, "F")
    contrast = "dG = -k (s_nudged - s_free)" if not drop else "dG = -k (s_nudged^2 - s_free^2)/2"
    return (
        f"conductance G = {engineering(cell.slope, 'S')}/V times v; "
        f"learns with the {cell.polarity} sawtooth\n"
        "pins: a, b [V]; gate 0..1, opens the write current; w state [V], v what G follows [V], "
        "u sense output [V]\n"
        f"s = {signal} [{unit}], times {cell.scale:g}; u its high-pass, "
        f"tau_K = {engineering(cell.tau, 's')}\n"
        f"C_w dw/dt = gate g_m h(u){drop}, {kind} at {theta}, g_m = {gain}/V, C_w = {charge}\n"
        f"{contrast}, k = {engineering(cell.gain, 'S')}/{learned}; {lag}\n"
        f"bounds of G: {low} to {high}; starts at {engineering(conductance, 'S')} (transient with uic)"
    )


def _kind(cell: AutonomousCell) -> str:
    if cell.threshold != "vteam":
        return cell.threshold.replace("_", " ")
    return f"(abs(u)/theta - 1)^{cell.alpha:g} up to {engineering(cell.reach, 'V')}, theta"
