"""``export``, ``verify`` and ``compare`` of bundles on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from conftest import Tcl

import tcl_circuits as tcl_package
from tcl_circuits.handoff.importing import read_bundle

MOMENTS = [
    ("Path.write_bytes", 3),
    *(("Path.rename", call) for call in (2, 3, 5)),
    ("shutil.rmtree", 1),
]
KILLED = """
import os, pathlib, shutil, signal, sys
import tcl_circuits.cli, tcl_circuits.handoff.bundle, tcl_circuits.handoff.schematic
from pathlib import Path

def kill_at(name, call):
    place, _, method = name.partition(".")
    place, calls = {{"Path": Path, "shutil": shutil}}[place], []
    usual = getattr(place, method)

    def counted(*arguments, **options):
        calls.append(1)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return usual(*arguments, **options)

    setattr(place, method, counted)

for k, moment in enumerate({moments!r}):
    child = os.fork()
    if not child:
        kill_at(*moment)
        options = ["--dialect", "xyce", "--force", "--out", f"{{k}}/b"]
        sys.argv = ["tcl-circuits", "export", "ring.graphml", *options]
        tcl_circuits.cli.main()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, moment
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    ring: nx.Graph[Any] = nx.cycle_graph(["a", "b", "c", "d"])
    roles = {"a": "input", "b": "hidden", "c": "output", "d": "ground"}
    nx.set_node_attributes(ring, roles, "role")
    nx.set_edge_attributes(ring, dict.fromkeys(ring.edges, "10u"), "conductance")
    nx.write_graphml(ring, tmp_path / "ring.graphml")
    return tmp_path / "ring.graphml"


def files(path: str) -> dict[str, bytes]:
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in Path(path).rglob("*") if p.is_file()}


def test_a_run_is_exported_verified_and_comes_back(tcl: Tcl) -> None:
    assert tcl("train", "iris", "--engine", "reference", "--epochs", 2, "--out", "run").exit_code == 0
    result = tcl("export", "run", "--out", "b")
    assert result.exit_code == 0, result.output
    assert "60 edges as ngspice in b" in result.output
    verified = tcl("verify", "b")
    assert verified.exit_code == 0, verified.output
    assert "passed" in verified.output
    setup = json.loads(Path("b/setup.json").read_bytes())
    assert setup["title"] == "iris"
    assert setup["facts"]["epochs"] == 2
    assert len(setup["inference"]) == 8
    again = tcl("export", "b", "--out", "c")
    assert again.exit_code == 0
    assert "not used" not in again.output
    assert files("b") == files("c")
    told = tcl("export", "b", "--samples", 3, "--tau-f", "5us", "--out", "d").output
    assert "carries these itself: --samples, the sawtooth's options not used" in told
    assert "the same network" in tcl("compare", "b", "c").output
    assert "the same network" in tcl("compare", "b", "run").output
    assert "the same network" in tcl("compare", "b", "run/netlist.cir").output


def test_parts_and_their_cost_in_accuracy(tcl: Tcl) -> None:
    tcl("train", "iris", "--engine", "reference", "--epochs", 2, "--out", "run")
    options = ["--standard-values", "E24", "--wire", "100ohm", "--offset", "5mV", "--node-capacitance", "1pF"]
    result = tcl("export", "run", *options, "--out", "b")
    assert result.exit_code == 0, result.output
    for word in ("as trained", "E24 values", "100 ohm of wire", "all together", "test accuracy"):
        assert word in result.output
    assert "| all together |" in Path("b/README.md").read_text()
    assert "vos0 n_" in Path("b/inference.cir").read_text()
    assert "op-amps" in Path("b/README.md").read_text()
    assert tcl("verify", "b").exit_code == 0
    different = tcl("compare", "b", "run")
    assert "60 edges differ" in different.output


def test_a_graph_in_every_dialect(tcl: Tcl, graph: Path) -> None:
    for dialect in ("ngspice", "ltspice", "xyce", "spectre"):
        result = tcl("export", graph, "--dialect", dialect)
        assert result.exit_code == 0, result.output
        assert tcl("verify", f"bundles/ring-{dialect}").exit_code == 0


