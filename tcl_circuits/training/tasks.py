"""Tasks: samples, the network that learns them, its nudge, and a baseline to stand beside.

Voltages are chosen so that squaring cells see drops of tenths of a volt; every draw follows from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.builders import crossbar, lattice, signed_inputs
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import (
    ConductanceNudge,
    Nudge,
    OutputMap,
    SoftmaxNudge,
    differential,
    single_ended,
)
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.table import Split, Table, split_table

_NUDGE = 1e-5
_TEMPERATURE = 0.05
_FEATURE_VOLTS = 0.5
_TARGET_VOLTS = 0.1


@dataclass(frozen=True, eq=False)
class Samples:
    """Input voltages (samples, inputs) [V] and targets (samples, values) of one part of a task."""

    inputs: FloatArray
    targets: FloatArray

    def __len__(self) -> int:
        return int(self.inputs.shape[0])


@dataclass(frozen=True)
class Baseline:
    """What a standard method reaches on the same split.

    Parameters
    ----------
    name : str
        The method.
    loss : float
        Its loss on the test samples, as the network's.
    accuracy : float or None
        Its test accuracy, for classes.
    """

    name: str
    loss: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Recipe:
    """How a task is trained unless the user says otherwise.

    Parameters
    ----------
    epochs, batch : int
        Passes through the samples, and samples in an update.
    rate : float
        Root mean square change of a conductance by one batch at the start [S].
    final_rate : float
        Share of the rate left at the end of a cosine decay; 1 keeps it constant.
    chirp : bool
        Whether sawtooth and threshold follow the loss.
    """

    epochs: int
    batch: int
    rate: float
    final_rate: float = 1.0
    chirp: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """A task.

    Parameters
    ----------
    name, description : str
        For people.
    network : Network
        The network before training.
    nudge : Nudge
        The nudge at its outputs.
    train, test : Samples
        Samples to learn from and held out.
    baseline : Baseline or None
        A standard method on the same split.
    recipe : Recipe
        Training settings.
    classes : tuple of str or None
        Class names, in the order of the output values.
    """

    name: str
    description: str
    network: Network
    nudge: Nudge
    train: Samples
    test: Samples
    baseline: Baseline | None
    recipe: Recipe
    classes: tuple[str, ...] | None = None

    def present(self, samples: Samples, chosen: IntArray, cell: Cell, saw: Sawtooth) -> Drive:
        """Drive that presents some samples; see :meth:`Drive.present`."""
        return Drive.present(samples.inputs[chosen], cell, saw, self.nudge, samples.targets[chosen])

    def outputs(self, voltages: FloatArray) -> FloatArray:
        """Output values y (samples, values) from node voltages (samples, nodes)."""
        at = voltages[:, self.network.outputs]
        return at @ self.nudge.outputs.matrix(self.network.outputs.size).T

    def loss(self, y: FloatArray, targets: FloatArray) -> float:
        """Mean loss of the samples."""
        return float(self.nudge.loss(y, targets).mean())

    def accuracy(self, y: FloatArray, targets: FloatArray) -> float | None:
        """Share of samples whose largest output is the right class; None for regression."""
        if self.classes is None:
            return None
        return float(np.mean(y.argmax(axis=1) == targets.argmax(axis=1)))


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
        "allostery",
        "random 6x6 lattice, 85 edges, 3 outputs: rim voltages to outputs inside, 30 samples",
        start,
        ConductanceNudge(_NUDGE, single_ended(3)),
        train,
        test,
        _least_squares(train, test),
        Recipe(epochs=100, batch=1, rate=2e-6, chirp=True),
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
        "regression",
        "linear map 2 -> 2 with mixed signs, 24 edges, differential outputs, 40 samples with 5 mV of noise",
        crossbar(["x0", "x1"], ["y0", "y1"], seed=seed),
        ConductanceNudge(_NUDGE, differential(2)),
        train,
        test,
        _least_squares(train, test),
        Recipe(epochs=100, batch=4, rate=2e-6, final_rate=0.02, chirp=True),
    )


def iris(seed: int = 0) -> Task:
    """Fisher's iris: 4 features, 3 classes, 150 flowers, a third held out; crossbar of 60 edges."""
    data = load_iris()
    table = Table(
        features=np.asarray(data.data, dtype=float),
        feature_names=("sepal_length", "sepal_width", "petal_length", "petal_width"),
        target=np.asarray(data.target, dtype=np.int64),
        classes=tuple(str(name) for name in data.target_names),
        target_name="species",
        source="scikit-learn",
        dropped=(),
    )
    task = from_table(table, seed)
    return replace(task, name="iris", description="iris flowers, 4 features, 3 classes, crossbar of 60 edges")


