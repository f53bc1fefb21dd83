"""The kernel output of one synapse: published values, both polarities, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammainc

import tcl_circuits as tcl
from tcl_circuits import InputError, Sawtooth, kernels, synapse

SAW = Sawtooth(2.0, 10.0)


def test_published_values_without_area() -> None:
    found = synapse.response(kernels.chemotaxis(0.05), SAW, amplitude=10.0, t=[0.1, 0.5, 2.1, 5.0])
    np.testing.assert_allclose(found, [0.939942, 4.983384, 3.060059, -1.0], atol=1e-6)


def test_published_values_with_area() -> None:
    kern = kernels.chemotaxis(0.05, area=0.05)
    found = synapse.response(kern, SAW, amplitude=10.0, mean=25.0, t=[1.0, 5.0])
    np.testing.assert_allclose(found, [6.249997, 0.35], atol=1e-6)


@given(st.floats(0.0, 12.0))
def test_without_area_it_is_the_slope_seen_through_a_gamma_density(t: float) -> None:
    # u(t) = E[s'(t - X)] with X ~ Gamma(3, tau_K); both ramps last 40 tau_K or more.
    def cdf(x: float) -> float:
        return float(gammainc(3, max(x, 0.0) / 0.05))

    expected = -0.1 + 0.6 * (cdf(t) - cdf(t - 2.0) + cdf(t - 12.0))
    found = synapse.response(kernels.chemotaxis(0.05), SAW, amplitude=1.0, t=t)
    assert float(found) == pytest.approx(expected, abs=1e-12)


@given(st.floats(0.05, 5), st.floats(1.01, 20), st.floats(-9, 9), st.floats(-3, 3))
def test_inverted_polarity_is_the_same_signal_upside_down(
    tau_f: float, ratio: float, amplitude: float, mean: float
) -> None:
    kern = kernels.integral_feedback(0.1, 2.0, 1.0)
    standard, inverted = (Sawtooth(tau_f, tau_f * ratio, polarity) for polarity in ("standard", "inverted"))
    t = np.linspace(0, standard.period, 17)
    down = synapse.response(kern, standard, amplitude=-amplitude, mean=mean, t=t)
    # The inverted sawtooth rises slowly from t = 0: it is the falling one tau_f later.
    up = synapse.response(kern, inverted, amplitude=amplitude, mean=mean, t=t - tau_f)
    np.testing.assert_allclose(up, down, atol=1e-11 * (1 + abs(amplitude) / tau_f))


def test_periodic_and_of_the_shape_of_the_times() -> None:
    t = np.linspace(0, 11.9, 12).reshape(3, 4)
    kern = kernels.maxwell(1.0, 0.3)
    once = tcl.synapse.response(kern, SAW, amplitude=2.0, t=t)
    assert once.shape == (3, 4)
    np.testing.assert_allclose(synapse.response(kern, SAW, amplitude=2.0, t=t - 36.0), once, atol=1e-13)


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_extreme_ratios_stay_finite_and_bounded(ratio: float) -> None:
    kern, saw = kernels.chemotaxis(1.0), Sawtooth(ratio, 3 * ratio)
    u = synapse.response(kern, saw, amplitude=1.0, t=np.linspace(0, saw.period, 1001))
    # The running integral of the kernel is a probability density: u lies between the slopes.
    assert np.all(np.isfinite(u))
    assert u.max() <= 1 / saw.tau_f * (1 + 1e-12)
    assert u.min() >= -1 / saw.tau_s * (1 + 1e-12)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"amplitude": "10"}, "amplitude = '10'"),
        ({"amplitude": np.nan}, "amplitude = nan"),
        ({"mean": np.inf}, "mean = inf"),
        ({"t": [0.0, np.nan]}, "t holds nan"),
        ({"t": "now"}, "t = 'now'"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments: dict[str, object], named: str) -> None:
    given_arguments = {"amplitude": 1.0, "mean": 0.0, "t": 0.0, **arguments}
    with pytest.raises(InputError, match=named):
        synapse.response(kernels.chemotaxis(0.05), SAW, **given_arguments)  # type: ignore[arg-type]