def test_measured_conductances(tcl: Tcl, graph: Path) -> None:
    assert tcl("export", graph, "--out", "b").exit_code == 0
    Path("measured.csv").write_text("edge,conductance\na--b,11u\n")
    assert tcl("export", "b", "--conductances", "measured.csv", "--out", "c").exit_code == 0
    result = tcl("compare", "b", "c", "--json", "--out", "d")
    found = json.loads(result.output)
    assert found["edges_changed"] == 1
    assert found["largest_relative_change"] == pytest.approx(0.1)
    assert json.loads(Path("d/comparison.json").read_bytes())["changed"][0]["edge"] == "a--b"


def test_edited_values_carry_no_results(tcl: Tcl) -> None:
    """An accuracy is that of the trained values; edited or measured ones must not go by it."""
    tcl("train", "iris", "--engine", "reference", "--epochs", 1, "--out", "run")
    tcl("export", "run", "--out", "b")
    assert "test_accuracy" in Path("b/README.md").read_text()
    params = Path("b/params.inc")
    lines = params.read_text().splitlines()
    lines = [".param g_e3=12.5u" if line.startswith(".param g_e3=") else line for line in lines]
    params.write_text("\n".join(lines) + "\n")
    assert tcl("verify", "b").exit_code == 1
    assert tcl("export", "b", "--out", "c").exit_code == 0
    Path("measured.csv").write_text("edge,conductance\ne3,12.5u\n")
    assert tcl("export", "run", "--conductances", "measured.csv", "--out", "d").exit_code == 0
    for bundle in ("c", "d"):
        text = Path(bundle, "README.md").read_text()
        assert "accuracy" not in text
        assert "edited or measured after the training" in text
        assert ".param g_e3=1.25e-05\n" in Path(bundle, "params.inc").read_text()
    assert tcl("verify", "c").exit_code == 0
    assert "the same network" in tcl("compare", "c", "d").output
    assert tcl("report", "b").exit_code == 0
    assert "test accuracy" not in Path("b-report.html").read_text()


def test_parts_take_their_own_accuracy_along(tcl: Tcl) -> None:
    tcl("train", "iris", "--engine", "reference", "--epochs", 1, "--out", "run")
    assert tcl("export", "run", "--standard-values", "E24", "--wire", "50kohm", "--out", "b").exit_code == 0
    facts = json.loads(Path("b/setup.json").read_bytes())["facts"]
    assert facts["test_accuracy"] == facts["parts"][-1]["accuracy"]
    assert facts["test_loss"] == facts["parts"][-1]["loss"] != facts["parts"][0]["loss"]


def test_tampering_is_named_and_exits_1(tcl: Tcl, graph: Path) -> None:
    tcl("export", graph, "--out", "b")
    params = Path("b/params.inc")
    params.write_text(params.read_text().replace("g_e0=1e-05", "g_e0=2e-05"))
    Path("b/cells.lib").unlink()
    result = tcl("verify", "b")
    assert result.exit_code == 1
    assert "cells.lib: missing" in result.output
    assert "g_e0 = 2e-05, exported as 1e-05" in result.output
    manifest = Path("b/manifest.json")
    manifest.write_text(manifest.read_text().replace('"cells.lib"', '"../../etc/passwd"'))
    climbing = tcl("verify", "b")
    assert climbing.exit_code == 1
    assert "../../etc/passwd" in climbing.output


def test_a_full_target_is_refused_unless_forced(tcl: Tcl, graph: Path) -> None:
    assert tcl("export", graph, "--out", "b").exit_code == 0
    before = files("b")
    refused = tcl("export", graph, "--out", "b", "--dialect", "xyce")
    assert refused.exit_code == 2
    assert "holds files already" in refused.output
    assert files("b") == before
    assert tcl("export", graph, "--out", "b", "--dialect", "xyce", "--force").exit_code == 0
    assert json.loads(Path("b/manifest.json").read_bytes())["dialect"] == "xyce"


