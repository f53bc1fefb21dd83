"""`tcl-circuits compare-rules` and `robustness`: their files, what they refuse, Ctrl-C and --resume."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import StartTcl, Tcl

QUICK = ("regression", "--epochs", 1, "--workers", 1)
RULES = ("compare-rules", *QUICK, "--rules", "tcl,continual", "--seeds", 1)
MONTE_CARLO = ("robustness", *QUICK, "--samples", 1, "--rule", "twins")


def test_compare_rules(tcl: Tcl, tmp_path: Path) -> None:
    (tmp_path / "parts.toml").write_text("gain_spread = 0.2\nlevels = 256\nstochastic_rounding = true\n")
    result = tcl(*RULES, "--imperfections", "parts.toml", "--out", "out")
    assert result.exit_code == 0, result.stderr
    assert "continual" in result.stdout
    assert "gate of one bit" in result.stdout
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {"rules.csv", "rules.json", "rules.png", "runs.jsonl"}
    table = pd.read_csv(out / "rules.csv")
    assert list(table["rule"]) == ["tcl", "continual"]
    content = json.loads((out / "rules.json").read_text())
    assert content["imperfections"]["levels"] == 256
    assert [row["rule"] for row in content["rules"]] == ["tcl", "continual"]
    assert content["rates_S"] == sorted(content["rates_S"])
    kept = (out / "rules.csv").read_bytes()
    # More rules are added to the runs that are there; others belong to another study.
    more = tcl(*RULES[:-4], "--rules", "tcl,adjoint", "--seeds", 1, "--imperfections", "parts.toml",
               "--out", "out", "--resume")  # fmt: skip
    assert more.exit_code == 0, more.stderr
    assert list(pd.read_csv(out / "rules.csv")["rule"]) == ["tcl", "adjoint"]
    assert tcl(*RULES, "--out", "out", "--resume").exit_code == 2
    assert tcl(*RULES, "--imperfections", "parts.toml", "--out", "out", "--resume").exit_code == 0
    assert (out / "rules.csv").read_bytes() == kept


def test_robustness(tcl: Tcl, tmp_path: Path) -> None:
    result = tcl(*MONTE_CARLO, "--bar", "1.5", "--out", "out", "--json")
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    assert (content["rule"], content["bar"], content["measure"]) == ("twins", 1.5, "factor")
    out = tmp_path / "out"
    names = {"robustness.csv", "robustness.json", "robustness.png", "runs.jsonl"}
    assert {path.name for path in out.iterdir()} == names
    table = pd.read_csv(out / "robustness.csv")
    assert table["good"].between(0, 1).all()
    assert "twin_mismatch" in set(table["imperfection"])
    assert "threshold_softness" not in set(table["imperfection"])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("compare-rules", "nope"), "there is no task 'nope'; there are"),
        (("compare-rules", "iris", "--rules", "tcl,magic"), "there is no rule 'magic'; there are tcl,"),
        (("compare-rules", "iris", "--rules", ","), "name at least one rule"),
        (("compare-rules", "iris", "--imperfections", "none.toml"), "none.toml does not exist"),
        (("compare-rules", "iris", "--imperfections", "bad.toml"), "no imperfection 'wear'"),
        (("compare-rules", "iris", "--imperfections", "one.toml"), "levels = 1 must be 0"),
        (("compare-rules", "iris", "--imperfections", "negative.toml"), "gain_spread = -0.2"),
        (("compare-rules", "iris", "--executor", "slurm"), "there is no executor 'slurm'"),
        (("compare-rules", "iris", "--tau-s", "1us"), "tau_s"),
        (("compare-rules", "iris", "--resume", "--out", "nowhere"), "nothing to resume"),
        (("robustness", "nope"), "there is no task 'nope'"),
        (("robustness", "iris", "--rule", "magic"), "there is no rule 'magic'"),
        (("robustness", "iris", "--bar", "-1"), "bar = -1.0 must be positive"),
    ],
)
def test_refused(tcl: Tcl, tmp_path: Path, command: tuple[str, ...], said: str) -> None:
    (tmp_path / "bad.toml").write_text("wear = 3\n")
    (tmp_path / "one.toml").write_text("levels = 1\n")
    (tmp_path / "negative.toml").write_text("gain_spread = -0.2\n")
    result = tcl(*command)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "runs").exists()


def test_interrupted_runs_are_kept(start_tcl: StartTcl, tcl: Tcl, tmp_path: Path) -> None:
    run = start_tcl(*RULES[:2], "--epochs", 3, "--workers", 1, "--rules", "tcl", "--seeds", 2, "--out", "out")
    store = tmp_path / "out" / "runs.jsonl"
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not (store.exists() and store.read_bytes().count(b"\n") > 3):
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=300)
    assert run.returncode == 130
    assert "go on with --resume" in said
    assert store.read_bytes().count(b"\n") > 3
