"""A user's table as a task: standardised, split by the seed, encoded as voltages."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.builders import crossbar
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import (
    ConductanceNudge,
    Nudge,
    OutputMap,
    SoftmaxNudge,
    differential,
    single_ended,
)
from tcl_circuits.errors import InputError, Remark
from tcl_circuits.training.encoding import (
    FEATURE_VOLTS,
    RAIL,
    TARGET_VOLTS,
    Classes,
    Encoding,
    Values,
    form_for,
)
from tcl_circuits.training.table import Split, Table, may_be_classes, split_table
from tcl_circuits.training.task import NUDGE_CONDUCTANCE, Baseline, Recipe, Samples, Task, least_squares

_TEMPERATURE = 0.05


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
    values = table.classes if table.classes is not None else (table.target_name,)
    if network is None:
        network = crossbar(table.feature_names, values, seed=seed)
    encoding = _encoding(table, split, network)
    if table.classes is None:
        return _value_task(table, split, network, encoding)
    return _class_task(table, split, network, encoding)


def _encoding(table: Table, split: Split, network: Network) -> Encoding:
    """How the table's rows become voltages and outputs an answer."""
    answer: Classes | Values
    if table.classes is None:
        target = split.train_target.astype(np.float64)
        if not target.std() > 0:
            raise InputError(
                f"{table.source}: {table.target_name!r} is {target[0]:g} in every training row; take another "
                "--seed, or add rows with other values"
            )
        answer = Values(float(target.mean()), float(target.std()), TARGET_VOLTS)
    else:
        answer = Classes(table.classes, _TEMPERATURE)
    return Encoding(
        features=tuple(table.feature_names),
        mean=split.mean,
        scale=split.scale,
        rail=RAIL,
        volts=FEATURE_VOLTS,
        form=form_for(network, len(table.feature_names)),
        target=table.target_name,
        outputs=_output_map(network, 1 if table.classes is None else len(table.classes)),
        answer=answer,
    )


def nudge_of(encoding: Encoding) -> Nudge:
    """The nudge of a table's task: softmax for classes, a conductance for a value."""
    if isinstance(encoding.answer, Classes):
        return SoftmaxNudge(NUDGE_CONDUCTANCE, encoding.answer.temperature, encoding.outputs)
    return ConductanceNudge(NUDGE_CONDUCTANCE, encoding.outputs)


def _inputs(table: Table, split: Split, encoding: Encoding) -> tuple[FloatArray, FloatArray]:
    """Input voltages of the training and the test rows."""
    train, test = (table.features[rows] for rows in (split.train_rows, split.test_rows))
    return encoding.inputs(train), encoding.inputs(test)


def _class_task(table: Table, split: Split, network: Network, encoding: Encoding) -> Task:
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
    inputs = _inputs(table, split, encoding)
    return Task(
        name="table",
        network=network,
        nudge=nudge_of(encoding),
        train=Samples(inputs[0], hot[train_classes]),
        test=Samples(inputs[1], hot[test_classes]),
        description=f"{table.source}: {len(table.feature_names)} features, {len(table.classes)} classes",
        baseline=baseline,
        recipe=Recipe(epochs=40, batch=4, final_rate=0.05),
        classes=table.classes,
        origin=_origin(table),
        encoding=encoding,
    )


def _value_task(table: Table, split: Split, network: Network, encoding: Encoding) -> Task:
    answer = encoding.answer
    assert isinstance(answer, Values)
    volts = [
        answer.volts * ((part.astype(np.float64) - answer.mean) / answer.scale)[:, None]
        for part in (split.train_target, split.test_target)
    ]
    inputs = _inputs(table, split, encoding)
    train, test = Samples(inputs[0], volts[0]), Samples(inputs[1], volts[1])
    plain = Samples(split.train_inputs, volts[0]), Samples(split.test_inputs, volts[1])
    return Task(
        name="table",
        network=network,
        nudge=nudge_of(encoding),
        train=train,
        test=test,
        description=f"{table.source}: {len(table.feature_names)} features, target {table.target_name} at "
        f"{TARGET_VOLTS:g} V a standard deviation",
        baseline=least_squares(*plain),
        recipe=Recipe(batch=4, final_rate=0.02, chirp=True),
        origin=_origin(table),
        encoding=encoding,
    )


def _origin(table: Table) -> dict[str, Any]:
    return {"target": table.target_name, "features": list(table.feature_names)}


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
