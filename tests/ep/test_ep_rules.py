"""The learning rules: gradients against finite differences, each other, and what they learn."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from ep_cases import TARGET, X, change, relative_l2, shown, small_network

from tcl_circuits import InputError
from tcl_circuits.ep import RULES, Network, Settings, Trainer, data
from tcl_circuits.ep.layers import Array
from tcl_circuits.ep.relax import GaussSeidel
from tcl_circuits.ep.rules import Backpropagation, Contrast, Temporal, make_rule
from tcl_circuits.ep.settings import PRESETS, spread
from tcl_circuits.ep.steps import Frame, Shown, contrasts, signals

EXACT = Settings(relaxation=GaussSeidel(), free_iterations=200, nudged_iterations=200)


def loss(network: Network, x: Array, target: Array, factor: float) -> float:
    y = network.settle(x, 60)[-1]
    return 0.5 * factor * float(np.mean(np.sum((y - target) ** 2, axis=1)))


def slopes(network: Network, x: Array, target: Array, factor: float) -> list[Array]:
    """Finite differences of the loss by every weight, then every bias, with the sign turned."""
    arrays = [a.copy() for a in (*network.weights, *network.biases)]
    layers = len(network.biases)
    found = []
    for array in arrays:
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            values = []
            for step in (-1e-6, 2e-6):
                array[place] += step
                values.append(
                    loss(Network(tuple(arrays[:layers]), tuple(arrays[layers:])), x, target, factor)
                )
            array[place] -= 1e-6
            slope[place] = -(values[1] - values[0]) / 2e-6
        found.append(slope)
    return found


def interior_network(sizes: tuple[int, ...]) -> Network:
    """A network whose states stay inside (0, 1), most of them."""
    rng = np.random.default_rng(5)
    weights = [rng.normal(0, 0.25 / np.sqrt(n), (n, m)) for n, m in pairwise(sizes)]
    return Network(tuple(weights), tuple(np.full(m, 0.4) for m in sizes[1:]))


def interior_batch(sizes: tuple[int, ...], settings: Settings, beta: float) -> Shown:
    rng = np.random.default_rng(1)
    x, target = rng.random((6, sizes[0])), np.eye(sizes[-1])[rng.integers(0, sizes[-1], 6)]
    return shown(interior_network(sizes), x, target, settings, beta)


@pytest.mark.parametrize("cost", ["square", "half-square"])
@pytest.mark.parametrize("sizes", [(4, 3, 2), (5, 4, 4, 3)])
def test_contrast_of_a_small_nudge_is_the_gradient(sizes: tuple[int, ...], cost: str) -> None:
    settings = replace(EXACT, cost="square" if cost == "square" else "half-square")
    if sizes == (4, 3, 2):
        given = shown(small_network(), X, TARGET, settings, 1e-5)
    else:
        given = interior_batch(sizes, settings, 1e-5)
    frame = Frame.of(settings, len(sizes) - 1)
    nudged = frame.nudging(given).under(1e-5, 200)
    weights, biases = contrasts(given.x, given.free, nudged)
    exact = Backpropagation(frame).descent(given)
    wanted = slopes(given.network, given.x, given.target, settings.factor)
    for found, adjoint, known in zip((*weights, *biases), (*exact[0], *exact[1]), wanted, strict=True):
        assert relative_l2(found / 1e-5, known) <= 1e-4
        assert relative_l2(adjoint, known) <= 1e-6


@pytest.mark.parametrize("sizes", [(20, 15, 6), (20, 12, 10, 6)])
def test_the_temporal_rule_follows_the_gradient_in_its_pass_band(sizes: tuple[int, ...]) -> None:
    beta = 0.01
    settings = replace(EXACT, beta=beta, free_iterations=100, nudged_iterations=60)
    given = interior_batch(sizes, settings, beta)
    layers = len(sizes) - 1
    exact = Backpropagation(Frame.of(settings, layers)).descent(given)
    amplitudes = [beta * np.abs(slope) for part in exact for slope in part]
    # All but the largest: these are to lie where the slow ramp does not pass.
    theta = [5.5e-4 * float(np.quantile(a, 0.97)) for a in amplitudes]
    settings = replace(
        settings, weight_thresholds=tuple(theta[:layers]), bias_thresholds=tuple(theta[layers:])
    )
    rule = Temporal.of(settings, layers)
    found = rule.update(given.x, rule.states(given))
    for update, known, amplitude, least in zip(
        (*found[0], *found[1]), (*exact[0], *exact[1]), amplitudes, theta, strict=True
    ):
        band = (amplitude > 1.5 * least / 5.1e-3) & (amplitude < least / 5.7e-4)
        assert np.mean(band) > 0.4
        a, b = update[band], known[band]
        assert float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) >= 0.98


def test_rules_step_alike_where_they_should() -> None:
    """A small nudge, no threshold in the way: what differs is how a rule gets at the contrast."""
    sizes, beta = (12, 8, 4), 0.02
    settings = replace(EXACT, beta=beta, free_iterations=100, nudged_iterations=60, rates=(1e-4, 5e-5))
    given = interior_batch(sizes, settings, beta)
    steps = {
        name: change(given.network, make_rule(name, settings, 2).step(given))
        for name in ("contrast", "continual", "oscillating", "backprop")
    }
    for n in range(4):
        for name, share in (("continual", 0.3), ("oscillating", 1.0), ("backprop", 0.3)):
            assert relative_l2(steps[name][n] / share, steps["contrast"][n]) <= 0.05


def test_random_hebbian_updates_are_right_on_the_mean() -> None:
    sizes, beta = (12, 8, 4), 0.5
    settings = replace(EXACT, free_iterations=50, nudged_iterations=8)
    given = interior_batch(sizes, settings, beta)
    rule, wanted = make_rule("hebbian-random", settings, 2), make_rule("contrast", settings, 2)
    rng = np.random.default_rng(0)
    steps = [change(given.network, rule.step(replace(given, rng=rng)))[1] for _ in range(1500)]
    expected = 0.01 * change(given.network, wanted.step(given))[1]
    error = np.std(steps, axis=0) / np.sqrt(len(steps))
    assert np.all(np.abs(np.mean(steps, axis=0) - expected) < 5 * error)


def test_hebbian_updates_are_one_after_the_other() -> None:
    settings = replace(EXACT, free_iterations=50, nudged_iterations=30)
    given = interior_batch((12, 8, 4), settings, 0.5)
    frame = Frame.of(settings, 2, 0.01)
    between = frame.moved(given.network, signals(given.x, given.free), -2.0)
    nudged = frame.nudging(given, between).under(0.5, 30)
    wanted = frame.moved(between, signals(given.x, nudged), 2.0)
    found = make_rule("hebbian", settings, 2).step(given)
    for a, b in zip(change(given.network, found), change(given.network, wanted), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_an_output_that_is_0_is_drawn_inward_by_backpropagation() -> None:
    network = Network((np.full((2, 2), -1.0),), (np.array([-0.1, 0.5]),))
    given = shown(network, np.array([[0.2, 0.2]]), np.array([[1.0, 0.0]]), Settings())
    assert given.free[-1][0, 0] == 0
    weights, biases = Backpropagation(Frame.of(Settings(), 1)).descent(given)
    assert biases[0][0] == pytest.approx(2.0)
    assert np.all(weights[0][:, 0] > 0)


@pytest.mark.parametrize(
    ("rule", "largest"),
    [
        ("tcl", 10),
        ("contrast", 8),
        ("continual", 10),
        ("hebbian", 88),
        ("hebbian-random", 88),
        ("oscillating", 8),
        ("backprop", 10),
    ],
)
def test_every_rule_learns_digits(rule: str, largest: float) -> None:
    digits = data.digits_8x8()
    trainer = Trainer(Network.create((64, 40, 10)), rule, "digits", compiled=False)
    history = trainer.fit(digits, 12)
    assert history.test_error.iloc[-1] <= largest
    assert history.train_error.iloc[-1] < history.train_error.iloc[0]


def test_iterations_are_those_after_the_free_state() -> None:
    found = {name: make_rule(name, Settings(), 2).iterations for name in RULES}
    assert found == {
        "tcl": 36,
        "contrast": 4,
        "continual": 4,
        "hebbian": 4,
        "hebbian-random": 4,
        "oscillating": 32,
        "backprop": 20,
    }


def test_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="no EP rule 'ctl'; there are tcl, contrast"):
        Trainer(small_network(), "ctl")


class TestSettings:
    def test_presets(self) -> None:
        assert {"published", "best", "digits"} <= set(PRESETS)
        assert Settings.named("published").describe() == Settings().describe()
        with pytest.raises(InputError, match="no EP settings 'worst'; there are published, best"):
            Settings.named("worst")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("batch", 0),
            ("batch", 2.5),
            ("free_iterations", 0),
            ("nudged_iterations", -1),
            ("beta", 0.0),
            ("beta", np.nan),
            ("gain", -1.0),
            ("cost", "cubic"),
            ("rates", ()),
            ("rates", (0.1, np.nan)),
            ("rates", 0.1),
            ("weight_thresholds", (-1e-6, 1e-6)),
            ("bias_thresholds", ("a",)),
        ],
    )
    def test_what_can_not_be_used_is_refused(self, name: str, value: object) -> None:
        with pytest.raises(InputError, match=f"EP settings: {name}"):
            replace(Settings(), **{name: value})  # type: ignore[arg-type]

    def test_values_for_layers_between(self) -> None:
        assert spread((0.1, 0.05), 2, "rates") == (0.1, 0.05)
        assert spread((0.1, 0.05), 1, "rates") == (0.05,)
        assert spread((4.0, 1.0), 3, "rates") == pytest.approx((4, 2, 1))
        assert spread((0.0, 1.0), 3, "rates") == pytest.approx((0, 0.5, 1))
        assert spread((1.0, 2.0, 3.0), 3, "rates") == (1, 2, 3)
        with pytest.raises(InputError, match="3 rates for 2 layers"):
            Contrast(Frame.of(Settings(rates=(1.0, 2.0, 3.0)), 2))
