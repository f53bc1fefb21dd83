"""Exclusive or: the least task that no linear network can learn, on one hidden layer of diode pairs."""

from __future__ import annotations

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import ConductanceNudge, differential
from tcl_circuits.circuit.parts import DiodePair
from tcl_circuits.training.task import NUDGE_CONDUCTANCE, Baseline, Recipe, Samples, Task

HIDDEN = 8
_INPUT_VOLTS = 3.0
_TARGET_VOLTS = 0.1
_RAIL_VOLTS = 0.1
"""Rails of the outputs, about what a hidden node reaches [V]."""
_SATURATION = 5e-8
"""IS: a pair conducts as the edges of its node do at some 0.1 V [A]."""
_FIRST_LAYER, _SECOND_LAYER = (2e-6, 12e-6), (5e-6, 40e-6)
"""Ranges of the first conductances [S]."""
_BOUNDS = (1e-6, 1e-4)


def xor(seed: int = 0) -> Task:
    """Whether two signs differ: signed inputs of +-3 V, 8 hidden diode nodes, an output of +-0.1 V.

    Inputs [+x0, -x0, +x1, -x1, +1, -1] to every hidden node; hidden nodes and two rails of +-0.1 V to both
    nodes of the differential output. Without the constant inputs the network would be odd in x, and XOR is
    even.
    """
    x = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    ones = np.ones((4, 1))
    signed = np.hstack([part for column in x.T[:, :, None] for part in (column, -column)])
    inputs = np.hstack(
        [_INPUT_VOLTS * np.hstack([signed, ones, -ones]), _RAIL_VOLTS * np.hstack([ones, -ones])]
    )
    samples = Samples(inputs, -_TARGET_VOLTS * x[:, :1] * x[:, 1:])
    return Task(
        name="xor",
        network=hidden_network(seed),
        nudge=ConductanceNudge(NUDGE_CONDUCTANCE, differential(1)),
        train=samples,
        test=samples,
        description=f"exclusive or, {HIDDEN} hidden nodes with diode pairs, 68 edges; tested on its samples",
        baseline=_perceptron(x, samples, seed),
        recipe=Recipe(epochs=50, batch=1, rate=5e-6, final_rate=0.1, chirp=True),
        classes=("same", "different"),
    )


def hidden_network(seed: int) -> Network:
    """Network of :func:`xor`, its conductances drawn uniformly within each layer's range."""
    first = ["x0+", "x0-", "x1+", "x1-", "one+", "one-"]
    hidden = [f"h{k}" for k in range(HIDDEN)]
    rails, outputs = ["rail+", "rail-"], ["y+", "y-"]
    graph: nx.Graph[str] = nx.Graph()
    for column, names in enumerate((first + rails, hidden, outputs)):
        for k, name in enumerate(names):
            graph.add_node(name, pos=(float(column), -2 * (k + 0.5) / len(names)))
    graph.add_edges_from((i, h) for i in first for h in hidden)
    graph.add_edges_from((h, o) for h in hidden + rails for o in outputs)
    network = Network.from_graph(
        graph,
        first + rails,
        outputs,
        bounds=_BOUNDS,
        parts=[DiodePair(name, _SATURATION) for name in hidden],
    )
    early = np.isin(network.edges[:, 0], [network.nodes.index(name) for name in first])
    rng = np.random.default_rng([seed, 8])
    ranges = np.where(early[:, None], _FIRST_LAYER, _SECOND_LAYER)
    return network.with_conductance(rng.uniform(ranges[:, 0], ranges[:, 1]))


def _perceptron(x: FloatArray, samples: Samples, seed: int) -> Baseline:
    """A multilayer perceptron of as many hidden units; logistic regression is right in half the cases."""
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(
        hidden_layer_sizes=(HIDDEN,), activation="tanh", solver="lbfgs", max_iter=2000, random_state=seed
    )
    wanted = samples.targets[:, 0] / _TARGET_VOLTS
    found = model.fit(x, wanted).predict(x)
    loss = 0.5 * _TARGET_VOLTS**2 * float(np.mean((found - wanted) ** 2))
    return Baseline("multilayer perceptron", loss, float(np.mean((found > 0) == (wanted > 0))))
