"""Threshold and update integral: exact on lines, and with the symmetries of the rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.integrate import quad

from tcl_circuits import HardThreshold, InputError, SoftThreshold, ideal_contrast, update_integral
from tcl_circuits.rule import Gate

outputs = hnp.arrays(np.float64, (2, 7), elements=st.floats(-3, 3).map(lambda v: round(v, 3)))
thetas = st.floats(0, 2).map(lambda v: round(v, 2) + 0.00137)
TIME = np.array([0.0, 0.3, 0.4, 1.0, 1.7, 1.9, 3.0])


@given(outputs, thetas, st.sampled_from([HardThreshold, SoftThreshold]))
def test_integral_equals_quadrature(u: np.ndarray, theta: float, kind: type[HardThreshold]) -> None:
    gate = kind(theta)
    found = update_integral(TIME, u, gate)
    fine = np.linspace(0, 3, 60001)
    for row, value in zip(u, found, strict=True):
        dense = gate(np.interp(fine, TIME, row)[None])[0]
        assert value == pytest.approx(float(np.trapezoid(dense, fine)), abs=2e-3)


@given(outputs, thetas, st.floats(0.1, 10))
def test_odd_and_homogeneous(u: np.ndarray, theta: float, scale: float) -> None:
    one = update_integral(TIME, u, HardThreshold(theta))
    np.testing.assert_allclose(update_integral(TIME, -u, HardThreshold(theta)), -one, atol=1e-12)
    scaled = update_integral(TIME, scale * u, HardThreshold(scale * theta))
    np.testing.assert_allclose(scaled, scale * one, atol=1e-9 * scale)


@given(outputs)
def test_without_threshold_it_is_the_trapezoid(u: np.ndarray) -> None:
    np.testing.assert_allclose(update_integral(TIME, u, HardThreshold(0.0)), np.trapezoid(u, TIME), atol=1e-9)


def test_crossing_inside_a_segment_is_exact() -> None:
    found = update_integral(np.array([0.0, 2.0]), np.array([[0.0, 4.0]]), HardThreshold(1.0))
    exact, _ = quad(lambda t: 2 * t, 0.5, 2.0)
    assert found[0] == pytest.approx(exact, rel=1e-14)


def test_thresholds_of_each_edge() -> None:
    u = np.array([[2.0, 2.0], [2.0, 2.0]])
    found = update_integral(np.array([0.0, 1.0]), u, HardThreshold(np.array([1.0, 3.0])))
    assert found.tolist() == [2.0, 0.0]


@pytest.mark.parametrize("kind", [HardThreshold, SoftThreshold])
@pytest.mark.parametrize("theta", [-1.0, np.nan, np.inf, "3", True])
def test_bad_thresholds_are_refused(kind: type[Gate], theta: float) -> None:
    with pytest.raises(InputError, match="theta"):
        kind(theta)(np.zeros((1, 2)))  # type: ignore[call-arg]


def test_ideal_contrast() -> None:
    assert ideal_contrast(np.array([3.0]), np.array([1.0])).tolist() == [2.0]
