"""Relaxation and ramps: the worked states, two ways to one minimum, the edges of the nudge."""

from __future__ import annotations

import numpy as np
import pytest
from ep_cases import TARGET, X, small_network

from tcl_circuits import InputError
from tcl_circuits.ep import Network, data
from tcl_circuits.ep.layers import Array, State, resting
from tcl_circuits.ep.ramp import Continuous, Nudging, Ramp, Restarted
from tcl_circuits.ep.relax import ClippedSteps, GaussSeidel, Pull, Relaxation

FREE_H = [[0.266209021, 0, 0.550542541], [0.141083687, 0.104853428, 0.352153844]]
FREE_Y = [[0.204152642, 0.151752097], [0.095879639, 0.151215395]]


def nudging(
    network: Network, relaxation: Relaxation, factor: float = 2.0, target: Array = TARGET, x: Array = X
) -> Nudging:
    free = network.settle(x, 20, relaxation)
    return Nudging(relaxation, network.inner, network.fields(x), free, target, factor)


def nudged_energy(network: Network, x: Array, target: Array, state: State, strength: float) -> Array:
    cost: Array = 0.5 * strength * np.sum((state[-1] - target) ** 2, axis=-1)
    return network.energy(x, state) + cost


def test_the_worked_free_state() -> None:
    h, y = small_network().settle(X, 20, ClippedSteps(0.5))
    np.testing.assert_allclose(h, FREE_H, atol=1e-9)
    np.testing.assert_allclose(y, FREE_Y, atol=1e-9)


@pytest.mark.parametrize(
    ("factor", "wanted_y"),
    [
        (2.0, [[0.632844488, 0.067756930], [0.024981640, 0.613627747]]),
        (1.0, [[0.489022487, 0.095944038], [0.048726463, 0.458441211]]),
    ],
)
def test_the_worked_nudged_state_under_either_cost(factor: float, wanted_y: list[list[float]]) -> None:
    h, y = nudging(small_network(), ClippedSteps(), factor).under(0.5, 4)
    np.testing.assert_allclose(y, wanted_y, atol=1e-9)
    if factor == 2:
        wanted_h = [[0.429429301, 0, 0.584362800], [0.051088597, 0.244065438, 0.456163953]]
        np.testing.assert_allclose(h, wanted_h, atol=1e-9)


@pytest.mark.parametrize("sizes", [(4, 3, 2), (9, 8, 7, 5), (6, 3)])
@pytest.mark.parametrize("beta", [0.0, 0.5, -0.2])
def test_both_relaxations_reach_one_minimum(sizes: tuple[int, ...], beta: float) -> None:
    drawn = Network.create(sizes, seed=2, dtype=np.float64)
    # Weak weights: the energy then has one minimum.
    network = Network(tuple(0.5 * weight for weight in drawn.weights), drawn.biases)
    rng = np.random.default_rng(0)
    x, target = rng.random((3, sizes[0])), rng.integers(0, 2, (3, sizes[-1])).astype(float)
    found = [
        nudging(network, way, 2.0, target, x).under(beta, 300) for way in (ClippedSteps(0.4), GaussSeidel())
    ]
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


def test_four_sweeps_do_what_twenty_steps_do() -> None:
    network = Network.create((784, 500, 10))
    x = data.mnist_12k().test_x[:300]
    exact, steps, sweeps = (
        network.settle(x, n, way)[-1]
        for n, way in ((200, GaussSeidel()), (20, ClippedSteps()), (4, GaussSeidel()))
    )
    for found in (steps, sweeps):
        assert np.mean(found.argmax(axis=1) != exact.argmax(axis=1)) <= 0.01
        assert np.abs(found - exact).mean() < 1e-3


@pytest.mark.parametrize("strength", [-0.5, -0.999, -1.0, -1.001, -2.5])
def test_sweeps_never_raise_the_energy(strength: float) -> None:
    """Also where the outputs' curvature, 1 + strength, is 0 or negative."""
    network = Network.create((8, 6, 4), seed=3, dtype=np.float64)
    rng = np.random.default_rng(1)
    x, target = rng.random((20, 8)), np.eye(4)[rng.integers(0, 4, 20)]
    state: State = tuple(rng.random((20, n)) for n in (6, 4))
    pull = Pull(np.asarray(strength), target)
    for _ in range(5):
        after = GaussSeidel().relax(network.inner, network.fields(x), state, 1, pull)
        before, now = (nudged_energy(network, x, target, s, strength) for s in (state, after))
        assert np.all(now <= before + 1e-12)
        state = after


