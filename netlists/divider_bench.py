"""A voltage divider with a nudged output."""

from __future__ import annotations

import networkx as nx
import numpy as np
from bench import EXACT, SAW, Bench, Measure, ends, gated, kernel_output, remarks_for

import tcl_circuits as tcl
from tcl_circuits.circuit.netlist import build_netlist
from tcl_circuits.training.pace import design_rule
from tcl_circuits.training.readout import charges


def voltage_divider() -> Bench:
    """Two edges and a nudged output between them, every number small enough for pencil and paper."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edge("top", "middle", conductance=1.25e-5)
    graph.add_edge("middle", "bottom", conductance=5e-5)
    network = tcl.Network.from_graph(graph, ["top"], ["middle"], "bottom", conductance="conductance")
    nudge, cell = tcl.ConductanceNudge(3.75e-5, tcl.single_ended(1)), tcl.SenseCell("power")
    drive = tcl.Drive.hold([1.0], nudge, [0.6])
    netlist = build_netlist(network, cell, SAW, drive)
    cycle = EXACT.run(network, cell, SAW, drive)[0]
    gate = design_rule(network, cell, SAW, drive).gate(network, cell)
    charge, theta = charges(cycle, gate), float(np.max(gate.theta))
    middle = cycle.voltage[network.outputs[0]]
    node = netlist.nodes.spice[network.outputs[0]]
    measures = [
        Measure("v_free", f"find v({node}) at=0", float(middle[0]), 1e-4, "V", "output before the nudge"),
        Measure(
            "v_nudged",
            f"find v({node}) at={SAW.tau_f:g}",
            float(np.interp(SAW.tau_f, cycle.time, middle)),
            1e-4,
            "V",
            "output under the full nudge, between v_free and the target of 0.6 V",
        ),
        Measure(
            "v_back",
            f"find v({node}) at={SAW.period:g}",
            float(middle[-1]),
            1e-4,
            "V",
            "output after the slow release",
        ),
    ]
    for e, name in enumerate(("upper", "lower")):
        u = kernel_output(network, cell, netlist, e)
        q, sign = float(charge[e]), -float(np.sign(charge[e]))
        edge = ends(network, e)
        measures += [
            Measure(f"q_{name}", gated(u, theta), q, 5e-3 * abs(q), "C", f"thresholded charge of {edge}"),
            Measure(
                f"update_{name}",
                f"param='q_{name} > 0 ? -1 : 1'",
                sign,
                0.0,
                "",
                f"its conductance should {'rise' if sign > 0 else 'fall'}: dG ~ -charge",
            ),
        ]
    return Bench(
        "voltage_divider.cir",
        "TCL: voltage divider with a nudged output",
        (
            "Two edges in series from 1 V to ground, one output between them, power cells",
            "(s = dV^2/2). The nudge beta(t) g_n (T - V), g_n = 37.5 uS, T = 0.6 V, pulls the output up.",
            "The charge of each edge's kernel output u where abs(u) > theta = 2 A_max C/tau_s says how its",
            "conductance should change: up above the output, down below it, so that the output rises.",
        ),
        netlist,
        remarks_for(network, cell, netlist),
        measures,
    )
