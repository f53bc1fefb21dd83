"""Nudges: forces are loss gradients, elements say the same as the formulas."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tcl_circuits import (
    ConductanceNudge,
    CurrentNudge,
    Drive,
    InputError,
    Network,
    Sawtooth,
    SenseCell,
    SoftmaxNudge,
    differential,
    simulate,
    single_ended,
)
from tcl_circuits.circuit.elements import BehaviouralCurrent, Element, Resistor
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines import Ngspice, Reference

volts = hnp.arrays(np.float64, (2, 3), elements=st.floats(-0.5, 0.5))
NUDGES: list[Nudge] = [ConductanceNudge(2e-5, single_ended(3)), SoftmaxNudge(2e-5, 0.07, differential(3))]


@pytest.mark.parametrize("nudge", NUDGES, ids=["conductance", "softmax"])
@given(y=volts)
def test_gradient_and_jacobian_are_derivatives(nudge: Nudge, y: np.ndarray) -> None:
    target = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    step = 1e-6
    for k in range(3):
        shift = np.zeros(3)
        shift[k] = step
        loss = (nudge.loss(y + shift, target) - nudge.loss(y - shift, target)) / (2 * step)
        np.testing.assert_allclose(nudge.loss_gradient(y, target)[:, k], loss, atol=1e-6)
        force = (nudge.force(y + shift, target) - nudge.force(y - shift, target)) / (2 * step)
        np.testing.assert_allclose(nudge.force_jacobian(y, target)[..., k], force, atol=1e-9)


@pytest.mark.parametrize("nudge", [*NUDGES, CurrentNudge(2e-5, single_ended(3))])
def test_affine_nudges_say_so(nudge: Nudge) -> None:
    y, target = np.random.default_rng(0).normal(size=(2, 5, 3))
    same = bool(np.ptp(nudge.force_jacobian(y, target), axis=0).max() == 0)
    assert nudge.affine == same


@given(y=volts)
def test_forces_pull_down_the_loss(y: np.ndarray) -> None:
    target = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    for nudge in NUDGES:
        force, gradient = nudge.force(y, target), nudge.loss_gradient(y, target)
        scale = 0.07**2 if isinstance(nudge, SoftmaxNudge) else 1.0
        np.testing.assert_allclose(force, -2e-5 * scale * gradient, atol=1e-15)


def test_softmax_survives_huge_voltages() -> None:
    nudge = SoftmaxNudge(1e-5, 0.01, single_ended(2))
    y = np.array([[100.0, -100.0]])
    assert np.isfinite(nudge.force(y, np.array([[0.0, 1.0]]))).all()
    assert nudge.loss(y, np.array([[0.0, 1.0]]))[0] == pytest.approx(2e4)


@pytest.mark.parametrize("nudge", NUDGES, ids=["conductance", "softmax"])
@given(y=volts)
def test_elements_say_what_the_force_says(nudge: Nudge, y: np.ndarray) -> None:
    target = np.array([0.0, 1.0, 0.0])
    names = tuple(f"n_{k}" for k in range(6 if nudge.outputs.minus else 3))
    levels = dict.fromkeys(names, 0.0) | {"beta": 0.6, "t0": 0.0, "t1": 1.0, "t2": 0.0}
    for k, place in enumerate(nudge.outputs.plus):
        levels[names[place]] = float(y[0, k])
    for k, element in enumerate(
        e for e in nudge.elements(names, target) if isinstance(e, BehaviouralCurrent)
    ):
        expected = 0.6 * nudge.force(y[0], target)[k]
        assert evaluated(element.expression, levels) == pytest.approx(expected, abs=1e-15)


def evaluated(expression: str, levels: dict[str, float]) -> float:
    """Value of a behavioural expression of node voltages, by Python's own arithmetic."""

    def voltage(match: re.Match[str]) -> str:
        nodes = match.group(1).split(",")
        return repr(levels[nodes[0]] - (levels[nodes[1]] if len(nodes) > 1 else 0.0)).join("()")

    names: dict[str, Any] = {"exp": math.exp}
    return float(eval(re.sub(r"V\(([^)]*)\)", voltage, expression), {"__builtins__": {}}, names))


