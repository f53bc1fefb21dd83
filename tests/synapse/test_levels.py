"""The cells of a response are monotone, and their extremes are those of a dense grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcl_circuits import Sawtooth, kernels
from tcl_circuits.kernels import Kernel
from tcl_circuits.synapse.levels import LevelSets
from tcl_circuits.synapse.response import unit_response

saws = st.tuples(st.floats(0.01, 4), st.floats(1.05, 12)).map(lambda p: Sawtooth(p[0], p[0] * p[1]))
rates = st.lists(st.floats(0.05, 60), min_size=1, max_size=4, unique=True)
weights = st.lists(st.floats(-10, 10), min_size=4, max_size=4)


def check(kern: Kernel, saw: Sawtooth) -> None:
    v = unit_response(kern, saw)
    sets = LevelSets.of(v)
    grid = v(np.linspace(0, saw.period, 20001))
    span = float(grid.max() - grid.min())
    assert grid.max() - 1e-13 * span <= sets.highest <= grid.max() + 1e-3 * span
    assert grid.min() - 1e-3 * span <= sets.lowest <= grid.min() + 1e-13 * span
    low, high = sets.x[sets.cells], sets.x[sets.cells + 1]
    inside = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, 33)
    steps = np.diff(v.at(sets.piece[sets.cells, None], inside), axis=1)
    turned = np.minimum(steps.max(axis=1), -steps.min(axis=1))
    assert turned.max() <= 1e-12 * span


@given(rates, weights, saws)
def test_sums_of_exponentials(some: list[float], heights: list[float], saw: Sawtooth) -> None:
    if not any(heights[: len(some)]):
        heights[0] = 1.0
    check(kernels.exponentials(some, heights[: len(some)]), saw)


@given(st.floats(0.1, 5), st.floats(0.5, 80), st.floats(-3, 3), saws)
def test_ringing_kernels(decay: float, frequency: float, height: float, saw: Sawtooth) -> None:
    rate = decay + 1j * frequency
    check(kernels.exponentials([rate, np.conj(rate), 0.7], [1 + 0.4j, 1 - 0.4j, height]), saw)


@given(st.floats(0.01, 3), st.floats(-30, 30), saws)
def test_chemotaxis(tau_k: float, area: float, saw: Sawtooth) -> None:
    check(kernels.chemotaxis(tau_k, area), saw)


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=9), st.floats(0.05, 4), saws)
def test_tables(heights: list[float], length: float, saw: Sawtooth) -> None:
    if not any(heights):
        heights[1] = 1.0
    check(kernels.tabulated(np.linspace(0, length, len(heights)), heights), saw)


@settings(deadline=None)
@given(st.floats(0.02, 2), st.floats(0.05, 4), saws)
def test_sines(period: float, length: float, saw: Sawtooth) -> None:
    # Where the wave fits the period of the sawtooth often and ends as it began, hardly anything is left.
    check(kernels.sine(1.0, period, length), saw)


def test_time_beyond_levels_of_a_known_response() -> None:
    # A delta function and a slow exponential: u is the sawtooth itself, all but a millionth.
    kern = kernels.exponentials([1e-6], [1e-12], delta=1.0)
    sets = LevelSets.of(unit_response(kern, Sawtooth(1.0, 3.0)))
    levels = np.array([0.25, 0.25, -0.6, 0.6, np.inf])
    durations, integrals = sets.beyond(levels, np.array([True, False, True, True, False]))
    assert durations == pytest.approx([1.0, 3.0, 4.0, 0.0, 4.0], abs=1e-9)
    assert integrals == pytest.approx([0.375, -0.375, 0.0, 0.0, 0.0], abs=1e-9)
