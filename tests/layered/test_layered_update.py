"""Updates of layered circuits, against brute force over every edge and against the gradient."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layered_cases import BETA, LABELS, X, drawn, images, worked_case
from numpy.testing import assert_allclose

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.rc import RCKernel
from tcl_circuits.layered.compiled import CompiledSolver
from tcl_circuits.layered.compiled_update import CompiledUpdater
from tcl_circuits.layered.gradient import loss_gradient
from tcl_circuits.layered.rules import (
    ExplicitContrast,
    Shown,
    TemporalContrast,
    gradient_direction,
    make_rule,
)
from tcl_circuits.layered.solve import Batch, NumpySolver
from tcl_circuits.layered.update import NumpyUpdater, RampIntegral, Updater, largest_input
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold, update_integral

SAW = Sawtooth(1e-5, 1e-3)
UPDATERS = (NumpyUpdater(), CompiledUpdater())


def shown(seed: int, hidden: int = 5, beta: float = 1e-5) -> Shown:
    circuit, (x, labels) = drawn(seed, hidden=hidden), images(seed, 6)
    solver = CompiledSolver(1e-14)
    batch = Batch(circuit, circuit.currents(x), labels)
    return Shown(batch, x, solver.settle(batch, 0.0), beta, solver)


def brute_force(signal: FloatArray, theta: float) -> FloatArray:
    """Update of edges whose signals at the ends of a ramp's parts are given, shape (ends, edges).

    The derivative of a piecewise linear signal is constant in each part: what a fast branch gives, over C.
    """
    parts = len(signal) - 1
    times = np.concatenate(
        [np.linspace(0, SAW.tau_f, parts + 1), SAW.tau_f + np.linspace(0, SAW.tau_s, parts + 1)[1:]]
    )
    whole = np.concatenate([signal, signal[-2::-1]])
    total = np.zeros(signal.shape[1])
    for k, span in enumerate(np.diff(times)):
        u = np.repeat(((whole[k + 1] - whole[k]) / span)[:, None], 2, axis=1)
        total += update_integral(np.array([0.0, span]), u, HardThreshold(theta))
    return total


def signals(drops: FloatArray) -> FloatArray:
    """``dV^2/2`` less its free value, from differences; shape (ends, edges)."""
    steps = 0.5 * np.diff(drops, axis=0) * (drops[1:] + drops[:-1])
    return np.concatenate([np.zeros((1, *steps.shape[1:])), np.cumsum(steps, axis=0)]).reshape(len(drops), -1)


@pytest.mark.parametrize("updater", UPDATERS)
@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    hidden=st.sampled_from([0, 3, 40]),
    segments=st.integers(1, 4),
    q=st.sampled_from([0.02, 0.3, 0.97, 1.5]),
)
def test_cheap_form_is_brute_force(updater: Updater, seed: int, hidden: int, segments: int, q: float) -> None:
    found = shown(seed, hidden)
    points, circuit = found.ramp(segments), found.batch.circuit
    low, outputs, sources = [p.low for p in points], [p.outputs for p in points], found.sources(points)
    largest = largest_input(circuit.volts, found.x, (low[0], low[-1]))
    theta = q * largest / SAW.tau_s
    gate = RampIntegral(SAW, theta, segments)
    plus, minus = updater.of_inputs(gate, found.x, circuit.volts, low)
    for sign, update in ((1, plus), (-1, minus)):
        drops = np.array([h[:, None, :] - sign * circuit.volts * found.x[:, :, None] for h in low])
        exact = brute_force(signals(drops), theta)
        exact = exact.reshape(drops.shape[1:]).sum(axis=0)
        assert_allclose(update, exact, atol=1e-9 * largest)
    if sources:
        drops = np.array([z[:, :, None] - o[:, None, :] for z, o in zip(sources, outputs, strict=True)])
        exact = brute_force(signals(drops), theta)
        exact = exact.reshape(drops.shape[1:]).sum(axis=0)
        update = updater.of_inner(gate, sources, outputs)
        assert_allclose(update, exact, atol=1e-9 * largest)


@settings(deadline=None, max_examples=40)
@given(
    d=st.floats(1e-3, 10).flatmap(lambda size: st.sampled_from([size, -size])),
    tau=st.floats(1e-8, 8e-7),
    theta=st.floats(100.0, 4e4),
)
def test_lag_is_that_of_the_kernel(d: float, tau: float, theta: float) -> None:
    """Closed form against the package's own kernel, threshold and integral in the periodic steady state."""
    corners, _ = SAW.breakpoints
    dense = tau * np.concatenate(
        [np.linspace(0, 2, 4000)[1:], np.linspace(2, 12, 2000)[1:], np.linspace(12, 30, 60)[1:]]
    )
    after = [corners[0] + dense, corners[1] + dense]
    times = np.unique(np.concatenate([[-40 * tau], corners, *after]))
    times = times[times <= SAW.period]
    strength = np.where(times < 0, -times / SAW.tau_s, SAW.strength(times))
    u = RCKernel(1.0, tau).response(times, d * strength[None, :]) / tau
    exact = update_integral(times[times >= 0], u[:, times >= 0], HardThreshold(theta))[0]
    found = RampIntegral(SAW, theta, tau_k=tau)(np.array([d]))[0]
    near = min(abs(abs(d) / SAW.tau_f - theta), abs(abs(d) / SAW.tau_s - theta)) < 1e-3 * theta
    assert near or abs(found - exact) < 1e-5 * abs(d)


