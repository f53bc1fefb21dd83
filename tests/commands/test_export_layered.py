"""``export`` and ``cost`` of layered runs."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Tcl


def test_a_layered_run_is_handed_over(tcl: Tcl, tmp_path: Path) -> None:
    assert tcl("train", "xor-layered", "--epochs", 2, "--hidden", 4, "--out", "run").exit_code == 0
    result = tcl("export", "run", "--samples", 4, "--standard-values", "E24", "--out", "b")
    assert result.exit_code == 0, result.output
    assert "test accuracy" in result.output
    setup = json.loads((tmp_path / "b/setup.json").read_bytes())
    assert len(setup["inference"]) == 4
    assert setup["facts"]["engine"] == "layered"
    verified = tcl("verify", "b")
    assert verified.exit_code == 0, verified.output
    assert tcl("export", "run", "--out", "ideal").exit_code == 0
    assert "the same network" in tcl("compare", "ideal", "run").output


def test_what_a_layered_run_is_too_large_or_too_damaged_for(tcl: Tcl, tmp_path: Path) -> None:
    assert tcl("train", "xor-layered", "--epochs", 0, "--hidden", 4, "--out", "run").exit_code == 0
    told = tcl("cost", "run")
    assert told.exit_code == 2
    assert "energy_J_per_cycle" in told.stderr
    weights = tmp_path / "run/weights.npz"
    weights.write_bytes(weights.read_bytes()[:200])
    damaged = tcl("export", "run", "--out", "b")
    assert damaged.exit_code == 2
    assert "weights.npz can't be read" in damaged.stderr
    path = tmp_path / "run/summary.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "edges": 157_000}))
    large = tcl("export", "run", "--out", "b")
    assert large.exit_code == 2
    assert "157000 edges" in large.stderr
    assert not (tmp_path / "b").exists()
