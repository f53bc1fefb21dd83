"""Memory of host and worker over thousands of runs."""

from __future__ import annotations

import gc

import psutil
from circuits import SAW, altered, make_cell, make_drive, make_network
from tables import Table, at_most

from tcl_circuits.engines import Ngspice

FIRST, LAST = 50, 2000
WANTED_MB = 2.0


def memory(quick: bool) -> list[Table]:
    """Table of resident memory after the first and after all runs; size S only."""
    last = 400 if quick else LAST
    table = Table(
        f"Memory over {last} runs in one worker, S, linear sense cell",
        ("process", f"MB after {FIRST}", f"MB after {last}", "growth, MB"),
        "Resident set; all conductances altered from run to run.",
    )
    network, cell = make_network("S"), make_cell("linear")
    drive, engine = make_drive(network, "conductance"), Ngspice()
    try:
        for run in range(1, last + 1):
            engine.run(altered(network, run), cell, SAW, drive)
            if run == FIRST:
                before = _resident(engine)
        after = _resident(engine)
    finally:
        engine.close()
    for name in ("host", "worker"):
        growth = at_most(after[name] - before[name], WANTED_MB)
        table.add(name, round(before[name], 1), round(after[name], 1), growth)
    return [table]


def _resident(engine: Ngspice) -> dict[str, float]:
    """Resident memory [MB]."""
    gc.collect()
    host, worker = psutil.Process(), psutil.Process(engine.pids[0])
    return {"host": host.memory_info().rss / 1e6, "worker": worker.memory_info().rss / 1e6}
