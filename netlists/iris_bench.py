"""The trained iris network: one training cycle, and inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from bench import EXACT, SAW, Bench, Measure, ends, gated, kernel_output, remarks_for, rounded

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.netlist import Netlist, build_netlist
from tcl_circuits.training.pace import design_rule
from tcl_circuits.training.readout import charges
from tcl_circuits.training.tasks import Task
from tcl_circuits.units import engineering


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
    species = name_of(task, task.test.targets[flower])
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
            f"At the inputs is the test flower {flower} ({species}), recognised with the least margin of all",
            "that are; the softmax nudge raises its class's output.",
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
    drive = tcl.Drive.ramps(rounded(np.array(times)), np.array(levels).T)
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
