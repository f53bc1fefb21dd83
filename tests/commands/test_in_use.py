"""Two runs on one --out: the second one ends before it does anything; a kill blocks nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Tcl

from tcl_circuits.circuit.graphfile import write_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.output import claim

COMMANDS = {
    "train": ("train", "regression", "--engine", "reference", "--epochs", 1),
    "train, layered": ("train", "xor-layered", "--epochs", 1),
    "learn-in-circuit": ("learn-in-circuit", "regression", "--cycles", 1),
    "ep": ("ep", "--data", "digits", "--hidden", 4, "--epochs", 1),
    "sweep": ("sweep", "allostery", "--points", 1, "--epochs", 1, "--workers", 1),
    "compare-rules": ("compare-rules", "iris", "--seeds", 1, "--epochs", 1, "--workers", 1),
    "robustness": ("robustness", "iris", "--workers", 1),
    "simulate": ("simulate", "net.json", "--engine", "reference"),
    "export": ("export", "net.json"),
}
HOLD = """
import os, pathlib, signal
from tcl_circuits.commands.output import claim
with claim(pathlib.Path("out")):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_second_run_is_refused(tcl: Tcl, network: Network, name: str) -> None:
    write_network(network, Path("net.json"))
    out = Path("out")
    with claim(out):
        (out / "of the first run").write_text("")
        for options in ((), ("--force",)):
            result = tcl(*COMMANDS[name], "--out", out, *options)
            assert (result.exit_code, result.stdout) == (2, "")
            assert "--out out is in use by another run; wait for its end" in result.stderr
        assert sorted(path.name for path in out.iterdir()) == [".in-use", "of the first run"]
    assert [path.name for path in out.iterdir()] == ["of the first run"]


@pytest.mark.parametrize("name", ["train", "export"])
def test_what_a_kill_leaves_blocks_nothing(tcl: Tcl, network: Network, name: str) -> None:
    write_network(network, Path("net.json"))
    subprocess.run([sys.executable, "-c", HOLD], check=False, timeout=120)
    out = Path("out")
    (out / ".0123456789abcdef.part").write_text("half a file")
    assert (out / ".in-use").exists()
    result = tcl(*COMMANDS[name], "--out", out)
    assert result.exit_code == 0, result.stderr
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_directory_made_in_vain_is_gone(tmp_path: Path) -> None:
    with claim(tmp_path / "runs" / "out"):
        pass
    assert not list(tmp_path.iterdir())
    (tmp_path / "out").mkdir()
    with claim(tmp_path / "out"):
        pass
    assert (tmp_path / "out").exists()
