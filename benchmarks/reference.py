"""The reference engine, batched over samples, against ``ngspice -b`` on the same circuits."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from accuracy import exact_transients, integrated, kernel_error, shared_error
from circuits import NUDGES, SAW, TOGETHER, NudgeKind, altered, make_cell, make_drive, make_network
from measure import Contestant, children_clock, cpu_medians, engine_clock
from rivals import Batch
from tables import Table, at_least, at_most

from tcl_circuits import Network
from tcl_circuits.engines import Reference
from tcl_circuits.engines.base import Transient

SAMPLES = 16
WANTED = {"S": 30.0, "M": 100.0, "X": 150.0, "L": 1000.0}
WANTED_ERROR = 1e-6
REPEATS = {"S": 9, "M": 7, "X": 5, "L": 1}


class Pair:
    """The reference engine and ``ngspice -b`` on the same circuits, taking turns."""

    def __init__(self, size: str, nudge: NudgeKind, folder: Path) -> None:
        self._network, self._cell = make_network(size), make_cell("linear")
        self._drive = make_drive(self._network, nudge, SAMPLES)
        self._engine, self._process = Reference(), Batch(folder)
        self._together = TOGETHER.get(size, 1)
        self._last: list[Transient] = []

    def cpu(self, repeats: int, warm_up: bool) -> tuple[float, float]:
        """CPU seconds a sample of the engine and of ``ngspice -b``."""
        if not warm_up:
            self._solve(0)
        found = cpu_medians(
            {
                "engine": Contestant(self._solve, engine_clock(list)),
                "process": Contestant(self._in_a_process, children_clock),
            },
            repeats,
            warm_up,
            self._together,
        )
        return found["engine"] / SAMPLES, found["process"]

    def errors(self, repeats: int, independent: bool) -> tuple[float, float, float | None]:
        """Errors of the engine, of ``ngspice -b``, and of the engine against an integrator.

        Of u over max |u|, for the first sample of the last repeat's circuit.
        """
        network, first = self._at(repeats * self._together), self._drive.sample(0)
        mine, exact = self._last[0], exact_transients(network, self._cell, first)[0]
        against = None
        if independent:
            u = integrated(network, self._cell, first, mine.time)
            against = float(np.abs(mine.u - u).max() / np.abs(u).max())
        return shared_error(mine, exact), kernel_error(self._process.read(), exact), against

    def _at(self, repeat: int) -> Network:
        return altered(self._network, repeat)

    def _solve(self, repeat: int) -> None:
        self._last = self._engine.run(self._at(repeat), self._cell, SAW, self._drive)

    def _in_a_process(self, repeat: int) -> None:
        self._process.write(self._at(repeat), self._cell, self._drive)
        self._process.run()


def reference(sizes: Sequence[str], quick: bool) -> list[Table]:
    """Table of both nudges."""
    table = Table(
        f"Reference engine, linear sense cell, {SAMPLES} samples a batch, against ngspice -b",
        ("size", "nudge", "engine ms", "-b ms", "ngspice -b takes", "error", "error, DOP853", "error of -b"),
        "CPU a sample. Errors of u over max |u|: of the engine against itself at resolution 8, and on S\n"
        "against scipy's DOP853 at rtol 1e-11 on the same circuit; of ngspice -b with 200 steps.",
    )
    for size in sizes:
        for nudge in NUDGES:
            with tempfile.TemporaryDirectory() as folder:
                _add_row(table, size, nudge, quick, Path(folder))
    return [table]


def _add_row(table: Table, size: str, nudge: NudgeKind, quick: bool, folder: Path) -> None:
    repeats = min(3, REPEATS[size]) if quick else REPEATS[size]
    pair = Pair(size, nudge, folder)
    engine, process = pair.cpu(repeats, warm_up=size != "L")
    mine, rival, independent = pair.errors(repeats, independent=size == "S")
    table.add(
        size,
        nudge,
        1e3 * engine,
        1e3 * process,
        at_least(process / engine, WANTED[size]),
        at_most(mine, WANTED_ERROR),
        None if independent is None else at_most(independent, WANTED_ERROR),
        rival,
    )
