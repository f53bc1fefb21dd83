"""``--check N``, and what export, verify, compare and board make of diodes at nodes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Tcl

from tcl_circuits.commands.check import agreement, chosen
from tcl_circuits.errors import EngineMissing, InputError


def test_samples_are_spread_evenly() -> None:
    assert chosen(0, 4).size == 0
    assert chosen(4, 4).tolist() == [0, 1, 2, 3]
    assert chosen(3, 50).tolist() == [0, 16, 33]


@pytest.mark.parametrize("count", [-1, 5])
def test_more_samples_than_there_are_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=r"--check .* 0 \.\. 4"):
        chosen(count, 4)


def test_a_check_needs_ngspice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "/nowhere")
    assert chosen(0, 4).size == 0
    with pytest.raises(EngineMissing, match="--check"):
        chosen(1, 4)


def test_agreement_counts_predictions() -> None:
    y = np.array([[0.1], [-0.1]])
    found = agreement(y, y + 0.15, (np.array([1, 0]), np.array([1, 1])))
    assert found == {"samples": 2, "output_max_difference_V": pytest.approx(0.15), "agreement": 0.5}
    assert agreement(y, y, None)["agreement"] is None


def test_a_nonlinear_run_is_checked_exported_and_verified(tcl: Tcl) -> None:
    result = tcl("train", "xor", "--engine", "reference", "--epochs", 1, "--check", 3, "--out", "run")
    assert result.exit_code == 0, result.output
    assert "checked in ngspice on 3 test inputs" in result.output
    assert "of 3 predictions the same" in result.output
    check = json.loads(Path("run/summary.json").read_bytes())["check"]
    assert check["samples"] == 3
    assert check["agreement"] == 1.0
    assert check["output_max_difference_V"] < 1e-9
    assert tcl("export", "run", "--out", "b").exit_code == 0
    verified = tcl("verify", "b")
    assert verified.exit_code == 0, verified.output
    assert "the same network" in tcl("compare", "run", "b").output
    assert "diode,IS=5e-08 N=1 RS=0,,,,16" in Path("b/bom.csv").read_text()
    for arguments in (("board", "run", "--out", "b.net"), ("export", "run/netlist.cir", "--out", "flat")):
        refused = tcl(*arguments)
        assert refused.exit_code == 2
        assert "diode" in refused.output
    network = json.loads(Path("run/network.json").read_bytes())
    for node in network["nodes"]:
        node.pop("parts", None)
    Path("plain.json").write_text(json.dumps(network))
    assert "diodes and amplifiers at nodes differ" in tcl("compare", "run", "plain.json").output


def test_a_check_asked_for_in_vain_is_refused_before_training(tcl: Tcl) -> None:
    result = tcl("train", "xor", "--engine", "reference", "--check", 9, "--out", "run")
    assert result.exit_code == 2
    assert "--check 9" in result.output
    assert not Path("run").exists()


@pytest.mark.parametrize("options", [("--cell", "series"), ("--signal", "linear")])
def test_what_only_ngspice_knows_is_trained_there_to_the_end(tcl: Tcl, options: tuple[str, str]) -> None:
    """The exact engine has no answer for diodes beside loading capacitors; pictures do without it."""
    asked = ("train", "xor", *options, "--epochs", 1, "--out", "run", "--engine")
    refused = tcl(*asked, "reference")
    assert refused.exit_code == 2
    assert "no capacitor loads the nodes" in refused.output
    assert not Path("run").exists()
    result = tcl(*asked, "ngspice")
    assert result.exit_code == 0, result.output
    assert Path("run/waveforms.png").stat().st_size > 10_000
