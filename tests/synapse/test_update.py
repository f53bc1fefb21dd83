"""The update of one synapse: published numbers, closed form, dense grids, and the symmetries of the rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammainc, gammaincinv

from tcl_circuits import HardThreshold, InputError, Sawtooth, SoftThreshold, kernels, synapse, update_integral
from tcl_circuits.kernels import Kernel
from tcl_circuits.synapse.update import Threshold

SAW = Sawtooth(2.0, 10.0)
CHEMOTAXIS = kernels.chemotaxis(0.05)
KERNELS: dict[str, Kernel] = {
    "chemotaxis": CHEMOTAXIS,
    "chemotaxis with area": kernels.chemotaxis(0.2, area=0.3),
    "leaky rc": kernels.rc(2.0, 0.3, leak=9.0),
    "maxwell": kernels.maxwell(1.0, 0.7),
    "overdamped": kernels.integral_feedback(0.1, 2.0, 1.0),
    "ringing": kernels.integral_feedback(0.5, 0.02, 1.0),
    "sine": kernels.sine(30.0, period=0.4),
    "table": kernels.tabulated([0.0, 0.1, 0.35, 0.8], [2.0, 1.0, -1.5, 0.0]),
}
amplitudes = st.floats(0.01, 50)
means = st.floats(-20, 20)
thetas = st.floats(0.01, 20)
saws = st.tuples(st.floats(0.02, 4), st.floats(1.05, 12)).map(lambda p: Sawtooth(p[0], p[0] * p[1]))
any_kernel = st.sampled_from(sorted(KERNELS)).map(KERNELS.__getitem__)
no_area = st.sampled_from([CHEMOTAXIS, KERNELS["maxwell"], KERNELS["ringing"], KERNELS["sine"]])


def update(kern: Kernel, saw: Sawtooth, amplitude: float, mean: float, threshold: float | Threshold) -> float:
    found = synapse.weight_update(kern, saw, amplitude=amplitude, mean=mean, threshold=threshold)
    assert isinstance(found, float)
    return found


def size(kern: Kernel, saw: Sawtooth, amplitude: float, mean: float) -> float:
    """Integral of abs(u) over a cycle, roughly: the scale of rounding in an update."""
    t = np.linspace(0, saw.period, 2001)
    u = synapse.response(kern, saw, amplitude=amplitude, mean=mean, t=t)
    return float(np.abs(u).max()) * saw.period


def test_published_updates() -> None:
    found = synapse.weight_update(CHEMOTAXIS, SAW, amplitude=[8.0, 15.0, 25.0, 35.0], threshold=3.0)
    np.testing.assert_allclose(found, [7.373809, 14.406533, 24.231070, 0.220130], atol=1e-5)


def test_no_update_at_all_below_the_onset() -> None:
    found = synapse.weight_update(CHEMOTAXIS, SAW, amplitude=np.linspace(0, 6, 61), threshold=3.0)
    assert not np.any(found)
    assert update(CHEMOTAXIS, SAW, 6.001, 0.0, 3.0) > 0


@pytest.mark.parametrize(("tau_f", "ratio"), [(0.3173, 0.7780), (0.9319, 0.9159), (4.005, 0.9701)])
def test_ratio_of_update_to_contrast(tau_f: float, ratio: float) -> None:
    # Fig. 8: the cycle lasts 20, and the threshold takes 20 for the slow ramp.
    saw, amplitude = Sawtooth(tau_f, 20 - tau_f), 20.0
    theta = 0.5 * (amplitude / 20 + amplitude / tau_f)
    assert update(CHEMOTAXIS, saw, amplitude, 0.0, theta) / amplitude == pytest.approx(ratio, abs=3e-4)


@given(st.floats(2, 8), st.floats(8.1, 60), st.floats(0.02, 0.98), st.floats(0.1, 100))
def test_closed_form_for_long_ramps(tau_f: float, tau_s: float, share: float, amplitude: float) -> None:
    b = 20.0
    theta = amplitude * (1 / tau_s + share * (1 / tau_f - 1 / tau_s))
    height = amplitude * (1 / tau_f + 1 / tau_s)
    q = (theta + amplitude / tau_s) / height
    first, last = gammaincinv(3, q) / b, gammaincinv(3, 1 - q) / b

    def phi(x: float) -> float:
        return float(x * gammainc(3, b * x) - 3 / b * gammainc(4, b * x))

    above = tau_f + last - first
    expected = (
        height * (phi(tau_f + float(last)) - phi(float(first)) - phi(float(last))) - above * amplitude / tau_s
    )
    found = update(CHEMOTAXIS, Sawtooth(tau_f, tau_s), amplitude, 0.0, theta)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11 * amplitude)


@given(
    any_kernel,
    saws,
    amplitudes,
    means,
    st.floats(0.02, 0.98),
    st.sampled_from([HardThreshold, SoftThreshold]),
)
def test_agrees_with_a_dense_grid(
    kern: Kernel, saw: Sawtooth, amplitude: float, mean: float, share: float, kind: type[HardThreshold]
) -> None:
    t = np.sort(np.append(np.linspace(0, saw.period, 40001), saw.tau_f))
    u = synapse.response(kern, saw, amplitude=amplitude, mean=mean, t=t)
    gate = kind(share * float(np.abs(u).max()))
    expected = float(update_integral(t, u[None], gate)[0])
    scale = float(np.abs(u).max()) * saw.period
    assert update(kern, saw, amplitude, mean, gate) == pytest.approx(expected, abs=1e-6 * scale)


@given(any_kernel, saws, amplitudes, means)
def test_without_threshold_everything_passes(
    kern: Kernel, saw: Sawtooth, amplitude: float, mean: float
) -> None:
    expected = kern.area * mean * saw.period
    rounding = 1e-13 * size(kern, saw, amplitude, mean)
    assert update(kern, saw, amplitude, mean, 0.0) == pytest.approx(expected, abs=rounding)


@given(no_area, saws, amplitudes, means, thetas)
def test_the_mean_does_not_matter_without_area(
    kern: Kernel, saw: Sawtooth, amplitude: float, mean: float, theta: float
) -> None:
    assert update(kern, saw, amplitude, mean, theta) == update(kern, saw, amplitude, 0.0, theta)


@given(any_kernel, saws, amplitudes, means, thetas, st.floats(1e-3, 1e3))
def test_scaling(
    kern: Kernel, saw: Sawtooth, amplitude: float, mean: float, theta: float, factor: float
) -> None:
    one = update(kern, saw, amplitude, mean, SoftThreshold(theta))
    scaled = update(kern, saw, factor * amplitude, factor * mean, SoftThreshold(factor * theta))
    assert scaled == pytest.approx(factor * one, abs=1e-11 * factor * size(kern, saw, amplitude, mean))


@given(any_kernel, saws, amplitudes, means, thetas, st.sampled_from([HardThreshold, SoftThreshold]))
def test_odd(
    kern: Kernel, saw: Sawtooth, amplitude: float, mean: float, theta: float, kind: type[HardThreshold]
) -> None:
    one = update(kern, saw, amplitude, mean, kind(theta))
    assert update(kern, saw, -amplitude, -mean, kind(theta)) == pytest.approx(-one, rel=1e-12, abs=1e-300)


@given(st.floats(1e-4, 1e4), st.floats(0.02, 4), st.floats(1.05, 12), amplitudes, st.floats(0.05, 0.95))
def test_rescaling_of_time(scale: float, tau_f: float, ratio: float, amplitude: float, share: float) -> None:
    theta = share * amplitude / tau_f
    one = update(CHEMOTAXIS, Sawtooth(tau_f, tau_f * ratio), amplitude, 0.0, SoftThreshold(theta))
    slow = Sawtooth(tau_f * scale, tau_f * scale * ratio)
    kern = kernels.chemotaxis(0.05 * scale)
    rescaled = update(kern, slow, amplitude, 0.0, SoftThreshold(theta / scale))
    assert rescaled == pytest.approx(one, abs=1e-10 * amplitude)


@given(saws, amplitudes, means, st.floats(0.01, 3))
def test_polarity_turns_the_sign_of_the_contrast(
    saw: Sawtooth, amplitude: float, mean: float, theta: float
) -> None:
    inverted = Sawtooth(saw.tau_f, saw.tau_s, "inverted")
    one = update(CHEMOTAXIS, saw, amplitude, mean, SoftThreshold(theta))
    assert update(CHEMOTAXIS, inverted, amplitude, mean, SoftThreshold(theta)) == pytest.approx(
        -one, abs=1e-10 * size(CHEMOTAXIS, saw, amplitude, 0.0)
    )


@pytest.mark.parametrize("kind", [HardThreshold, SoftThreshold])
def test_arguments_broadcast(kind: type[HardThreshold]) -> None:
    kern, amplitude, mean = KERNELS["leaky rc"], np.array([[1.0], [4.0], [-9.0], [0.0]]), [0.0, 30.0]
    theta = np.array([0.3, 0.9])
    found = synapse.weight_update(kern, SAW, amplitude=amplitude, mean=mean, threshold=kind(theta))
    assert isinstance(found, np.ndarray)
    assert found.shape == (4, 2)
    for i, k in np.ndindex(4, 2):
        one = update(kern, SAW, float(amplitude[i, 0]), mean[k], kind(float(theta[k])))
        assert found[i, k] == pytest.approx(one, rel=1e-13)
    assert found[0, 0] == 0.0


def test_without_amplitude_the_mean_alone_decides() -> None:
    kern = KERNELS["chemotaxis with area"]
    assert update(kern, SAW, 0.0, 5.0, 1.4) == pytest.approx(0.3 * 5 * 12)
    assert update(kern, SAW, 0.0, 5.0, 1.6) == 0.0
    assert update(kern, SAW, 0.0, 5.0, SoftThreshold(1.4)) == pytest.approx(0.1 * 12)


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 1.0, 1e3, 1e6])
@pytest.mark.parametrize(
    "kern", [kernels.chemotaxis(1.0), kernels.maxwell(1.0, 1.0)], ids=["chemotaxis", "maxwell"]
)
def test_extreme_ratios_of_ramp_to_memory(kern: Kernel, ratio: float) -> None:
    saw = Sawtooth(ratio, 30 * ratio)
    u = synapse.response(kern, saw, amplitude=1.0, t=np.linspace(0, saw.period, 200_001))
    peak = float(np.abs(u).max())
    for share in (0.1, 0.5, 0.9):
        expected = float(
            update_integral(np.linspace(0, saw.period, 200_001), u[None], HardThreshold(share * peak))[0]
        )
        found = update(kern, saw, 1.0, 0.0, share * peak)
        assert found == pytest.approx(expected, abs=2e-4 * peak * saw.period)


def test_long_ramps_give_the_contrast() -> None:
    saw = Sawtooth(1e6, 1e8)
    assert update(kernels.chemotaxis(1.0), saw, 7.0, 0.0, 7 / 3e6) == pytest.approx(7.0, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"amplitude": "10"}, "amplitude = '10'"),
        ({"amplitude": ["1", "2"]}, "amplitude"),
        ({"amplitude": [1.0, np.nan]}, "amplitude holds nan"),
        ({"amplitude": None}, "amplitude = None"),
        ({"mean": np.inf}, "mean holds inf"),
        ({"threshold": -0.5}, "threshold holds -0.5"),
        ({"threshold": np.nan}, "threshold holds nan"),
        ({"threshold": "high"}, "threshold = 'high'"),
        ({"threshold": SoftThreshold(-1.0)}, "threshold holds -1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        synapse.weight_update(CHEMOTAXIS, SAW, **{"amplitude": 1.0, "threshold": 0.1, **arguments})  # type: ignore[arg-type]


def test_a_kernel_that_rings_without_end_is_refused() -> None:
    kern = kernels.integral_feedback(1e3, 1e-12, 1.0)
    with pytest.raises(InputError, match="turn more than"):
        synapse.weight_update(kern, Sawtooth(10.0, 100.0), amplitude=1.0, threshold=1.0)
