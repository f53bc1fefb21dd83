"""The update curve, its dynamic range and its offset, by the paper's fit and by the onset."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import InputError, Sawtooth, SoftThreshold, kernels, synapse

KERN = kernels.chemotaxis(0.05)
saws = st.tuples(st.floats(0.1, 5), st.floats(1.02, 60)).map(lambda p: Sawtooth(p[0], p[0] * p[1]))


@given(saws)
def test_dynamic_range_never_exceeds_the_ratio_of_the_ramps(saw: Sawtooth) -> None:
    curve = synapse.update_curve(KERN, saw)
    assert curve.dynamic_range_by_onset <= saw.ratio * (1 + 1e-12)
    assert math.isnan(curve.dynamic_range) or curve.dynamic_range <= saw.ratio * (1 + 1e-9)


def test_published_dynamic_range_by_onset() -> None:
    assert 8.99 <= synapse.dynamic_range_by_onset(KERN, Sawtooth(1.0, 9.0)) <= 9.0 * (1 + 1e-12)


@given(saws, st.floats(0.0, 0.3), st.floats(-20, 20), st.sampled_from([float, SoftThreshold]))
def test_onset_is_where_updates_begin(
    saw: Sawtooth, area: float, mean: float, kind: Callable[[float], float | SoftThreshold]
) -> None:
    kern = kernels.chemotaxis(0.05, area)
    theta = abs(area * mean) + 3.0
    onset = synapse.update_curve(kern, saw, mean=mean, threshold=kind(theta)).onset
    around = onset * np.array([0.0, 0.5, 1 - 1e-9, 1 + 1e-6])
    found = synapse.weight_update(kern, saw, amplitude=around, mean=mean, threshold=kind(theta))
    assert not np.any(np.asarray(found)[:3])
    assert np.asarray(found)[3] != 0


def test_curve_of_figure_4b() -> None:
    curve = synapse.update_curve(KERN, Sawtooth(2.0, 10.0), amplitude_max=30.0, threshold=3.0)
    assert curve.amplitude[[0, -1]].tolist() == [0.0, 30.0]
    assert curve.onset == pytest.approx(6.0, rel=1e-12)
    assert curve.dynamic_range_by_onset == pytest.approx(5.0, rel=1e-12)
    assert curve.fit.slopes[2] == pytest.approx(1.0, abs=0.03)
    assert curve.dynamic_range == pytest.approx(5.0, rel=0.15)
    assert abs(curve.offset) < 0.5
    assert not np.any(curve.update[curve.amplitude <= 6])


def test_the_fit_is_the_same_every_time() -> None:
    saw = Sawtooth(0.3, 31.0)
    assert synapse.dynamic_range(KERN, saw) == synapse.dynamic_range(KERN, saw)
    assert synapse.offset(KERN, saw) == synapse.offset(KERN, saw)


def test_offset_of_a_kernel_with_area_is_the_theory_for_a_fast_kernel() -> None:
    kern, saw, mean = kernels.chemotaxis(0.002, area=0.05), Sawtooth(2.0, 200.0), 25.0
    expected = synapse.quasistatic_offset(kern, saw, mean=mean)
    # Above the slow ramp, whose u reaches 2.05, and below the fast one from amplitude 2.2 on.
    curve = synapse.update_curve(kern, saw, amplitude_max=40.0, mean=mean, threshold=2.3)
    assert curve.offset == pytest.approx(expected, rel=5e-3)
    assert curve.line_offset(2.2) == pytest.approx(expected, rel=5e-3)
    # From the onset at 2 on, a point on the steep part counts too.
    assert curve.onset == pytest.approx(2.0, rel=1e-2)
    assert curve.offset_by_onset == pytest.approx(expected, rel=0.1)
    assert synapse.offset(kern, saw, amplitude_max=40.0, mean=mean, threshold=2.3) == curve.offset
    by_onset = synapse.offset_by_onset(kern, saw, amplitude_max=40.0, mean=mean, threshold=2.3)
    assert by_onset == curve.offset_by_onset


def test_a_last_piece_that_is_not_linear_has_no_dynamic_range() -> None:
    amplitude = np.arange(20.0)
    for slope, linear in ((0.7, False), (0.8, True), (1.2, True), (1.3, False)):
        curve = synapse.UpdateCurve(amplitude, slope * np.maximum(amplitude - 5, 0), onset=5.0)
        assert math.isnan(curve.dynamic_range) != linear


def test_first_amplitude_beyond_a_level_and_line_offset() -> None:
    amplitude = np.arange(10.0)
    curve = synapse.UpdateCurve(amplitude, np.where(amplitude < 4, 0.0, 0.5 + 2 * amplitude), onset=3.7)
    assert curve.first_beyond(0.05) == 4.0
    assert math.isnan(curve.first_beyond(100.0))
    assert curve.line_offset(4.0) == pytest.approx(0.5)
    assert curve.offset_by_onset == pytest.approx(0.5)
    assert math.isnan(curve.line_offset(9.0))
    assert curve.dynamic_range_by_onset == pytest.approx(9 / 3.7)


def test_a_mean_beyond_the_threshold_updates_at_every_amplitude() -> None:
    curve = synapse.update_curve(kernels.chemotaxis(0.05, 0.3), Sawtooth(1.0, 5.0), mean=20.0, threshold=2.0)
    assert curve.onset == 0.0
    assert curve.dynamic_range_by_onset == math.inf


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"amplitude_max": 0.0}, "amplitude_max = 0"),
        ({"amplitude_max": "100"}, "amplitude_max = '100'"),
        ({"mean": np.nan}, "mean = nan"),
        ({"threshold": -1.0}, "threshold holds -1"),
        ({"threshold": [1.0, 2.0]}, "threshold of shape"),
        ({"points": 5}, "points = 5"),
        ({"points": 20.0}, "points = 20.0"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        synapse.update_curve(KERN, Sawtooth(1.0, 5.0), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amplitude", "update", "named"),
    [
        (np.arange(6.0), np.zeros(5), "one length"),
        (np.array([0.0, 1, 2, 2, 3, 4]), np.zeros(6), "increase"),
        (np.arange(5.0), np.zeros(5), "at least 6"),
        (np.arange(6.0), np.full(6, np.nan), "update holds nan"),
    ],
)
def test_bad_curves_are_refused(amplitude: np.ndarray, update: np.ndarray, named: str) -> None:
    with pytest.raises(InputError, match=named):
        synapse.UpdateCurve(amplitude, update, 1.0)
