"""Write the netlists of this directory and their README.md; the same bytes every time.

``make netlists`` runs it. ``--out DIR`` writes elsewhere; ``--check`` writes nothing, and exits 1 if a file
in DIR differs from what would be written.

Circuits come from the package (:mod:`tcl_circuits.circuit.netlist`). What is added here: a header, comments,
and for each number that a reader should see a ``.meas`` line and above it ``* expect NAME = VALUE +-
TOLERANCE UNIT``. Expected values come from Eq. 25 (:mod:`tcl_circuits.kernels`) and from the exact engine,
never from ngspice.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import networkx as nx
import numpy as np

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.netlist import Netlist, build_netlist, standalone
from tcl_circuits.commands.simulate import design_rule
from tcl_circuits.rule import update_integral
from tcl_circuits.training.readout import charges
from tcl_circuits.training.tasks import Task
from tcl_circuits.units import engineering

HERE = Path(__file__).resolve().parent
SAW = tcl.Sawtooth(tau_f=1e-5, tau_s=1e-3)
EXACT = tcl.engines.Reference(resolution=4)
RELTOL = 1e-8
"""ngspice's relative tolerance: it counts from the whole charge of a capacitor, of which little moves."""
DIGITS = 6
"""Significant digits of computed conductances and voltages: beyond them machines may differ."""

LICENCE = (
    "Licence:  This netlist may be used without restriction (CC0).",
    "          SPDX-License-Identifier: CC0-1.0",
)


@dataclass(frozen=True)
class Measure:
    """A number that a reader should see: its ``.meas`` text, what is expected, and what it means."""

    name: str
    how: str
    expected: float
    tolerance: float
    unit: str
    meaning: str

    def lines(self) -> list[str]:
        """The expectation as a comment, then the measurement."""
        unit = f" {self.unit}" if self.unit else ""
        expected = f"{self.name} = {self.expected:.6g} +- {self.tolerance:.1e}{unit}"
        return [f"* expect {expected}", f".meas tran {self.name} {self.how}"]

    def row(self) -> str:
        """Row of the README's table."""
        value = (
            f"{self.expected:g}"
            if not self.unit
            else f"{engineering(self.expected, self.unit, 4)} ± {engineering(self.tolerance, self.unit, 2)}"
        )
        return f"| `{self.name}` | {value} | {self.meaning} |"


@dataclass(frozen=True)
class Bench:
    """One file: its name and title, what to say about it, the circuit, and what to measure."""

    name: str
    title: str
    about: Sequence[str]
    netlist: Netlist
    remarks: Mapping[str, str]
    measures: Sequence[Measure]

    def text(self) -> str:
        """The file."""
        first, *rest = standalone(self.netlist, self.title, RELTOL).splitlines()
        lines = [first, *(f"* {line}".rstrip() for line in self._header())]
        for line in rest:
            name = line.split(" ", 1)[0].lower()
            if name in self.remarks:
                lines += ["*", f"* {self.remarks[name]}"]
            if line == ".end":
                lines.append("*")
                for measure in self.measures:
                    lines += measure.lines()
            lines.append(line)
        return "\n".join(lines) + "\n"

    def _header(self) -> list[str]:
        return [
            "",
            *self.about,
            "",
            f"Run:      ngspice -b {self.name}",
            "See:      each measured value beside the '* expect' line of its name at the end of this file",
            "Made by:  make netlists (netlists/generate.py of tcl_circuits); change that, not this file",
            "Units:    V, A, s, ohm, F, S, C (coulomb)",
            *LICENCE,
        ]

    def section(self) -> str:
        """Section of the README."""
        rows = [measure.row() for measure in self.measures]
        table = ["| measured | expected | meaning |", "| --- | --- | --- |", *rows]
        return "\n".join(
            [f"## {self.name}", "", *self.about, "", f"    ngspice -b {self.name}", "", *table, ""]
        )


def rounded(values: FloatArray) -> FloatArray:
    """Values to six significant digits."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in values.ravel()]).reshape(values.shape)


def ends(network: tcl.Network, e: int) -> str:
    """An edge for people."""
    first, second = network.edges[e].tolist()
    return f"{network.nodes[first]} to {network.nodes[second]}"


def remarks_for(network: tcl.Network, cell: Cell, netlist: Netlist) -> dict[str, str]:
    """Comments above elements, by the element's name."""
    remarks = {
        "vin0": "input voltages, and the node at 0 V if there is one",
        "vbeta": "nudge strength beta(t): the sawtooth, free (0) to nudged (1) fast and back slowly",
        "vt0": "targets of the output values; nudge currents, scaled by beta(t)",
    }
    for e, (a, b) in enumerate(network.edges.tolist()):
        conductance = float(network.conductance[e])
        parts, _ = cell.edge(e, netlist.nodes.spice[a], netlist.nodes.spice[b], conductance)
        remarks[parts[0].name] = f"edge {e}: {ends(network, e)}, G = {engineering(conductance, 'S', 6)}"
    return remarks


