"""The ready-made tasks; every draw follows from the seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tcl_circuits.circuit.builders import crossbar, lattice, signed_inputs
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.nudge import ConductanceNudge, differential, single_ended
from tcl_circuits.errors import InputError
from tcl_circuits.training.table import Table
from tcl_circuits.training.table_task import from_table
from tcl_circuits.training.task import NUDGE_CONDUCTANCE, Baseline, Recipe, Samples, Task, least_squares
from tcl_circuits.training.xor import xor

__all__ = [
    "TASKS",
    "Baseline",
    "Recipe",
    "Samples",
    "Task",
    "allostery",
    "from_table",
    "iris",
    "iris_lattice",
    "load",
    "names",
    "regression",
    "xor",
]


def allostery(seed: int = 0) -> Task:
    """Three outputs inside a random lattice of 85 edges follow its rim as a hidden network's do.

    6x6 lattice with all 25 diagonals, of random direction; six inputs round the rim at random voltages of
    0.5 to 1 V of either sign. Targets are the outputs of a network of the same shape with other
    conductances, measured with 2 mV of noise.
    """
    inputs, outputs = [(0, 0), (0, 3), (3, 5), (5, 5), (5, 2), (2, 0)], [(2, 2), (3, 3), (2, 4)]
    shape = lattice(6, 6, inputs, outputs, diagonals=25, seed=seed)
    rng = np.random.default_rng([seed, 2])
    start = shape.with_conductance(rng.uniform(2e-5, 8e-5, shape.edge_count))
    hidden = shape.with_conductance(rng.uniform(1e-6, 1e-4, shape.edge_count))

    def measure(count: int) -> Samples:
        volts = rng.uniform(0.5, 1.0, (count, 6)) * rng.choice([-1.0, 1.0], (count, 6))
        exact = Conduction(hidden).voltages(volts)[:, hidden.outputs]
        return Samples(volts, exact + rng.normal(0, 2e-3, exact.shape))

    train, test = measure(30), measure(30)
    return Task(
        name="allostery",
        network=start,
        nudge=ConductanceNudge(NUDGE_CONDUCTANCE, single_ended(3)),
        train=train,
        test=test,
        description="random 6x6 lattice, 85 edges, 3 outputs: rim voltages to outputs inside, 30 samples",
        baseline=least_squares(train, test),
        recipe=Recipe(chirp=True),
    )


def regression(seed: int = 0) -> Task:
    """A linear map from 2 to 2 values with weights of both signs, on a crossbar with differential outputs."""
    rng = np.random.default_rng([seed, 3])
    weights, offset = np.array([[0.2, -0.15], [-0.1, 0.25]]), np.array([0.05, -0.1])

    def draw(count: int) -> Samples:
        x = rng.uniform(-1, 1, (count, 2))
        y = x @ weights.T + offset + rng.normal(0, 5e-3, (count, 2))
        return Samples(signed_inputs(x), y)

    train, test = draw(40), draw(200)
    return Task(
        name="regression",
        network=crossbar(["x0", "x1"], ["y0", "y1"], seed=seed),
        nudge=ConductanceNudge(NUDGE_CONDUCTANCE, differential(2)),
        train=train,
        test=test,
        description="linear map 2 -> 2 with mixed signs, 24 edges, differential outputs, 40 samples with "
        "5 mV of noise",
        baseline=least_squares(train, test),
        recipe=Recipe(batch=4, final_rate=0.02, chirp=True),
    )


def iris(seed: int = 0) -> Task:
    """Fisher's iris: 4 features, 3 classes, 150 flowers, a third held out; crossbar of 60 edges."""
    task = from_table(_flowers(), seed)
    return replace(task, name="iris", description="iris flowers, 4 features, 3 classes, crossbar of 60 edges")


def iris_lattice(seed: int = 0) -> Task:
    """Fisher's iris on a 7x7 lattice with half its diagonals, of random direction.

    The ten signed inputs are drawn among the 24 nodes of the rim, the six differential outputs among the 25
    inside: no input reaches an output but through nodes that all share.
    """
    rng = np.random.default_rng([seed, 9])
    places = [(i, j) for i in range(7) for j in range(7)]
    rim = [(i, j) for i, j in places if i in (0, 6) or j in (0, 6)]
    inside = [place for place in places if place not in rim]
    inputs = [rim[k] for k in rng.permutation(len(rim))[:10].tolist()]
    outputs = [inside[k] for k in rng.permutation(len(inside))[:6].tolist()]
    network = lattice(7, 7, inputs, outputs, diagonals=18, seed=seed)
    task = from_table(_flowers(), seed, network)
    return replace(
        task,
        name="iris-lattice",
        recipe=replace(task.recipe, rate=5e-6, chirp=True),
        description=f"iris flowers on a random 7x7 lattice, {network.edge_count} edges, outputs inside",
    )


def _flowers() -> Table:
    from sklearn.datasets import load_iris

    data = load_iris()
    return Table(
        features=np.asarray(data.data, dtype=float),
        feature_names=("sepal_length", "sepal_width", "petal_length", "petal_width"),
        target=np.asarray(data.target, dtype=np.int64),
        classes=tuple(str(name) for name in data.target_names),
        target_name="species",
        source="scikit-learn",
        dropped=(),
    )


TASKS: dict[str, Callable[[int], Task]] = {
    "allostery": allostery,
    "regression": regression,
    "iris": iris,
    "iris-lattice": iris_lattice,
    "xor": xor,
}
"""The tasks by name."""


def load(name: str, seed: int = 0) -> Task:
    """Make a task by its name.

    Raises
    ------
    InputError
        If there is no such task.
    """
    if name not in TASKS:
        raise InputError(f"there is no task {name!r}; there are {', '.join(TASKS)}")
    return TASKS[name](seed)


def names() -> tuple[str, ...]:
    """Names of the tasks."""
    return tuple(TASKS)