def test_no_lag_is_the_limit() -> None:
    d = np.linspace(-3, 3.01, 61)
    quick = RampIntegral(SAW, 2e3, tau_k=1e-14)(d)
    assert_allclose(quick, RampIntegral(SAW, 2e3)(d), atol=1e-6)


def test_explicit_update_of_the_worked_case() -> None:
    solver = NumpySolver(1e-14)
    batch = Batch(worked_case(), worked_case().currents(X), LABELS)
    found = Shown(batch, X, solver.settle(batch, 0.0), BETA, solver)
    (plus, _, _), _ = ExplicitContrast().direction(found, np.full(2, np.nan))
    expected = [
        [-1.1171003e-7, 7.1649517e-7],
        [1.6901954e-8, 1.3907581e-7],
        [-6.9970395e-8, 7.6812805e-7],
    ]
    # the expected values are in volts squared per microsiemens of nudge
    assert_allclose(plus / 20, expected, atol=1e-14, rtol=2e-7)


@pytest.mark.parametrize("hidden", [0, 5])
def test_contrast_of_a_weak_nudge_is_the_gradient(hidden: int) -> None:
    found = shown(2, hidden, beta=1e-10)
    contrast, _ = ExplicitContrast().direction(found, np.full(2, np.nan))
    for one, other in zip(contrast, gradient_direction(found), strict=True):
        assert_allclose(one, other, atol=3e-4 * np.abs(other).max())


@pytest.mark.parametrize("hidden", [0, 5])
def test_gradient_is_that_of_the_loss(hidden: int) -> None:
    found = shown(4, hidden)
    circuit, solver = found.batch.circuit, NumpySolver(1e-15, 500)
    gradient = loss_gradient(found.batch, found.x, found.free)

    def loss(layer: int, place: tuple[int, int], step: float) -> float:
        arrays = [array.copy() for array in circuit.conductances]
        arrays[layer][place] += step
        moved = circuit.with_conductances(tuple(arrays))
        batch = Batch(moved, moved.currents(found.x), found.batch.labels)
        values = solver.settle(batch, 0.0).values
        return float(moved.nudge(1.0).loss(values, batch.target).mean())

    for layer, exact in enumerate(gradient):
        for place in ((0, 0), (2, 1), (exact.shape[0] - 1, 2)):
            slope = (loss(layer, place, 1e-9) - loss(layer, place, -1e-9)) / 2e-9
            assert slope == pytest.approx(exact[place], rel=1e-4, abs=1e-5 * np.abs(exact).max())


def test_temporal_update_agrees_with_the_gradient_the_more_the_longer_the_slow_ramp() -> None:
    found, cosines = shown(7, 40, beta=2e-6), []
    exact = np.concatenate([part.ravel() for part in gradient_direction(found)[:2]])
    for ratio in (10, 30, 100, 1000):
        rule = TemporalContrast(Sawtooth(1e-5, 1e-5 * ratio), 1.5, 1, CompiledUpdater())
        direction, _ = rule.direction(found, np.full(2, np.nan))
        update = np.concatenate([part.ravel() for part in direction[:2]])
        cosines.append(update @ exact / np.linalg.norm(update) / np.linalg.norm(exact))
    assert cosines == sorted(cosines)
    assert cosines[-1] > 0.999


def test_what_no_integral_is() -> None:
    with pytest.raises(InputError, match="segments"):
        RampIntegral(SAW, 1.0, 0)
    with pytest.raises(InputError, match="theta"):
        RampIntegral(SAW, float("nan"))
    with pytest.raises(InputError, match="one slope"):
        RampIntegral(SAW, 1.0, 2, 1e-7)
    with pytest.raises(InputError, match="no rule 'hebb'"):
        make_rule("hebb", SAW, 1.5, 1, False)
