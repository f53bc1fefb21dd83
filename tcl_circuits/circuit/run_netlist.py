"""A run's netlist for people: what it shows, which element is which edge, figures that ngspice prints."""

from __future__ import annotations

from collections.abc import Sequence

from tcl_circuits.circuit.names import plain
from tcl_circuits.circuit.netlist import Netlist, standalone
from tcl_circuits.circuit.network import Network
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import engineering, spice_number

_LONGEST = 200
_BEFORE_THE_END = 1e-6
"""Share of the span by which the last figure is read before its end."""


def run_netlist(
    netlist: Netlist, network: Network, saw: Sawtooth, title: str, about: Sequence[str] = ()
) -> str:
    """Netlist text of one cycle, which ``ngspice -b`` runs and of which it prints the outputs' voltages.

    Each output is measured twice: ``nudged_NODE`` where the nudge is strongest, and ``free_NODE`` at the end
    of the cycle, where there is none.

    Parameters
    ----------
    netlist : Netlist
        What runs.
    network : Network
        The network in it.
    saw : Sawtooth
        The cycle.
    title : str
        First line.
    about : sequence of str
        What the netlist shows, a comment each.
    """
    comments = [*about, "The voltages at the outputs: free_* without nudge, nudged_* with all of it."]
    return annotated(standalone(netlist, title), network, comments, _measures(netlist, network, saw))


def annotated(text: str, network: Network, about: Sequence[str], measures: Sequence[str]) -> str:
    """Netlist text with comments on what it shows and on every edge, and lines that make ngspice print.

    Parameters
    ----------
    text : str
        The netlist: title, circuit, one transient, ``.end``.
    network : Network
        The network in it.
    about : sequence of str
        What it shows, a comment each.
    measures : sequence of str
        ``.meas`` lines.
    """
    first, *lines = text.splitlines()
    edges = (
        f"e{e}: {label}, G = {engineering(float(value), 'S')}"
        for e, (label, value) in enumerate(zip(network.edge_labels, network.conductance, strict=True))
    )
    head = [f"* {plain(comment, _LONGEST)}" for comment in (*about, *edges)]
    end = lines.index(".end")
    return "\n".join([first, *head, *lines[:end], *measures, *lines[end:], ""])


def figures(name: str, nodes: Sequence[str], at: float) -> list[str]:
    """``.meas`` lines of the voltages of nodes at a time [s], each called ``NAME_NODE``."""
    return [f".meas tran {name}_{node} find v({node}) at={spice_number(at)}" for node in nodes]


def _measures(netlist: Netlist, network: Network, saw: Sawtooth) -> list[str]:
    span = netlist.timeline
    times, strengths = saw.breakpoints
    places = {
        "free": min(float(times[-1]), span.stop * (1 - _BEFORE_THE_END)) - span.start,
        "nudged": float(times[int(strengths.argmax())]) - span.start,
    }
    outputs = [netlist.nodes.spice[k] for k in network.outputs.tolist()]
    return [line for name, at in places.items() for line in figures(name, outputs, at)]
