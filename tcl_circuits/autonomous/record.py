"""What is kept of an autonomous run, on the disk while it runs: one record for each moment of the schedule.

A record is a row of float64: kind, period, sample, time, then the transient's columns, then the energies so
far, then a checksum of all these. Records are appended as the simulator reaches them; a run that ends
for whatever reason has all of them, and goes on after the last whole period.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.autonomous.circuit import Columns
from tcl_circuits.autonomous.design import Design, States
from tcl_circuits.autonomous.energy import PARTS, cumulated, powers
from tcl_circuits.autonomous.schedule import KINDS, Kind, Mark
from tcl_circuits.autonomous.transient import LARGEST
from tcl_circuits.errors import InputError
from tcl_circuits.files import (
    read_json,
    reading_checkpoint,
    replacing,
    require_file,
    require_same_run,
    write_through,
)

_VERSION = 2
_HEAD = 4
"""Numbers before a record's columns: kind, period, sample, time."""


@dataclass(frozen=True, eq=False)
class Records:
    """The records of a run, in their order.

    Parameters
    ----------
    kind, period, sample : ndarray of shape (records,)
        Place in :data:`~tcl_circuits.autonomous.schedule.KINDS`; period; sample.
    time : ndarray of shape (records,)
        Circuit time [s].
    rows : ndarray of shape (records, columns)
        The transient's columns.
    energy : ndarray of shape (records, parts)
        Energies since the start [J].
    """

    kind: IntArray
    period: IntArray
    sample: IntArray
    time: FloatArray
    rows: FloatArray
    energy: FloatArray

    @classmethod
    def of(cls, table: FloatArray, columns: int) -> Records:
        """Records of a table as the file holds it."""
        kind, period, sample = table[:, :3].astype(np.int64).T
        numbers = table[:, _HEAD : _HEAD + columns + len(PARTS)]
        rows, energy = numbers[:, :columns], numbers[:, columns:]
        return cls(kind, period, sample, table[:, 3], rows, energy)

    def of_kind(self, kind: Kind) -> Records:
        """Those of one kind."""
        chosen = self.kind == KINDS.index(kind)
        return Records(
            self.kind[chosen],
            self.period[chosen],
            self.sample[chosen],
            self.time[chosen],
            self.rows[chosen],
            self.energy[chosen],
        )


