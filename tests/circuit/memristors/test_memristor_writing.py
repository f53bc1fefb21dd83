"""Programming pulses: the models as update laws."""

from __future__ import annotations

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
    IonDrift,
    PulseLaw,
    Ramps,
    ThresholdElement,
    Yakopcic,
    named_memristor,
    simulate_device,
    write,
)
from tcl_circuits.errors import InputError

NONVOLATILE = [name for name in MODELS if name != "conical_channel"]


def test_threshold_element_is_written_exactly() -> None:
    g = np.array([1e-5, 5e-5, 9e-5])
    assert_allclose(write(ThresholdElement(), g, 1.0, 1e-4), np.minimum(g + 0.2 * 1e-4, 1e-4))
    assert_allclose(write(ThresholdElement(), g, -0.8, 1e-4), np.maximum(g - 0.16 * 1e-4, 1e-6))
    assert_allclose(write(ThresholdElement(), g, 0.49, 1e3), g)


def test_joglekar_after_a_pulse() -> None:
    """By hand, for r_on next to r_off: x/(1 - x) grows as exp(4 gain i t)."""
    model = IonDrift(r_on=999.9, r_off=1000.0)
    x = float(model.state(model.conductance(np.array(0.3))))
    t = 0.01 / (model.gain * 1e-3)
    after = float(model.state(write(model, model.conductance(np.array(x)), 1.0, 50 * t)))
    grown = x / (1 - x) * np.exp(4 * 0.5)
    assert after == pytest.approx(grown / (1 + grown), rel=2e-4)


@pytest.mark.parametrize("name", NONVOLATILE)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_pulse_is_a_simulation(name: str, sign: int) -> None:
    """The same as the accurate solution with steep flanks."""
    model = named_memristor(name)
    volts, seconds = sign * model.test.amplitude, 0.05 / model.test.frequency
    pulse = Ramps(np.array([0, seconds]), np.array([volts, volts]))
    x = np.linspace(*model.bounds, 5)[1:-1]
    g = model.conductance(x)
    expected = [float(simulate_device(model, pulse, float(one), points=8)["state"][-1]) for one in x]
    low, high = model.bounds
    got = model.state(write(model, g, volts, seconds))
    assert_allclose(got, expected, atol=1e-4 * (high - low))


@pytest.mark.parametrize("name", list(MODELS))
@given(st.lists(st.floats(0, 1), max_size=5), st.floats(-3, 3), st.floats(-12, 3))
@settings(max_examples=15, deadline=None)
def test_conductances_stay_in_range(name: str, shares: list[float], volts: float, decades: float) -> None:
    model = named_memristor(name)
    low, high = model.conductances
    g = low + (high - low) * np.array(shares)
    after = write(model, g, volts, 10**decades)
    assert after.shape == g.shape
    assert np.all((after >= low * (1 - 1e-9)) & (after <= high * (1 + 1e-9)))


def test_long_pulses_saturate() -> None:
    low, high = VTEAM().conductances
    assert write(VTEAM(), 1e-4, -2.0, 1.0) == pytest.approx(high)
    assert write(VTEAM(), 1e-4, 1.0, 1.0) == pytest.approx(low)
    assert write(Yakopcic(), 1e-3, 0.45, 10.0) == pytest.approx(Yakopcic().conductances[1], rel=1e-3)


def test_a_channel_forgets_but_what_it_learned_is_written() -> None:
    channel = ConicalChannel()
    tau = channel.tau
    assert write(channel, channel.g_0, 0.4, 100 * tau) == pytest.approx(channel.g_0)
    assert write(channel, channel.g_0, 1.0, tau) == pytest.approx(
        channel.g_0 + 0.01 * (channel.conductances[1] - channel.conductances[0])
    )


class TestPulseLaw:
    def test_an_ideal_element_writes_what_is_wanted(self) -> None:
        law = PulseLaw(ThresholdElement(), 1.0, -1.0)
        g, change = np.array([2e-5, 5e-5, 8e-5]), np.array([1e-5, -2e-5, 0.0])
        assert_allclose(law(g, change), g + change, rtol=1e-9)

    def test_a_threshold_makes_up_and_down_differ(self) -> None:
        law = PulseLaw(ThresholdElement(), 1.0, -0.6)
        assert law(5e-5, 1e-5) - 5e-5 == pytest.approx(1e-5)
        assert law(5e-5, -1e-5) - 5e-5 == pytest.approx(-0.6e-5)

    def test_a_window_writes_less_near_the_bounds(self) -> None:
        model = Yakopcic()
        law = PulseLaw(model, 0.45, -0.45)
        low, high = model.conductances
        places = low + (high - low) * np.array([0.5, 0.8, 0.95])
        written = law(places, 1e-5) - places
        assert written[0] == pytest.approx(1e-5, rel=1e-2)
        assert np.all(np.diff(written) < 0)

    def test_polarity_is_the_devices(self) -> None:
        law = PulseLaw(VTEAM(), -2.0, 1.0)
        middle = 0.5 * sum(VTEAM().conductances)
        assert law(middle, 1e-6) > middle > law(middle, -1e-6)
        with pytest.raises(InputError, match="swap them"):
            PulseLaw(VTEAM(), 2.0, -2.0)

    def test_channels(self) -> None:
        channel = ConicalChannel()
        law = PulseLaw(channel, 1.0, -1.0)
        assert law(channel.g_0, 1e-12) == pytest.approx(channel.g_0 + 1e-12)

    @pytest.mark.parametrize(
        ("up", "down", "said"),
        [
            (1.0, 0.8, "must have opposite signs"),
            (1.0, -0.3, "choose voltages beyond its thresholds"),
            (float("nan"), -1.0, "up = nan"),
        ],
    )
    def test_what_it_refuses(self, up: float, down: float, said: str) -> None:
        with pytest.raises(InputError, match=said):
            PulseLaw(ThresholdElement(), up, down)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((np.nan, 1.0, 1.0), "conductance holds nan"),
        ((5e-5, np.inf, 1.0), "volts holds inf"),
        ((5e-5, 1.0, -1.0), "seconds = -1 must not be negative"),
        ((1.0, 1.0, 1.0), "lies outside"),
        ((np.full(3, 5e-5), np.ones(2), 1.0), "do not fit together"),
        (("much", 1.0, 1.0), "conductance"),
    ],
)
def test_what_writing_refuses(values: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        write(ThresholdElement(), *values)
