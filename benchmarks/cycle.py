"""A training cycle in the ngspice engine against the naive PySpice path and ``ngspice -b``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from accuracy import exact_transients, kernel_error, update_error
from circuits import SAW, TOGETHER, NudgeKind, SenseSignal, altered, make_cell, make_drive, make_network
from measure import Contestant, children_clock, cpu_medians, engine_clock
from python_share import PythonShare, python_share
from rivals import Batch, Cycle, Naive
from tables import Table, at_least, at_most

from tcl_circuits import Network
from tcl_circuits.engines import Ngspice
from tcl_circuits.engines.base import Transient

WANTED = {"S": (8.0, 5.0), "M": (5.0, 2.5), "X": (6.0, 2.0)}
"""Least ratios to the naive path and to ``ngspice -b``, linear sense cell."""
WANTED_SHARE = {"M": 15.0, "X": 15.0}
REPEATS = {"S": 9, "M": 7, "X": 5, "L": 1}
NUDGE: NudgeKind = "conductance"
LOOSE = 1e-4
"""reltol at which the engine's error is still no worse than the rivals'."""
BATCH = 8
DEFAULT, LOOSER, BATCHED = "engine", f"engine, reltol {LOOSE:g}", f"engine, {BATCH} samples a batch"
NAIVE, PROCESS = "naive PySpice", "ngspice -b"


@dataclass(frozen=True)
class Found:
    """CPU seconds of a cycle in each way, and the waveforms of each way's last cycle."""

    cpu: dict[str, float]
    last: dict[str, Transient]
    exact: Transient


class Contest:
    """The ways to simulate the same cycles, taking turns; all conductances change from turn to turn."""

    def __init__(self, size: str, signal: SenseSignal, folder: Path) -> None:
        self._size, self._network, self._cell = size, make_network(size), make_cell(signal)
        self._drive = make_drive(self._network, NUDGE, BATCH)
        self._first = self._drive.sample(0)
        self._engines = {DEFAULT: Ngspice(), LOOSER: Ngspice(reltol=LOOSE), BATCHED: Ngspice()}
        self._naive, self._process = Naive(), Batch(folder)
        self._last: dict[str, Transient] = {}

    def run(self, repeats: int, warm_up: bool) -> Found:
        """Time them, and solve the last cycle exactly."""
        contestants = {name: self._contestant(name) for name in self._engines}
        contestants[NAIVE] = Contestant(self._plainly, self._naive.clock)
        contestants[PROCESS] = Contestant(self._in_a_process, children_clock)
        for name in self._engines:
            # Workers start and load their circuit here, whether or not there is a warm-up.
            self._ours(name, 0)
        together = TOGETHER.get(self._size, 1)
        cpu = cpu_medians(contestants, repeats, warm_up, together)
        cpu[BATCHED] /= BATCH
        self._last[PROCESS] = self._process.read()
        return Found(
            cpu, self._last, exact_transients(self._at(repeats * together), self._cell, self._first)[0]
        )

    def close(self) -> None:
        """End all processes."""
        for engine in self._engines.values():
            engine.close()
        self._naive.close()

    def _contestant(self, name: str) -> Contestant:
        engine = self._engines[name]
        return Contestant(lambda repeat: self._ours(name, repeat), engine_clock(lambda: engine.pids))

    def _at(self, repeat: int) -> Network:
        return altered(self._network, repeat)

    def _ours(self, name: str, repeat: int) -> None:
        drive = self._drive if name == BATCHED else self._first
        self._last[name] = self._engines[name].run(self._at(repeat), self._cell, SAW, drive)[0]

    def _plainly(self, repeat: int) -> None:
        self._last[NAIVE] = self._naive.run(Cycle.of(self._at(repeat), self._first, self._cell))

    def _in_a_process(self, repeat: int) -> None:
        self._process.write(self._at(repeat), self._cell, self._first)
        self._process.run()


def cycle(sizes: Sequence[str], quick: bool) -> list[Table]:
    """Tables of the linear and the power cell, and of Python's share."""
    contests = [_contest_table(signal, sizes, quick) for signal in get_args(SenseSignal)]
    return [*contests, _shares(sizes, quick)]


def _contest_table(signal: SenseSignal, sizes: Sequence[str], quick: bool) -> Table:
    table = Table(
        f"Training cycle, {signal} sense cell, {NUDGE} nudge",
        ("size", "way", "CPU ms", "points", "error of u", "of update", "naive takes", "ngspice -b takes"),
        "engine: circuit loaded once, all conductances altered, run, waveforms read back; host and worker.\n"
        "naive PySpice: build, str, load, run with @r[i], 200 steps. ngspice -b: 200 steps, raw file; its\n"
        "text is written and its file read for nothing. Errors over max |u| and over the largest update.",
    )
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            contest = Contest(size, signal, Path(folder))
            try:
                found = contest.run(_repeats(size, quick), warm_up=size != "L")
            finally:
                contest.close()
        _add_rows(table, size, found, WANTED.get(size) if signal == "linear" else None)
    return table


def _repeats(size: str, quick: bool) -> int:
    return min(3, REPEATS[size]) if quick else REPEATS[size]


def _add_rows(table: Table, size: str, found: Found, wanted: tuple[float, float] | None) -> None:
    naive, process = wanted or (None, None)
    for name, seconds in found.cpu.items():
        transient = found.last[name]
        ratios: tuple[str | None, str | None] = (None, None)
        if name not in (NAIVE, PROCESS):
            ratios = (
                at_least(found.cpu[NAIVE] / seconds, naive),
                at_least(found.cpu[PROCESS] / seconds, process),
            )
        errors = kernel_error(transient, found.exact), update_error(transient, found.exact)
        table.add(size, name, 1e3 * seconds, transient.time.size, *errors, *ratios)


def _shares(sizes: Sequence[str], quick: bool) -> Table:
    table = Table(
        "Python's share of a cycle in the ngspice engine",
        ("size", "cell", "cycle ms", "host ms", "worker's Python ms", "ngspice ms", "Python's share, %"),
        "host: CPU of this process; worker's Python: its CPU outside libngspice, call-backs included.",
    )
    for size in sizes:
        for signal in ("linear", "power"):
            found = _share(size, signal, 5 if quick or size == "L" else 15)
            parts = (found.host + found.worker, found.host, found.worker - found.native, found.native)
            share = at_most(100 * found.share, WANTED_SHARE.get(size) if signal == "linear" else None)
            table.add(size, signal, *(1e3 * part for part in parts), share)
    return table


def _share(size: str, signal: SenseSignal, repeats: int) -> PythonShare:
    network, cell = make_network(size), make_cell(signal)
    drive = make_drive(network, NUDGE)
    return python_share(
        lambda engine, repeat: engine.run(altered(network, repeat), cell, SAW, drive), repeats
    )
