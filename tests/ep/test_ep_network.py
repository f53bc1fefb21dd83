"""Layered networks: their shapes, energy and predictions, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ep_cases import X, small_network
from numpy.typing import DTypeLike

from tcl_circuits import InputError
from tcl_circuits.ep import Network, data
from tcl_circuits.ep.layers import State

SIZES = [(784, 500, 10), (784, 500, 500, 10), (4, 3, 2), (5, 2)]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_created(sizes: tuple[int, ...], dtype: DTypeLike) -> None:
    network = Network.create(sizes, seed=3, dtype=dtype)
    assert network.sizes == sizes
    assert network.dtype == dtype
    assert [w.shape for w in network.weights] == list(pairwise(sizes))
    assert [b.shape for b in network.biases] == [(m,) for m in sizes[1:]]
    for weight in network.weights:
        # Half of what Glorot and Bengio draw from.
        assert np.abs(weight).max() <= 0.5 * np.sqrt(6 / sum(weight.shape))
    assert np.array_equal(network.weights[0], Network.create(sizes, seed=3, dtype=dtype).weights[0])
    assert not np.array_equal(network.weights[0], Network.create(sizes, seed=4, dtype=dtype).weights[0])


@pytest.mark.parametrize("sizes", [*SIZES[2:], (6, 5, 4, 3)])
def test_energy_gradient_is_the_slope_of_the_energy(sizes: tuple[int, ...]) -> None:
    network, rng = Network.create(sizes, dtype=np.float64), np.random.default_rng(0)
    x = rng.random((3, sizes[0]))
    state = tuple(rng.uniform(0.2, 0.8, (3, n)) for n in sizes[1:])
    for layer, slopes in enumerate(network.energy_gradient(x, state)):
        for node in range(sizes[layer + 1]):
            moved = []
            for step in (-1e-6, 1e-6):
                changed = [part.copy() for part in state]
                changed[layer][:, node] += step
                moved.append(network.energy(x, tuple(changed)))
            np.testing.assert_allclose((moved[1] - moved[0]) / 2e-6, slopes[:, node], atol=1e-8)


def test_energy_is_that_of_equation_9() -> None:
    network = small_network()
    h, y = np.array([[0.1, 0.2, 0.3]]), np.array([[0.4, 0.5]])
    x = X[:1]
    (W1, W2), (b1, b2) = network.weights, network.biases
    squares = 0.5 * sum(float(np.sum(part**2)) for part in (x, h, y))
    wanted = squares - float((x @ W1 @ h.T + h @ W2 @ y.T).item()) - float(h[0] @ b1 + y[0] @ b2)
    assert network.energy(x, (h, y))[0] == pytest.approx(wanted, rel=1e-12)


def test_free_state_is_a_minimum() -> None:
    network = Network.create((20, 15, 12, 5), seed=1, dtype=np.float64)
    x = np.random.default_rng(0).random((4, 20))
    state = network.settle(x, 200)
    for layer, slope in zip(state, network.energy_gradient(x, state), strict=True):
        assert np.all(np.abs(slope[(layer > 0) & (layer < 1)]) < 1e-10)
        assert np.all(slope[layer == 0] > -1e-10)
        assert np.all(slope[layer == 1] < 1e-10)


def test_predictions_are_the_most_active_outputs() -> None:
    network = Network.create((64, 20, 10))
    images = data.digits_8x8().train_x[:1200]
    found = network.predict(images)
    assert found.shape == (1200,)
    state: State = network.settle(images[:7])
    assert np.array_equal(found[:7], state[-1].argmax(axis=1))
    assert network.predict(images[:0]).shape == (0,)


@pytest.mark.parametrize("x", [np.zeros(4), np.zeros((3, 5)), np.zeros((2, 3, 4))])
def test_input_of_another_size_is_refused(x: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"must be \(images, 4\)"):
        small_network().predict(x)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["weights", "biases"])
def test_numbers_that_are_none_are_refused(part: str, value: float) -> None:
    network = small_network()
    arrays = {"weights": [w.copy() for w in network.weights], "biases": [b.copy() for b in network.biases]}
    arrays[part][1][..., 1] = value
    with pytest.raises(InputError, match=rf"{part}.*layer 2 hold (nan|inf) at .*learning rates"):
        Network(tuple(arrays["weights"]), tuple(arrays["biases"]))


def test_large_weights_are_no_fault() -> None:
    weight = np.full((2, 2), 3e38, np.float32)
    assert Network((weight,), (np.zeros(2, np.float32),)).sizes == (2, 2)


@pytest.mark.parametrize("sizes", [(), (3,), (3, 0), (3, 2.5), (3, -1)])
def test_sizes_that_are_none_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="sizes"):
        Network.create(sizes)


@pytest.mark.parametrize(
    ("weights", "biases"),
    [
        ([], []),
        ([np.zeros((2, 3))], []),
        ([np.zeros((2, 3))], [np.zeros(2)]),
        ([np.zeros((2, 3)), np.zeros((2, 2))], [np.zeros(3), np.zeros(2)]),
        ([np.zeros((2, 3))], [np.zeros(3, np.float32)]),
        ([np.zeros((2, 3), int)], [np.zeros(3, int)]),
    ],
)
def test_layers_that_do_not_fit_are_refused(weights: list[np.ndarray], biases: list[np.ndarray]) -> None:
    with pytest.raises(InputError, match="EP network"):
        Network(tuple(weights), tuple(biases))