def kernel_output(network: tcl.Network, cell: Cell, netlist: Netlist, e: int) -> str:
    """Expression of an edge's kernel output u."""
    probe, ohms = netlist.probes[e], cell.resistance(network.conductance)[e]
    drop = f"v({probe.plus})" if probe.minus == "0" else f"v({probe.plus},{probe.minus})"
    return f"{drop}/{ohms:g}"


def gated(u: str, theta: float) -> str:
    """Measure the thresholded charge of a kernel output over the whole cycle."""
    return f"integ par('(abs({u}) > {theta:.5g}) * {u}')"


def kernel_bench(name: str, title: str, about: Sequence[str], cell: Cell, conductance: float) -> Bench:
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


def trained_iris() -> tuple[Task, tcl.Network]:
    """The iris task and its network, trained by the TCL rule in the exact engine."""
    task = tcl.tasks.load("iris", seed=0)
    trainer = tcl.Trainer(task.network, tcl.SenseCell(), SAW, tcl.engines.Reference(), rule="tcl", seed=0)
    trainer.fit(task)
    test = replace(task.test, inputs=rounded(task.test.inputs))
    return replace(task, test=test), trainer.network.with_conductance(rounded(trainer.network.conductance))


def output_value(task: Task, netlist: Netlist, k: int) -> str:
    """Expression of a class's output value, the difference of its two nodes."""
    names = tuple(netlist.nodes.spice[position] for position in task.network.outputs.tolist())
    plus, minus = task.nudge.outputs.ends(k, names)
    return f"par('v({plus},{minus})')"


def winner(names: Sequence[str]) -> str:
    """Measure which of three measured values is the largest."""
    a, b, c = names
    return f"param='({a} > {b} && {a} > {c}) ? 0 : ({b} > {c} ? 1 : 2)'"


def name_of(task: Task, hot: FloatArray) -> str:
    """Name of a one-hot class, or of the largest output."""
    return (task.classes or ())[int(hot.argmax())]


def least_certain(task: Task, network: tcl.Network) -> int:
    """Number of the test flower that the network calls right with the least margin: the nudge has work."""
    y = task.outputs(EXACT.settle(network, tcl.SenseCell(), task.test.inputs))
    right = y.argmax(axis=1) == task.test.targets.argmax(axis=1)
    ordered = np.sort(y, axis=1)
    return int(np.argmin(np.where(right, ordered[:, -1] - ordered[:, -2], np.inf)))


def iris_cycle(task: Task, network: tcl.Network) -> Bench:
    """One training cycle of the trained network."""
    cell = tcl.SenseCell("power")
    flower = least_certain(task, network)
    drive = task.present(task.test, np.array([flower]), cell, SAW)
    netlist = build_netlist(network, cell, SAW, drive)
    cycle = EXACT.run(network, cell, SAW, drive)[0]
    gate = design_rule(network, cell, SAW, drive).gate(network, cell)
    charge, theta = charges(cycle, gate), float(np.max(gate.theta))
    measures = []
    for word, moment in (("free", 0.0), ("nudged", SAW.tau_f)):
        column = int(np.argmin(np.abs(cycle.time - moment)))
        y = task.outputs(cycle.voltage[None, :, column])[0]
        for k, name in enumerate(task.classes or ()):
            how = f"find {output_value(task, netlist, k)} at={moment:g}"
            measures.append(
                Measure(f"{name}_{word}", how, float(y[k]), 1e-4, "V", f"output of {name}, {word}")
            )
        names = [f"{name}_{word}" for name in task.classes or ()]
        best = name_of(task, y)
        measures.append(
            Measure(f"class_{word}", winner(names), float(y.argmax()), 0.0, "", f"the largest is {best}")
        )
    for e in np.argsort(-np.abs(charge), kind="stable")[:3].tolist():
        q, edge = float(charge[e]), ends(network, e)
        how = gated(kernel_output(network, cell, netlist, e), theta)
        moves = "falls" if q > 0 else "rises"
        measures.append(
            Measure(
                f"q_edge{e}", how, q, 5e-3 * abs(q), "C", f"thresholded charge of {edge}, whose G {moves}"
            )
        )
    return Bench(
        "iris_trained.cir",
        "TCL: trained iris network, one training cycle",
        (
            "Crossbar of 60 edges with power cells: inputs [+x, -x, +1, -1] of four standardised features,",
            "a pair of output nodes for each of three classes, trained for 40 epochs by the TCL rule.",
            f"The test flower {flower} ({name_of(task, task.test.targets[flower])}) is at the inputs, the one",
            "that is recognised with the least margin; the softmax nudge raises its class's output.",
            f"Charges count u where abs(u) > theta = 2 A_max C/tau_s = {engineering(theta, 'A')}.",
            "Class 0 is setosa, 1 versicolor, 2 virginica.",
        ),
        netlist,
        remarks_for(network, cell, netlist),
        measures,
    )


