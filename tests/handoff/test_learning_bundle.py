"""A bundle that learns by itself, from a run in the circuit to a verified bench."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from conftest import Tcl

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.learning import Learning


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of the regression."""
    from tcl_circuits.commands.learn import LearnRequest, learn

    out = tmp_path_factory.mktemp("learned") / "run"
    learn(LearnRequest("regression", Request(cycles=8, look_every=8), out), lambda _: None)
    return out


@pytest.fixture(scope="module")
def bundle(run: Path) -> Path:
    """Its bundle."""
    from tcl_circuits.commands.export import ExportRequest, export

    out = run.with_name("bundle")
    found = export(ExportRequest(run, out=out))
    assert found.remarks == ("learning.cir has the first 8 of the run's 8 cycles",)
    return out


def test_the_bundle_learns_in_ngspice(tcl: Tcl, bundle: Path) -> None:
    result = tcl("verify", bundle)
    assert result.exit_code == 0, result.stdout + result.stderr
    assert "learning in ngspice" in result.stdout


def test_it_says_what_is_expected(bundle: Path) -> None:
    with (bundle / "expected.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["testbench"] == "learning"]
    assert {int(row["sample"]) for row in rows} == {2, 4, 6, 8}, "moments of the trajectory"
    states = [row for row in rows if row["of"].startswith("e")]
    assert len(states) == 4 * 16
    for row in states:
        assert 0 < float(row["tolerance"]) < 0.05 * float(row["expected"])
    begun = dict(
        line.split()[1].split("=")
        for line in (bundle / "learning.cir").read_text().splitlines()
        if line[:3] == ".ic"
    )
    moved = [abs(float(row["expected"]) - float(begun[f"v(v{row['of']})"])) for row in states]
    assert max(moved) > 0.2, "it learns"
    text = (bundle / "learning.lib").read_text()
    assert ".subckt autonomous_power a b gate w0 v0 u0" in text
    assert "ic=" not in text
    assert "no host" in (bundle / "README.md").read_text()


def test_an_edited_figure_is_found(tcl: Tcl, bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    (copy / "learning.cir").write_text((copy / "learning.cir").read_text().replace("PULSE(0 1", "PULSE(0 2"))
    result = tcl("verify", copy)
    assert result.exit_code == 1
    assert "learning.cir: changed since it was exported" in result.stderr


def test_a_bundle_of_a_bundle_is_the_same(tcl: Tcl, bundle: Path, tmp_path: Path) -> None:
    assert tcl("export", bundle, "--out", tmp_path / "again").exit_code == 0
    for name in ("learning.cir", "learning.lib", "setup.json", "expected.csv", "manifest.json"):
        assert (tmp_path / "again" / name).read_bytes() == (bundle / name).read_bytes(), name


def test_other_dialects_leave_the_bench_out(tcl: Tcl, run: Path, tmp_path: Path) -> None:
    result = tcl("export", run, "--dialect", "xyce", "--out", tmp_path / "b")
    assert result.exit_code == 0, result.stderr
    assert not (tmp_path / "b" / "learning.cir").exists()
    assert "learning" not in json.loads((tmp_path / "b" / "setup.json").read_text())


def test_what_can_not_be_a_bench_is_told(tcl: Tcl, run: Path, tmp_path: Path) -> None:
    detected = plan(tasks.load("regression"), Request(cycles=4, detector=True)).design
    with pytest.raises(InputError, match="--detector"):
        Learning.of(detected, 4)
    copy = shutil.copytree(run, tmp_path / "run")
    summary = json.loads((copy / "summary.json").read_text())
    (copy / "summary.json").write_text(json.dumps({**summary, "task": "springs"}))
    result = tcl("export", copy, "--out", tmp_path / "b")
    assert result.exit_code == 2
    assert "netlist.cir learns by itself" in " ".join(result.stderr.split())
    (copy / "summary.json").write_text(json.dumps(summary))
    (copy / "stream.json").write_text("{")
    result = tcl("export", copy, "--out", tmp_path / "b")
    assert result.exit_code == 2
    assert "stream.json, line 1, column 2: not JSON" in " ".join(result.stderr.split())
    assert not (tmp_path / "b").exists()
