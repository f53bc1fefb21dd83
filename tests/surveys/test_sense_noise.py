"""Thermal noise: exact sampling, and the laws of what an update costs, by Monte Carlo."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import kernels
from tcl_circuits.errors import InputError
from tcl_circuits.surveys import SenseNoise, check_laws
from tcl_circuits.surveys.noise import ornstein_uhlenbeck, ramp_energy
from tcl_circuits.synapse.cost import BOLTZMANN


def test_noise_voltage() -> None:
    """64 uV at 1 pF and 300 K."""
    noise = SenseNoise(1e6, 1e-12)
    assert noise.sigma == pytest.approx(64.36e-6, rel=1e-3)
    assert noise.tau == pytest.approx(1e-6)
    assert SenseNoise(1e6, 4e-12, 1200.0).sigma == pytest.approx(noise.sigma)


class TestSampling:
    def test_stationary_whatever_the_steps(self) -> None:
        """Variance, correlation, and the integral's variance 2 (t - 1 + exp(-t)), for uneven, long steps."""
        steps, trials = np.array([0.01, 0.5, 3.0, 0.2]), 40_000
        noise = SenseNoise(2e6, 5e-13)
        values, integrals = noise.sample(steps * noise.tau, trials, np.random.default_rng(1))
        v, i = values / noise.sigma, integrals / (noise.sigma * noise.tau)
        within = 4 * math.sqrt(2 / trials)
        assert np.var(v, axis=0) == pytest.approx(np.ones(5), abs=within)
        times = np.concatenate([[0.0], np.cumsum(steps)])
        for a in range(5):
            for b in range(a):
                expected = math.exp(-abs(times[a] - times[b]))
                assert np.mean(v[:, a] * v[:, b]) == pytest.approx(expected, abs=within)
        t = float(times[-1])
        assert np.var(i.sum(axis=1)) == pytest.approx(2 * (t - 1 + math.exp(-t)), rel=within)
        assert np.mean(i[:, 2] * v[:, 2]) == pytest.approx(1 - math.exp(-3), abs=2 * within)

    @given(st.floats(1e-6, 50.0))
    def test_steps_of_any_length(self, h: float) -> None:
        values, integrals = ornstein_uhlenbeck(np.array([h, h]), 3, np.random.default_rng(0))
        assert np.isfinite(values).all()
        assert np.isfinite(integrals).all()
        # A short step's integral is the value times the step.
        if h < 1e-3:
            assert integrals[:, 0] == pytest.approx(h * values[:, 0], abs=5 * h**1.5)

    @pytest.mark.parametrize("steps", [[0.0], [-1.0], [np.nan], [[1.0]]])
    def test_bad_steps(self, steps: list[float]) -> None:
        with pytest.raises(InputError, match="steps must be positive"):
            ornstein_uhlenbeck(np.array(steps), 2, np.random.default_rng(0))


class TestLaws:
    @pytest.mark.parametrize("x", [0.5, 3.0, 10.0, 100.0])
    def test_energy_of_a_ramp(self, x: float) -> None:
        """What the kernel's own current dissipates on a ramp and after it."""
        r, c, amplitude = 1e6, 1e-12, 0.3
        time = np.linspace(0, x + 30, 20_001) * r * c
        signal = amplitude * np.minimum(time / (x * r * c), 1.0)
        u = kernels.rc(r, c).response(time, signal)
        assert np.trapezoid(r * u**2, time) == pytest.approx(ramp_energy(c, amplitude, x), rel=1e-5)

    @pytest.mark.parametrize("x", [1.0, 3.0, 10.0, 100.0])
    def test_gated(self, x: float) -> None:
        """eps^2 E = 2 kT, whatever x; demanded to 15 %."""
        found = check_laws(x)["gated"]
        assert found.expected == 2
        assert abs(found.deviation) < 0.15
        assert abs(found.found - found.expected) < 4 * found.error
        assert found.error < 0.05 * found.found

    @pytest.mark.parametrize("x", [3.0, 10.0, 100.0])
    def test_charge_counted(self, x: float) -> None:
        """About 2 kT/x: the branch's charge carries no noise but that of its ends."""
        found = check_laws(x)["charge"]
        assert abs(found.found - found.expected) < 4 * found.error
        if x >= 10:
            assert found.found == pytest.approx(2 / x, rel=0.15)

    def test_thresholded(self) -> None:
        """What noise takes from the largest contrast falls from 40 % at 2 noise voltages to 1.3 % at 5."""
        left = {n: check_laws(10.0, 100.0, n)["largest"] for n in (2.0, 3.0, 4.0, 5.0)}
        for n, expected in {2.0: 0.605, 3.0: 0.849, 4.0: 0.951, 5.0: 0.987}.items():
            assert left[n].found == pytest.approx(expected, abs=0.02)
            assert left[n].trials == 40

    def test_energy_of_a_threshold(self) -> None:
        """(n^2 R^2/4)(x - 1 + exp(-x)) kT, from theta = n sqrt(kT/C) = 2 A_max tau_K/tau_s."""
        noise, x, ratio, n = SenseNoise(1e6, 1e-12), 10.0, 100.0, 4.0
        largest = n * noise.sigma * ratio * x / 2
        kt = BOLTZMANN * noise.temperature
        law = n**2 * ratio**2 / 4 * (x - 1 + math.exp(-x)) * kt
        assert ramp_energy(noise.c, largest, x) == pytest.approx(law)

    def test_same_whoever_computes(self) -> None:
        with ThreadPoolExecutor(3) as threads:
            there = check_laws(10.0, trials=5000, workers=threads)
        assert there == check_laws(10.0, trials=5000)
        assert there != check_laws(10.0, trials=5000, seed=1)

    @pytest.mark.parametrize(
        "arguments", [{"x": 0.0}, {"x": np.nan}, {"ratio": 1.0}, {"sigmas": -1.0}, {"trials": 1}]
    )
    def test_bad_input(self, arguments: dict[str, float]) -> None:
        with pytest.raises(InputError, match="check_laws"):
            check_laws(**{"x": 10.0, **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [(0.0, 1e-12), (1e6, -1e-12), (1e6, 1e-12, 0.0), (np.inf, 1e-12)])
def test_bad_parts(arguments: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="SenseNoise"):
        SenseNoise(*arguments)