def iris_inference(task: Task, network: tcl.Network) -> Bench:
    """Two test flowers of each class, one after the other, in the conductances alone."""
    cell, hold, edge = tcl.SenseCell("power"), 1e-4, 1e-6
    truth = task.test.targets.argmax(axis=1)
    flowers = [int(f) for k in range(3) for f in np.flatnonzero(truth == k)[:2]]
    volts = task.test.inputs[flowers]
    times, levels = [0.0], [volts[0]]
    for k in range(len(flowers)):
        if k:
            times.append(k * hold + edge)
            levels.append(volts[k])
        times.append((k + 1) * hold)
        levels.append(volts[k])
    drive = tcl.Drive.ramps(times, np.array(levels).T)
    whole = build_netlist(network, cell, tcl.Sawtooth(1e-6, 1e-5), drive)
    conductances = tuple(part for part in whole.elements if part.name.startswith(("vin", "rg")))
    netlist = replace(whole, elements=conductances, probes=())
    y = task.outputs(EXACT.settle(network, cell, volts))
    measures = []
    for k, flower in enumerate(flowers):
        names = [f"flower{flower}_{name}" for name in task.classes or ()]
        for j, name in enumerate(names):
            how = f"find {output_value(task, netlist, j)} at={(k + 0.5) * hold:g}"
            measures.append(Measure(name, how, float(y[k, j]), 1e-4, "V", "output of the class"))
        said, true = name_of(task, y[k]), (task.classes or ())[truth[flower]]
        verdict = "right" if said == true else f"wrong, it is {true}"
        measures.append(
            Measure(
                f"flower{flower}_class",
                winner(names),
                float(y[k].argmax()),
                0.0,
                "",
                f"{said}: {verdict}",
            )
        )
    return Bench(
        "iris_infer.cir",
        "TCL: trained iris network, inference",
        (
            "The conductances of iris_trained.cir alone: sense cells do not load the network and",
            "are left out. Six test flowers, two of each class, are at the inputs one after the other for",
            "100 us each; the largest of the three differential outputs is the network's answer.",
            "Class 0 is setosa, 1 versicolor, 2 virginica.",
        ),
        netlist,
        {
            **remarks_for(network, cell, netlist),
            "vin0": "input voltages: a stair of the six flowers",
        },
        measures,
    )


def benches() -> list[Bench]:
    """All files, in the README's order."""
    task, network = trained_iris()
    return [
        kernel_bench(
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
        ),
        kernel_bench(
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
        ),
        voltage_divider(),
        iris_cycle(task, network),
        iris_inference(task, network),
    ]


README = """\
# Netlists

Written by `make netlists` (`generate.py`), the same bytes every time; change the generator, not the files.
`generate.py --check` says whether they are as it writes them. Each runs by itself, without Python:

    ngspice -b kernel_series.cir

ngspice prints the measured values; each file names at its end what to expect (`* expect NAME = VALUE +-
TOLERANCE UNIT`), from Eq. 25 of the paper and from the exact engine, not from ngspice. The tests run all of
them. Node names are those of the graph with `n_` before them, and `_p` and `_n` for `+` and `-` at their end;
`u3` is where the kernel output of edge 3 is read: the current through the resistor behind it.

Each netlist may be used without restriction (CC0); the generator is part of tcl_circuits (GPL).

"""


def files() -> dict[str, str]:
    """File names and what stands in them."""
    found = benches()
    written = {bench.name: bench.text() for bench in found}
    written["README.md"] = README + "\n".join(bench.section() for bench in found)
    return written


def main() -> int:
    """Write the files, or compare them with those that are there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="directory of the files (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    arguments = parser.parse_args()
    stale = []
    for name, text in files().items():
        path: Path = arguments.out / name
        if arguments.check:
            if not path.exists() or path.read_bytes() != text.encode():
                stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    if stale:
        print(f"not as generate.py writes them: {', '.join(stale)}; run `make netlists`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