def from_table(table: Table, seed: int = 0, network: Network | None = None) -> Task:
    """Task of a user's table: standardised, split by the seed, on a crossbar unless a network is given.

    Parameters
    ----------
    table : Table
        Features and target.
    seed : int
        Seed of the split and of the initial conductances.
    network : Network, optional
        A network with ``2 features + 2`` inputs for [+x, -x, +1, -1], or ``features`` or ``features + 1``
        inputs for x alone or with a bias of +1; and two outputs (differential) or one for each value.

    Raises
    ------
    InputError
        If the network does not fit the table.
    """
    split = split_table(table, seed)
    names = tuple(table.feature_names)
    values = table.classes if table.classes is not None else (table.target_name,)
    if network is None:
        network = crossbar(names, values, seed=seed)
    outputs = _output_map(network, len(values))
    encode = _encoder(network, len(names))
    inputs = encode(_limited(split.train_inputs)), encode(_limited(split.test_inputs))
    if table.classes is not None:
        return _class_task(table, split, network, SoftmaxNudge(_NUDGE, _TEMPERATURE, outputs), inputs)
    return _value_task(table, split, network, ConductanceNudge(_NUDGE, outputs), inputs)


def _class_task(
    table: Table, split: Split, network: Network, nudge: SoftmaxNudge, inputs: tuple[FloatArray, FloatArray]
) -> Task:
    assert table.classes is not None
    hot = np.eye(len(table.classes))
    train_classes, test_classes = (part.astype(np.int64) for part in (split.train_target, split.test_target))
    model = LogisticRegression(max_iter=5000).fit(split.train_inputs, train_classes)
    chances = model.predict_proba(split.test_inputs)
    likely = np.maximum(chances[np.arange(test_classes.size), test_classes], 1e-300)
    baseline = Baseline(
        "logistic regression",
        float(-np.log(likely).mean()),
        float(model.score(split.test_inputs, test_classes)),
    )
    return Task(
        "table",
        f"{table.source}: {len(table.feature_names)} features, {len(table.classes)} classes",
        network,
        nudge,
        Samples(inputs[0], hot[train_classes]),
        Samples(inputs[1], hot[test_classes]),
        baseline,
        Recipe(epochs=40, batch=4, rate=2e-6, final_rate=0.05),
        table.classes,
    )


def _value_task(
    table: Table,
    split: Split,
    network: Network,
    nudge: ConductanceNudge,
    inputs: tuple[FloatArray, FloatArray],
) -> Task:
    mean, spread = float(split.train_target.mean()), float(split.train_target.std())
    volts = [
        _TARGET_VOLTS * ((part.astype(np.float64) - mean) / spread)[:, None]
        for part in (split.train_target, split.test_target)
    ]
    train, test = Samples(inputs[0], volts[0]), Samples(inputs[1], volts[1])
    plain = Samples(split.train_inputs, volts[0]), Samples(split.test_inputs, volts[1])
    return Task(
        "table",
        f"{table.source}: {len(table.feature_names)} features, target {table.target_name} at "
        f"{_TARGET_VOLTS:g} V a standard deviation",
        network,
        nudge,
        train,
        test,
        _least_squares(*plain),
        Recipe(epochs=100, batch=4, rate=2e-6, final_rate=0.02, chirp=True),
    )


def _least_squares(train: Samples, test: Samples) -> Baseline:
    model = LinearRegression().fit(train.inputs, train.targets)
    error = model.predict(test.inputs) - test.targets
    return Baseline("least squares", float(0.5 * np.sum(error**2, axis=1).mean()))


def _limited(features: FloatArray) -> FloatArray:
    """Standardised features within four standard deviations: what a voltage rail would let through."""
    return np.clip(features, -4.0, 4.0)


def _encoder(network: Network, features: int) -> Callable[[FloatArray], FloatArray]:
    count = network.inputs.size
    if count == 2 * features + 2:
        return lambda x: signed_inputs(x, _FEATURE_VOLTS)
    if count == features:
        return lambda x: _FEATURE_VOLTS * x
    if count == features + 1:
        return lambda x: _FEATURE_VOLTS * np.hstack([x, np.ones((x.shape[0], 1))])
    raise InputError(
        f"the network has {count} inputs; {features} features need {2 * features + 2} (+x, -x, +1, -1), "
        f"{features + 1} (x, +1) or {features} (x)"
    )


def _output_map(network: Network, values: int) -> OutputMap:
    count = network.outputs.size
    if count == 2 * values:
        return differential(values)
    if count == values:
        return single_ended(values)
    raise InputError(
        f"the network has {count} outputs; {values} output values need {2 * values} (differential) "
        f"or {values}"
    )


TASKS: dict[str, Callable[[int], Task]] = {"allostery": allostery, "regression": regression, "iris": iris}
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


def names() -> Sequence[str]:
    """Names of the tasks."""
    return tuple(TASKS)
