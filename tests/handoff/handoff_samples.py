"""Designs that the tests of the hand-off share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

import tcl_circuits as tcl
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.handoff.design import Design, default_training
from tcl_circuits.handoff.manifest import digest
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training import tasks

SAW = Sawtooth(1e-5, 1e-3)

HOSTILE: tuple[Any, ...] = (
    "a[0]",
    "gnd",
    "GND",
    "0",
    "β",
    "x\n.control\nshell touch pwned\n.endc",
    ".end",
    "v(x)",
    "in;out",
    "$(reboot)",
    "../../etc/passwd",
    "=1+1",
    "time",
    "beta",
    "1meg",
    "-1",
    "+1",
    "*",
    "a" * 300,
    (1, ("b", 2)),
    7,
    True,
    1e-300,
    "\u202eabc",
    '"; include /etc/passwd',
)
"""Names that break simulators, or would make them do something else."""


def task_design(name: str, cell: Cell | None = None, saw: Sawtooth = SAW) -> Design:
    """A ready-made task before training."""
    task, cell = tasks.load(name), cell or tcl.SenseCell()
    training = task.present(task.train, np.array([0]), cell, saw)
    return Design(task.network, cell, saw, training, task.test.inputs[:4], name)


def small_design(
    cell: Cell | None = None,
    saw: Sawtooth = SAW,
    nudge: Nudge | None = None,
    targets: tuple[float, ...] = (0.3, 0.1),
    node_capacitance: float = 0.0,
) -> Design:
    """3x3 lattice, 12 edges, two inputs, a ground and two outputs."""
    cell = cell or tcl.SenseCell()
    shape = tcl.lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (1, 1)], seed=3)
    graph = nx.Graph([(shape.nodes[a], shape.nodes[b]) for a, b in shape.edges.tolist()])
    network = Network.from_graph(
        graph, [(0, 0), (2, 2)], [(0, 2), (1, 1)], (2, 0), seed=3, node_capacitance=node_capacitance
    )
    nudge = nudge or tcl.ConductanceNudge(1e-5, tcl.single_ended(2))
    training = tcl.Drive.present([1.0, -0.5], cell, saw, nudge, targets)
    return Design(network, cell, saw, training, np.array([[1.0, -0.5], [0.2, 0.7]]), "small")


def divider_design(cell: Cell | None = None) -> Design:
    """Two edges from an input over an output to the ground; the golden files' circuit."""
    graph = nx.Graph([("in", "mid"), ("mid", "gnd")])
    network = Network.from_graph(graph, ["in"], ["mid"], "gnd", conductance=[2e-5, 1.25e-5])
    cell = cell or tcl.SenseCell()
    nudge = tcl.ConductanceNudge(1e-5, tcl.single_ended(1))
    training = tcl.Drive.present([1.0], cell, SAW, nudge, [0.25])
    return Design(network, cell, SAW, training, np.array([[1.0], [-0.5]]), "divider")


def hostile_design() -> Design:
    """A ring of nodes with hostile names."""
    graph: nx.Graph[Any] = nx.cycle_graph(list(HOSTILE))
    network = Network.from_graph(graph, [HOSTILE[0], HOSTILE[5]], [HOSTILE[9]], HOSTILE[2], seed=1)
    cell = tcl.SenseCell()
    training = default_training(network, cell, SAW)
    return Design(network, cell, SAW, training, np.array([[1.0, 0.0]]), HOSTILE[5])


def cased_design() -> Design:
    """A ring of nodes whose names differ in case and signs alone."""
    graph: nx.Graph[Any] = nx.cycle_graph(["A", "a", "x 1", "X_1", "x_1"])
    network = Network.from_graph(graph, ["A", "x 1"], ["a"], "X_1", seed=1)
    cell = tcl.SenseCell()
    training = default_training(network, cell, SAW)
    return Design(network, cell, SAW, training, np.array([[1.0, 0.0]]), "cased")


def rehash(bundle: Path) -> None:
    """Write the manifest's hashes anew, as someone would who hides a change."""
    path = bundle / "manifest.json"
    content = json.loads(path.read_bytes())
    content["files"] = {name: digest((bundle / name).read_bytes()) for name in content["files"]}
    path.write_text(json.dumps(content))


def replace_in(path: Path, old: str, new: str) -> None:
    """Change a text once."""
    text = path.read_text()
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1))


def contents(bundle: Path) -> dict[str, bytes]:
    """Every file of a directory."""
    return {
        path.relative_to(bundle).as_posix(): path.read_bytes()
        for path in sorted(bundle.rglob("*"))
        if path.is_file()
    }