class RecordFile:
    """The file of the records and, beside it, what they are.

    Parameters
    ----------
    path : Path
        The file; ``.json`` takes the place of its suffix for the description.
    columns : Columns
        The transient's columns.
    settings : mapping
        What a resumed run must share, JSON.
    """

    def __init__(self, path: Path, columns: Columns, settings: Mapping[str, Any]) -> None:
        self.path = path
        self._columns, self._settings = columns, dict(settings)
        self._width = _HEAD + len(columns.names) + len(PARTS) + 1

    def bytes_of(self, records: int) -> int:
        """Size of so many records."""
        return records * self._width * 8

    def create(self) -> None:
        """Begin anew."""
        about = {**self._form(), "settings": self._settings}
        # Records first: those of another run must never stand beside this one's description.
        with replacing(self.path):
            pass
        with replacing(self.path.with_suffix(".json")) as file:
            file.write((json.dumps(about, indent=1, sort_keys=True) + "\n").encode())

    def _form(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "columns": ["kind", "period", "sample", "time", *self._columns.names, *PARTS, "crc32"],
            "kinds": list(KINDS),
        }

    def read(self, marks: Sequence[Mark]) -> Records:
        """All whole records.

        Parameters
        ----------
        marks : sequence of Mark
            What the records of the whole run are of.

        Raises
        ------
        InputError
            If the files are missing, damaged, or of another run.
        """
        with reading_checkpoint(self.path.with_suffix(".json"), "--resume"):
            about = _found(self.path.with_suffix(".json"), read_json)
            if about["version"] != _VERSION:
                raise InputError(
                    f"{self.path} is of version {about['version']}; this package reads {_VERSION}; "
                    "start anew without --resume"
                )
            self._require(about.pop("settings"))
            if about != self._form():
                raise ValueError("it describes other records")
        with reading_checkpoint(self.path, "--resume"):
            data = _found(self.path, _numbers)
            table = data[: data.size // self._width * self._width].reshape(-1, self._width)
            damaged = np.flatnonzero(table[:, -1] != _checksums(table[:, :-1]))
            if damaged.size:
                raise ValueError(f"record {damaged[0] + 1} is damaged: its checksum is another")
            if not np.all(np.isfinite(table)) or np.any(np.abs(table[:, _HEAD : -1 - len(PARTS)]) > LARGEST):
                raise ValueError(f"it holds values that are not finite or beyond {LARGEST:g}")
            heads = np.array([(KINDS.index(mark.kind), mark.period, mark.sample) for mark in marks])
            if len(table) > len(heads) or not np.array_equal(table[:, :3], heads[: len(table)]):
                raise ValueError("its records are not those of this run's schedule")
            return Records.of(table, len(self._columns.names))

    def _require(self, saved: Mapping[str, Any]) -> None:
        # Through JSON and back, so that tuples and lists are the same.
        require_same_run(self.path, saved, json.loads(json.dumps(self._settings)))

    def rewind(self, records: int) -> None:
        """Drop all but the first records."""
        with self.path.open("r+b") as file:
            file.truncate(self.bytes_of(records))

    def open(self) -> FileIO:
        """Open to append, without a buffer."""
        return self.path.open("ab", buffering=0)


def _found(path: Path, read: Callable[[Path, str], Any]) -> Any:
    """What a file holds; that it is missing is said as of any checkpoint."""
    path.stat()
    return read(path, "start anew without --resume")


def _numbers(path: Path, remedy: str) -> FloatArray:
    require_file(path, remedy, math.inf)
    return np.fromfile(path)


def append(file: FileIO, table: FloatArray) -> None:
    """Write records to the disk, whole unless the disk is full; an OSError then says so."""
    write_through(file, np.column_stack([table, _checksums(table)]).tobytes())


def _checksums(table: FloatArray) -> FloatArray:
    return np.array([crc32(row.tobytes()) for row in table], dtype=np.float64)


class Recorder:
    """Takes the time points of a transient and gives back the records among them.

    Parameters
    ----------
    design : Design
        The run.
    columns : Columns
        The transient's columns.
    start : int
        Its first period.
    energy : ndarray of shape (parts,)
        Energies when it starts.
    """

    def __init__(self, design: Design, columns: Columns, start: int, energy: FloatArray) -> None:
        self._design, self._columns, self._energy = design, columns, energy
        self._offset = start * design.schedule.timing.period
        self._marks = design.schedule.marks(start)
        self._times = np.array([mark.time for mark in self._marks])
        self._samples = np.array([period.samples[0] for period in design.schedule.periods[start:]])
        self._done = 0
        self._last: FloatArray | None = None

    def take(self, rows: FloatArray) -> FloatArray:
        """Records that a chunk of time points completes, as a table for the file."""
        if self._last is not None:
            rows = np.vstack([self._last, rows])
        period = self._design.schedule.timing.period
        at = np.clip((rows[:, 0] / period).astype(np.int64), 0, self._samples.size - 1)
        power = powers(self._design, self._columns, rows, self._samples[at])
        energy = cumulated(rows[:, 0], power, self._energy)
        self._last, self._energy = rows[-1:], energy[-1]
        # The end of a run may come a rounding error early.
        upto = int(np.searchsorted(self._times, rows[-1, 0] + 1e-9 * period, side="right"))
        marks, times = self._marks[self._done : upto], self._times[self._done : upto]
        self._done = upto
        heads = np.array([self._head(mark) for mark in marks]).reshape(-1, _HEAD)
        return np.hstack([heads, _at(np.hstack([rows, energy]), times)])

    def _head(self, mark: Mark) -> tuple[float, float, float, float]:
        return KINDS.index(mark.kind), mark.period, mark.sample, mark.time + self._offset


def _at(rows: FloatArray, times: FloatArray) -> FloatArray:
    """Rows at times, linear between the time points."""
    if rows.shape[0] < 2:
        return np.repeat(rows, times.size, axis=0)
    after = np.clip(np.searchsorted(rows[:, 0], times), 1, rows.shape[0] - 1)
    before = after - 1
    share = np.clip((times - rows[before, 0]) / (rows[after, 0] - rows[before, 0]), 0.0, 1.0)
    result: FloatArray = rows[before] + share[:, None] * (rows[after] - rows[before])
    return result


def last_states(records: Records, columns: Columns, design: Design) -> tuple[int, States, FloatArray, int]:
    """Where a run goes on: next period, states, energies, and the records up to there."""
    ends = np.flatnonzero(records.kind == KINDS.index("end"))
    if not ends.size:
        return 0, design.start(), np.zeros(len(PARTS)), 0
    k = int(ends[-1])
    period = int(records.period[k])
    learned = _learned(design, period)
    states = columns.states(records.rows[k], design, design.targets[learned])
    return period + 1, states, records.energy[k], k + 1


def _learned(design: Design, upto: int) -> int:
    """Sample of the last learning cycle up to a period."""
    periods = reversed(design.schedule.periods[: upto + 1])
    return next((period.samples[0] for period in periods if period.learns), 0)
