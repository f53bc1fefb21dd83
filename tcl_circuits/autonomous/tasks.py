"""Tasks that circuits have learned by themselves, each with the settings that it learned with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous import springs
from tcl_circuits.autonomous.recipe import CircuitTask, Recipe, none_of
from tcl_circuits.circuit.builders import lattice, signed_inputs
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import (
    ConductanceNudge,
    OutputMap,
    SoftmaxNudge,
    differential,
    single_ended,
)
from tcl_circuits.circuit.parts import DiodePair
from tcl_circuits.errors import InputError
from tcl_circuits.training import tasks as training_tasks
from tcl_circuits.training.table import Table
from tcl_circuits.training.table_task import from_table
from tcl_circuits.training.task import Samples, Task

NUDGE_CONDUCTANCE = 3e-4
"""Nudge conductance, some ten times a typical conductance of the network [S]."""
START = (5e-6, 4e-5)
"""Conductances that classification and exclusive or start from, drawn evenly [S]."""
TEMPERATURE = 0.05
"""T_m of the softmax nudge [V]."""


def regression(seed: int = 0) -> CircuitTask:
    """Two voltages to two outputs on a 3x3 lattice of 16 edges; 8 samples of another such lattice."""
    inputs, outputs = [(0, 0), (0, 2), (2, 0)], [(1, 1), (2, 1)]
    shape = lattice(3, 3, inputs, outputs, ground=(2, 2), diagonals=4, seed=seed)
    rng = np.random.default_rng([seed, 5])
    start = shape.with_conductance(rng.uniform(1e-5, 4e-5, shape.edge_count))
    hidden = shape.with_conductance(rng.uniform(2e-6, 8e-5, shape.edge_count))

    def draw(count: int) -> Samples:
        volts = np.hstack([rng.uniform(-1, 1, (count, 2)), np.ones((count, 1))])
        return Samples(volts, Conduction(hidden).voltages(volts)[:, hidden.outputs])

    train, test = draw(8), draw(16)
    task = Task(
        name="regression",
        network=start,
        nudge=ConductanceNudge(NUDGE_CONDUCTANCE, single_ended(2)),
        train=train,
        test=test,
        description="two voltages to two outputs of a 3x3 lattice, 16 edges, 8 samples of a teacher lattice",
    )
    return CircuitTask(task, Recipe(cycles=480))


def allostery(seed: int = 0) -> CircuitTask:
    """One pattern: two outputs of a 5x5 lattice of 56 edges follow its rim, with the linear signal.

    Edges are oriented along their drop before training, so that the linear signal has the right sign.
    """
    inputs, outputs = [(0, 0), (0, 4), (4, 0)], [(2, 2), (2, 3)]
    shape = lattice(5, 5, inputs, outputs, ground=(4, 4), diagonals=16, seed=seed)
    rng = np.random.default_rng([seed, 6])
    start = shape.with_conductance(rng.uniform(1e-5, 4e-5, shape.edge_count))
    volts = np.array([[1.0, 0.6, 0.3]])
    start = oriented(start, volts)
    free = Conduction(start).voltages(volts)[:, start.outputs]
    samples = Samples(volts, free + np.array([[0.06, -0.06]]))
    task = Task(
        name="allostery",
        network=start,
        nudge=ConductanceNudge(NUDGE_CONDUCTANCE, single_ended(2)),
        train=samples,
        test=none_of(samples),
        description="one pattern on a 5x5 lattice of 56 oriented edges, linear signal",
    )
    return CircuitTask(task, Recipe(cycles=60, signal="linear", gain=0.5, look_every=5))


def oriented(network: Network, inputs: FloatArray) -> Network:
    """Turn each edge so that its drop is positive for the first sample."""
    drops = network.drops(Conduction(network).voltages(inputs))[0]
    edges = np.where((drops < 0)[:, None], network.edges[:, ::-1], network.edges)
    return replace(network, edges=edges)


def iris(seed: int = 0) -> CircuitTask:
    """Fisher's iris: 4 features, 3 classes, 100 flowers to learn from, 50 held out; crossbar of 60 edges."""
    return CircuitTask(_for_circuit(training_tasks.iris(seed), seed), Recipe(cycles=400, threshold=0.3))


