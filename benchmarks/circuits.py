"""The circuits that the benchmarks run: four sizes of network, two cells, two nudges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import networkx as nx
import numpy as np

from tcl_circuits import ConductanceNudge, CurrentNudge, Drive, Network, Sawtooth, SenseCell, single_ended
from tcl_circuits.arrays import FloatArray

SAW = Sawtooth(tau_f=1e-3, tau_s=9e-3)
KERNEL_TIME = SAW.tau_f / 15
CAPACITANCE = 1e-10
NUDGE_CONDUCTANCE = 1e-5
NudgeKind = Literal["conductance", "current"]
NUDGES: tuple[NudgeKind, ...] = get_args(NudgeKind)
SenseSignal = Literal["linear", "power"]


@dataclass(frozen=True)
class Size:
    """Numbers of nodes, edges, inputs and outputs; `hidden` makes a layered graph."""

    nodes: int
    edges: int
    inputs: int
    outputs: int
    hidden: int = 0


SIZES = {
    "S": Size(20, 50, 4, 2),
    "M": Size(100, 500, 10, 5),
    "X": Size(154, 2500, 64, 10, hidden=80),
    "L": Size(400, 4000, 20, 10),
}
"""S, M and L are random graphs; X is half of the edges of a 64-80-10 crossbar."""


TOGETHER = {"S": 8, "M": 2}
"""Cycles that are timed together at the sizes where one is short."""


def make_cell(signal: SenseSignal) -> SenseCell:
    """Sense cell whose kernel time is a fifteenth of the fast ramp."""
    return SenseCell(signal, c=CAPACITANCE, r=KERNEL_TIME / CAPACITANCE)


def make_network(size: str, seed: int = 0) -> Network:
    """Network of a size; inputs are the first nodes, outputs the last."""
    shape = SIZES[size]
    graph = nx.gnm_random_graph(shape.nodes, shape.edges, seed=seed)
    if shape.hidden:
        graph = _layered(shape, seed)
    outputs = list(range(shape.nodes - shape.outputs, shape.nodes))
    network = Network.from_graph(graph, list(range(shape.inputs)), outputs, seed=seed)
    network.check()
    return network


def _layered(shape: Size, seed: int) -> nx.Graph[int]:
    first_output = shape.inputs + shape.hidden
    middle = range(shape.inputs, first_output)
    pairs = [(a, b) for a in range(shape.inputs) for b in middle]
    pairs += [(a, b) for a in middle for b in range(first_output, shape.nodes)]
    chosen = np.random.default_rng(seed).choice(len(pairs), shape.edges, replace=False)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(shape.nodes))
    graph.add_edges_from(pairs[k] for k in sorted(chosen.tolist()))
    return graph


def make_drive(network: Network, nudge: NudgeKind, samples: int = 1, seed: int = 0) -> Drive:
    """Random held inputs and targets, some tenths of a volt."""
    rng = np.random.default_rng([seed, 1])
    outputs = network.outputs.size
    inputs = rng.uniform(-0.5, 0.5, (samples, network.inputs.size))
    targets = rng.uniform(-0.3, 0.3, (samples, outputs))
    kind = ConductanceNudge if nudge == "conductance" else CurrentNudge
    return Drive.hold(inputs, kind(NUDGE_CONDUCTANCE, single_ended(outputs)), targets)


def altered(network: Network, seed: int) -> Network:
    """The same network with every conductance changed by up to 2 %, within its bounds."""
    factors = np.random.default_rng([seed, 2]).uniform(0.98, 1.02, network.edge_count)
    changed: FloatArray = np.clip(network.conductance * factors, *network.bounds)
    return network.with_conductance(changed)
