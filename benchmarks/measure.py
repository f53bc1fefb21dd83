"""CPU clocks of several processes, and repeats that take turns."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np


def process_clock(pid: int) -> float:
    """CPU time that a running process has used, all threads [s], in nanosecond steps (Linux)."""
    return time.clock_gettime((~pid << 3) | 2)


def children_clock() -> float:
    """CPU time of all child processes that have ended [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def engine_clock(pids: Callable[[], Sequence[int]]) -> Callable[[], float]:
    """Clock of this process and the workers that are alive."""
    return lambda: time.process_time() + sum(process_clock(pid) for pid in pids())


@dataclass(frozen=True)
class Contestant:
    """Something to time.

    Parameters
    ----------
    turn : callable
        Does the work once; takes the number of the repeat.
    clock : callable
        CPU seconds used so far by all processes that do the work.
    """

    turn: Callable[[int], object]
    clock: Callable[[], float]


def cpu_medians(
    contestants: Mapping[str, Contestant], repeats: int, warm_up: bool = True, together: int = 1
) -> dict[str, float]:
    """Median CPU seconds of a turn, the contestants taking turns A B A B after a warm-up each.

    So many turns as `together` says are taken before it is another's: what is short would else be timed with
    the caches full of the others' data, which no training run knows.
    """
    if warm_up:
        for contestant in contestants.values():
            contestant.turn(0)
    spent: dict[str, list[float]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        for name, contestant in contestants.items():
            before = contestant.clock()
            for k in range(together):
                contestant.turn(1 + repeat * together + k)
            spent[name].append((contestant.clock() - before) / together)
    return {name: float(np.median(times)) for name, times in spent.items()}
