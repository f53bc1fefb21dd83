"""lambda_max: exact, bounded, and what it leads to."""

from __future__ import annotations

import numpy as np
import pytest
from autonomous_cases import planned
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits.autonomous.stability import gain_for, stability, unit_feedback
from tcl_circuits.circuit.builders import lattice
from tcl_circuits.circuit.cells import Signal
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError


def net(seed: int) -> Network:
    return lattice(3, 4, [(0, 0), (2, 3)], [(1, 1)], ground=(0, 3), diagonals=3, seed=seed)


@given(seed=st.integers(0, 200))
def test_exact_value_is_that_of_the_edges_matrix_and_below_the_bound(seed: int) -> None:
    network = net(seed)
    volts = np.random.default_rng(seed).uniform(-1, 1, (3, 2))
    voltages = Conduction(network).voltages(volts)
    exact, bound = unit_feedback(network, volts, "power")
    # The definition: M = diag(dV) R diag(dV) with R = D L^-1 D^T from unit currents.
    incidence = network.drops(np.eye(network.node_count)).T[:, network.free]
    matrix = incidence.T @ np.diag(network.conductance) @ incidence
    transfer = incidence @ np.linalg.solve(matrix, incidence.T)
    largest = max(
        np.linalg.eigvalsh(np.diag(drops) @ transfer @ np.diag(drops)).max()
        for drops in network.drops(voltages)
    )
    assert exact == pytest.approx(largest, rel=1e-9)
    assert exact <= bound * (1 + 1e-12)


@pytest.mark.parametrize("signal", ["power", "abs"])
def test_gain_gives_what_was_wanted(signal: Signal) -> None:
    network, volts = net(1), np.array([[1.0, -0.5], [0.2, 0.9]])
    gain = gain_for(network, volts, signal, 0.7)
    assert stability(network, volts, signal, gain, "inverted", True).exact == pytest.approx(0.7)


def test_the_standard_sawtooth_is_refused_where_it_may_run_away() -> None:
    with pytest.raises(InputError, match=r"lambda_max = 1\.2: .* may run away from 1 on; lower the gain"):
        planned(polarity="standard", gain=1.2)
    assert planned(polarity="standard", gain=1.2, force=True).remarks
    assert planned(polarity="standard", gain=0.9).stability.limit == 0.3
    assert planned(polarity="inverted", gain=6.0).remarks, "beyond its limit, but stable"


def test_words_hold_all_three_numbers() -> None:
    words = planned(gain=2.0).stability.words()
    assert "lambda_max 2 " in words
    assert "at most" in words
    assert "faithful up to 4" in words


def test_without_inputs_nothing_can_be_learned() -> None:
    with pytest.raises(InputError, match="no training sample"):
        gain_for(net(0), np.zeros((1, 2)), "power", 1.0)
