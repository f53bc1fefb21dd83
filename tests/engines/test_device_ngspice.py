"""Devices in real ngspice: the same as NumPy, alone and in the cells of a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tcl_circuits as tcl
from tcl_circuits.circuit.memristors import (
    MODELS,
    TEAM,
    VTEAM,
    ConicalChannel,
    IonDrift,
    Memristor,
    Ramps,
    Sine,
    ThresholdElement,
    Yakopcic,
    measure_loop,
    named_memristor,
    simulate_device,
)
from tcl_circuits.commands.devices import agreement
from tcl_circuits.engines import Ngspice, simulate_device_ngspice
from tcl_circuits.engines.pool import Pool
from tcl_circuits.errors import EngineError, InputError


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    workers = Pool(1, 60)
    yield workers
    workers.close()


@pytest.mark.parametrize(
    "factor", [1, pytest.param(3, marks=pytest.mark.slow), pytest.param(10, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", MODELS)
def test_sine_test_agrees_to_one_percent(name: str, factor: int, pool: Pool) -> None:
    """Of the largest current and of the state's range; the loop is pinched, its lobes those of NumPy."""
    model = named_memristor(name)
    sine = replace(model.test, frequency=factor * model.test.frequency)
    found = simulate_device_ngspice(model, sine, pool=pool)
    current, state = agreement(model, sine, found)
    assert current < 5e-3
    assert state < 1e-3
    ours, theirs = measure_loop(simulate_device(model, sine), sine), measure_loop(found, sine)
    assert theirs.pinch < 1e-4
    assert theirs.positive_lobe == pytest.approx(ours.positive_lobe, rel=1e-2)
    assert theirs.negative_lobe == pytest.approx(ours.negative_lobe, rel=1e-2)


VARIANTS: list[tuple[Memristor, float | None]] = [
    (VTEAM(window="joglekar", alpha_off=1.0), 1e-9),
    (VTEAM(window="biolek", p=3), 2e-9),
    (TEAM(resistance="exponential"), 2e-9),
    (IonDrift(window="biolek", p=4), 0.999),
    (Yakopcic(a1=0.1, a2=0.3, alpha_p=3.0), 0.5),
    (ThresholdElement(), 1e-6),
    (ConicalChannel(learned_conductance=2e-11), None),
]


@pytest.mark.parametrize(("model", "start"), VARIANTS)
def test_other_parameters_and_straight_lines(model: Memristor, start: float | None, pool: Pool) -> None:
    unit, volts = 1 / model.test.frequency, model.test.amplitude
    lines = Ramps(unit * np.array([0, 0.2, 0.5, 0.9, 1.0]), volts * np.array([0, 1, 0.3, -1, 0]))
    found = simulate_device_ngspice(model, lines, start, pool=pool)
    exact = simulate_device(model, lines, start, times=found["time"].to_numpy())
    largest = float(np.abs(exact["current"]).max())
    assert_allclose(found["current"], exact["current"], atol=1e-2 * largest)
    low, high = model.bounds
    assert_allclose(found["state"], exact["state"], atol=1e-2 * (high - low))


@pytest.mark.parametrize("name", MODELS)
def test_a_hard_drive_stays_in_bounds(name: str, pool: Pool) -> None:
    """Far beyond every threshold, for many times what it takes to cross the range."""
    model = named_memristor(name)
    sine = Sine(3 * model.test.amplitude, model.test.frequency / 5, cycles=1)
    found = simulate_device_ngspice(model, sine, reltol=1e-5, pool=pool)
    x, (low, high) = found["state"].to_numpy(), model.bounds
    assert np.all((x >= low) & (x <= high))
    assert np.all(np.isfinite(found["current"]))


def test_the_state_starts_where_it_is_told_to(pool: Pool) -> None:
    for start in (1e-6, 4e-5, 1e-4):
        found = simulate_device_ngspice(ThresholdElement(), Sine(0.4, 1e3, cycles=1), start, pool=pool)
        assert_allclose(found["state"], start, rtol=1e-6)


def test_the_channel_relaxes_with_tau(pool: Pool) -> None:
    model = ConicalChannel()
    lines = Ramps(model.tau * np.array([0, 0.001, 6.0]), np.array([-1.0, 0.0, 0.0]))
    found = simulate_device_ngspice(model, lines, pool=pool)
    t, away = found["time"].to_numpy() / model.tau, found["state"].to_numpy() - 1
    away -= float(model.steady_state(np.array(0.0))) - 1
    later = (t > 0.1) & (t < 3)
    rates = -np.gradient(np.log(away[later]), t[later])
    assert_allclose(rates, 1, rtol=1e-2)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: simulate_device_ngspice(VTEAM(), VTEAM().test, reltol=0.0), "reltol = 0.0 must lie in"),
        (lambda: simulate_device_ngspice(VTEAM(), VTEAM().test, start=1.0), "start = 1 lies outside"),
        (
            lambda: simulate_device_ngspice(ConicalChannel(), ConicalChannel().test, start=1.0),
            "leave start out",
        ),
    ],
)
def test_what_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


