"""Which sample is presented when: learning cycles in the seed's order, and looks at all samples between.

Time is cut into periods of equal length. In a learning period one sample is presented and the nudge runs;
in a look the nudge is off and the write gate closed, and samples are presented one after the other, so that
the loss is measured in the circuit. Everything after a period follows from the states at its end: a run can
go on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.timing import Timing
from tcl_circuits.circuit.elements import Corner
from tcl_circuits.errors import InputError

Kind = Literal["free", "look", "end"]
KINDS: tuple[Kind, ...] = ("free", "look", "end")
"""Moments that are recorded: before the nudge starts, at the end of a look at a sample, a period's end."""

_USUAL_LOOKS = 20
_MOST_CYCLES = 100_000
"""Corners of the sources for more cycles are more than ngspice can search at each time point."""


@dataclass(frozen=True)
class Period:
    """A period: a learning cycle of one sample, or a look at several.

    Parameters
    ----------
    learns : bool
        Whether the nudge and the gate are on.
    samples : tuple of int
        What is presented: training samples first, then those held out.
    cycles : int
        Learning cycles done at its end.
    look : int
        Number of looks begun at its end.
    wait : float
        From the period's start to the first sample of a look [s].
    """

    learns: bool
    samples: tuple[int, ...]
    cycles: int
    look: int
    wait: float = 0.0


@dataclass(frozen=True)
class Mark:
    """A moment to record: time [s], period, what it is, and the sample that is present."""

    time: float
    period: int
    kind: Kind
    sample: int


@dataclass(frozen=True, eq=False)
class Schedule:
    """The periods of a run.

    Parameters
    ----------
    timing : Timing
        Clock of each period.
    periods : tuple of Period
        What happens in them.
    look_time : float
        How long a look lasts at each sample, its switch included [s].
    """

    timing: Timing
    periods: tuple[Period, ...]
    look_time: float

    @classmethod
    def make(
        cls,
        timing: Timing,
        train: int,
        test: int,
        cycles: int,
        seed: int = 0,
        look_every: int | None = None,
        look_time: float = 5e-6,
        fresh: bool = True,
        wait: float = 0.0,
    ) -> Schedule:
        """Plan a run: a look, cycles, looks between them, and one at the end.

        Parameters
        ----------
        timing : Timing
            Clock of a period.
        train, test : int
            Number of samples to learn from, and held out.
        cycles : int
            Learning cycles.
        seed : int
            Seed of the samples' order.
        look_every : int, optional
            Cycles between looks; by default an epoch, but not more than some twenty looks in a run.
        look_time : float
            How long a look lasts at each sample [s].
        fresh : bool
            A new order for each epoch; else that of the first again and again.
        wait : float
            How long a look waits for the conductances to follow their states [s].
        """
        if train < 1 or cycles < 0:
            raise InputError(f"schedule: {cycles} cycles of {train} samples can't be run")
        if cycles > _MOST_CYCLES:
            raise InputError(
                f"schedule: {cycles} cycles are too many for one transient; run {_MOST_CYCLES} or fewer"
            )
        if not 2 * timing.switch < look_time <= timing.period:
            raise InputError(
                f"schedule: a look of {look_time:g} s must be longer than two switches of "
                f"{timing.switch:g} s and not longer than a period of {timing.period:g} s"
            )
        every = look_every or train * max(1, round(cycles / train / _USUAL_LOOKS))
        shown = _looks(train + test, timing.period, look_time, wait)
        periods: list[Period] = []
        looks = 0
        for cycle in range(cycles + 1):
            if cycle % every == 0 or cycle == cycles:
                looks += 1
                periods += [Period(False, part, cycle, looks, late) for part, late in shown]
            if cycle < cycles:
                epoch = cycle // train if fresh else 0
                order = np.random.default_rng([seed, epoch]).permutation(train)
                periods.append(Period(True, (int(order[cycle % train]),), cycle + 1, looks))
        return cls(timing, tuple(periods), look_time)

    @property
    def length(self) -> float:
        """Circuit time of the whole run [s]."""
        return len(self.periods) * self.timing.period

    @property
    def cycles(self) -> int:
        """Learning cycles in all."""
        return self.periods[-1].cycles

    def presentations(self, start: int = 0) -> Iterator[tuple[float, int]]:
        """Times at which inputs begin to switch, from period `start` on, and the sample they switch to."""
        for p, period in enumerate(self.periods[start:]):
            for k, sample in enumerate(period.samples):
                yield p * self.timing.period + period.wait + k * self.look_time, sample

    def marks(self, start: int = 0) -> list[Mark]:
        """Moments to record in their order, on a clock that begins with period `start`."""
        found = []
        for p, period in enumerate(self.periods[start:]):
            begin = p * self.timing.period
            if period.learns:
                found.append(Mark(begin + self.timing.gap, start + p, "free", period.samples[0]))
            else:
                found += [
                    Mark(begin + period.wait + (k + 1) * self.look_time, start + p, "look", sample)
                    for k, sample in enumerate(period.samples)
                ]
            found.append(Mark(begin + self.timing.period, start + p, "end", period.samples[-1]))
        return found

    def levels(
        self, values: FloatArray, start: int, before: FloatArray, learning: bool
    ) -> list[list[Corner]]:
        """Corners of sources that follow the samples, from period `start` on.

        Parameters
        ----------
        values : ndarray of shape (samples, sources)
            Voltage of each source for each sample [V].
        start : int
            First period.
        before : ndarray of shape (sources,)
            Voltages at the start [V].
        learning : bool
            Follow the samples of learning cycles alone, and keep the last value in looks.

        Returns
        -------
        list of list of (time, voltage)
            For each source.
        """
        shown = [
            (time, sample)
            for time, sample in self.presentations(start)
            if not learning or self.periods[start + int((time + 1e-12) / self.timing.period)].learns
        ]
        tracks: list[list[Corner]] = [[(0.0, float(level))] for level in before]
        for time, sample in shown:
            for track, level in zip(tracks, values[sample].tolist(), strict=True):
                step_to(track, time, time + self.timing.switch, level)
        return tracks

    def learning(self, start: int = 0) -> list[Corner]:
        """Corners of the source that is 1 in learning periods and 0 in looks."""
        track: list[Corner] = [(0.0, float(self.periods[max(0, start - 1)].learns))]
        for p, period in enumerate(self.periods[start:]):
            begin = p * self.timing.period
            step_to(track, begin, begin + self.timing.switch, float(period.learns))
        return track


def _looks(samples: int, period: float, each: float, wait: float) -> list[tuple[tuple[int, ...], float]]:
    """Samples of each period of a look, and how long the period waits."""
    found: list[tuple[tuple[int, ...], float]] = []
    first, late = 0, wait
    while first < samples:
        room = int((period - late) / each * (1 + 1e-9))
        if room > 0:
            found.append((tuple(range(first, min(samples, first + room))), late))
        else:
            found.append(((first,), period - each))
            room = 1
        first, late = first + room, 0.0
    return found


def step_to(track: list[Corner], start: float, stop: float, level: float) -> None:
    """Let a piecewise linear voltage change to a level; nothing, if it is there already."""
    time, last = track[-1]
    if last == level:
        return
    if start > time:
        track.append((start, last))
    track.append((stop, level))
