"""The cell that learns by itself: its equations, its text, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits.circuit.autonomous_cell import AutonomousCell
from tcl_circuits.circuit.autonomous_elements import subcircuit
from tcl_circuits.circuit.memristors.vteam import VTEAM
from tcl_circuits.circuit.netlist import subcircuit_text
from tcl_circuits.errors import InputError
from tcl_circuits.rule import HardThreshold, SoftThreshold

CELL = AutonomousCell(transconductance=1e-5, theta=1e-3)


@given(u=st.floats(-1, 1), theta=st.floats(1e-6, 0.5))
def test_the_dead_zone_is_the_rules_soft_threshold(u: float, theta: float) -> None:
    values = np.array([[u]])
    expected = SoftThreshold(theta)(values)
    np.testing.assert_allclose(CELL.thresholded(values, theta), expected, atol=1e-15)


@given(u=st.floats(-1, 1))
def test_the_hard_threshold_tends_to_the_rules(u: float) -> None:
    cell, values = replace(CELL, threshold="hard", theta=0.1), np.array([[u]])
    if abs(abs(u) - 0.1) > 0.05:
        np.testing.assert_allclose(cell.thresholded(values), HardThreshold(0.1)(values), atol=1e-5)


@given(u=st.floats(-1, 1), theta=st.floats(1e-6, 0.5))
def test_a_vteam_threshold_of_power_one_is_the_dead_zone(u: float, theta: float) -> None:
    cell, values = replace(CELL, threshold="vteam", alpha=1.0, reach=0.6), np.array([u])
    np.testing.assert_allclose(cell.thresholded(values, theta), CELL.thresholded(values, theta), atol=1e-15)


@given(share=st.floats(1.001, 20), alpha=st.floats(1, 5))
def test_a_vteam_threshold_is_the_memristors_law(share: float, alpha: float) -> None:
    """The state moves as that of a VTEAM device with the same threshold, but for a factor."""
    cell = replace(CELL, threshold="vteam", theta=0.1, alpha=alpha, reach=0.7)
    device = VTEAM(k_off=2.0, k_on=-2.0, v_off=0.1, v_on=-0.1, alpha_off=alpha, alpha_on=alpha)
    volts = 0.1 * np.array([-share, -1.0, -0.3, 0.0, 0.9, 1.0, share])
    moved, expected = cell.thresholded(volts), device.drift(np.full(7, 1e-9), volts)
    np.testing.assert_allclose(moved / moved[-1], expected / expected[-1], atol=1e-12)
    assert np.all(moved[1:6] == 0)
    step = 1e-6
    slope = np.diff(cell.thresholded(np.array([0.7 - step, 0.7 + step])))[0] / (2 * step)
    assert slope == pytest.approx(1, rel=1e-4)


@given(w=st.floats(-1, 10))
def test_bounds_push_back_and_nothing_else(w: float) -> None:
    low, high = CELL.state_bounds
    current = float(CELL.bound_current(np.array([w]))[0])
    assert np.sign(current) == (1 if w < low else -1 if w > high else 0)


def test_standard_and_inverted_differ_in_sign_alone() -> None:
    u = np.linspace(-0.01, 0.01, 9)
    standard = replace(CELL, polarity="standard")
    np.testing.assert_array_equal(standard.write_current(u, 0.5), -CELL.write_current(u, 0.5))


def test_scale_changes_no_physics() -> None:
    scaled = replace(CELL, scale=30.0, theta=30 * CELL.theta, transconductance=CELL.transconductance / 30)
    assert scaled.gain == pytest.approx(CELL.gain)
    u = np.linspace(-0.01, 0.01, 9)
    np.testing.assert_allclose(scaled.write_current(30 * u, 1.0), CELL.write_current(u, 1.0), rtol=1e-12)


@pytest.mark.parametrize("signal", ["power", "abs", "linear"])
@pytest.mark.parametrize("threshold", ["dead_zone", "hard", "soft", "vteam"])
def test_the_subcircuit_says_what_it_is(signal: Any, threshold: Any) -> None:
    text = subcircuit_text(subcircuit(replace(CELL, signal=signal, threshold=threshold, reach=0.02), 2e-5))
    assert f".subckt autonomous_{signal} a b gate w0 v0 u0" in text
    assert text.isascii()
    for words in ("conductance G = 20 uS/V times v0", "tau_K = 3 us", "g_m = 10 uA/V", "C_w = 10 pF"):
        assert words in text
    assert ("0.5*V(a,b)*V(a,b)" in text) == (signal == "power")
    assert "ic=1.0" in text


@pytest.mark.parametrize("lag", [0.0, 1e-13])
def test_the_comment_explains_every_pin_and_no_other(lag: float) -> None:
    text = subcircuit_text(subcircuit(replace(CELL, lag_capacitance=lag), 2e-5))
    (said,) = [line for line in text.splitlines() if "pins:" in line]
    (head,) = [line for line in text.splitlines() if line.startswith(".subckt")]
    pins = head.split()[2:]
    assert [part.split()[0] for part in said.partition("pins: ")[2].split("; ")] == pins
    assert f"S/V times {'v0' if lag else 'w0'}" in text
    assert ("v0" in text) == bool(lag)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"transconductance": 0.0}, "transconductance"),
        ({"theta": -1.0}, "theta"),
        ({"theta": float("nan")}, "theta"),
        ({"bounds": (1e-4, 1e-6)}, "low < high"),
        ({"signal": "cubic"}, "signal 'cubic' must be one of power, abs, linear"),
        ({"threshold": "hard", "theta": 0.0}, "needs theta > 0"),
        ({"threshold": "vteam", "reach": 1e-3}, "reach = 0.001 V.* above theta = 0.001 V"),
        ({"threshold": "vteam", "reach": float("nan")}, "reach"),
        ({"threshold": "vteam", "reach": 1.0, "theta": 0.0}, "needs theta > 0"),
        ({"alpha": 0.5}, "alpha = 0.5 must be at least 1"),
        ({"signal": "linear", "scale": 30.0}, "scale = 30 must be 1"),
        ({"c": "3p"}, "c = '3p'"),
    ],
)
def test_impossible_cells_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        replace(CELL, **changes)