def test_without_curvature_an_output_goes_where_its_force_points() -> None:
    force = np.array([[0.3, -0.3, 0.0]])
    start: State = (np.array([[0.6, 0.6, 0.6]]),)
    (y,) = GaussSeidel().relax([], [force], start, 1, Pull(np.asarray(-1.0), np.zeros((1, 3))))
    assert y.tolist() == [[1.0, 0.0, 0.6]]


def test_beyond_it_an_output_goes_to_the_lower_end() -> None:
    # F(1) - F(0) = -1/2 - force for curvature -1.
    force = np.array([[-0.4, -0.6, -0.5]])
    start: State = (np.array([[0.2, 0.2, 0.2]]),)
    (y,) = GaussSeidel().relax([], [force], start, 1, Pull(np.asarray(-2.0), np.zeros((1, 3))))
    assert y.tolist() == [[1.0, 0.0, 0.2]]


@pytest.mark.parametrize("relaxation", [ClippedSteps(), GaussSeidel()])
@pytest.mark.parametrize("sizes", [(4, 3, 2), (9, 8, 7, 5), (6, 3)])
@pytest.mark.parametrize("iterations", [1, 2, 4])
def test_a_restarted_ramp_is_many_nudges_from_the_free_state(
    relaxation: Relaxation, sizes: tuple[int, ...], iterations: int
) -> None:
    network = Network.create(sizes, dtype=np.float64)
    rng = np.random.default_rng(0)
    given = nudging(network, relaxation, 2.0, rng.random((3, sizes[-1])), rng.random((3, sizes[0])))
    states = Restarted(9).states(given, -0.5, iterations)
    for k, beta in enumerate(np.linspace(0, -0.5, 9).tolist()):
        for layer, wanted in zip(states, given.under(beta, iterations), strict=True):
            assert layer.shape == (9, *wanted.shape)
            np.testing.assert_allclose(layer[k], wanted, atol=1e-14)


def test_a_continuous_ramp_goes_on_from_point_to_point() -> None:
    given = nudging(small_network(), ClippedSteps())
    states = Continuous(9).states(given, 0.5, 4)
    assert states[0].shape == (19, 2, 3)
    state = given.free
    for k, beta in enumerate([*np.linspace(0, 0.5, 10), *np.linspace(0.5, 0, 10)[1:]]):
        state = given.under(float(beta), 4, state)
        np.testing.assert_allclose(states[1][k], state[1], atol=1e-14)


def test_ramps_agree_where_the_network_follows() -> None:
    given = nudging(small_network(), GaussSeidel())
    up = Restarted(10).states(given, 0.5, 60)
    both = Continuous(9).states(given, 0.5, 60)
    for a, b in zip(up, both, strict=True):
        np.testing.assert_allclose(a, b[:10], atol=1e-12)
        np.testing.assert_allclose(a, b[:8:-1], atol=1e-12)


@pytest.mark.parametrize("ramp", [Restarted(9), Restarted(2), Continuous(9), Continuous(1)])
def test_a_ramp_leads_from_free_to_nudged_and_back(ramp: Ramp) -> None:
    levels = ramp.levels[ramp.path]
    up, down = ramp.corners
    assert levels.size == up + down - 1
    assert levels[0] == levels[-1] == 0
    assert levels[up - 1] == 1
    assert np.all(np.diff(levels[:up]) > 0)
    assert np.all(np.diff(levels[up - 1 :]) < 0)


@pytest.mark.parametrize("points", [1, 0, 2.5, True])
def test_ramps_that_are_none_are_refused(points: int) -> None:
    with pytest.raises(InputError, match="Restarted ramp"):
        Restarted(points)


@pytest.mark.parametrize("step", [0, -0.5, np.nan])
def test_steps_that_are_none_are_refused(step: float) -> None:
    with pytest.raises(InputError, match="step"):
        ClippedSteps(step)


def test_persistent_states_need_fewer_iterations() -> None:
    network = Network.create((30, 20, 5), seed=1, dtype=np.float64)
    x = np.random.default_rng(0).random((10, 30))
    exact = network.settle(x, 300)
    slightly = Network(tuple(w * 1.01 for w in network.weights), network.biases)
    goal = slightly.settle(x, 300)
    ways = (exact, resting(network.sizes, 10, np.float64))
    far = [
        float(np.abs(ClippedSteps().relax(slightly.inner, slightly.fields(x), s, 5)[-1] - goal[-1]).max())
        for s in ways
    ]
    assert far[0] < 0.1 * far[1]
