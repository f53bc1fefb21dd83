"""Offsets of ladder kernels as Fig. 6B reads them, against curves that are convolved on a grid."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tcl_circuits import InputError, Sawtooth
from tcl_circuits.kernels import ExponentialKernel, chemotaxis
from tcl_circuits.synapse.ladder_offset import LineOffset
from tcl_circuits.synapse.markov import Ladder

FIG_6B = LineOffset()
SAW = Sawtooth(3.0, 15.0)


def offset_on_a_grid(kernel: ExponentialKernel, threshold: float, per_unit: int = 3200) -> float:
    """The published recipe by FFT convolution on a grid, with the midpoint rule for kernel and update."""
    count = int(18 * per_unit)
    t = (np.arange(count) + 0.5) / per_unit
    signal = SAW.values(t) - 0.5
    # A cell's mean of the kernel, so that its fast lobe keeps its area; a cut kernel has length 1.
    fine = (np.arange(20 * per_unit) + 0.5) / (20 * per_unit)
    cells = kernel(fine).reshape(per_unit, 20).mean(axis=1) / per_unit
    shape = np.fft.irfft(np.fft.rfft(signal) * np.fft.rfft(cells, count), count)
    amplitude = np.linspace(0, 50, 400)
    u = amplitude[:, None] * shape + kernel.area * 10.0
    # At the largest amplitude the slow ramp ends on the threshold, which rounding must not pass.
    update = np.where(np.abs(u) > threshold * (1 + 1e-9), u, 0.0).sum(axis=1) / per_unit
    kept = amplitude >= amplitude[np.argmax(np.abs(update) > 0.05 * 50)]
    return float(np.polyfit(amplitude[kept], update[kept], 1)[1])


@pytest.mark.parametrize("exponent", range(26))
def test_offsets_are_those_of_the_published_recipe(exponent: int) -> None:
    kernel = Ladder(10.0**-exponent).truncated_kernel(step=100.0)
    threshold = max(-50.0 / 15 + kernel.area * 35, 0.0)
    assert FIG_6B.published(kernel) == pytest.approx(offset_on_a_grid(kernel, threshold), rel=1e-3)


def test_published_and_separating_thresholds_are_one_where_the_ends_of_the_slow_ramp_agree() -> None:
    for gamma in (0.1, 0.01, 1e-6):
        kernel = Ladder(gamma).truncated_kernel(step=100.0)
        assert FIG_6B.published(kernel) == pytest.approx(FIG_6B.separated(kernel), rel=1e-12)


def test_whole_kernels_have_another_offset_than_cut_ones() -> None:
    ladder = Ladder(gamma=0.01)
    whole, cut = ladder.kernel(step=100.0, pace=5.0), ladder.truncated_kernel(step=100.0)
    assert FIG_6B.published(cut) < -10
    assert FIG_6B.published(whole) > 5
    # The sign is that of the threshold: with one that suppresses all of the slow ramp it does not change.
    assert -10 < FIG_6B.separated(whole) < 0


@pytest.mark.parametrize("area", [0.001, 0.01, 0.02, 0.06])
def test_negative_thresholds_suppress_nothing(area: float) -> None:
    # Without a threshold the update is area * mean * period at every amplitude, below the level or above.
    assert FIG_6B.published(chemotaxis(0.05, area)) == pytest.approx(area * 10 * 18, rel=1e-9)


def test_small_updates_are_read_from_the_first_on() -> None:
    kernel = chemotaxis(0.05, area=0.01)
    offsets = [LineOffset(level=level).at_threshold(kernel, 3.0) for level in (10.0, 1e-9)]
    assert offsets[0] == pytest.approx(offsets[1], rel=1e-9)


def test_kernels_without_updates_have_no_offset() -> None:
    assert math.isnan(FIG_6B.at_threshold(chemotaxis(0.05), 1e6))


@pytest.mark.parametrize("name", ["amplitude_max", "level", "mean"])
@pytest.mark.parametrize("value", [math.nan, math.inf, "1"])
def test_bad_protocols_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"LineOffset: {name} = "):
        LineOffset(**{name: value})  # type: ignore[arg-type]
