"""The clock of a cycle and the order of the samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits.autonomous.schedule import Schedule, step_to
from tcl_circuits.autonomous.timing import Timing, pulse_value
from tcl_circuits.circuit.elements import Corner
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Polarity, Sawtooth

polarities = pytest.mark.parametrize("polarity", ["inverted", "standard"])


def timing(polarity: Polarity = "inverted") -> Timing:
    return Timing(Sawtooth(1e-5, 1e-3, polarity))


@polarities
def test_the_gate_is_open_in_the_fast_ramp_and_closed_when_inputs_switch(polarity: Polarity) -> None:
    clock = timing(polarity)
    gate, nudge = clock.gate_pulse("vg", "g"), clock.nudge_pulse("vn", "n")
    first, last = clock.saw.fast_ramp
    for t in np.linspace(clock.gap + first, clock.gap + last, 11):
        assert pulse_value(gate, float(t)) == pytest.approx(1, abs=1e-9)
    for t in np.linspace(0, clock.switch, 5):
        assert pulse_value(gate, float(t)) == 0
        assert pulse_value(nudge, float(t)) == 0
    assert pulse_value(gate, clock.period) == pytest.approx(0, abs=1e-9)


@polarities
@given(t=st.floats(0, 1.01e-3))
def test_the_nudge_is_the_sawtooth(polarity: Polarity, t: float) -> None:
    clock = timing(polarity)
    expected = float(clock.saw.strength(np.array([t]))[0])
    assert pulse_value(clock.nudge_pulse("v", "n"), clock.gap + t) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hold": 0.0}, "never opens"),
        ({"hold": 5e-6}, "closes 5 us after the fast ramp begins, before its end at 10 us"),
        ({"rest": -2e-6}, "open for 2 us after the inputs have begun to switch"),
        ({"settle": float("nan")}, "settle"),
        ({"close": 0.0}, "close"),
    ],
)
def test_a_gate_at_the_wrong_time_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        replace(timing(), **changes)  # type: ignore[arg-type]


def test_a_standard_gate_may_not_open_while_inputs_switch() -> None:
    with pytest.raises(InputError, match="begins to open 5 us before the inputs have switched"):
        replace(timing("standard"), settle=10e-6, close=15e-6)


@given(train=st.integers(1, 9), test=st.integers(0, 9), cycles=st.integers(0, 30), seed=st.integers(0, 5))
def test_every_sample_is_learned_once_an_epoch(train: int, test: int, cycles: int, seed: int) -> None:
    schedule = Schedule.make(timing(), train, test, cycles, seed, look_every=train)
    learned = [period.samples[0] for period in schedule.periods if period.learns]
    assert len(learned) == cycles == schedule.cycles
    for k in range(0, cycles - train + 1, train):
        assert sorted(learned[k : k + train]) == list(range(train))
    looks = [mark.sample for mark in schedule.marks() if mark.kind == "look"]
    shown = schedule.periods[-1].look
    assert looks == list(range(train + test)) * shown
    assert shown == 1 + -(-cycles // train)


@given(start=st.integers(0, 12))
def test_a_schedule_goes_on_anywhere(start: int) -> None:
    """What is left of a schedule is the same on a clock that begins later."""
    schedule = Schedule.make(timing(), 3, 2, 9, 1)
    offset = start * schedule.timing.period
    whole = [mark for mark in schedule.marks() if mark.period >= start]
    part = schedule.marks(start)
    assert [(m.period, m.kind, m.sample) for m in whole] == [(m.period, m.kind, m.sample) for m in part]
    np.testing.assert_allclose([m.time for m in whole], [m.time + offset for m in part], atol=1e-12)


def test_a_track_has_corners_where_it_changes_only() -> None:
    track: list[Corner] = [(0.0, 1.0)]
    step_to(track, 0.0, 1.0, 2.0)
    step_to(track, 5.0, 6.0, 2.0)
    step_to(track, 8.0, 9.0, 0.0)
    assert track == [(0.0, 1.0), (1.0, 2.0), (8.0, 2.0), (9.0, 0.0)]


def test_targets_are_not_shown_in_looks() -> None:
    """A circuit that learns sees no target of a sample held out."""
    schedule = Schedule.make(timing(), 1, 3, 2, 0)
    values = np.array([[1.0], [5.0], [6.0], [7.0]])
    (track,) = schedule.levels(values, 0, np.array([0.0]), learning=True)
    assert {level for _, level in track} == {0.0, 1.0}
    (inputs,) = schedule.levels(values, 0, np.array([0.0]), learning=False)
    assert {level for _, level in inputs} == {0.0, 1.0, 5.0, 6.0, 7.0}


def test_a_look_must_fit() -> None:
    with pytest.raises(InputError, match="longer than two switches"):
        Schedule.make(timing(), 1, 0, 1, look_time=1e-6)
