"""Random networks with diodes and amplifiers, and their samples."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np

from tcl_circuits import ConductanceNudge, Drive, Network, single_ended
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail, Direction, Part

INPUTS = 4


def random_network(seed: int, nodes: int | None = None, most_amplifiers: int = 3) -> Network:
    """Random graph of 10 to 200 nodes, half of them with diodes of random values, up to 3 amplifiers."""
    rng = np.random.default_rng([seed, 7])
    count = int(rng.integers(10, 195)) if nodes is None else nodes
    graph = nx.gnm_random_graph(count, 2 * count, seed=seed)
    parts_of_it = [min(part) for part in nx.connected_components(graph)]
    graph.add_edges_from(pairwise(parts_of_it))
    free = list(range(INPUTS, count))
    parts: list[Part] = []
    for node, kind in zip(free, rng.integers(0, 4, len(free)).tolist(), strict=True):
        values = (10 ** rng.uniform(-14, -8), rng.uniform(1, 2), 10 ** rng.uniform(0, 3))
        direction: Direction = "out" if rng.random() < 0.5 else "in"
        if kind == 0:
            parts.append(DiodePair(node, *values))
        elif kind == 1:
            parts.append(DiodeToRail(node, rng.uniform(-0.5, 0.5), direction, *values))
    for k in range(int(rng.integers(0, most_amplifiers + 1))):
        graph.add_edges_from([(f"high{k}", f"after{k}"), (f"after{k}", int(rng.integers(0, INPUTS)))])
        low = free[int(rng.integers(len(free)))]
        parts.append(Amplifier(low, f"high{k}", 10 ** rng.uniform(0, 1.5), 10 ** rng.uniform(-1.5, 0)))
        parts.append(DiodePair(f"high{k}"))
    return Network.from_graph(graph, list(range(INPUTS)), [count - 1, count - 2], seed=seed, parts=parts)


def volts(seed: int, samples: int = 3) -> FloatArray:
    """Input voltages of up to 3 V."""
    return np.random.default_rng([seed, 1]).uniform(-3, 3, (samples, INPUTS))


def driven(seed: int, samples: int = 3) -> Drive:
    """The same with targets and a nudge."""
    targets = np.random.default_rng([seed, 2]).uniform(-0.3, 0.3, (samples, 2))
    return Drive.hold(volts(seed, samples), ConductanceNudge(1e-5, single_ended(2)), targets)
