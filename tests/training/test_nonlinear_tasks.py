"""XOR on hidden diode nodes and Iris on a random lattice: learned, and right in ngspice."""

from __future__ import annotations

import numpy as np
import pytest

from tcl_circuits import Network, Sawtooth, SenseCell
from tcl_circuits.engines import Engine, Ngspice, Reference
from tcl_circuits.training import tasks
from tcl_circuits.training.task import Task
from tcl_circuits.training.trainer import Trainer

SAW = Sawtooth(1e-5, 1e-3)


def trained(task: Task, seed: int, engine: Engine, rule: str = "tcl") -> Network:
    trainer = Trainer(task.network, SenseCell(), SAW, engine, rule, seed)
    history = trainer.fit(task)
    assert history.epoch.iloc[-1] <= 50
    return trainer.network


def check_xor(seed: int, engine: Engine, ngspice: Ngspice) -> None:
    task = tasks.load("xor", seed)
    y = task.outputs(ngspice.settle(trained(task, seed, engine), SenseCell(), task.test.inputs))
    assert task.accuracy(y, task.test.targets) == 1.0
    assert np.abs(y - task.test.targets).max() < 0.07  # of 0.1 V


def test_xor_is_learned_and_right_in_ngspice(ngspice: Ngspice) -> None:
    check_xor(0, Reference(), ngspice)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 10))
def test_xor_is_learned_from_ten_starts_out_of_ten(seed: int, ngspice: Ngspice) -> None:
    check_xor(seed, Reference(), ngspice)


@pytest.mark.slow
def test_xor_is_learned_wholly_in_ngspice(ngspice: Ngspice) -> None:
    check_xor(2, ngspice, ngspice)


def test_xor_needs_its_diodes_and_its_constant_inputs() -> None:
    """A linear network, and one that is odd in x, are right in half the cases at most."""
    task = tasks.load("xor", 0)
    inputs = task.test.inputs.copy()
    inputs[:, 4:] = 0.0
    y = task.outputs(Reference().settle(task.network, SenseCell(), inputs))
    assert np.abs(y + y[::-1]).max() < 1e-12
    assert task.baseline is not None
    assert task.baseline.accuracy == 1.0


def test_gradients_of_the_two_kinds_agree_on_xor() -> None:
    """The cosine of the thresholded update, summed over an epoch, with the exact adjoint gradient."""
    task = tasks.load("xor", 2)
    trainer = Trainer(task.network, SenseCell(), SAW, Reference(), "tcl", 2)
    trainer.fit(task, 1)
    assert trainer.course is not None
    assert trainer.course.cosine is not None
    assert trainer.course.cosine > 0.98


@pytest.mark.parametrize("seed", [0, 1])
def test_iris_is_learned_on_a_random_lattice(seed: int) -> None:
    task = tasks.load("iris-lattice", seed)
    assert task.network.node_count == 49
    network = trained(task, seed, Reference(), rule="gradient")
    y = task.outputs(Reference().settle(network, SenseCell(), task.test.inputs))
    accuracy = task.accuracy(y, task.test.targets)
    assert accuracy is not None
    assert accuracy >= 0.84


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_iris_is_learned_by_the_temporal_rule_on_a_random_lattice(seed: int) -> None:
    task = tasks.load("iris-lattice", seed)
    y = task.outputs(Reference().settle(trained(task, seed, Reference()), SenseCell(), task.test.inputs))
    accuracy = task.accuracy(y, task.test.targets)
    assert accuracy is not None
    assert accuracy >= 0.84