def setosa(seed: int = 0) -> CircuitTask:
    """Setosa from versicolor: 4 features, 2 classes, 66 flowers to learn from; crossbar of 40 edges."""
    from sklearn.datasets import load_iris

    data = load_iris()
    chosen = np.asarray(data.target) < 2
    table = Table(
        features=np.asarray(data.data, dtype=float)[chosen],
        feature_names=("sepal_length", "sepal_width", "petal_length", "petal_width"),
        target=np.asarray(data.target, dtype=np.int64)[chosen],
        classes=tuple(str(name) for name in data.target_names[:2]),
        target_name="species",
        source="scikit-learn",
        dropped=(),
    )
    task = replace(
        _for_circuit(from_table(table, seed), seed), name="setosa", description="setosa or versicolor"
    )
    return CircuitTask(task, Recipe(cycles=134, threshold=0.3))


def _for_circuit(task: Task, seed: int) -> Task:
    """The task with a strong nudge, and with conductances of similar size to start from."""
    network = task.network
    values = np.random.default_rng([seed, 9]).uniform(*START, network.edge_count)
    nudge = SoftmaxNudge(NUDGE_CONDUCTANCE, TEMPERATURE, task.nudge.outputs)
    return replace(task, network=network.with_conductance(values), nudge=nudge)


def xor(seed: int = 0) -> CircuitTask:
    """Exclusive or with diodes at 8 hidden nodes and a differential output: 68 edges."""
    return _xor(seed, differential(1), "xor")


def xor_single(seed: int = 0) -> CircuitTask:
    """Exclusive or with diodes at 8 hidden nodes and a single output: 58 edges."""
    return _xor(seed, single_ended(1), "xor-single")


def _xor(seed: int, outputs: OutputMap, name: str) -> CircuitTask:
    """Inputs [+x, -x] and rails of 1 V to hidden nodes with diode pairs; those and the rails to outputs."""
    ins = ["x0+", "x1+", "x0-", "x1-", "one+", "one-"]
    hidden = [f"hidden{k}" for k in range(8)]
    outs = ["y+", "y-"][: 1 if outputs.minus is None else 2]
    graph: nx.Graph[str] = nx.Graph()
    for column, names in enumerate((ins, hidden, outs)):
        for k, node in enumerate(names):
            graph.add_node(node, pos=(float(column), -(k + 0.5) / len(names)))
    graph.add_edges_from((i, h) for h in hidden for i in ins)
    graph.add_edges_from((h, o) for o in outs for h in hidden)
    graph.add_edges_from((rail, o) for o in outs for rail in ins[4:])
    values = np.random.default_rng([seed, 9]).uniform(*START, graph.number_of_edges())
    network = Network.from_graph(
        graph, ins, outs, None, values, (1e-6, 1e-4), parts=[DiodePair(node, 2e-7) for node in hidden]
    )
    corners = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    targets = -0.05 * np.prod(corners, axis=1, keepdims=True)
    samples = Samples(signed_inputs(corners), targets)
    task = Task(
        name=name,
        network=network,
        nudge=ConductanceNudge(NUDGE_CONDUCTANCE, outputs),
        train=samples,
        test=none_of(samples),
        description=f"exclusive or, 8 hidden nodes with diodes, {network.edge_count} edges",
    )
    cycles = 640 if outputs.minus is not None else 240
    return CircuitTask(task, Recipe(cycles, gain=4.0, threshold=0.3, ratio=300.0, look_every=20), True)


TASKS: dict[str, Callable[[int], CircuitTask]] = {
    "regression": regression,
    "allostery": allostery,
    "iris": iris,
    "setosa": setosa,
    "xor": xor,
    "xor-single": xor_single,
    "springs": springs.squared,
    "springs-product": springs.product,
    "springs-strain": springs.strain,
}
"""The tasks by name."""


def load(name: str, seed: int = 0) -> CircuitTask:
    """Make a task by its name.

    Raises
    ------
    InputError
        If there is no such task.
    """
    if name not in TASKS:
        raise InputError(
            f"there is no task {name!r} that learns in the circuit; there are {', '.join(TASKS)}"
        )
    return TASKS[name](seed)
