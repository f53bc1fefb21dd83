"""One edge under the sawtooth, against Eq. 25."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
from bench import SAW, Bench, Measure, gated, kernel_output, remarks_for

import tcl_circuits as tcl
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.netlist import Netlist, build_netlist
from tcl_circuits.rule import update_integral
from tcl_circuits.units import engineering


def series() -> Bench:
    """The series cell."""
    return one_edge(
        "kernel_series.cir",
        "TCL: kernel of the series cell",
        (
            "One edge, a capacitor (1 pF) and a memristor (1 uS) in series, the paper's literal edge;",
            "tau_K = C/G = 1 us. A sawtooth voltage of A = 1 V across it, rise tau_f = 10 us, fall",
            "tau_s = 1 ms. Its current u is that of Eq. 25, R du/dt + u/C = ds/dt: near C A/tau_f",
            "= 100 nA on the rise, -C A/tau_s = -1 nA on the fall.",
        ),
        tcl.SeriesCell(c=1e-12),
        1e-6,
    )


def sense() -> Bench:
    """The linear sense cell."""
    return one_edge(
        "kernel_sense.cir",
        "TCL: kernel of the linear sense cell",
        (
            "One edge, a conductance of 8 uS that carries the direct current, beside it a light C-R",
            "branch (1 pF, 1 Mohm; tau_K = 1 us) straight across. The same sawtooth as in",
            "kernel_series.cir gives the same kernel output u, the current of the branch, although the",
            "conductance carries up to 8 uA.",
        ),
        tcl.SenseCell("linear"),
        8e-6,
    )


def one_edge(name: str, title: str, about: Sequence[str], cell: Cell, conductance: float) -> Bench:
    """One edge whose voltage is the sawtooth itself, against Eq. 25."""
    amplitude = 1.0
    graph: nx.Graph[str] = nx.Graph([("source", "sink")])
    network = tcl.Network.from_graph(graph, ["source"], ground="sink", conductance=conductance)
    times, beta = SAW.breakpoints
    drive = tcl.Drive.ramps(times, amplitude * beta[None, :])
    netlist = build_netlist(network, cell, SAW, drive)
    return Bench(
        name,
        title,
        about,
        netlist,
        {**remarks_for(network, cell, netlist), "vin0": "the sawtooth, straight across the edge"},
        kernel_measures(network, cell, netlist, amplitude),
    )


def kernel_measures(network: tcl.Network, cell: Cell, netlist: Netlist, amplitude: float) -> list[Measure]:
    """What Eq. 25 says of an edge under a sawtooth voltage of the given amplitude."""
    g = network.conductance
    kernel = tcl.kernels.rc(float(cell.resistance(g)[0]), float(cell.capacitance(g)[0]))
    corner, tau, c = SAW.tau_f, kernel.tau, float(cell.capacitance(g)[0])
    theta = 2 * amplitude * c / SAW.tau_s
    shown = [0.1 * corner, 0.5 * corner, corner + tau, corner + 3 * tau, SAW.period / 2]
    grid = np.unique(
        np.concatenate(
            [
                np.linspace(0, corner, 2001),
                np.linspace(corner, corner + 12 * tau, 2001),
                [*shown, SAW.period],
            ]
        )
    )
    exact = kernel.response(grid, amplitude * SAW.values(grid))
    at = {moment: float(exact[np.searchsorted(grid, moment)]) for moment in [*shown, corner, SAW.period]}
    peak, whole = at[corner], c * amplitude
    u = kernel_output(network, cell, netlist, 0)
    charge = float(update_integral(grid, exact[None], tcl.HardThreshold(theta))[0])
    return [
        Measure("u_peak", f"max par('{u}')", peak, 2e-3 * peak, "A", "largest u, at the end of the rise"),
        *(
            Measure(
                f"u_{round(moment * 1e6)}us",
                f"find par('{u}') at={moment:g}",
                at[moment],
                2e-3 * (peak if moment < 2 * corner else -at[moment]),
                "A",
                f"u {'on the rise' if moment < corner else 'on the fall'}, t = {engineering(moment, 's')}",
            )
            for moment in shown
        ),
        Measure(
            "q_rise",
            f"integ par('{u}') from=0 to={corner:g}",
            whole - tau * peak,
            1e-3 * whole,
            "C",
            "integral of u over the rise: C A less the tau_K u that is still on its way",
        ),
        Measure(
            "q_settled",
            f"param='q_rise + {tau:g}*u_peak'",
            whole,
            1e-3 * whole,
            "C",
            "the same with tau_K u: C A, the contrast that the edge stands for",
        ),
        Measure(
            "q_cycle",
            f"integ par('{u}')",
            -tau * at[SAW.period],
            1e-3 * whole,
            "C",
            "integral of u over the cycle: next to nothing, the kernel has no area",
        ),
        Measure(
            "q_gated",
            gated(u, theta),
            charge,
            2e-3 * whole,
            "C",
            f"integral of u where abs(u) > theta = 2 C A/tau_s = {engineering(theta, 'A')}: the update",
        ),
    ]
