"""The temporal update: a worked case, single synapses, and the published method with full tensors."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from ep_cases import TARGET, Published, X, change, published_output, relative_l2, shown, small_network
from numpy.typing import DTypeLike

from tcl_circuits import HardThreshold, InputError, Sawtooth, SoftThreshold, kernels
from tcl_circuits.ep import Network, data
from tcl_circuits.ep.cycle import CycleMap
from tcl_circuits.ep.gating import GatedSum
from tcl_circuits.ep.layers import Array
from tcl_circuits.ep.ramp import Continuous, Restarted
from tcl_circuits.ep.rules import Temporal
from tcl_circuits.ep.settings import Settings
from tcl_circuits.ep.steps import Shown
from tcl_circuits.kernels import Kernel

WORKED = Settings(weight_thresholds=(4e-5, 1e-4), bias_thresholds=(1e-4, 1.5e-4))


def test_the_worked_update() -> None:
    network = small_network()
    after = Temporal.of(WORKED, 2).step(shown(network, X, TARGET, WORKED))
    wanted: list[list[list[float]] | list[float]] = [
        [
            [0.0147545934, 0.0054954099, 0.0113318014],
            [-0.0123426098, 0.0172764097, 0.0191735416],
            [0.0136930895, 0.0123357792, 0.0136966322],
            [0, 0.0191577517, 0.0183647499],
        ],
        [[0.0229811730, 0], [0, 0.0148964396], [0.0215057215, 0.0203447609]],
        [0.0144392578, 0.0308394481, 0.0305053429],
        [0.0308786760, 0.0273673994],
    ]
    for found, known in zip(change(network, after), wanted, strict=True):
        np.testing.assert_allclose(found, np.array(known), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize(("theta", "integral"), [(1.2e-6, 4.41545773e-7), (0.0, -1.70982419e-8)])
def test_one_synapse_on_a_linear_ramp(theta: float, integral: float) -> None:
    d = np.full((8, 1), 1e-3 / 8)
    assert GatedSum(Settings().cycle(), HardThreshold(theta))(d)[0] == pytest.approx(integral, rel=1e-8)


def test_eleven_samples_of_the_ramp_pass() -> None:
    u = Settings().cycle().steps @ np.full(8, 1e-3 / 8)
    assert np.count_nonzero(np.abs(u) >= 1.2e-6) == 11


def test_a_constant_signal_changes_nothing() -> None:
    assert GatedSum(Settings().cycle(), HardThreshold(1.2e-6))(np.zeros((8, 1)), np.array([0.3]))[0] == 0


SAW = Sawtooth(0.1, 0.9)
PUBLISHED = (1.2e-6, 2e-5, 1e-5, 2e-4)


def batch(dtype: DTypeLike, beta: float, trained: bool) -> Shown:
    """Twenty images and the paper's network, before or after 60 batches of training."""
    network = partly_trained() if trained else Network.create((784, 500, 10), seed=1)
    network = Network(
        tuple(w.astype(dtype) for w in network.weights), tuple(b.astype(dtype) for b in network.biases)
    )
    digits = data.mnist_12k()
    x = digits.train_x[2000:2020].astype(dtype)
    target = np.eye(10, dtype=dtype)[digits.train_y[2000:2020]]
    return shown(network, x, target, Settings(), beta)


@cache
def partly_trained() -> Network:
    digits = data.mnist_12k()
    network = Network.create((784, 500, 10))
    rule = Temporal.of(Settings(), 2)
    for k in range(60):
        part = slice(20 * k, 20 * k + 20)
        target = np.eye(10, dtype=np.float32)[digits.train_y[part]]
        network = rule.step(shown(network, digits.train_x[part], target, Settings(), 0.5 - k % 2))
    return network


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("dtype", "tolerance", "beta", "trained"),
    [(np.float32, 2e-3, 0.5, False), (np.float64, 1e-6, -0.5, True)],
)
def test_a_batch_of_the_papers_network_is_the_published_one(
    dtype: DTypeLike, tolerance: float, compiled: bool, beta: float, trained: bool
) -> None:
    if compiled:
        pytest.importorskip("numba")
    given = batch(dtype, beta, trained)
    found = change(given.network, Temporal.of(Settings(), 2, compiled).step(given))
    for ours, theirs in zip(found, published(str(np.dtype(dtype)), beta, trained), strict=True):
        assert relative_l2(ours, theirs) <= tolerance


@cache
def published(dtype: str, beta: float, trained: bool) -> list[Array]:
    given = batch(dtype, beta, trained)
    return Published(beta, PUBLISHED).update(given.network, given.x, given.target, given.free)


