"""``--check N``: inference of a trained circuit once more in ngspice, on some of the test inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.engines import Ngspice, Reference
from tcl_circuits.engines.installation import find_library, why_no_library
from tcl_circuits.errors import EngineMissing, InputError
from tcl_circuits.training.task import Task
from tcl_circuits.training.trainer import Trainer


def chosen(count: int, available: int) -> IntArray:
    """Places of `count` test samples, spread evenly over the `available` ones; to be asked before a run.

    Raises
    ------
    InputError
        If there are not so many.
    EngineMissing
        If ngspice is not installed and something is to be checked.
    """
    if not 0 <= count <= available:
        raise InputError(f"--check {count} must lie in 0 .. {available}, the number of test samples")
    if count and find_library() is None:
        raise EngineMissing(f"--check needs ngspice: {why_no_library()}, or leave --check out")
    return np.asarray(np.arange(count) * available // max(count, 1), dtype=np.int64)


def agreement(
    exact: FloatArray, simulated: FloatArray, classes: tuple[IntArray, IntArray] | None
) -> dict[str, Any]:
    """What a check came to, for summary.json.

    Parameters
    ----------
    exact, simulated : ndarray of shape (samples, values)
        Output values in the exact engine and in ngspice [V].
    classes : tuple of ndarray of shape (samples,), or None
        Predictions of both; None for regression.
    """
    return {
        "samples": int(exact.shape[0]),
        "output_max_difference_V": float(np.abs(simulated - exact).max(initial=0.0)),
        "agreement": None if classes is None else float(np.mean(classes[0] == classes[1])),
    }


def check_inference(trainer: Trainer, task: Task, samples: IntArray) -> dict[str, Any] | None:
    """Check a trained network on test samples; None if there are none.

    Raises
    ------
    EngineError
        If ngspice fails.
    """
    if samples.size == 0:
        return None
    inputs = task.test.inputs[samples]
    with Ngspice() as engine:
        simulated = task.outputs(engine.settle(trainer.network, trainer.cell, inputs))
    exact = task.outputs(Reference().settle(trainer.network, trainer.cell, inputs))
    both = None if task.classes is None else (task.predictions(exact), task.predictions(simulated))
    return agreement(exact, simulated, both)