def test_a_kill_at_any_moment_is_mended_by_the_next_export(tcl: Tcl, graph: Path) -> None:
    assert tcl("export", graph, "--out", "b").exit_code == 0
    Path("b/notes.txt").write_text("mine")
    for k, _ in enumerate(MOMENTS):
        shutil.copytree("b", f"{k}/b")
    subprocess.run([sys.executable, "-c", KILLED.format(moments=MOMENTS)], check=True, timeout=300)
    assert all(any(path.name != "b" for path in Path(str(k)).iterdir()) for k, _ in enumerate(MOMENTS))
    for k, moment in enumerate(MOMENTS):
        refused = tcl("export", graph, "--out", f"{k}/b")
        assert "holds files already" in refused.output, moment
        assert sorted(path.name for path in Path(str(k)).iterdir()) == ["b"], moment
        assert files(f"{k}/b").keys() == files("b").keys(), moment
        assert tcl("export", graph, "--out", f"{k}/b", "--force").exit_code == 0
        assert files(f"{k}/b") == files("b"), moment


@pytest.mark.parametrize(
    ("key", "value"), [("seed", "one"), ("seed", -1), ("cell", 3), ("task", ["iris"]), ("versions", "new")]
)
@pytest.mark.parametrize("command", ["export", "cost", "report"])
def test_a_summary_of_other_kinds_is_one_error(tcl: Tcl, command: str, key: str, value: object) -> None:
    Path("run").mkdir()
    Path("run/network.json").touch()
    Path("run/summary.json").write_text(json.dumps({"task": "iris", "cell": "sense", key: value}))
    result = tcl(command, "run")
    assert result.exit_code == 2
    assert f"summary.json: {key} = {value!r} is not" in result.output


def test_a_run_of_a_table_brings_its_samples(tcl: Tcl) -> None:
    rows = [f"{k % 7},{k % 3},{(k % 7) * 0.1 - (k % 3) * 0.2:.3f}" for k in range(30)]
    Path("t.csv").write_text("x,y,z\n" + "\n".join(rows) + "\n")
    tcl("train", "--data", "t.csv", "--target", "z", "--engine", "reference", "--epochs", 1, "--out", "run")
    Path("t.csv").unlink()
    result = tcl("export", "run", "--out", "b", "--samples", 3)
    assert result.exit_code == 0, result.output
    with np.load("run/samples.npz") as samples:
        np.testing.assert_allclose(read_bundle(Path("b")).inference, samples["test_inputs"][:3], rtol=1e-5)
    assert tcl("verify", "b").exit_code == 0
    refused = tcl("export", "run", "--data", "t.csv", "--out", "c")
    assert refused.exit_code == 2
    assert "keeps its own; leave it out" in refused.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "nothing.graphml"], "does not exist"),
        (["export", "empty"], "neither a run nor a bundle"),
        (["export", "ring.graphml", "--dialect", "hspice"], "no dialect 'hspice'"),
        (["export", "ring.graphml", "--standard-values", "E12"], "no series 'E12'"),
        (["export", "ring.graphml", "--wire", "1M"], "ambiguous"),
        (["export", "ring.graphml", "--wire", "-1"], "must be finite and not negative"),
        (["export", "ring.graphml", "--cell", "other"], "no cell 'other'"),
        (["verify", "empty"], "is not a bundle"),
        (["compare", "ring.graphml", "nothing.cir"], "nothing.cir does not exist"),
        (["export", "nothing.cir"], "nothing.cir does not exist"),
    ],
)
def test_wrong_use_is_told(tcl: Tcl, graph: Path, arguments: list[str], said: str) -> None:
    Path("empty").mkdir()
    result = tcl(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("bundles").exists()


def test_the_public_name(tmp_path: Path) -> None:
    network = tcl_package.lattice(3, 3, [(0, 0)], [(2, 2)], seed=0)
    out = tcl_package.export(network, tmp_path / "b", dialect="ngspice")
    assert (out / "manifest.json").exists()
