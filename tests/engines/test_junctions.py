"""The law of a junction and the steps along it."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import Network
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE, DiodePair, DiodeToRail, Part
from tcl_circuits.engines.junctions import Junctions


def both(saturation: float = 1e-9, emission: float = 1.3, ohms: float = 20.0) -> Junctions:
    """A diode to a rail, then a pair."""
    graph = nx.path_graph(["in", "a", "b"])
    parts: list[Part] = [
        DiodeToRail("a", 0.2, "in", saturation, emission, ohms),
        DiodePair("b", saturation, emission, ohms),
    ]
    return Junctions(Network.from_graph(graph, ["in"], ["b"], None, 1e-5, parts=parts))


def test_forward_it_is_shockley() -> None:
    thermal = 1.3 * THERMAL_VOLTAGE
    v = np.linspace(-2.9, 25, 50)[:, None] * thermal
    current, _, voltage = both().state(np.repeat(v, 2, axis=1))
    assert current[:, 0] == pytest.approx(1e-9 * np.expm1(v[:, 0] / thermal))
    near = np.abs(v[:, 0]) < 2.9 * thermal
    assert current[near, 1] == pytest.approx(2e-9 * np.sinh(v[near, 0] / thermal))
    assert voltage == pytest.approx(v + 20.0 * current)


@given(y=st.floats(-50, 30))
def test_conductance_is_the_slope_everywhere(y: float) -> None:
    junctions = both()
    v, step = np.full((1, 2), y * 1.3 * THERMAL_VOLTAGE), 1e-7
    low, high = junctions.state(v - step), junctions.state(v + step)
    slope = (high[0] - low[0]) / (high[2] - low[2])
    assert slope[0] == pytest.approx(junctions.state(v)[1][0], rel=1e-4, abs=1e-16)


def test_a_pair_is_odd_and_a_diode_leaks_no_more_than_its_saturation_current() -> None:
    v = np.linspace(0, 3, 40)[:, None]
    forward, backward = both().state(np.repeat(v, 2, axis=1)), both().state(np.repeat(-v, 2, axis=1))
    assert backward[0][:, 1] == pytest.approx(-forward[0][:, 1])
    assert np.all(backward[0][:, 0] >= -1e-9)


@given(x=st.floats(-100, 100), ohms=st.floats(1.0, 1e9))
def test_the_start_is_an_upper_bound(x: float, ohms: float) -> None:
    junctions = both()
    v = junctions.start(np.full((1, 2), x), np.full(2, ohms))
    current, _, voltage = junctions.state(v)
    assert np.all(np.isfinite(current))
    # What junction and network take is at least what is there.
    left = np.abs(voltage[0] + ohms * current[0])
    wanted = abs(x) if x >= 0 else 0.0
    assert left[0] >= wanted * (1 - 1e-9) - 1e-12
    assert left[1] >= abs(x) * (1 - 2e-2) - 1e-12


@given(v=st.floats(-1, 1), x=st.floats(-1e6, 1e6))
def test_no_step_overflows(v: float, x: float) -> None:
    junctions = both()
    at = np.full((1, 2), v)
    found = junctions.step(at, junctions.state(at), np.full((1, 2), x))
    assert np.all(np.isfinite(junctions.state(found)[0]))
