"""The temporal update: a worked case, single synapses, and the published method with full tensors."""

from __future__ import annotations

import numpy as np
import pytest
from ep_cases import TARGET, X, change, shown, small_network

from tcl_circuits import HardThreshold
from tcl_circuits.ep.gating import GatedSum
from tcl_circuits.ep.rules import Temporal
from tcl_circuits.ep.settings import Settings

WORKED = Settings(weight_thresholds=(4e-5, 1e-4), bias_thresholds=(1e-4, 1.5e-4))


def test_the_worked_update() -> None:
    network = small_network()
    after = Temporal.of(WORKED, 2).step(shown(network, X, TARGET, WORKED))
    wanted: list[list[list[float]] | list[float]] = [
        [
            [0.0147545934, 0.0054954099, 0.0113318014],
            [-0.0123426098, 0.0172764097, 0.0191735416],
            [0.0136930895, 0.0123357792, 0.0136966322],
            [0, 0.0191577517, 0.0183647499],
        ],
        [[0.0229811730, 0], [0, 0.0148964396], [0.0215057215, 0.0203447609]],
        [0.0144392578, 0.0308394481, 0.0305053429],
        [0.0308786760, 0.0273673994],
    ]
    for found, known in zip(change(network, after), wanted, strict=True):
        np.testing.assert_allclose(found, np.array(known), rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize(("theta", "integral"), [(1.2e-6, 4.41545773e-7), (0.0, -1.70982419e-8)])
def test_one_synapse_on_a_linear_ramp(theta: float, integral: float) -> None:
    d = np.full((8, 1), 1e-3 / 8)
    assert GatedSum(Settings().cycle(), HardThreshold(theta))(d)[0] == pytest.approx(integral, rel=1e-8)


def test_eleven_samples_of_the_ramp_pass() -> None:
    u = Settings().cycle().steps @ np.full(8, 1e-3 / 8)
    assert np.count_nonzero(np.abs(u) >= 1.2e-6) == 11


def test_a_constant_signal_changes_nothing() -> None:
    assert GatedSum(Settings().cycle(), HardThreshold(1.2e-6))(np.zeros((8, 1)), np.array([0.3]))[0] == 0
