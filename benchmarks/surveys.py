"""Sweeps and Monte Carlo on two workers against one, by the clock on the wall."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from measure import process_clock
from tables import Table, at_least

from tcl_circuits.jobs import LocalWorkers
from tcl_circuits.surveys import Grid, check_laws, sweep

WANTED = 1.8


def surveys(quick: bool) -> list[Table]:
    """Table of a sweep and of the Monte Carlo over the laws of noise."""
    table = Table(
        "Two workers against one",
        ("survey", "jobs", "ratio, wall clock", "ratio, CPU time", "cores got", "load average"),
        f"Wanted on two idle cores; this machine has {os.cpu_count()}. Cores got: CPU time that two workers\n"
        "and their host were given in a second, beside whatever else ran. Ratio, CPU time: twice the CPU\n"
        "time of one worker over that of two and their host: what a wall clock would show if both cores\n"
        "were theirs, and never idle.",
    )
    ratios = (10.0, 30.0, 100.0) if quick else (10.0, 20.0, 30.0, 60.0, 100.0, 200.0)
    grid = Grid(ratios, (1.0, 2.0), (0.1, 1.0), (10.0, 100.0))
    trials = 100_000 if quick else 400_000
    cases: dict[str, tuple[int, Callable[[LocalWorkers], object]]] = {
        "sweep, regression": (
            len(grid.points()),
            lambda workers: sweep("regression", grid, epochs=5, workers=workers),
        ),
        "Monte Carlo of noise": (
            3 * (trials // 2000),
            lambda workers: check_laws(10.0, trials=trials, workers=workers),
        ),
    }
    for name, (jobs, run) in cases.items():
        one, two = _measured(run, 1 if quick else 3)
        wall, cpu = one.wall / two.wall, 2 * one.workers / (two.workers + two.host)
        got = (two.workers + two.host) / two.wall
        load = f"{os.getloadavg()[0]:.1f}"
        table.add(name, jobs, at_least(wall, WANTED), at_least(cpu, WANTED), f"{got:.2f}", load)
    return [table]


@dataclass(frozen=True)
class _Spent:
    """Seconds of a run: on the wall, of its workers' CPU time, of its host's."""

    wall: float
    workers: float
    host: float


def _measured(run: Callable[[LocalWorkers], object], repeats: int) -> tuple[_Spent, _Spent]:
    """Medians with one and with two workers that are warm, taking turns."""
    crews = [LocalWorkers(1), LocalWorkers(2)]
    spent: list[list[tuple[float, float, float]]] = [[], []]
    try:
        for crew in crews:
            run(crew)
        for _ in range(repeats):
            for crew, rows in zip(crews, spent, strict=True):
                before, start = _clocks(crew), time.perf_counter()
                run(crew)
                wall = time.perf_counter() - start
                workers, host = (b - a for a, b in zip(before, _clocks(crew), strict=True))
                rows.append((wall, workers, host))
    finally:
        for crew in crews:
            crew.close()
    one, two = (_Spent(*np.median(rows, axis=0).tolist()) for rows in spent)
    return one, two


def _clocks(crew: LocalWorkers) -> tuple[float, float]:
    return sum(process_clock(pid) for pid in crew.pids), time.process_time()
