"""A training cycle in the ngspice engine against the naive PySpice path and ``ngspice -b``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from circuits import SAW, NudgeKind, SenseSignal, altered, make_cell, make_drive, make_network
from measure import Contestant, children_clock, cpu_medians, engine_clock
from python_share import PythonShare, python_share
from rivals import Batch, Cycle, Naive
from tables import Table, against, times
from tcl_circuits import Drive, Network, SenseCell
from tcl_circuits.engines import Ngspice, Reference
from tcl_circuits.engines.base import Transient

WANTED = {"S": (8.0, 5.0), "M": (5.0, 2.5), "X": (6.0, 2.0)}
"""Least ratios to the naive path and to ``ngspice -b``, linear sense cell."""
REPEATS = {"S": 25, "M": 9, "X": 5, "L": 1}
NUDGE: NudgeKind = "conductance"


@dataclass(frozen=True)
class Found:
    """CPU seconds of a cycle and errors of u, as shares of its largest value."""

    cpu: dict[str, float]
    errors: dict[str, float]
    points: dict[str, int]


class Contest:
    """The three ways to simulate the same cycles, one after the other."""

    def __init__(self, size: str, signal: SenseSignal, folder: Path) -> None:
        self._network, self._cell = make_network(size), make_cell(signal)
        self._drive = make_drive(self._network, NUDGE)
        self._engine, self._naive, self._batch = Ngspice(), Naive(), Batch(folder)
        self._last: dict[str, Transient] = {}

    def run(self, repeats: int, warm_up: bool) -> Found:
        """Let them take turns on networks whose conductances all change from cycle to cycle."""
        contestants = {
            "ours": Contestant(self._ours, engine_clock(lambda: self._engine.pids)),
            "naive": Contestant(self._plain, self._naive.clock),
            "ngspice -b": Contestant(self._run_batch, children_clock),
        }
        self._engine.run(self._network, self._cell, SAW, self._drive)
        cpu = cpu_medians(contestants, repeats, warm_up)
        self._last["ngspice -b"] = self._batch.read()
        exact = exact_transient(self._at(repeats), self._cell, self._drive)
        errors = {name: kernel_error(found, exact) for name, found in self._last.items()}
        return Found(cpu, errors, {name: found.time.size for name, found in self._last.items()})

    def close(self) -> None:
        """End all processes."""
        self._engine.close()
        self._naive.close()

    def _at(self, repeat: int) -> Network:
        return altered(self._network, repeat)

    def _ours(self, repeat: int) -> None:
        self._last["ours"] = self._engine.run(self._at(repeat), self._cell, SAW, self._drive)[0]

    def _plain(self, repeat: int) -> None:
        self._last["naive"] = self._naive.run(Cycle.of(self._at(repeat), self._drive, self._cell))

    def _run_batch(self, repeat: int) -> None:
        self._batch.write(self._at(repeat), self._cell, self._drive)
        self._batch.run()


def exact_transient(network: Network, cell: SenseCell, drive: Drive) -> Transient:
    """First sample's solution on a grid eight times as fine as the reference engine's own."""
    return Reference(resolution=8).run(network, cell, SAW, drive.sample(0))[0]


def kernel_error(found: Transient, exact: Transient) -> float:
    """Largest error of u at the points of `found`, over the largest u."""
    worst = max(
        float(np.abs(mine - np.interp(found.time, exact.time, right)).max())
        for mine, right in zip(found.u, exact.u, strict=True)
    )
    return worst / float(np.abs(exact.u).max())


def cycle(sizes: Sequence[str], quick: bool) -> list[Table]:
    """Tables of the linear and the power cell, and of Python's share."""
    return [_contest_table("linear", sizes, quick), _contest_table("power", sizes, quick), _shares(sizes, quick)]


def _contest_table(signal: SenseSignal, sizes: Sequence[str], quick: bool) -> Table:
    table = Table(
        f"Training cycle, {signal} sense cell, {NUDGE} nudge: CPU ms of all processes, error of u / max |u|",
        ("size", "ours", "naive", "ngspice -b", "naive/ours", "-b/ours")
        + ("points", "err ours", "err naive", "err -b"),
        "ours: loaded once, all conductances altered, run, read; naive: PySpice build + str + load + run with "
        "@r[i], 200 steps;\nngspice -b: 200 steps, raw file, netlist text already written.",
    )
    for size in sizes:
        repeats = 1 if size == "L" else 3 if quick else REPEATS[size]
        with tempfile.TemporaryDirectory() as folder:
            contest = Contest(size, signal, Path(folder))
            try:
                found = contest.run(repeats, warm_up=size != "L")
            finally:
                contest.close()
        ours, naive, batch = (found.cpu[name] for name in ("ours", "naive", "ngspice -b"))
        wanted = WANTED.get(size, (None, None)) if signal == "linear" else (None, None)
        table.add(
            size,
            *(1e3 * seconds for seconds in (ours, naive, batch)),
            against(naive / ours, wanted[0]),
            against(batch / ours, wanted[1]),
            found.points["ours"],
            *(found.errors[name] for name in ("ours", "naive", "ngspice -b")),
        )
    return table


def _shares(sizes: Sequence[str], quick: bool) -> Table:
    table = Table(
        "Python's share of a cycle in the ngspice engine (wanted <= 15 % at M and X)",
        ("size", "cell", "cycle ms", "host ms", "worker Python ms", "ngspice ms", "share"),
        "host: CPU of this process; worker Python: the worker's CPU outside libngspice, call-backs included.",
    )
    for size in sizes:
        for signal in ("linear", "power"):
            found = _share(size, signal, 5 if quick or size == "L" else 15)
            parts = (found.host + found.worker, found.host, found.worker - found.native, found.native)
            table.add(size, signal, *(1e3 * part for part in parts), f"{100 * found.share:.1f} %")
    return table


def _share(size: str, signal: SenseSignal, repeats: int) -> PythonShare:
    network, cell = make_network(size), make_cell(signal)
    drive = make_drive(network, NUDGE)
    return python_share(
        lambda engine, repeat: engine.run(altered(network, repeat), cell, SAW, drive), repeats
    )
