"""A user's table as a task: standardised, split by the seed, encoded as voltages."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

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
from tcl_circuits.training.table import Split, Table, may_be_classes, split_table, unsplit
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
    task = _task(table, split, seed, network)
    return replace(task, baseline=_baseline(table, split, task))


def of_all_rows(table: Table, seed: int = 0) -> Task:
    """Task of a table on a crossbar that learns from every row; the samples held out are the same rows.

    Parameters
    ----------
    table : Table
        Features and target.
    seed : int
        Seed of the initial conductances.

    Raises
    ------
    InputError
        If the target is the same in every row.
    """
    return _task(table, unsplit(table), seed, None)


def _task(table: Table, split: Split, seed: int, network: Network | None) -> Task:
    classes = table.classes
    if network is None:
        network = crossbar(table.feature_names, classes or (table.target_name,), seed=seed)
    encoding = _encoding(table, split, network)
    parts = [
        Samples(encoding.inputs(table.features[rows]), encoding.answer.targets(table.target[rows]))
        for rows in (split.train_rows, split.test_rows)
    ]
    learned = (
        f"target {table.target_name} at {TARGET_VOLTS:g} V a standard deviation"
        if classes is None
        else f"{len(classes)} classes"
    )
    return Task(
        name="table",
        network=network,
        nudge=nudge_of(encoding),
        train=parts[0],
        test=parts[1],
        description=f"{table.source}: {len(table.feature_names)} features, {learned}",
        recipe=_VALUES if classes is None else _CLASSES,
        classes=classes,
        origin={"target": table.target_name, "features": list(table.feature_names)},
        encoding=encoding,
    )


_CLASSES = Recipe(epochs=40, batch=4, final_rate=0.05)
_VALUES = Recipe(batch=4, final_rate=0.02, chirp=True)


def _baseline(table: Table, split: Split, task: Task) -> Baseline:
    """Linear or logistic regression on the same rows, of standardised features without a rail."""
    if table.classes is None:
        return least_squares(
            Samples(split.train_inputs, task.train.targets), Samples(split.test_inputs, task.test.targets)
        )
    from sklearn.linear_model import LogisticRegression

    train, test = (part.astype(np.int64) for part in (split.train_target, split.test_target))
    model = LogisticRegression(max_iter=5000).fit(split.train_inputs, train)
    likely = np.maximum(model.predict_proba(split.test_inputs)[np.arange(test.size), test], 1e-300)
    loss, accuracy = -np.log(likely).mean(), model.score(split.test_inputs, test)
    return Baseline("logistic regression", float(loss), float(accuracy))


def _encoding(table: Table, split: Split, network: Network) -> Encoding:
    """How the table's rows become voltages and outputs an answer."""
    answer: Classes | Values
    if table.classes is None:
        target = split.train_target.astype(np.float64)
        if not target.std() > 0:
            raise InputError(
                f"{table.source}: {table.target_name!r} is {target[0]:g} in every training row; take another "
                "seed, or add rows with other values"
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
