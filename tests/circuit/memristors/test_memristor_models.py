"""The equations of each model: published numbers, laws, domains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from tcl_circuits.circuit.elements import BehaviouralCurrent, VoltageSource
from tcl_circuits.circuit.memristors import (
    MODELS,
    TEAM,
    VTEAM,
    ConicalChannel,
    IonDrift,
    Memristor,
    ThresholdElement,
    Yakopcic,
    named_memristor,
)
from tcl_circuits.circuit.memristors.conical import _BOLTZMANN, _CHARGE
from tcl_circuits.circuit.netlist import subcircuit_text
from tcl_circuits.errors import InputError

EVERY = list(MODELS)
RISES_WITH_VOLTAGE = {"threshold", "ion_drift", "ion_drift_joglekar", "ion_drift_biolek", "yakopcic"}


@pytest.fixture(params=EVERY)
def model(request: pytest.FixtureRequest) -> Memristor:
    return named_memristor(request.param)


def test_names_are_those_of_the_list() -> None:
    assert [named_memristor(name).name for name in EVERY] == EVERY
    with pytest.raises(InputError, match="there is no memristor 'vteem'; there are threshold, vteam"):
        named_memristor("vteem")


def test_no_current_without_voltage_and_none_against_it(model: Memristor) -> None:
    """A passive device: i(x, 0) = 0 and i v > 0."""
    x = np.linspace(*model.bounds, 7)
    assert_allclose(model.current(x, np.zeros(7)), 0)
    v = np.array([[-1.0], [-0.1], [0.1], [1.0]])
    assert np.all(model.current(x, v) * v > 0)


def test_state_and_conductance_are_inverse(model: Memristor) -> None:
    low, high = model.conductances
    wanted = np.geomspace(low, high, 9)
    if model.volatile:
        assert_allclose(model.learned(wanted), wanted)
        return
    x = model.state(wanted)
    assert_allclose(model.conductance(x), wanted, rtol=1e-9)
    assert_allclose(model.unscaled(model.scaled(x)), x, rtol=1e-12)
    small = 1e-7
    assert_allclose(model.current(x, np.full(9, small)), wanted * small, rtol=1e-6)


def test_conductances_out_of_range_are_refused(model: Memristor) -> None:
    low, high = model.conductances
    for bad in (0.5 * low, 2 * high, np.nan):
        with pytest.raises(InputError, match="conductance"):
            model.learned(bad)


def test_motion_ends_at_the_bounds(model: Memristor) -> None:
    low, high = model.bounds
    v = np.linspace(-3, 3, 61)
    assert np.all(model.state_derivative(np.array(low), v) >= 0)
    assert np.all(model.state_derivative(np.array(high), v) <= 0)
    # Outside, where a Newton step may try, the equations still say something.
    assert np.all(np.isfinite(model.state_derivative(np.array([[2 * high], [-high]]), v)))


def test_polarity(model: Memristor) -> None:
    if model.volatile:
        return
    middle = np.array(0.5 * sum(model.bounds))
    ends = model.conductance(np.array(model.bounds))
    upwards = np.sign(ends[1] - ends[0])
    strong = model.test.amplitude
    assert (np.sign(model.drift(middle, np.array(strong))) * upwards > 0) == (
        model.name in RISES_WITH_VOLTAGE
    )
    assert (np.sign(model.drift(middle, np.array(-strong))) * upwards < 0) == (
        model.name in RISES_WITH_VOLTAGE
    )


def test_arrays_of_any_shape(model: Memristor) -> None:
    x = np.linspace(*model.bounds, 6).reshape(2, 3)
    v = np.array([-1.0, 0.2, 1.0])
    rate = model.state_derivative(x, v)
    assert rate.shape == model.current(x, v).shape == (2, 3)
    for place in np.ndindex(2, 3):
        assert_allclose(rate[place], model.state_derivative(x[place], v[place[1]]))
    assert model.state_derivative(np.empty(0), np.empty(0)).shape == (0,)


class TestThreshold:
    @given(st.floats(-0.4999, 0.4999), st.floats(1e-6, 1e-4))
    def test_does_not_move_below_it(self, v: float, x: float) -> None:
        assert ThresholdElement().state_derivative(np.array(x), np.array(v)) == 0

    def test_passes_the_whole_of_what_exceeds_it(self) -> None:
        """Eq. 5: g(u) = u beyond theta, not u - theta."""
        element = ThresholdElement(rate=2.0, threshold=0.5)
        assert_allclose(element.drift(np.full(3, 1e-5), np.array([-0.6, 0.5, 1.5])), [-1.2, 1.0, 3.0])


class TestVTEAM:
    @pytest.mark.parametrize("alpha", [1.0, 2.5, 4.0])
    def test_speed_is_a_power_of_the_excess(self, alpha: float) -> None:
        model = VTEAM(alpha_off=alpha, alpha_on=alpha)
        excess, w = np.geomspace(0.01, 10, 7), np.full(7, 1.5e-9)
        off = model.state_derivative(w, model.v_off * (1 + excess))
        on = model.state_derivative(w, model.v_on * (1 + excess))
        assert_allclose(np.diff(np.log(off)) / np.diff(np.log(excess)), alpha, rtol=1e-9)
        assert_allclose(np.diff(np.log(-on)) / np.diff(np.log(excess)), alpha, rtol=1e-9)
        assert_allclose(on / off, model.k_on / model.k_off)

    def test_rests_between_its_thresholds(self) -> None:
        v = np.linspace(-1.5, 0.3, 50)
        assert np.all(VTEAM().state_derivative(np.array(1e-9), v) == 0)

    def test_resistances(self) -> None:
        assert VTEAM().conductances == pytest.approx((1 / 300e3, 1 / 1e3))


class TestTEAM:
    @pytest.mark.parametrize("resistance", ["linear", "exponential"])
    def test_the_threshold_is_a_current(self, resistance: Any) -> None:
        model = TEAM(resistance=resistance)
        x = np.linspace(0.2e-9, 2.8e-9, 5)
        for i, way in ((model.i_off, 1), (model.i_on, -1)):
            v = i * model.ohms(x)
            assert_allclose(model.state_derivative(x, 0.999 * v), 0)
            assert np.all(way * model.state_derivative(x, 1.001 * v) > 0)

    def test_window_of_the_article(self) -> None:
        """At a_off, f_off is 1/e; far from it 1."""
        model = TEAM(alpha_off=1.0)
        x = np.array([1e-9, 3e-9])
        excess = 2 * model.i_off * model.ohms(x)
        assert_allclose(model.drift(x, excess), model.k_off * np.array([1.0, np.exp(-1)]), rtol=1e-7)


class TestIonDrift:
    def test_published_time_scale(self) -> None:
        """Fig. 2 of Strukov: t_0 = D^2/(mu v_0) = 10 ms, in which x would move by r_on/R."""
        model = IonDrift(window="none")
        x, v = np.array(0.5), np.array(1.0)
        share = model.r_on * float(model.conductance(x))
        assert model.drift(x, v) * 0.01 == pytest.approx(share)

    @pytest.mark.parametrize("p", [1, 3])
    def test_windows(self, p: int) -> None:
        none, slow, kind = (IonDrift(window=w, p=p) for w in ("none", "joglekar", "biolek"))
        x = np.linspace(0.01, 0.99, 9)
        for v in (np.array(1.0), np.array(-1.0)):
            assert_allclose(slow.drift(x, v), none.drift(x, v) * (1 - (2 * x - 1) ** (2 * p)))
            step = 0 if v > 0 else 1
            assert_allclose(kind.drift(x, v), none.drift(x, v) * (1 - (x - step) ** (2 * p)))


class TestYakopcic:
    def test_thresholds(self) -> None:
        model, x = Yakopcic(), np.full(40, 0.3)
        assert np.all(model.state_derivative(x, np.linspace(-0.15, 0.16, 40)) == 0)
        assert model.drift(np.array(0.3), np.array(0.161)) > 0 > model.drift(np.array(0.3), np.array(-0.151))

    def test_by_hand(self) -> None:
        """The published parameters, term by term."""
        model = Yakopcic()
        assert model.current(np.array(0.11), np.array(0.45)) == pytest.approx(0.17 * 0.11 * np.sinh(0.0225))
        g = 4000 * (np.exp(0.45) - np.exp(0.16))
        assert model.drift(np.array(0.2), np.array(0.45)) == pytest.approx(g)
        slowed = np.exp(-(0.8 - 0.3)) * ((0.3 - 0.8) / 0.7 + 1)
        assert model.drift(np.array(0.8), np.array(0.45)) == pytest.approx(g * slowed)
        down = -4000 * (np.exp(0.45) - np.exp(0.15))
        assert model.drift(np.array(0.6), np.array(-0.45)) == pytest.approx(down)
        slowed = np.exp(5 * (0.2 + 0.5 - 1)) * 0.2 / 0.5
        assert model.drift(np.array(0.2), np.array(-0.45)) == pytest.approx(down * slowed)

    def test_amplitudes_of_both_signs(self) -> None:
        model = Yakopcic(a1=0.1, a2=0.3)
        assert model.current(np.array(1.0), np.array(-0.1)) == pytest.approx(-3 * model.current(1.0, 0.1))  # type: ignore[arg-type]


class TestConicalChannel:
    def test_published_numbers(self) -> None:
        model = ConicalChannel()
        assert model.g_0 == pytest.approx(2.4e-12, rel=1e-2)
        assert model.tau == pytest.approx(8.333e-3, rel=1e-4)
        assert float(model.steady_state(np.array(0.0))) == pytest.approx(1, abs=1e-4)

    @pytest.mark.parametrize("v", [-2.0, -0.5, -0.01, 0.3, 1.0, 2.0])
    def test_steady_state_is_the_integral_of_the_article(self, v: float) -> None:
        m = ConicalChannel()
        thermal = _BOLTZMANN * m.temperature
        w = _CHARGE * m.diffusion * m.viscosity / (thermal * m.permittivity * m.surface_potential)
        dukhin = m.surface_charge * 1e18 / (2 * m.concentration * 6.02214076e23 * m.tip)
        peclet = -_CHARGE * v * m.base / (w * thermal * m.tip)

        def integrand(share: float) -> float:
            radius = m.base - (m.base - m.tip) * share
            exponent = peclet * share * m.tip**2 / (m.base * radius)
            return float(share * m.tip / radius - np.expm1(exponent) / np.expm1(peclet * m.tip / m.base))

        expected = 1 - 2 * w * (m.base - m.tip) / m.base * dukhin * quad(integrand, 0, 1, epsabs=1e-12)[0]
        assert float(m.steady_state(np.array(v))) == pytest.approx(expected, rel=1e-6)
        assert m.bounds[0] < expected < m.bounds[1]

    def test_a_more_positive_base_depletes_it(self) -> None:
        x = ConicalChannel().steady_state(np.linspace(-3, 3, 31))
        assert np.all(np.diff(x) < 0)

    def test_what_is_learned_stands_apart(self) -> None:
        small = ConicalChannel()
        large = small.with_conductance(5 * small.g_0)
        x, v = np.linspace(0.5, 2, 4), np.linspace(-1, 1, 4)
        assert_allclose(large.current(x, v), 5 * small.current(x, v))
        assert_allclose(large.drift(x, v), small.drift(x, v))


WRONG: list[tuple[Any, dict[str, Any], str]] = [
    (ThresholdElement, {"g_min": 1e-3}, "g_min = 0.001 must lie below g_max"),
    (ThresholdElement, {"threshold": 0.0}, "threshold = 0.0 must be positive"),
    (ThresholdElement, {"rate": float("nan")}, "rate = nan"),
    (VTEAM, {"k_on": 1.0}, "k_on = 1.0 must be negative"),
    (VTEAM, {"v_off": -0.3}, "v_off = -0.3 must be positive"),
    (VTEAM, {"alpha_on": 0.5}, "alpha_on = 0.5 must be at least 1"),
    (VTEAM, {"r_on": 1e6}, "r_on = 1000000.0 must lie below r_off"),
    (VTEAM, {"w_on": 1.0}, "w_on = 1.0 must lie below w_off"),
    (VTEAM, {"window": "hann"}, "window 'hann' must be one of none, joglekar, biolek"),
    (TEAM, {"i_on": 1e-6}, "i_on = 1e-06 must be negative"),
    (TEAM, {"w_c": 0}, "w_c = 0 must be positive"),
    (TEAM, {"alpha_off": float("inf")}, "alpha_off = inf"),
    (TEAM, {"resistance": "cubic"}, "resistance 'cubic'"),
    (TEAM, {"x_off": -1.0}, "x_on = 0.0 must lie below x_off"),
    (TEAM, {"r_off": 1.0}, "r_on = 1000.0 must lie below r_off"),
    (IonDrift, {"p": 0}, "p = 0 must be a whole number from 1 to 20"),
    (IonDrift, {"p": 1.5}, "p = 1.5 must be a whole number"),
    (IonDrift, {"margin": 0.5}, "margin = 0.5 must lie below 0.1"),
    (IonDrift, {"r_off": 10.0}, "r_on = 100.0 must lie below r_off"),
    (IonDrift, {"mobility": "fast"}, "mobility = 'fast'"),
    (Yakopcic, {"x_p": 1.0}, "x_p = 1.0 must lie between 0 and 1"),
    (Yakopcic, {"v_n": -0.1}, "v_n = -0.1 must be finite and not negative"),
    (Yakopcic, {"x_min": 0.5}, "x_min = 0.5 must lie below 0.1"),
    (ConicalChannel, {"tip": 1e-6}, "tip = 1e-06 must lie below base"),
    (ConicalChannel, {"surface_charge": 0.0}, "surface_charge must not be zero"),
    (ConicalChannel, {"surface_charge": 0.001}, "must have the same sign"),
    (ConicalChannel, {"surface_charge": -0.05}, "charge it less"),
    (ConicalChannel, {"g_min": 200.0}, "g_min = 200.0 must lie below g_max"),
    (ConicalChannel, {"learned_conductance": -1.0}, "learned_conductance = -1.0 must be positive"),
]


@pytest.mark.parametrize(("kind", "values", "said"), WRONG)
def test_parameters_out_of_their_domain(kind: Any, values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        kind(**values)


class TestNetlist:
    def test_subcircuit_documents_itself(self, model: Memristor) -> None:
        text = subcircuit_text(model.subcircuit())
        assert text.isascii()
        assert model.citation in text
        assert f".subckt {model.name} p n x {model.parameter}=" in text
        assert "0..1 V for" in text

    def test_elements_of_a_cell(self, model: Memristor) -> None:
        low, high = model.conductances
        elements = model.elements("7", "a", "b", np.sqrt(low * high))
        names = [element.name for element in elements]
        assert len(set(names)) == len(names)
        assert all(name.endswith("7") for name in names)
        (source,) = (one for one in elements if isinstance(one, VoltageSource))
        settings = dict(model.settings(np.full(8, np.sqrt(low * high))))
        assert settings[source.name] == source.volts
        carrying = [
            one for one in elements if isinstance(one, BehaviouralCurrent) and (one.a, one.b) == ("a", "b")
        ]
        assert len(carrying) == 1

    def test_a_learned_channel_hands_its_conductance_on(self) -> None:
        channel = ConicalChannel()
        ((name, value),) = channel.subcircuit().parameters
        assert name == "g"
        assert value == pytest.approx(channel.g_0)
        assert replace(channel, learned_conductance=1e-11).subcircuit().parameters == (("g", 1e-11),)
