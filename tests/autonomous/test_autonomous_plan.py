"""From a task to a design, and what is refused before it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from autonomous_cases import planned

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.design import Detector
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.autonomous.stability import free_voltages
from tcl_circuits.errors import InputError


@pytest.mark.parametrize("name", list(tasks.TASKS))
def test_every_task_has_a_plan(name: str) -> None:
    found = planned(name, cycles=1)
    design = found.design
    assert found.stability.exact == pytest.approx(tasks.load(name).recipe.gain)
    assert design.cell.gain * found.stability.bound > 0
    assert design.cell.theta == pytest.approx(
        tasks.load(name).recipe.threshold
        * found.amplitude
        * design.cell.tau
        * design.cell.scale
        / design.schedule.timing.saw.tau_s
    )
    low, high = design.cell.bounds
    assert np.all((design.network.conductance >= low) & (design.network.conductance <= high))


def test_what_a_seed_draws_is_the_same_again() -> None:
    one, two, other = (planned("iris", seed, cycles=3).design for seed in (1, 1, 2))
    assert one.network.conductance.tolist() == two.network.conductance.tolist()
    assert one.schedule.periods == two.schedule.periods
    assert one.schedule.periods != other.schedule.periods


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"threshold": 200.0}, "above any signal of a fast ramp of 10 us .*nudge switches slower"),
        ({"threshold": 2e4}, r"above any signal \(at most"),
        ({"gain": 0.0}, "lambda_max"),
        ({"gain": float("nan")}, "lambda_max"),
        ({"threshold": -1.0}, "--threshold"),
        ({"settle": 5e-6}, "switch slower than the gate opens: 5 us .* sense branches .*settle for 15 us"),
        ({"gate_hold": 0.0}, "never opens"),
        ({"rest": -1e-6}, "open for 1 us after the inputs"),
        ({"tau_s": 5e-6}, "must be longer than tau_f"),
        ({"polarity": "sideways"}, "polarity"),
        ({"kind": "vteam", "threshold": 2e4}, r"above any signal \(at most"),
        ({"kind": "vteam", "threshold": 0.0}, "needs theta > 0"),
        ({"kind": "vteam", "alpha": 0.9}, "alpha = 0.9 must be at least 1"),
        ({"kind": "vague"}, "threshold 'vague'"),
        ({"kind": "vteam", "alpha": float("nan")}, "alpha"),
        ({"kind": "vteam", "threshold": 200.0}, "nudge switches slower"),
        ({"cycles": -1}, "can't be run"),
        ({"cycles": 10**9}, "too many for one transient; run 100000"),
    ],
)
def test_what_would_not_learn_is_refused(wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        planned(**wanted)


def test_an_unknown_task_is_told() -> None:
    with pytest.raises(InputError, match=r"no task 'irises' .*regression, allostery"):
        tasks.load("irises")


def test_outputs_at_their_targets_leave_nothing_to_learn() -> None:
    learned = tasks.load("allostery")
    found = planned("allostery", cycles=1).design
    from tcl_circuits.circuit.conduction import Conduction

    reached = found.outputs(Conduction(found.network).voltages(found.train.inputs))
    task = replace(learned.task, train=replace(learned.task.train, targets=reached))
    with pytest.raises(InputError, match="at their targets already"):
        plan(replace(learned, task=task), Request())


@pytest.mark.parametrize("part", ["train", "test"])
def test_samples_that_are_no_numbers_are_told(part: str) -> None:
    learned = tasks.load("regression")
    samples = getattr(learned.task, part)
    inputs = samples.inputs.copy()
    inputs[2, 1] = np.nan
    task = replace(learned.task, **{part: replace(samples, inputs=inputs)})
    with pytest.raises(InputError, match="input voltage 1 of sample 2 is not a finite number"):
        plan(replace(learned, task=task), Request())


def test_nodes_that_are_too_slow_are_told() -> None:
    learned = tasks.load("regression")
    slow = replace(learned.task.network, node_capacitance=1e-9)
    with pytest.raises(InputError, match="for the nodes"):
        plan(replace(learned, task=replace(learned.task, network=slow)), Request())


@pytest.mark.parametrize("name", ["regression", "iris"])
def test_a_detector_starts_at_the_threshold(name: str) -> None:
    """For volts and for probabilities: the largest error of a sample asks for the cell's threshold."""
    found = planned(name, detector=True).design
    detector = found.detector
    assert isinstance(detector, Detector)
    assert detector.start == pytest.approx(found.cell.theta)
    y = found.outputs(free_voltages(found.network, found.train.inputs))
    largest = np.abs(found.nudge.error(y, found.train.targets)).sum(axis=1).max()
    assert detector.slope * largest == pytest.approx(found.cell.theta)
