"""A device under a voltage: independent solutions, conservation, bounds, and Chua's fingerprints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tcl_circuits.circuit.memristors import (
    MODELS,
    VTEAM,
    ConicalChannel,
    Excitation,
    IonDrift,
    Loop,
    Memristor,
    Ramps,
    Sine,
    ThresholdElement,
    measure_loop,
    named_memristor,
    simulate_device,
)
from tcl_circuits.errors import InputError

# Piecewise linear voltages of both signs, with corners at least a twentieth of the whole apart.
corners = st.lists(
    st.tuples(st.floats(0.05, 1.0), st.floats(-1.0, 1.0).map(lambda v: round(v, 3))), min_size=2, max_size=6
)


def ramps(found: list[tuple[float, float]], duration: float, volts: float) -> Ramps:
    lengths, levels = np.array(found).T
    times = np.concatenate([[0.0], np.cumsum(lengths)])
    return Ramps(times * duration / times[-1], np.concatenate([[0.0], levels * volts]))


def fingerprint(model: Memristor, sine: Sine, factor: float) -> Loop:
    at = replace(sine, frequency=factor * sine.frequency)
    return measure_loop(simulate_device(model, at), at)


class TestSolution:
    def test_threshold_element_under_a_sine(self) -> None:
        """Solved by hand: G rises by rate times the integral of the sine beyond the threshold."""
        element, sine = ThresholdElement(), Sine(1.0, 1e3)
        data = simulate_device(element, sine, start=2e-5)
        on = np.arcsin(0.5) / (2e3 * np.pi)
        t = np.clip(data["time"].to_numpy(), on, 0.5e-3 - on)
        first = data["time"].to_numpy() <= 0.5e-3
        risen = 0.2 * (np.cos(2e3 * np.pi * on) - np.cos(2e3 * np.pi * t)) / (2e3 * np.pi)
        assert_allclose(data["state"].to_numpy()[first], 2e-5 + risen[first], atol=1e-12)

    @given(corners, st.floats(0.1, 0.6))
    @settings(max_examples=25, deadline=None)
    def test_threshold_element_rests_below_its_threshold(
        self, found: list[tuple[float, float]], start: float
    ) -> None:
        voltage = ramps(found, 1.0, 0.499)
        data = simulate_device(ThresholdElement(), voltage, start=start * 1e-4, points=20)
        assert_allclose(data["state"], start * 1e-4, rtol=1e-12)

    def test_vteam_without_a_window(self) -> None:
        """A ramp beyond the threshold: w - w_0 = k v_off/(slope (alpha + 1)) (v/v_off - 1)^(alpha + 1)."""
        model = VTEAM(r_off=2e3)
        slope = 0.2 / 1e-9
        data = simulate_device(model, Ramps(np.array([0, 1e-9]), np.array([0.3, 0.5])), start=0.0)
        excess = slope * data["time"].to_numpy() / model.v_off
        expected = model.k_off * model.v_off / (slope * 5) * excess**5
        assert_allclose(data["state"], expected, atol=1e-7 * model.length)

    @given(corners, corners)
    @settings(max_examples=20, deadline=None)
    def test_ion_drift_is_controlled_by_the_charge(
        self, first: list[tuple[float, float]], second: list[tuple[float, float]]
    ) -> None:
        """Same charge, same state, whatever the waveform; no window: proportional; Joglekar: its integral."""
        for found in (first, second):
            for window in ("none", "joglekar"):
                model = IonDrift(window=window)
                data = simulate_device(model, ramps(found, 0.3, 1.0), start=0.3, points=4000)
                x, time = data["state"].to_numpy(), data["time"].to_numpy()
                i = data["current"].to_numpy()
                charge = np.concatenate([[0.0], np.cumsum(np.diff(time) * (i[1:] + i[:-1]) / 2)])
                if window == "none":
                    passed = (x - 0.3) / model.gain
                else:
                    passed = (np.log(x / (1 - x)) - np.log(0.3 / 0.7)) / (4 * model.gain)
                assert_allclose(passed, charge, atol=1e-3 * np.abs(charge).max() + 1e-12)

    def test_the_channel_relaxes_with_tau(self) -> None:
        model = ConicalChannel()
        tau = model.tau
        voltage = Ramps(np.array([0, 5 * tau, 5.001 * tau, 9 * tau]), np.array([-1.0, -1.0, 0, 0]))
        data = simulate_device(model, voltage, start=1.0)
        t, x = data["time"].to_numpy() / tau, data["state"].to_numpy()
        up = t <= 5
        goal = float(model.steady_state(np.array(-1.0)))
        assert_allclose(x[up], goal + (1 - goal) * np.exp(-t[up]), rtol=1e-8)
        back = t >= 5.001
        rest, begun = float(model.steady_state(np.array(0.0))), x[back][0]
        assert_allclose(x[back], rest + (begun - rest) * np.exp(5.001 - t[back]), rtol=1e-8)
        # What it has learned is not touched.
        assert float(data["conductance"][-1]) == pytest.approx(model.g_0 * x[-1])

    def test_a_volatile_state_starts_at_rest_with_the_first_voltage(self) -> None:
        model = ConicalChannel()
        data = simulate_device(model, Ramps(np.array([0.0, 0.1]), np.array([0.8, 0.8])))
        assert_allclose(data["state"], model.steady_state(np.array(0.8)), rtol=1e-6)

    def test_a_state_leaves_its_bound_as_slowly_as_the_law_says(self) -> None:
        """VTEAM moves off a bound with the fourth power of an excess that begins at zero."""
        model = VTEAM()
        fall = Ramps(np.array([0, 1e-9]), np.array([0.0, -2.0]))
        data = simulate_device(model, fall, start=model.w_off)
        moved = model.w_off - float(data["state"][-1])
        excess = 2 / 1.5 - 1
        assert moved == pytest.approx(216.2 * 1.5 * 1e-9 / (2.0 * 5) * excess**5, rel=1e-6)

    def test_answers_at_times_that_are_asked_for(self) -> None:
        model = named_memristor("yakopcic")
        fine = simulate_device(model, model.test)
        times = np.array([0.0, 1.234e-3, 7.7e-3, model.test.duration])
        asked = simulate_device(model, model.test, times=times)
        assert_allclose(asked["time"], times)
        assert_allclose(asked["state"], np.interp(times, fine["time"], fine["state"]), atol=1e-4)

    def test_labels(self) -> None:
        data = simulate_device(VTEAM(), VTEAM().test, points=50)
        units = {name: data[name].attrs["units"] for name in (*data.data_vars, "time")}
        assert units == {"voltage": "V", "current": "A", "state": "m", "conductance": "S", "time": "s"}


@pytest.mark.parametrize("name", MODELS)
class TestEveryModel:
    @given(corners, st.floats(0, 1), st.floats(-2, 1), st.floats(-1, 1))
    @settings(max_examples=8, deadline=None)
    def test_bounds_are_never_crossed(
        self, name: str, found: list[tuple[float, float]], start: float, decades: float, volts: float
    ) -> None:
        model = named_memristor(name)
        low, high = model.bounds
        voltage = ramps(found, 10**decades / model.test.frequency, 10**volts * model.test.amplitude)
        data = simulate_device(model, voltage, low + start * (high - low), points=60)
        x = data["state"].to_numpy()
        assert np.all((x >= low) & (x <= high))
        assert np.all(np.isfinite(data["current"]))

    def test_three_fingerprints(self, name: str) -> None:
        """Pinched; lobes fall with frequency; a line at high frequency (Adhikari et al. 2013)."""
        model = named_memristor(name)
        loops = [fingerprint(model, model.test, factor) for factor in (1, 3, 10)]
        assert all(loop.pinch < 1e-9 for loop in loops)
        areas = np.array([[abs(loop.positive_lobe), abs(loop.negative_lobe)] for loop in loops])
        assert loops[0].fullness > 0.05
        assert np.all(np.diff(areas, axis=0) < 0)
        # Past the first cycles: a hard switch has settled where it stays.
        settled = model.test if name != "vteam" else replace(model.test, cycles=3)
        assert fingerprint(model, settled, 3e4).fullness < 3e-3


def test_lobes_of_a_known_loop() -> None:
    """A conductance that steps from G to 2G at the crest: each lobe is G v^2/2."""
    sine = Sine(2.0, 50.0, cycles=1)
    element = ThresholdElement(g_min=1e-6, g_max=2e-6, threshold=1.9999, rate=1e6)
    loop = measure_loop(simulate_device(element, sine, start=1e-6, points=20000), sine)
    assert loop.positive_lobe == pytest.approx(1e-6 * 4 / 2, rel=2e-3)
    assert loop.negative_lobe == pytest.approx(-1e-6 * 4 / 2, rel=2e-3)


def test_excitations() -> None:
    sine = Sine(2.0, 10.0)
    assert_allclose(sine(sine.crossings(1.0)), 1.0)
    assert sine.crossings(1.0).size == 4
    assert sine.crossings(0.0).size == 3
    assert sine.crossings(2.5).size == 0
    lines = Ramps(np.array([0, 1, 3]), np.array([-1.0, 1.0, 0.0]))
    assert_allclose(lines.crossings(0.5), [0.75, 2.0])
    pulse = Ramps.pulse(-1.5, 2e-6)
    assert np.trapezoid(pulse.volts, pulse.times) == pytest.approx(-3e-6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Sine(0.0, 1.0), "amplitude = 0.0 must be positive"),
        (lambda: Sine(1.0, float("nan")), "frequency = nan"),
        (lambda: Sine(1.0, 1.0, cycles=0), "cycles = 0 must be a whole number"),
        (lambda: Ramps(np.array([0.0]), np.array([1.0])), "two lists of the same length"),
        (lambda: Ramps(np.array([0.0, 1.0]), np.array([1.0])), "two lists of the same length"),
        (lambda: Ramps(np.array([0.0, 0.0]), np.array([1.0, 2.0])), "must start at 0 and increase"),
        (lambda: Ramps(np.array([1.0, 2.0]), np.array([1.0, 2.0])), "must start at 0 and increase"),
        (lambda: Ramps(np.array([0.0, np.nan]), np.array([1.0, 2.0])), "times holds nan"),
        (lambda: Ramps.pulse(1.0, -1.0), "seconds = -1.0 must be positive"),
        (lambda: simulate_device(VTEAM(), VTEAM().test, start=1.0), "start = 1 lies outside its bounds"),
        (lambda: simulate_device(VTEAM(), VTEAM().test, start=float("nan")), "start = nan"),
        (lambda: simulate_device(VTEAM(), VTEAM().test, points=2), "points = 2 must be at least 8"),
        (lambda: simulate_device(VTEAM(), VTEAM().test, times=np.array([1.0])), "must lie in 0"),
        (lambda: simulate_device(VTEAM(), VTEAM().test, times=np.empty(0)), "list of increasing times"),
    ],
)
def test_what_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


def test_a_loop_needs_the_whole_sine() -> None:
    sine = Sine(1.0, 1e3)
    data = simulate_device(ThresholdElement(), sine).isel(time=slice(0, 50))
    with pytest.raises(InputError, match="the data end at"):
        measure_loop(data, sine)


def test_an_excitation_of_ones_own() -> None:
    """Anything with the protocol's members will do."""
    sine: Excitation = Sine(1.0, 1e3)
    assert simulate_device(ThresholdElement(), sine).sizes["time"] > 100
