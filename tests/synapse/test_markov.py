"""The ladder of Appendix H, against rational arithmetic, matrix exponentials and quadrature."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import expm, null_space

from tcl_circuits import InputError
from tcl_circuits.synapse.markov import Ladder, ladder_kernels

gammas = st.one_of(st.floats(-300, 0).map(lambda x: 10.0**x), st.floats(0.01, 3))
factors = st.floats(-2, 2.5).map(lambda x: 10.0**x)
signals = st.floats(-15, 300)
steps = st.floats(1, 250)
TIMES = np.concatenate([[0.0], np.geomspace(1e-5, 40, 25)])
TOP = np.repeat([1.0, 0.0], 5)
RINGING_BEGINS = 0.0705299455380187
"""Gamma at which two modes of a ladder with F = .9437 coincide under s = 133; from numbers of 40 digits."""


def exact_steady_state(generator: np.ndarray) -> list[Fraction]:
    """Null vector of a generator whose off-diagonal rates are taken as exact, by Gaussian elimination."""
    size = len(generator)
    rows = [[Fraction(x) for x in row] for row in generator.tolist()]
    for j in range(size):
        rows[j][j] = -sum((rows[i][j] for i in range(size) if i != j), Fraction(0))
    rows[-1] = [Fraction(1)] * size
    right = [Fraction(0)] * (size - 1) + [Fraction(1)]
    for k in range(size):
        pivot = next(i for i in range(k, size) if rows[i][k] != 0)
        rows[k], rows[pivot], right[k], right[pivot] = rows[pivot], rows[k], right[pivot], right[k]
        for i in range(size):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
                right[i] -= factor * right[k]
    return [right[k] / rows[k][k] for k in range(size)]


def answer_of_the_chain(ladder: Ladder, step: float, t: np.ndarray, s: float = 0.0) -> np.ndarray:
    """Top row after a step, as Appendix H has it: from the null space, the new generator's exponential."""
    start = null_space(ladder.generator(s), rcond=1e-12)[:, 0]
    after = expm(ladder.generator(s + step) * t[:, None, None]) @ (start / start.sum())
    return np.asarray(after @ TOP)


@given(gammas, factors, signals)
def test_rates_are_those_of_appendix_h(gamma: float, factor: float, s: float) -> None:
    rates = Ladder(gamma, factor).generator(s)
    np.testing.assert_allclose(rates.sum(axis=0), 0, atol=1e-12 * np.abs(rates).max())
    for m in range(5):
        up, down = rates[m, 5 + m], rates[5 + m, m]
        assert min(up, down) == pytest.approx(factor, rel=1e-14)
        energy = 2 * (1 - m) + math.log((1 + s / 18.2) / (1 + s / 3000))
        assert math.log(down / up) == pytest.approx(energy, abs=1e-12)
    for m in range(4):
        assert rates[m, m + 1] == rates[6 + m, 5 + m] == 1
        assert rates[m + 1, m] == rates[5 + m, 6 + m] == pytest.approx(math.e * gamma, rel=1e-15)


@pytest.mark.parametrize("factor", [1e-12, 1e-6, 0.3, 1.0, 25.0, 99.0, 1e6, 1e12])
def test_at_gamma_1_the_ladder_is_in_equilibrium(factor: float) -> None:
    ladder, m = Ladder(1.0, factor), np.arange(5)
    boltzmann = np.concatenate([np.exp(m), np.exp(2.0 - m)])
    np.testing.assert_allclose(ladder.steady_state(), boltzmann / boltzmann.sum(), rtol=1e-12)
    assert 0 <= ladder.dissipation() < 1e-12


@given(st.floats(-307, 6).map(lambda x: 10.0**x), st.floats(-9, 9).map(lambda x: 10.0**x), signals)
@settings(max_examples=25, deadline=None)
def test_each_occupancy_has_full_precision(gamma: float, factor: float, s: float) -> None:
    ladder = Ladder(gamma, factor)
    exact = exact_steady_state(ladder.generator(s))
    for found, right in zip(ladder.steady_state(s).tolist(), exact, strict=True):
        assert abs(Fraction(found) / right - 1) < 1e-12


@pytest.mark.parametrize(
    ("gamma", "sigma"), [(0.5, 0.15424366), (0.1, 1.76172964), (0.01, 4.36182049), (1e-4, 8.91549407)]
)
def test_published_rates_dissipate(gamma: float, sigma: float) -> None:
    assert Ladder(gamma=gamma, rate_factor=25.0).dissipation(s=0.0) == pytest.approx(sigma, abs=1e-7)


@given(gammas, factors, signals)
def test_dissipation_is_that_of_the_plaquettes(gamma: float, factor: float, s: float) -> None:
    ladder = Ladder(gamma, factor)
    affinity = -2 * math.log(gamma)
    of_currents = affinity * ladder.plaquette_currents(s).sum()
    assert ladder.dissipation(s) == pytest.approx(of_currents, rel=1e-10, abs=1e-13)


