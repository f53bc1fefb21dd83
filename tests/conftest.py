"""What tests share: an engine, small circuits, the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import settings as hypothesis_settings
from typer.testing import CliRunner, Result

from tcl_circuits import ConductanceNudge, Drive, Network, Sawtooth, SenseCell, lattice, single_ended
from tcl_circuits.cli import app
from tcl_circuits.engines import Ngspice
from tcl_circuits.engines.launch import clean_environment, private_directory

# A submission is judged on the same examples every time; elsewhere hypothesis goes on searching.
hypothesis_settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis_settings.load_profile("ci")


mpl.use("Agg")

# A job in the background ignores Ctrl-C, one of nohup SIGHUP; a handler, unlike that, is not handed on.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

Tcl = Callable[..., Result]
"""Runs the command line in this process with arguments as a shell would give them."""

StartTcl = Callable[..., "subprocess.Popen[str]"]
"""Starts the command line as a process of its own."""


def run_ngspice(netlist: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run ``ngspice -b`` on a netlist, begun as the package begins every ngspice."""
    with private_directory() as place:
        return subprocess.run(
            ["ngspice", "-b", *options, str(netlist.absolute())],
            cwd=place,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture(scope="session")
def ngspice() -> Iterator[Ngspice]:
    """One engine for all tests; those that harm it see that its next run is right."""
    engine = Ngspice(time_limit=60)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def saw() -> Sawtooth:
    return Sawtooth(1e-5, 1e-3)


@pytest.fixture(scope="session")
def cell() -> SenseCell:
    return SenseCell()


@pytest.fixture(scope="session")
def network() -> Network:
    """3x3 lattice, 12 edges, two inputs, two outputs."""
    return lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (1, 1)], seed=3)


@pytest.fixture(scope="session")
def drive() -> Drive:
    """Three samples for `network`."""
    volts = [[1.0, -0.5], [0.2, 0.7], [-0.8, 0.1]]
    return Drive.hold(volts, ConductanceNudge(1e-5, single_ended(2)), [[0.3, 0.1], [0.0, 0.2], [-0.1, -0.4]])


@pytest.fixture
def tcl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tcl:
    """The command line, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="tcl-circuits")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def start_tcl(tmp_path: Path) -> Iterator[StartTcl]:
    """The command line as real processes in an empty directory, ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tcl_circuits", *(str(argument) for argument in arguments)],
            cwd=tmp_path,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
