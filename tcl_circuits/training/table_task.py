"""A user's table as a task: standardised, split by the seed, encoded as voltages."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.builders import crossbar, signed_inputs
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import (
    ConductanceNudge,
    OutputMap,
    SoftmaxNudge,
    differential,
    single_ended,
)
from tcl_circuits.errors import InputError, Remark
from tcl_circuits.training.table import Split, Table, may_be_classes, split_table
from tcl_circuits.training.task import NUDGE_CONDUCTANCE, Baseline, Recipe, Samples, Task, least_squares

_TEMPERATURE = 0.05
_FEATURE_VOLTS = 0.5
_TARGET_VOLTS = 0.1
_RAIL = 4.0


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

    Warns
    -----
    Remark
        If a target that is learned as a value may be meant as classes.
    """
    if table.classes is None and may_be_classes(table.target):
        warnings.warn(
            f"{table.source}: {table.target_name!r} holds {np.unique(table.target).size} whole numbers, "
            "which are learned as values; --classes takes each as a class",
            Remark,
            stacklevel=2,
        )
    split = split_table(table, seed)
    names = tuple(table.feature_names)
    values = table.classes if table.classes is not None else (table.target_name,)
    if network is None:
        network = crossbar(names, values, seed=seed)
    outputs = _output_map(network, len(values))
    encode = _encoder(network, len(names))
    inputs = encode(_limited(split.train_inputs)), encode(_limited(split.test_inputs))
    if table.classes is not None:
        return _class_task(
            table, split, network, SoftmaxNudge(NUDGE_CONDUCTANCE, _TEMPERATURE, outputs), inputs
        )
    return _value_task(table, split, network, ConductanceNudge(NUDGE_CONDUCTANCE, outputs), inputs)


def _class_task(
    table: Table, split: Split, network: Network, nudge: SoftmaxNudge, inputs: tuple[FloatArray, FloatArray]
) -> Task:
    from sklearn.linear_model import LogisticRegression

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
        name="table",
        network=network,
        nudge=nudge,
        train=Samples(inputs[0], hot[train_classes]),
        test=Samples(inputs[1], hot[test_classes]),
        description=f"{table.source}: {len(table.feature_names)} features, {len(table.classes)} classes",
        baseline=baseline,
        recipe=Recipe(epochs=40, batch=4, final_rate=0.05),
        classes=table.classes,
        origin=_origin(table),
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
        name="table",
        network=network,
        nudge=nudge,
        train=train,
        test=test,
        description=f"{table.source}: {len(table.feature_names)} features, target {table.target_name} at "
        f"{_TARGET_VOLTS:g} V a standard deviation",
        baseline=least_squares(*plain),
        recipe=Recipe(batch=4, final_rate=0.02, chirp=True),
        origin=_origin(table),
    )


def _origin(table: Table) -> dict[str, Any]:
    return {"target": table.target_name, "features": list(table.feature_names)}


def _limited(features: FloatArray) -> FloatArray:
    """Standardised features within four standard deviations: what a voltage rail would let through."""
    return np.clip(features, -_RAIL, _RAIL)


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
