"""The process that holds libngspice, through PySpice: one circuit loaded, altered, run, read.

Started by :mod:`tcl_circuits.engines.pool` as a program of its own, so that nothing but PySpice and NumPy
is loaded, and a crash, a poisoned parser or a run without end costs one run. It takes requests from a
pipe and exits when the pipe closes. Its arguments are the pipe's file descriptor and the directory in which
ngspice begins.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySpice.Spice.NgSpice.Shared import NgSpiceCommandError, NgSpiceShared, ffi

_PR_SET_PDEATHSIG = 1
_JOINED = 900
_LONGEST_COMMAND = 1023
"""Characters of one command; ngspice reads a longer one as something else and says nothing."""
_HISTORY_EVERY = 64
_NO_NUMBER = re.compile(r"[\s=][-+]?(?:nan|inf)\b", re.IGNORECASE)
"""In a list of values, ngspice drops these and the rest without a word."""
_PROGRESS = re.compile(
    r"^(?:Note:|Using |Doing analysis|Circuit:|Reference value|No\. of Data|Trying gmin|Supplies reduced"
    r"|Warning: (?:Further|Last) gmin"
    r"|Transient solution failed|Last Node|Node\s|-+\s*-|\S+(?:\s+[-+.\de]+){2}$)"
)
"""Lines that tell how ngspice gets on, and its tables; what they lead to is told after them."""
_MOST_TOLD = 12


class SimulationFailed(Exception):
    """What ngspice said when it did not do what it was asked to do."""


class Simulator:
    """libngspice with one circuit, every answer checked."""

    def __init__(self) -> None:
        self._spice = NgSpiceShared.new_instance()
        self._lib = self._spice._ngspice_shared
        self._requests = 0
        self._wanted: list[tuple[str, Any]] = []

    @property
    def version(self) -> int:
        """Major version of ngspice."""
        return int(self._spice.ngspice_version)

    def command(self, text: str) -> None:
        """Carry out one command; anything on stderr but a warning is a failure."""
        try:
            self._spice.exec_command(text)
        except NgSpiceCommandError:
            raise SimulationFailed(self._said()) from None
        if self._spice._stderr and any("no such" in line.lower() for line in self._spice._stderr):
            raise SimulationFailed(self._said())

    def _said(self) -> str:
        lines = (line.strip() for line in (*self._spice._stderr, *self._spice._stdout))
        told = dict.fromkeys(line for line in lines if line and not _PROGRESS.match(line))
        return "\n".join(list(told)[:_MOST_TOLD]) or "ngspice gave no message"

    def load(self, deck: str) -> None:
        """Load a circuit in the place of the one before, whose results can then not be taken for new ones."""
        for text in ("destroy all", "remcirc"):
            try:
                self._spice.exec_command(text)
            except NgSpiceCommandError:
                continue
        self._spice.clear_output()
        try:
            self._spice.load_circuit(deck)
        except Exception as failure:
            raise SimulationFailed(f"{failure}\n{self._said()}") from None
        faults = [line for line in self._spice._stderr if not line.startswith(("Warning:", "Note:"))]
        if faults or self._spice._error_in_stdout:
            raise SimulationFailed(self._said())

    def alter(self, commands: list[str]) -> None:
        """Carry out many short commands, joined into long lines."""
        if not commands:
            return
        together = max(1, _JOINED // (1 + max(map(len, commands))))
        for k in range(0, len(commands), together):
            self._alter_at_once(";".join(commands[k : k + together]))

    def _alter_at_once(self, line: str) -> None:
        """Carry out one line of commands; what ngspice would misread in silence is a failure."""
        if len(line) > _LONGEST_COMMAND:
            raise SimulationFailed(
                f"{line[:40]!r}... has {len(line)} characters; ngspice takes {_LONGEST_COMMAND} a command, "
                "so give the drive fewer corners"
            )
        if _NO_NUMBER.search(line):
            raise SimulationFailed(f"{line[:200]!r} holds a value that is not a finite number")
        self.command(line)

    def want(self, vectors: list[str]) -> None:
        """Choose the vectors that runs return."""
        self._wanted = [(name, ffi.new("char[]", name.encode())) for name in vectors]

    def run(self, analysis: str) -> NDArray[np.float64]:
        """Run an analysis and return the vectors wanted, one a row; one that is missing is a failure."""
        self._requests += 1
        if self._requests % _HISTORY_EVERY == 0:
            # Each command stays in ngspice's history until it is asked to let go of it.
            self._lib.ngSpice_Command(ffi.NULL)
        self.command("destroy all")
        self.command(analysis)
        plot = self._spice.last_plot
        if not plot.startswith(analysis.split()[0]):
            raise SimulationFailed(f"'{analysis}' left the plot {plot!r}\n{self._said()}")
        return self._read()

    def _read(self) -> NDArray[np.float64]:
        """Copy the wanted vectors of the current plot, one a row."""
        get, null = self._lib.ngGet_Vec_Info, ffi.NULL
        points, rows, place = 0, np.empty((0, 0)), null
        for name, encoded in self._wanted:
            # ngspice answers in the same place every time: copy before asking for the next.
            info = get(encoded)
            if info == null or info.v_realdata == null or info.v_length < 1:
                raise SimulationFailed(f"vector {name!r} is missing from ngspice's results\n{self._said()}")
            if not points:
                points = info.v_length
                rows = np.empty((len(self._wanted), points))
                place = ffi.cast("char *", ffi.from_buffer(rows))
            if info.v_length != points:
                raise SimulationFailed(f"vector {name!r} is not as long as {self._wanted[0][0]!r}")
            ffi.memmove(place, info.v_realdata, 8 * points)
            place += 8 * points
        return rows


def answer(simulator: Simulator, request: dict[str, Any]) -> tuple[str, Any]:
    """Carry out one request; the first item of the answer is ``done`` or ``failed``."""
    try:
        if request.get("deck") is not None:
            simulator.load(request["deck"])
        if request.get("vectors") is not None:
            simulator.want(request["vectors"])
        simulator.alter(request.get("alter", []))
        if "analysis" not in request:
            return "done", simulator.version
        return "done", simulator.run(request["analysis"])
    except SimulationFailed as failure:
        return "failed", str(failure)
    except Exception as failure:
        return "failed", f"{type(failure).__name__}: {failure}"


def main() -> None:
    """Serve requests until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    logging.disable(logging.CRITICAL)
    pipe: Connection[Any, Any] = Connection(int(sys.argv[1]))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    # Here alone: what Python loads is found from the user's directory.
    os.chdir(sys.argv[2])
    try:
        simulator = Simulator()
    except Exception as failure:
        pipe.send(("failed", f"libngspice can't be loaded: {failure}"))
        return
    os.dup2(quiet, 2)
    pipe.send(("done", simulator.version))
    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        pipe.send(answer(simulator, request))


if __name__ == "__main__":
    main()