@pytest.mark.parametrize("value", [0.0, -1e-5, np.nan, np.inf])
def test_bad_nudges_are_refused(value: float) -> None:
    for make in (ConductanceNudge, CurrentNudge):
        with pytest.raises(InputError, match="conductance"):
            make(value, single_ended(1))
    with pytest.raises(InputError, match="temperature"):
        SoftmaxNudge(1e-5, value, single_ended(1))


def test_a_nudge_needs_fitting_targets() -> None:
    nudge = ConductanceNudge(1e-5, single_ended(2))
    with pytest.raises(InputError, match="needs targets"):
        Drive.hold([1.0], nudge)
    with pytest.raises(InputError, match="targets of shape"):
        Drive.hold([1.0], nudge, [1.0, 2.0, 3.0])


class _Half(ConductanceNudge):
    """Half the force, said in NumPy only."""

    def force(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        return 0.5 * super().force(y, target)


class _HalfInBoth(_Half):
    """Half the force, said in both."""

    def force_jacobian(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        return 0.5 * super().force_jacobian(y, target)

    def elements(self, names: tuple[str, ...], target: np.ndarray) -> tuple[Element, ...]:
        return tuple(
            replace(each, expression=f"0.5*{each.expression}")
            if isinstance(each, BehaviouralCurrent)
            else each
            for each in super().elements(names, target)
        )


class _Resistors(ConductanceNudge):
    """The nudge as real resistors that are always there."""

    def elements(self, names: tuple[str, ...], target: np.ndarray) -> tuple[Element, ...]:
        targets = super().elements(names, target)[: len(names)]
        return (*targets, *(Resistor(f"rn{k}", f"t{k}", name, 1e5) for k, name in enumerate(names)))


def test_a_force_that_is_not_that_of_the_elements_is_refused() -> None:
    with pytest.raises(InputError, match=r"_Half: its elements push .* A into output node 0, its force"):
        Drive.hold([1.0, 0.0], _Half(1e-5, single_ended(1)), [0.3])
    with pytest.raises(InputError, match="SmallerGain"):
        Drive.hold([1.0, 0.0], _smaller_gain()(2e-5, 0.07, differential(2)), [1.0, 0.0])


def _smaller_gain() -> type[SoftmaxNudge]:
    class SmallerGain(SoftmaxNudge):
        def elements(self, names: tuple[str, ...], target: np.ndarray) -> tuple[Element, ...]:
            return SoftmaxNudge(self.conductance / 2, self.temperature, self.outputs).elements(names, target)

    return SmallerGain


def test_both_engines_follow_an_own_nudge(network: Network, saw: Sawtooth, ngspice: Ngspice) -> None:
    drive = Drive.hold([1.0, -0.5], _HalfInBoth(1e-5, single_ended(2)), [0.3, 0.1])
    exact, real = (simulate(network, SenseCell(), saw, drive, engine) for engine in (Reference(), ngspice))
    whole = simulate(
        network, SenseCell(), saw, _with(drive, ConductanceNudge(5e-6, single_ended(2))), Reference()
    )
    peak = float(abs(exact["u"]).max())
    at = np.linspace(0.0, saw.period, 200)
    np.testing.assert_allclose(exact["u"].interp(time=at), real["u"].interp(time=at), atol=5e-3 * peak)
    np.testing.assert_allclose(exact["u"], whole["u"], atol=1e-9 * peak)


def _with(drive: Drive, nudge: Nudge) -> Drive:
    return Drive(drive.times, drive.inputs, drive.targets, nudge)


def test_the_exact_engine_refuses_elements_that_it_cannot_compare(network: Network, saw: Sawtooth) -> None:
    drive = Drive.hold([1.0, -0.5], _Resistors(1e-5, single_ended(2)), [0.3, 0.1])
    with pytest.raises(
        InputError, match=r"can't compare the elements of _Resistors .* use the engine ngspice"
    ):
        Reference().run(network, SenseCell(), saw, drive)
