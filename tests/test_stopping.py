"""The program ends as it is told to, whenever it is told: no traceback, its exit code, nothing left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import StartTcl

import tcl_circuits

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
AT_AN_IMPORT = """
import builtins, os, signal, sys
whole, met = builtins.__import__, []

def tell(name, *rest, **more):
    if name.split(".")[0] == {module!r} and not met:
        met.append(name)
        os.kill(os.getpid(), {number})
    return whole(name, *rest, **more)

builtins.__import__ = tell
sys.argv = ["tcl-circuits", *{arguments!r}]
from tcl_circuits.__main__ import main
main()
"""

IN_A_FINALISER = """
import signal, time
from tcl_circuits import stopping

class Finalised:
    def __del__(self):
        signal.raise_signal({number})

stopping.listen()
try:
    with stopping.by_exception():
        del [Finalised()][:]
        time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(stopping.exit_code())
"""


def test_every_public_name_is_there_once_it_is_asked_for() -> None:
    for name in tcl_circuits.__all__:
        assert getattr(tcl_circuits, name) is not None
    assert set(tcl_circuits.__all__) <= set(dir(tcl_circuits))
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = tcl_circuits.nothing_of_the_kind


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("module", ["typer", "rich", "numpy", "scipy", "networkx"])
def test_told_in_the_middle_of_the_imports(tmp_path: Path, module: str, number: signal.Signals) -> None:
    arguments = ["train", "regression", "--engine", "reference", "--epochs", "1", "--out", "out"]
    program = AT_AN_IMPORT.format(module=module, number=int(number), arguments=arguments)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "interrupted\n")
    assert not list(tmp_path.iterdir())


def test_told_where_no_exception_can_pass() -> None:
    """As in the finalisers of libraries: it is neither lost nor a traceback."""
    program = IN_A_FINALISER.format(number=int(signal.SIGTERM))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (143, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_told_in_the_middle_of_a_training(
    start_tcl: StartTcl, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C is tried in test_interrupt."""
    process = start_tcl("train", "iris", "--engine", "ngspice", "--epochs", "50", "--out", "out")
    while not (tmp_path / "out" / "checkpoint.npz").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert said.splitlines()[-1] == "interrupted; what was reached is kept: go on with --resume"
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_told_while_a_command_carries_out_text(number: signal.Signals) -> None:
    """The exit code holds wherever the command was: a class that is being made is text carried out."""
    program = f"""
import os, sys
from tcl_circuits import stopping
stopping.listen()
from tcl_circuits.cli.app import app

@app.command()
def wait() -> None:
    exec("os.kill(os.getpid(), {int(number)})")

sys.argv = ["tcl-circuits", "wait"]
app()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (128 + number, "interrupted\n")


def test_nohup_is_heeded(tmp_path: Path) -> None:
    program = AT_AN_IMPORT.format(module="numpy", number=int(signal.SIGHUP), arguments=["tasks"])
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert (done.returncode, done.stderr) == (0, "")


def opened(process: psutil.Process, part: str) -> bool:
    """Whether a library is mapped by now."""
    with suppress(psutil.Error, OSError):
        return part in Path(f"/proc/{process.pid}/maps").read_text()
    return False


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
@pytest.mark.parametrize("part", ["_multiarray_umath", "_sparsetools"])
def test_told_while_a_library_is_mapped(start_tcl: StartTcl, part: str) -> None:
    process = start_tcl("tasks")
    watched = psutil.Process(process.pid)
    while process.poll() is None and not opened(watched, part):
        pass
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "interrupted\n")
