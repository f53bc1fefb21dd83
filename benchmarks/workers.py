"""Throughput of two workers against one, by the clock on the wall."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np
from circuits import SAW, altered, make_cell, make_drive, make_network
from tables import Table, at_least

from tcl_circuits.engines import Ngspice

SAMPLES = 64
WANTED = 1.7


def workers(sizes: Sequence[str], quick: bool) -> list[Table]:
    """Table for those of the sizes S and M that are asked for."""
    table = Table(
        f"Two workers against one, linear sense cell, {SAMPLES} samples a drive, wall clock",
        ("size", "one, samples/s", "two, samples/s", "ratio", "load average"),
        f"Wanted on two idle cores; this machine has {os.cpu_count()}. Load: processes that wanted a core,\n"
        "mean of the last minute, this benchmark's among them.",
    )
    for size in [size for size in ("S", "M") if size in sizes]:
        one, two = _seconds(size, 2 if quick else 5)
        load = f"{os.getloadavg()[0]:.1f}"
        table.add(size, SAMPLES / one, SAMPLES / two, at_least(one / two, WANTED), load)
    return [table]


def _seconds(size: str, repeats: int) -> tuple[float, float]:
    """Median seconds of a drive with one and with two workers, taking turns."""
    network, cell = make_network(size), make_cell("linear")
    drive = make_drive(network, "conductance", SAMPLES)
    engines = [Ngspice(workers=1), Ngspice(workers=2)]
    spent: list[list[float]] = []
    try:
        for repeat in range(repeats + 1):
            row = []
            for engine in engines:
                start = time.perf_counter()
                engine.run(altered(network, repeat), cell, SAW, drive)
                row.append(time.perf_counter() - start)
            spent.append(row)
    finally:
        for engine in engines:
            engine.close()
    one, two = np.median(spent[1:], axis=0).tolist()
    return one, two
