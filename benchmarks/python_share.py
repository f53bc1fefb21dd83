"""How much of a cycle is Python: the host's CPU and the worker's outside libngspice.

The worker's program is run by :mod:`instrumented_worker`, which times the calls into the library.
"""

from __future__ import annotations

import os
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from measure import process_clock

from tcl_circuits.engines import Ngspice, pool

_PROGRAM = Path(__file__).with_name("instrumented_worker.py")


@dataclass(frozen=True)
class PythonShare:
    """Median CPU seconds of a cycle: host, worker, and the worker inside libngspice without call-backs."""

    host: float
    worker: float
    native: float

    @property
    def share(self) -> float:
        """Python's share of the whole."""
        return 1 - self.native / (self.host + self.worker)


def python_share(turn: Callable[[Ngspice, int], object], repeats: int) -> PythonShare:
    """Measure a cycle, given as a function of the engine and the repeat's number."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "native"
        record.write_bytes(bytes(16))
        with patch.object(pool, "_PROGRAM", _PROGRAM), patch.dict(os.environ, TCL_NATIVE_RECORD=str(record)):
            engine = Ngspice()
            try:
                return _measured(engine, turn, repeats, record)
            finally:
                engine.close()


def _measured(
    engine: Ngspice, turn: Callable[[Ngspice, int], object], repeats: int, record: Path
) -> PythonShare:
    for warm_up in (0, 1):
        turn(engine, warm_up)
    clocks = []
    for repeat in range(repeats + 1):
        native, watching = struct.unpack("dd", record.read_bytes())
        clocks.append((time.process_time(), process_clock(engine.pids[0]) - watching, native))
        turn(engine, 2 + repeat)
    host, worker, native = np.median(np.diff(clocks, axis=0), axis=0).tolist()
    return PythonShare(host, worker, native)