@given(st.floats(-250, -0.02), st.floats(0.01, 50), factors, signals)
def test_dissipation_falls_strictly_with_gamma(
    log_gamma: float, more: float, factor: float, s: float
) -> None:
    lower, higher = 10**log_gamma, 10 ** min(log_gamma + more, 0.0)
    assert Ladder(lower, factor).dissipation(s) > Ladder(higher, factor).dissipation(s)


@given(gammas, st.floats(0.1, 100), st.floats(-10, 100), steps)
@settings(deadline=None)
def test_step_response_is_the_matrix_exponential(gamma: float, factor: float, s: float, step: float) -> None:
    ladder = Ladder(gamma, factor)
    found = ladder.step_response(step, TIMES, s)
    np.testing.assert_allclose(found, answer_of_the_chain(ladder, step, TIMES, s), rtol=0, atol=3e-10)
    assert ladder.step_response(step, -1.0, s) == ladder.top_occupancy(s)
    assert ladder.step_response(step, 1e6, s) == pytest.approx(ladder.top_occupancy(s + step), abs=1e-10)


@given(gammas, st.floats(0.1, 100), st.floats(-10, 100), steps)
def test_response_kernel_is_the_slope_of_the_step_response(
    gamma: float, factor: float, s: float, step: float
) -> None:
    ladder = Ladder(gamma, factor)
    kernel = ladder.response_kernel(step, s)
    # From the master equation at once: what flows into the top row just after the step.
    flows = TOP @ ladder.generator(s + step) @ ladder.steady_state(s) / step
    assert float(kernel(np.array(0.0))) == pytest.approx(flows, rel=1e-9)
    change = (ladder.top_occupancy(s + step) - ladder.top_occupancy(s)) / step
    assert kernel.area == pytest.approx(change, rel=1e-8, abs=1e-15)


@pytest.mark.parametrize(("gamma", "factor"), [(1.0, 25.0), (0.2, 0.5), (1e-3, 3.0), (1e-300, 80.0)])
@pytest.mark.parametrize("step", [0.0, 100.0])
def test_moments_are_those_of_quadrature(gamma: float, factor: float, step: float) -> None:
    ladder = Ladder(gamma, factor)
    for kernel, end in ((ladder.kernel(step, pace=5.0), 60.0), (ladder.truncated_kernel(step), 1.0)):
        parts = np.concatenate([[0.0], np.geomspace(1e-7, end, 60)])
        for power, expected in ((0, kernel.area), (1, -1.0)):
            pieces = [
                quad(lambda t, n=power, k=kernel: t**n * float(k(np.array(t))), a, b, epsabs=1e-13)[0]
                for a, b in pairwise(parts)
            ]
            assert math.fsum(pieces) == pytest.approx(expected, rel=1e-8, abs=1e-8)
        assert kernel.first_moment == -1
        assert kernel.delta == 0


def test_kernel_of_no_step_is_the_limit_of_small_steps() -> None:
    for s in (0.0, 0.5, 40.0):
        ladder, t = Ladder(0.05, 10.0), np.geomspace(1e-3, 20, 9)
        limit = ladder.response_kernel(0.0, s)(t)
        errors = [np.abs(ladder.response_kernel(h, s)(t) - limit).max() for h in (1e-3, 1e-4, 1e-5)]
        assert errors[0] < 1e-3 * np.abs(limit).max()
        np.testing.assert_allclose(np.array(errors[:-1]) / np.array(errors[1:]), 10, rtol=0.02)


def test_response_is_far_from_linear() -> None:
    ladder = Ladder(gamma=0.01)
    small, published = ladder.kernel(), ladder.kernel(step=100.0)
    assert small.area / published.area > 3


def test_cutting_doubles_the_normalised_area() -> None:
    ladder = Ladder(gamma=0.01)
    whole, cut = ladder.kernel(step=100.0, pace=5.0), ladder.truncated_kernel(step=100.0)
    assert cut.area / whole.area == pytest.approx(1.94, abs=0.01)
    assert whole.area == pytest.approx(5 * ladder.kernel(step=100.0).area, rel=1e-12)
    t = np.array([1e-5, 0.03, 0.5, 1.0])
    np.testing.assert_allclose(cut(t) / cut(t[1:2]), whole(t) / whole(t[1:2]), rtol=1e-10)
    assert cut(np.array([1.0 + 1e-9, 7.0])).tolist() == [0.0, 0.0]


def test_long_cut_is_the_whole() -> None:
    ladder = Ladder(0.3, 2.0)
    whole, cut = ladder.kernel(20.0), ladder.truncated_kernel(20.0, length=500.0, pace=1.0)
    assert cut.area == pytest.approx(whole.area, rel=1e-12)