def test_what_ngspice_does_not_manage_is_an_error(pool: Pool) -> None:
    class Broken(ThresholdElement):
        def current_text(self, x: str, v: str, learned: str) -> str:
            return f"V(nowhere)*{v}+"

    with pytest.raises(EngineError):
        simulate_device_ngspice(Broken(), Sine(1.0, 1e3), pool=pool)
    # The next run is right.
    found = simulate_device_ngspice(ThresholdElement(), Sine(0.4, 1e3, cycles=1), pool=pool)
    assert_allclose(found["state"], ThresholdElement().usual_start, rtol=1e-6)


class TestInCells:
    """A device in each edge of a network."""

    def drive(self) -> tcl.Drive:
        nudge = tcl.ConductanceNudge(1e-5, tcl.single_ended(2))
        return tcl.Drive.hold([[1.0, -0.5], [0.2, 0.7]], nudge, [[0.3, 0.1], [0.0, 0.2]])

    @pytest.fixture
    def small(self) -> tcl.Network:
        return tcl.lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (1, 1)], seed=3, conductance=(5e-6, 5e-5))

    @pytest.mark.parametrize("device", [ThresholdElement(threshold=2.0), VTEAM(v_on=-2.0, v_off=2.0)])
    def test_below_its_threshold_it_is_a_held_conductance(
        self, device: Memristor, small: tcl.Network, saw: tcl.Sawtooth, ngspice: Ngspice
    ) -> None:
        cell, held, drive = tcl.SenseCell(device=device), tcl.SenseCell(), self.drive()
        for network in (small, small.with_conductance(1.3 * small.conductance)):
            for ours, theirs in zip(
                ngspice.run(network, cell, saw, drive), ngspice.run(network, held, saw, drive), strict=True
            ):
                for a, b in ((ours.voltage, theirs.voltage), (ours.u, theirs.u)):
                    onto = np.array([np.interp(theirs.time, ours.time, row) for row in a])
                    assert_allclose(onto, b, atol=2e-2 * np.abs(b).max())
            inputs = drive.inputs_at_start
            assert_allclose(
                ngspice.settle(network, cell, inputs), ngspice.settle(network, held, inputs), atol=1e-9
            )

    def test_the_inference_voltages_write_a_low_threshold(
        self, small: tcl.Network, saw: tcl.Sawtooth, ngspice: Ngspice
    ) -> None:
        """Why the learning element is three-terminal, or has its threshold above what is read."""
        drive = self.drive().sample(0)
        cell = tcl.SenseCell(device=ThresholdElement(threshold=0.05, rate=0.2))
        (ours,), (theirs,) = (ngspice.run(small, one, saw, drive) for one in (cell, tcl.SenseCell()))
        assert np.abs(ours.voltage[:, -1] - theirs.voltage[:, -1]).max() > 1e-2
        # It starts from what was learned all the same, run after run.
        assert_allclose(ours.voltage[:, 0], theirs.voltage[:, 0], atol=1e-6)
        again = ngspice.run(small, cell, saw, drive)[0]
        assert_array_equal(again.voltage, ours.voltage)

    def test_in_series_with_a_capacitor(self, saw: tcl.Sawtooth, ngspice: Ngspice) -> None:
        network = tcl.lattice(1, 3, [(0, 0), (0, 2)], [(0, 1)], seed=0, conductance=(5e-6, 5e-5))
        drive = tcl.Drive.ramps([0.0, 1e-5], [[0.0, 1.0], [0.0, 0.0]])
        cells = tcl.SeriesCell(device=ThresholdElement(threshold=2.0)), tcl.SeriesCell()
        (ours,), (theirs,) = (ngspice.run(network, one, saw, drive) for one in cells)
        onto = np.array([np.interp(theirs.time, ours.time, row) for row in ours.u])
        assert_allclose(onto, theirs.u, atol=2e-2 * np.abs(theirs.u).max())

    def test_the_exact_engine_says_that_it_can_not(self, small: tcl.Network, saw: tcl.Sawtooth) -> None:
        cell = tcl.SenseCell(device=VTEAM())
        with pytest.raises(InputError, match="VTEAM changes its conductance within a cycle"):
            tcl.engines.Reference().run(small, cell, saw, self.drive())

    def test_conductances_that_a_device_can_not_have(
        self, small: tcl.Network, saw: tcl.Sawtooth, ngspice: Ngspice
    ) -> None:
        cell = tcl.SenseCell(device=TEAM())
        with pytest.raises(InputError, match="team: a conductance of"):
            ngspice.run(small, cell, saw, self.drive())

    def test_channels_of_picosiemens_at_rest(self, ngspice: Ngspice) -> None:
        """Kirchhoff's law with the channel's own steady state, in a network altered without a reload."""
        channel = ConicalChannel()
        g_0 = channel.g_0
        first = tcl.lattice(3, 3, [(0, 0), (2, 2)], [(0, 2)], seed=3, conductance=(0.5 * g_0, 5 * g_0))
        cell = tcl.SenseCell(c=1e-12, r=1e9, device=channel)
        for network in (first, first.with_conductance(first.conductance[::-1])):
            v = ngspice.settle(network, cell, np.array([[0.5, 0.0]]))[0]
            drop = v[network.edges[:, 0]] - v[network.edges[:, 1]]
            current = network.conductance * channel.steady_state(drop) * drop
            total = np.zeros(v.size)
            np.add.at(total, network.edges[:, 0], current)
            np.add.at(total, network.edges[:, 1], -current)
            assert np.abs(total[network.free]).max() < 1e-6 * np.abs(current).max()
            assert np.abs(channel.steady_state(drop) - 1).max() > 0.02
