"""One long transient read while it runs: every fault of the simulator is told, with its own words."""

from __future__ import annotations

import numpy as np
import pytest

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.transient import stream
from tcl_circuits.errors import EngineError, EngineTimeout

CHARGED = """charging
v1 a 0 DC 1
r1 a b 1k
c1 b 0 1n ic=0
.save v(a) v(b) i(v1)
.options reltol=1e-6
.tran 1e-8 {stop} 0 2e-8 uic
.end
"""


def test_time_points_arrive_in_order_and_whole() -> None:
    names = ("time", "i(v1)", "v(b)")
    rows = np.vstack(list(stream(CHARGED.format(stop="5e-6"), names, 5e-6)))
    assert np.all(np.diff(rows[:, 0]) > 0)
    assert rows[-1, 0] == pytest.approx(5e-6)
    np.testing.assert_allclose(rows[:, 2], 1 - np.exp(-rows[:, 0] / 1e-6), atol=1e-4)
    np.testing.assert_allclose(rows[1:, 1], -(1 - rows[1:, 2]) / 1e3, atol=1e-9)


def test_vectors_may_be_asked_for_twice() -> None:
    """A cell without lag has one node for w and v."""
    rows = np.vstack(list(stream(CHARGED.format(stop="5e-6"), ("time", "v(b)", "v(b)"), 5e-6)))
    np.testing.assert_array_equal(rows[:, 1], rows[:, 2])


@pytest.mark.parametrize(
    ("text", "names", "words"),
    [
        (CHARGED.format(stop="5e-6"), ("time", "v(nowhere)"), r"vector 'v\(nowhere\)' is missing"),
        (
            CHARGED.format(stop="5e-6").replace("c1 b 0 1n ic=0", "d1 b 0 nomodel"),
            ("time", "v(b)"),
            "nomodel",
        ),
        (CHARGED.format(stop="5e-6").replace("r1 a b 1k", "r1 a b {what}"), ("time", "v(b)"), "what"),
        (
            # A current that stops nowhere between its two values.
            CHARGED.format(stop="5e-6").replace("r1 a b 1k", "r1 a b 1k\nb1 b 0 i=1e6*u(V(b)-0.3)"),
            ("time", "v(b)"),
            r"stopped at .* instead of 5e-06 s: .*Timestep too small",
        ),
        ("empty\n.end\n", ("time", "v(b)"), "ngspice stopped at 0 s instead of 5e-06 s"),
        (CHARGED.format(stop="2e-6"), ("time", "v(b)"), "stopped at 2e-06 s instead of 5e-06 s"),
    ],
)
def test_faults_are_told_in_the_simulators_words(text: str, names: tuple[str, ...], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        list(stream(text, names, 5e-6))


def test_what_no_circuit_has_is_a_fault_after_what_was_sound() -> None:
    text = CHARGED.format(stop="5e-6").replace("r1 a b 1k", "i1 0 b DC 1e3")
    found: list[FloatArray] = []
    with pytest.raises(EngineError, match=r"voltages are beyond 1e\+06 V after"):
        found.extend(stream(text, ("time", "v(b)"), 5e-6))
    reached = np.vstack(found)
    assert 0 < reached[-1, 0] < 1.1e-6
    assert np.abs(reached).max() <= 1e6


def test_a_time_limit_ends_it_at_once() -> None:
    with pytest.raises(EngineTimeout, match="time limit"):
        list(stream(CHARGED.format(stop="10"), ("time", "v(b)"), 10.0, time_limit=1.0))


def test_one_who_stops_reading_leaves_no_process() -> None:
    import psutil

    rows = stream(CHARGED.format(stop="10"), ("time", "v(b)"), 10.0)
    next(iter(rows))
    children = [one for one in psutil.Process().children() if "ngspice" in one.name()]
    assert children
    rows.close()  # type: ignore[attr-defined]
    assert not any(one.is_running() for one in children)
