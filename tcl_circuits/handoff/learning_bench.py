"""The bench that learns by itself; its figures are those of its state equations, without a simulator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tcl_circuits.autonomous.design import Design as Circuit
from tcl_circuits.autonomous.equations import StateEquations
from tcl_circuits.autonomous.stability import free_voltages
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.network import Network
from tcl_circuits.handoff.benches import Bench
from tcl_circuits.handoff.dialects.base import Find, Quantity
from tcl_circuits.handoff.expected import Expected, tidy
from tcl_circuits.handoff.learning import BENCH, LIBRARY, Learning, analysis, instances, starts, surroundings

SHARE = 1e-2
"""Tolerance of a state in shares of itself or of its change, of an output in shares of the largest input."""
_MOMENTS = 4
_RTOL = 1e-5


def learning_bench(learning: Learning, network: Network) -> Bench:
    """Some cycles of the untrained network, in which it learns by itself."""
    circuit = learning.circuit(network)
    about = (
        f"The untrained network learns by itself: {learning.cycles} cycles of {learning.timing.period:g} s.",
        "Measured are the outputs and the state of every edge; its conductance is the cell's slope times it.",
    )
    return Bench(
        BENCH,
        about,
        surroundings(circuit),
        analysis(circuit),
        figures(circuit),
        (LIBRARY,),
        instances(circuit),
        starts(circuit),
    )


def figures(circuit: Circuit) -> tuple[Expected, ...]:
    """States of every edge and outputs at some moments, as the state equations have them.

    Outputs are those at rest with the conductances of the moment, the nudge being off.
    """
    count = len(circuit.schedule.periods)
    every = max(1, count // _MOMENTS)
    found: list[Expected] = []
    names = NameMap.of(circuit.network.nodes).spice
    letter = "v" if circuit.cell.lag else "w"
    begun = circuit.start().v
    volts = float(np.abs(circuit.train.inputs).max())
    for cycle, states in enumerate(StateEquations(circuit, _RTOL).run(circuit.start()), 1):
        if cycle % every and cycle != count:
            continue
        at = tidy(cycle * circuit.schedule.timing.period)
        for e, value in enumerate(states.v.tolist()):
            place = Quantity((f"{letter}e{e}",))
            what = "state that the conductance follows"
            shown = Expected(f"c{cycle}_e{e}", what, f"e{e}", cycle, "V", Find(place, at))
            span = SHARE * max(value, abs(value - begun[e]))
            found.append(replace(shown, value=float(f"{value:.5g}"), tolerance=float(f"{span:.2g}")))
        learned = circuit.network.with_conductance(
            np.clip(circuit.cell.slope * states.v, *circuit.cell.bounds)
        )
        rest = free_voltages(learned, circuit.train.inputs[[cycle - 1]])[0]
        for position in circuit.network.outputs.tolist():
            name = names[position]
            shown = Expected(f"c{cycle}_{name}", "output", name, cycle, "V", Find(Quantity((name,)), at))
            value = float(f"{rest[position]:.5g}")
            found.append(replace(shown, value=value, tolerance=float(f"{SHARE * volts:.2g}")))
    return tuple(found)