@given(st.lists(st.tuples(gammas, factors, steps), min_size=1, max_size=6))
def test_many_ladders_at_once_are_as_good_as_one_by_one(cases: list[tuple[float, float, float]]) -> None:
    ladders = [Ladder(gamma, factor) for gamma, factor, _ in cases]
    heights = [step for _, _, step in cases]
    try:
        single = [ladder.kernel(step) for ladder, step in zip(ladders, heights, strict=True)]
    except InputError:
        with pytest.raises(InputError, match="kernel of Ladder"):
            ladder_kernels(ladders, heights)
        return
    t = np.geomspace(1e-4, 10, 7)
    for one, other in zip(single, ladder_kernels(ladders, heights), strict=True):
        np.testing.assert_allclose(one(t), other(t), rtol=1e-9, atol=1e-9 * np.abs(one(t)).max())
        assert one.area == pytest.approx(other.area, rel=1e-9)


def test_smallest_gammas_have_kernels() -> None:
    near, far = Ladder(1e-30).kernel(step=100.0), Ladder(1e-300).kernel(step=100.0)
    assert far.area == pytest.approx(near.area, rel=1e-12)
    t = np.geomspace(1e-4, 10, 9)
    np.testing.assert_allclose(far(t), near(t), rtol=1e-11)
    limit = Ladder(1e-30)
    # With vanishing gamma only the hops' affinity still grows.
    slope = limit.plaquette_currents().sum()
    grown = Ladder(1e-300).dissipation() - limit.dissipation()
    assert grown == pytest.approx(2 * 270 * math.log(10) * slope, rel=1e-12)


def test_modes_that_coincide_are_not_told_apart_in_silence() -> None:
    gamma = RINGING_BEGINS
    with pytest.raises(InputError, match="move gamma by a millionth"):
        Ladder(gamma, 0.9437).kernel(133.0)
    beside = [Ladder(gamma * (1 + x), 0.9437).kernel(133.0) for x in (-1e-6, 1e-6)]
    assert [bool(np.any(kernel.rates.imag)) for kernel in beside] == [True, False]
    assert beside[0].area == pytest.approx(beside[1].area, rel=1e-4)


def test_first_moment_that_vanishes_is_refused() -> None:
    low, high = 0.3, 0.4
    for _ in range(60):
        middle = 0.5 * (low + high)
        if Ladder(middle).response_kernel(100.0).first_moment > 0:
            low = middle
        else:
            high = middle
    with pytest.raises(InputError, match="first moment vanishes"):
        Ladder(low).kernel(100.0)
    assert Ladder(low * 0.99).kernel(100.0).first_moment == -1


@pytest.mark.parametrize("factor", [1e-12, 1e10])
def test_rates_too_far_apart_are_refused_but_have_a_steady_state(factor: float) -> None:
    ladder = Ladder(0.01, factor)
    assert ladder.steady_state().sum() == pytest.approx(1)
    with pytest.raises(InputError, match="rate_factor between"):
        ladder.kernel(100.0)


@pytest.mark.parametrize("name", ["gamma", "rate_factor"])
@pytest.mark.parametrize("value", [0.0, -0.1, math.nan, math.inf, "0.1", True, None, 1e300])
def test_bad_ladders_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"Ladder: {name} = "):
        Ladder(**{"gamma": 0.1, name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("s", [-18.2, -20.0, math.nan, math.inf, "3", 1e12])
def test_bad_signals_are_refused(s: float) -> None:
    ladder = Ladder(0.1)
    for method in (ladder.generator, ladder.steady_state, ladder.dissipation, ladder.plaquette_currents):
        with pytest.raises(InputError, match="Ladder: s = "):
            method(s)
    with pytest.raises(InputError, match="Ladder: s = "):
        ladder.kernel(1.0, s)


@pytest.mark.parametrize("step", [-18.2, math.nan, math.inf, 1e-9, "5", 1e12, [1.0, 2.0]])
def test_bad_steps_are_refused(step: float) -> None:
    ladder = Ladder(0.1)
    for method in (ladder.kernel, ladder.response_kernel, ladder.truncated_kernel):
        with pytest.raises(InputError, match="ladder kernel: step"):
            method(step)


@pytest.mark.parametrize(("name", "value"), [("pace", 0.0), ("pace", math.nan), ("length", -1.0)])
def test_bad_scales_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        Ladder(0.1).truncated_kernel(100.0, **{name: value})
    if name == "pace":
        with pytest.raises(InputError, match=name):
            Ladder(0.1).kernel(100.0, pace=value)


def test_only_ladders_have_ladder_kernels() -> None:
    with pytest.raises(InputError, match="'a' is not a Ladder"):
        ladder_kernels(["a"], [1.0])  # type: ignore[list-item]
