"""The three-piece fit: exact on three pieces, never beaten by a search, and without chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, differential_evolution

from tcl_circuits import InputError
from tcl_circuits.synapse.piecewise_fit import fit_three_pieces

heights = st.lists(st.floats(-3, 3), min_size=6, max_size=14)


def squares(breaks: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    design = np.column_stack([np.ones(x.size), x, np.maximum(x[:, None] - np.sort(breaks), 0.0)])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    return float(np.sum((design @ weights - y) ** 2))


@given(st.floats(0.1, 0.4), st.floats(0.55, 0.8), st.floats(-3, 3), st.floats(0.5, 9), st.floats(-3, 3))
def test_three_pieces_are_found_again(
    first: float, second: float, slope: float, turn: float, other: float
) -> None:
    x = 40 * np.linspace(0, 1, 60)
    breaks, bends = 40 * np.array([first, second]), np.array([turn, -turn - 1 - abs(other)])
    y = 2.0 + slope * x + np.maximum(x[:, None] - breaks, 0.0) @ bends
    found = fit_three_pieces(x, y)
    np.testing.assert_allclose(found.breaks, breaks, rtol=1e-7)
    np.testing.assert_allclose(found.slopes, slope + np.cumsum([0.0, *bends]), atol=1e-6)
    assert found.intercepts[0] == pytest.approx(2.0, abs=1e-5)
    assert found.residual <= 1e-12 * float(y @ y)


@given(heights, st.integers(0, 1000))
def test_no_other_breaks_fit_better(values: list[float], seed: int) -> None:
    generator = np.random.default_rng(seed)
    y = np.array(values)
    x = np.cumsum(generator.uniform(0.1, 1.0, y.size))
    found = fit_three_pieces(x, y)
    assert found.residual == pytest.approx(squares(found.breaks, x, y), abs=1e-9)
    tries = generator.uniform(x[0], x[-1], (200, 2))
    near = found.breaks + generator.normal(0, 0.02, (50, 2))
    best = min(squares(pair, x, y) for pair in np.concatenate([tries, near]))
    assert found.residual <= best + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_a_random_search_ends_no_lower(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x, y = np.sort(generator.uniform(0, 1, 16)), generator.normal(size=16)
    found = fit_three_pieces(x, y)
    search = differential_evolution(
        squares, Bounds([x[0]] * 2, [x[-1]] * 2), args=(x, y), seed=seed, tol=1e-9, popsize=25
    )
    assert found.residual <= search.fun + 1e-9


def test_a_jump_between_two_points_is_crossed_within_their_gap() -> None:
    x = np.arange(12.0)
    found = fit_three_pieces(x, np.where(x < 5, 0.0, x))
    assert found.breaks == pytest.approx([4.0, 5.0], abs=1e-12)
    np.testing.assert_allclose(found.slopes, [0.0, 5.0, 1.0], atol=1e-12)
    assert found.intercepts[2] == pytest.approx(0.0, abs=1e-11)


def test_nothing_but_zeros_is_a_fit_too() -> None:
    found = fit_three_pieces(np.arange(9.0), np.zeros(9))
    assert not np.any(found.slopes)
    assert found.residual == 0.0


@pytest.mark.parametrize("x", [np.arange(5.0), np.array([0.0, 1, 2, 2, 3, 4])], ids=["few", "repeated"])
def test_too_few_points_are_refused(x: np.ndarray) -> None:
    with pytest.raises(InputError, match="at least 6 and increase"):
        fit_three_pieces(x, x)