@pytest.mark.parametrize("sizes", [(30, 20, 5), (30, 20, 12, 5), (30, 5)])
@pytest.mark.parametrize("thresholds", [(1e-6, 1e-6), (1e-5, 3e-5), (1e-4, 1e-4), (0.0, 0.0), (1.0, 1.0)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_and_numpy_agree(
    sizes: tuple[int, ...], thresholds: tuple[float, float], dtype: DTypeLike
) -> None:
    pytest.importorskip("numba")
    settings = Settings(weight_thresholds=thresholds, bias_thresholds=thresholds)
    given = random_batch(sizes, settings, dtype)
    plain, fast = (
        change(given.network, Temporal.of(settings, len(sizes) - 1, compiled).step(given))
        for compiled in (False, True)
    )
    # In float32 a signal within rounding of the threshold may fall on either side of it.
    tolerance = 1e-3 if dtype == np.float32 else 1e-12
    for a, b in zip(fast, plain, strict=True):
        assert np.linalg.norm(a - b) <= tolerance * np.linalg.norm(b)


def random_batch(sizes: tuple[int, ...], settings: Settings, dtype: DTypeLike = np.float64) -> Shown:
    rng = np.random.default_rng(0)
    network = Network.create(sizes, dtype=dtype)
    x = (rng.random((12, sizes[0])) * (rng.random((12, sizes[0])) < 0.4)).astype(dtype)
    return shown(network, x, np.eye(sizes[-1], dtype=dtype)[rng.integers(0, sizes[-1], 12)], settings)


@pytest.mark.parametrize(
    "kernel",
    [kernels.sine(), kernels.sine(1 / 3, 1.0, 0.1), kernels.chemotaxis(0.01), kernels.rc(1e3, 1e-5)],
    ids=["sine", "text", "chemotaxis", "rc"],
)
@pytest.mark.parametrize("settings", [Settings(), Settings(ramp=Continuous()), Settings(gate=SoftThreshold)])
@pytest.mark.parametrize("polarity", ["standard", "inverted"])
def test_skipping_changes_nothing(kernel: Kernel, settings: Settings, polarity: str) -> None:
    """Blocks, skipped synapses and factored differences, against every signal of every synapse."""
    saw = Sawtooth(0.1, 0.9, "standard" if polarity == "standard" else "inverted")
    settings = replace(settings, kernel=kernel, saw=saw)
    given = random_batch((30, 20, 12, 5), settings)
    rule = Temporal.of(settings, 3)
    states = rule.states(given)
    weights, biases = rule.update(given.x, states)
    layers = [np.broadcast_to(given.x, (len(states[0]), *given.x.shape)), *states]
    for n in range(3):
        products = np.einsum("kbi,kbj->kij", layers[n], layers[n + 1]) / 12
        for found, gated, s in (
            (weights[n], rule.update.weights[n], products),
            (biases[n], rule.update.biases[n], layers[n + 1].mean(axis=1)),
        ):
            cycle, flat = gated.cycle, s.reshape(len(s), -1)
            u = cycle.steps @ np.diff(flat, axis=0) + cycle.base[:, None] * flat[0]
            wanted = cycle.weights @ gated.gate(u)
            np.testing.assert_allclose(found.ravel(), wanted, atol=1e-9 * np.abs(u).max())


def test_the_map_is_interpolation_and_convolution() -> None:
    cycle, rng = CycleMap.of(SAW, kernels.sine(), Restarted()), np.random.default_rng(0)
    s = rng.random(9)
    u = cycle.steps @ np.diff(s)
    theirs = published_output(s[[*range(9), *range(7, -1, -1)]][:, None])[:, 0]
    # The same values, in another order, those that are alike once.
    np.testing.assert_allclose(np.unique(u.round(9)), np.unique(theirs.round(9)), atol=1e-8)
    assert cycle.steps.shape == (80, 8)
    assert cycle.weights.sum() == pytest.approx(0.99)
    assert np.all(cycle.base == 0)


def test_sampled_and_exact_agree_when_samples_are_fine() -> None:
    d = np.diff(np.sqrt(np.linspace(0, 1, 9)))[:, None] * 1e-3
    saw, kernel, gate = Sawtooth(0.1, 0.9), kernels.sine(), HardThreshold(1.2e-6)
    coarse = GatedSum(CycleMap.of(saw, kernel, Restarted()), gate)(d)[0]
    fine = GatedSum(CycleMap.of(saw, kernel, Restarted(), 20_000), gate)(d)[0]
    exact = GatedSum(CycleMap.of(saw, kernel, Restarted(), 20_000, "exact"), gate)(d)[0]
    assert fine == pytest.approx(exact, rel=2e-3)
    assert coarse == pytest.approx(exact, rel=0.2)


@pytest.mark.parametrize("kernel", [kernels.chemotaxis(0.01), kernels.rc(1e3, 1e-5)])
def test_a_kernel_of_another_kind_passes_contrasts_on(kernel: Kernel) -> None:
    cycle = CycleMap.of(SAW, kernel, Restarted(), 1000, "exact")
    assert cycle.area < 1e-9
    assert cycle.slope == pytest.approx(-kernel.first_moment, rel=0.2)
    update = GatedSum(cycle, HardThreshold(-kernel.first_moment * 1e-3 / 0.3))
    rising = update(np.full((8, 2), 1e-3 / 8) * [1, -2])
    assert rising[0] == pytest.approx(-kernel.first_moment * 1e-3, rel=0.2)
    assert rising[1] == pytest.approx(-2 * rising[0], rel=0.2)


def test_polarity_does_not_turn_the_update() -> None:
    standard, inverted = (
        GatedSum(
            CycleMap.of(Sawtooth(0.1, 0.9, polarity), kernels.sine(), Restarted(), 1000, "exact"),
            HardThreshold(1.2e-6),
        )(np.full((8, 1), 1e-3 / 8))[0]
        for polarity in ("standard", "inverted")
    )
    assert inverted == pytest.approx(standard, rel=1e-6)


@pytest.mark.parametrize("samples", [9, 0, 10.5, True])
def test_too_few_samples_are_refused(samples: int) -> None:
    with pytest.raises(InputError, match="samples"):
        CycleMap.of(SAW, kernels.sine(), Restarted(), samples)


def test_a_kernel_that_never_forgets_is_refused() -> None:
    with pytest.raises(InputError, match="remembers for longer"):
        CycleMap.of(SAW, kernels.chemotaxis(50.0), Restarted())
