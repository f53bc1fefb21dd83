"""A smeared threshold: its limits, its antiderivative, and the noise that it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from tcl_circuits.errors import InputError
from tcl_circuits.rule import HardThreshold
from tcl_circuits.surveys.rules.smeared import SmearedThreshold

THETA = np.array([0.7])
COURSE = np.linspace(-2, 2, 81)[None]


def test_a_narrow_smear_is_a_hard_threshold() -> None:
    u = COURSE[np.abs(np.abs(COURSE) - 0.7) > 1e-3][None]
    sharp, smeared = HardThreshold(THETA), SmearedThreshold(THETA, 1e-6, 0.0)
    np.testing.assert_allclose(smeared(u), sharp(u), atol=1e-9)
    np.testing.assert_allclose(smeared.antiderivative(u), sharp.antiderivative(u), atol=1e-9)


@pytest.mark.parametrize(("softness", "noise"), [(0.2, 0.0), (0.0, 0.3), (0.2, 0.3)])
def test_antiderivative(softness: float, noise: float) -> None:
    gate = SmearedThreshold(THETA, softness, noise)
    for end in (-1.5, -0.4, 0.9, 2.0):
        expected, _ = quad(lambda x: float(gate(np.array([[x]]))[0, 0]), 0, end)
        assert gate.antiderivative(np.array([[end]]))[0, 0] == pytest.approx(expected, abs=1e-9)


def test_it_passes_the_mean_of_a_noisy_kernel_output() -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, 200_000)
    gate, sharp = SmearedThreshold(THETA, 0.0, 0.3), HardThreshold(THETA)
    for u in (0.0, 0.5, 0.8, 1.4):
        passed = sharp((u + noise)[None])[0]
        at = np.array([[u]])
        assert gate(at)[0, 0] == pytest.approx(passed.mean(), abs=4 * passed.std() / np.sqrt(noise.size))
        error = np.sqrt(np.mean((passed - passed.mean()) ** 4) / noise.size)
        assert gate.variance(at)[0, 0] == pytest.approx(passed.var(), abs=4 * error)


def test_odd_in_u() -> None:
    gate = SmearedThreshold(THETA, 0.2, 0.3)
    np.testing.assert_allclose(gate(-COURSE), -gate(COURSE), atol=1e-12)


def test_without_threshold_all_passes() -> None:
    gate = SmearedThreshold(np.zeros(1), 0.0, 0.3)
    np.testing.assert_allclose(gate(COURSE), COURSE, atol=1e-12)


def test_it_has_no_sharp_crossings() -> None:
    with pytest.raises(InputError, match="sharp crossings"):
        SmearedThreshold(THETA, 0.1, 0.0).passed(THETA, THETA, THETA)
