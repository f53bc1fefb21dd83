"""Offsets, thresholds and their existence: the paper's formulas, and the exact response they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import InputError, Sawtooth, ideal_contrast, kernels, synapse

saws = st.tuples(st.floats(0.1, 5), st.floats(1.05, 20)).map(lambda p: Sawtooth(p[0], p[0] * p[1]))
areas = st.floats(-0.5, 2.0)
means = st.floats(-50, 50)
amplitudes = st.floats(0.1, 100)


def test_the_papers_numbers() -> None:
    saw, kern = Sawtooth(2.0, 10.0), kernels.chemotaxis(0.05, area=0.05)
    assert synapse.quasistatic_offset(kern, saw, mean=25.0) == pytest.approx(2.5)
    assert float(synapse.quasistatic_update(kern, saw, amplitude=10.0, mean=25.0)) == pytest.approx(12.5)
    assert synapse.threshold_bounds(kern, saw, amplitude_min=8.0, amplitude_max=20.0) == (2.0, 4.0)
    assert synapse.published_threshold(kern, saw, amplitude_max=100.0, mean=25.0) == pytest.approx(-6.25)
    assert synapse.optimal_threshold(kern, saw, amplitude_max=100.0, mean=25.0) == pytest.approx(11.25)
    limits = synapse.area_limits(kern, saw)
    assert limits.separable == pytest.approx(0.6)
    assert limits.large_amplitude == pytest.approx((0.2, 1.0))
    assert limits.combined == pytest.approx((0.2, 0.6))


@given(areas, means, st.floats(0.5, 100), st.sampled_from(["standard", "inverted"]))
def test_the_exact_response_settles_to_it(area: float, mean: float, amplitude: float, polarity: str) -> None:
    kern, saw = kernels.chemotaxis(0.01, area), Sawtooth(2.0, 5.0, polarity)  # type: ignore[arg-type]
    share = np.array([0.4, 0.9])
    t = np.array([saw.fast_ramp[0] + 2.0 * share, (saw.fast_ramp[1] % 7.0) + 5.0 * share])
    slopes = saw.sign * amplitude * np.array([[0.5], [-0.2]])
    signal = mean + amplitude * (saw.values(t) - 0.5)
    found = synapse.response(kern, saw, amplitude=amplitude, mean=mean, t=t)
    expected = synapse.quasistatic_response(kern, signal=signal, slope=slopes)
    np.testing.assert_allclose(found, expected, atol=1e-11 * (1 + amplitude + abs(mean)))


@given(areas, means, amplitudes, saws)
def test_the_optimal_threshold_is_the_largest_output_on_the_slow_ramp(
    area: float, mean: float, amplitude: float, saw: Sawtooth
) -> None:
    kern = kernels.chemotaxis(0.05, area)
    s = mean + amplitude * np.linspace(-0.5, 0.5, 101)
    slow = synapse.quasistatic_response(kern, signal=s, slope=-amplitude / saw.tau_s)
    theta = synapse.optimal_threshold(kern, saw, amplitude_max=amplitude, mean=mean)
    assert theta == pytest.approx(np.abs(slow).max(), rel=1e-12)
    # F12 is one of the two ends.
    assert abs(synapse.published_threshold(kern, saw, amplitude_max=amplitude, mean=mean)) <= theta * (
        1 + 1e-12
    )


@given(areas, means, amplitudes, saws)
def test_a_threshold_exists_where_the_ramps_do_not_overlap(
    area: float, mean: float, amplitude: float, saw: Sawtooth
) -> None:
    kern = kernels.chemotaxis(0.05, area)
    limit = synapse.area_limits(kern, saw).separable
    if abs(abs(area) - limit) > 1e-9:
        assert synapse.separable(kern, saw, amplitude=amplitude, mean=mean) == (abs(area) < limit)


@given(saws, amplitudes, st.floats(1.0, 100))
def test_the_bounds_leave_room_up_to_the_ratio_of_the_ramps(
    saw: Sawtooth, smallest: float, span: float
) -> None:
    low, high = synapse.threshold_bounds(
        kernels.chemotaxis(0.05), saw, amplitude_min=smallest, amplitude_max=smallest * span
    )
    if abs(span - saw.ratio) > 1e-9 * saw.ratio:
        assert (low < high) == (span < saw.ratio)


def test_offset_theory_is_approached_by_fast_kernels() -> None:
    saw, mean, amplitude = Sawtooth(2.0, 100.0), 25.0, 10.0
    errors = []
    for tau_k in (0.1, 0.01, 0.001):
        kern = kernels.chemotaxis(tau_k, area=0.05)
        # Between 1.4, the largest u on the slow ramp, and 6, the smallest on the fast one.
        found = synapse.weight_update(kern, saw, amplitude=amplitude, mean=mean, threshold=3.0)
        expected = synapse.quasistatic_update(kern, saw, amplitude=amplitude, mean=mean)
        errors.append(abs(float(found) / float(expected) - 1))
    assert errors[0] > 5 * errors[1] > 25 * errors[2]
    assert errors[2] < 1e-3


def test_without_area_the_update_is_the_ideal_contrast() -> None:
    saw, kern = Sawtooth(200.0, 4000.0), kernels.chemotaxis(0.05)
    free, nudged = np.array([1.0, 2.0]), np.array([7.0, -3.0])
    found = synapse.weight_update(
        kern, saw, amplitude=nudged - free, mean=0.5 * (nudged + free), threshold=6 / 3000
    )
    np.testing.assert_allclose(found, ideal_contrast(nudged, free), rtol=1e-3)
    assert synapse.ideal_contrast is ideal_contrast


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda k, s: synapse.optimal_threshold(k, s, amplitude_max=0.0), "amplitude_max = 0"),
        (lambda k, s: synapse.optimal_threshold(k, s, amplitude_max=1.0, mean=np.nan), "mean = nan"),
        (lambda k, s: synapse.published_threshold(k, s, amplitude_max="9"), "amplitude_max = '9'"),  # type: ignore[arg-type]
        (lambda k, s: synapse.threshold_bounds(k, s, amplitude_min=-1, amplitude_max=1), "amplitude_min"),
        (lambda k, s: synapse.separable(k, s, amplitude=np.inf), "amplitude = inf"),
        (lambda k, s: synapse.quasistatic_update(k, s, amplitude="1"), "amplitude = '1'"),
        (lambda k, s: synapse.quasistatic_offset(k, s, mean=np.nan), "mean = nan"),
        (lambda k, s: synapse.quasistatic_response(k, signal=[np.nan], slope=0.0), "signal holds nan"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_by_name(call: Callable[[Any, Any], object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        call(kernels.chemotaxis(0.05), Sawtooth(1.0, 2.0))
