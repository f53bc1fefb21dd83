"""A run's netlist for people: what it shows, which element is which edge, figures that ngspice prints."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tcl_circuits.circuit.netlist import Netlist, standalone
from tcl_circuits.circuit.network import Network
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import engineering, spice_number

_STRANGE = re.compile(r"[^A-Za-z0-9 _.,:+*=()-]")
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
    first, *lines = standalone(netlist, title).splitlines()
    comments = [
        *about,
        "The voltages at the outputs: free_* without nudge, nudged_* with all of it.",
        *(
            f"e{e}: {label}, G = {engineering(float(value), 'S')}"
            for e, (label, value) in enumerate(zip(network.edge_labels, network.conductance, strict=True))
        ),
    ]
    end = lines.index(".end")
    head = [f"* {plain(text)}" for text in comments]
    return "\n".join([first, *head, *lines[:end], *_measures(netlist, network, saw), *lines[end:], ""])


def _measures(netlist: Netlist, network: Network, saw: Sawtooth) -> list[str]:
    span = netlist.timeline
    times, strengths = saw.breakpoints
    places = {
        "free": min(float(times[-1]), span.stop * (1 - _BEFORE_THE_END)) - span.start,
        "nudged": float(times[int(strengths.argmax())]) - span.start,
    }
    return [
        f".meas tran {what}_{node} find v({node}) at={spice_number(at)}"
        for what, at in places.items()
        for node in (netlist.nodes.spice[k] for k in network.outputs.tolist())
    ]


def plain(text: str) -> str:
    """A comment's text in characters that no simulator and no shell takes for anything else."""
    return _STRANGE.sub("_", text)[:200]
