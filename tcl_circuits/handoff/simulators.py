"""Simulators that run a bundle's test benches, each in a process of its own.

None is trusted: a figure counts only if it was printed, and what a simulator complains about is a fault.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from tcl_circuits.engines.installation import advice, ngspice_program
from tcl_circuits.engines.launch import clean_environment, private_directory
from tcl_circuits.errors import EngineError, EngineMissing, EngineTimeout, InputError

_MEASURED = re.compile(r"^(\w+)\s*=\s*([-+]?\d[\d.]*(?:e[-+]?\d+)?)\b", re.IGNORECASE | re.MULTILINE)
_COMPLAINT = re.compile(
    r"error|warning|unknown|unrecogni[sz]ed|unable|can't|cannot|failed|undefined|too small|ignored",
    re.IGNORECASE,
)
_PROGRESS = re.compile(
    r"Reference value :\s+\S+|Note: No compatibility mode selected!"
    r"|Note: can't find the initialization file spinit\.?|^Circuit: .*$",
    re.MULTILINE,
)
"""What ngspice says of itself (spinit is of use for XSPICE's models alone), and the title, the user's."""


class Simulator(Protocol):
    """A simulator."""

    name: ClassVar[str]

    def present(self) -> bool:
        """Whether it is installed."""
        ...

    def run(self, place: Path, bench: str, devices: int, seconds: float) -> Mapping[str, float]:
        """Run a test bench and return what it measured.

        Parameters
        ----------
        place : Path
            Directory of the bundle's files.
        bench : str
            File of the test bench.
        devices : int
            Number of devices that the circuit has when its hierarchy is expanded.
        seconds : float
            Longest time.

        Raises
        ------
        EngineError
            If the simulator fails, complains, or reads another number of devices.
        """
        ...


class NgspiceBatch:
    """The program ngspice in batch mode."""

    name: ClassVar[str] = "ngspice"

    def present(self) -> bool:
        """Whether it is on the path."""
        return shutil.which("ngspice") is not None

    def run(self, place: Path, bench: str, devices: int, seconds: float) -> Mapping[str, float]:
        """Run a test bench; see :class:`Simulator`."""
        program = ngspice_program()
        # What the bench includes is found beside it; a start-up file that lies there is not.
        with private_directory() as begin:
            done = _run([program, "-b", str(place.absolute() / bench)], begin, seconds, self.name)
        said = _PROGRESS.sub("", done.stdout + "\n" + done.stderr)
        complaint = next(
            (line for line in said.splitlines() if _COMPLAINT.search(line) and not _MEASURED.match(line)),
            None,
        )
        if complaint is not None or done.returncode != 0:
            raise EngineError(f"ngspice, {bench}: {(complaint or said[-200:]).strip()}")
        return {name.lower(): float(value) for name, value in _MEASURED.findall(done.stdout)}


_NEOSPICE = """
import json, sys
import neospice
simulator = neospice.Simulator()
circuit = simulator.load(sys.argv[1])
circuit.finalize()
found = simulator.run(circuit)
json.dump({"measured": dict(found.measures.values), "devices": len(circuit.device_names())}, sys.stdout)
"""


class Neospice:
    """neospice, an independent simulator from PyPI, in an interpreter of its own."""

    name: ClassVar[str] = "neospice"

    def present(self) -> bool:
        """Whether the package is installed."""
        return importlib.util.find_spec("neospice") is not None

    def run(self, place: Path, bench: str, devices: int, seconds: float) -> Mapping[str, float]:
        """Run a test bench; see :class:`Simulator`."""
        if not self.present():
            raise EngineMissing("neospice is not installed; pip install neospice")
        done = _run([sys.executable, "-I", "-c", _NEOSPICE, bench], place, seconds, self.name)
        complaint = done.stderr.strip()
        if done.returncode != 0 or complaint:
            raise EngineError(
                f"neospice, {bench}: {complaint.splitlines()[-1] if complaint else 'it failed'}"
            )
        found = json.loads(done.stdout)
        # It leaves out lines that it can't read without a word.
        if found["devices"] != devices:
            raise EngineError(f"neospice, {bench}: it read {found['devices']} devices of {devices}")
        return {name.lower(): float(value) for name, value in found["measured"].items()}


def _run(command: Sequence[str], place: Path, seconds: float, name: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=place,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineTimeout(f"{name} ran longer than {seconds:g} s") from None


SIMULATORS: dict[str, Simulator] = {one.name: one for one in (NgspiceBatch(), Neospice())}
"""The simulators by name; all read the dialect of ngspice."""


def chosen_simulators(name: str | None) -> list[Simulator]:
    """Simulators of a name: one, ``all`` that are present, or ngspice.

    Raises
    ------
    InputError
        If there is none of this name.
    EngineMissing
        If it is not installed.
    """
    if name == "all":
        found = [one for one in SIMULATORS.values() if one.present()]
    elif (name or "ngspice") in SIMULATORS:
        found = [SIMULATORS[name or "ngspice"]]
    else:
        raise InputError(f"there is no simulator {name!r}; there are {', '.join(SIMULATORS)} and all")
    missing = [one.name for one in found if not one.present()]
    if missing or not found:
        raise EngineMissing(f"{missing[0] if missing else 'ngspice'} is not installed; {advice()}")
    return found
