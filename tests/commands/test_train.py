"""`tcl-circuits train`: its files and their keys, tables that mean no good, places that can't be written."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Tcl, run_ngspice
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.cli import app
from tcl_circuits.fitting import Checkpoint
from tcl_circuits.training.course import Course
from tcl_circuits.training.tasks import load

FILES = {
    "summary.json",
    "history.csv",
    "network.json",
    "netlist.cir",
    "checkpoint.npz",
    "loss.png",
    "network.png",
    "waveforms.png",
    "waveforms_trained.png",
}
KEYS = {
    "task",
    "engine",
    "rule",
    "signal",
    "cell",
    "seed",
    "epochs",
    "nodes",
    "edges",
    "initial_loss",
    "final_loss",
    "test_loss",
    "test_accuracy",
    "baseline",
    "cosine_to_gradient",
    "cycles",
    "wall_s",
    "cpu_s",
    "energy_J_per_cycle",
    "versions",
}
QUICK = ("--engine", "reference", "--epochs", 1)


def table(rows: int = 24, header: str = "a,b,y") -> str:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 2))
    y = x @ [0.5, -0.2]
    return "\n".join([header, *(f"{a:.4f},{b:.4f},{c:.4f}" for (a, b), c in zip(x, y, strict=True))]) + "\n"


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two epochs of iris in ngspice leave."""
    out = tmp_path_factory.mktemp("train") / "runs" / "iris"
    arguments = ["train", "iris", "--engine", "ngspice", "--epochs", "2", "--seed", "3", "--out", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert re.search(r"test accuracy 0\.\d+ +logistic regression: 0\.\d+", result.stdout)
    assert f"pictures: {out}/loss.png" in result.stdout
    assert f"netlist: {out}/netlist.cir" in result.stdout
    return out


class TestFiles:
    def test_exactly_these(self, iris: Path) -> None:
        assert {path.name for path in iris.iterdir()} == FILES | {"encoding.json", "samples.npz"}
        for picture in ("loss.png", "network.png", "waveforms.png"):
            assert (iris / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"

    def test_summary(self, iris: Path) -> None:
        found = json.loads((iris / "summary.json").read_text())
        assert set(found) >= KEYS
        said = {key: found[key] for key in ("task", "engine", "rule", "signal", "cell", "seed", "epochs")}
        assert said == {
            "task": "iris",
            "engine": "ngspice",
            "rule": "tcl",
            "signal": "power",
            "cell": "sense",
            "seed": 3,
            "epochs": 2,
        }
        assert (found["nodes"], found["edges"], found["cycles"]) == (16, 60, 200)
        assert found["final_loss"] < found["initial_loss"]
        assert found["cosine_to_gradient"] > 0.9
        assert 0.9 < found["baseline"] <= 1
        assert found["wall_s"] > 0
        assert found["cpu_s"] > 0
        assert 1e-8 < found["energy_J_per_cycle"] < 1e-5
        assert found["versions"]["ngspice"].startswith("ngspice-")

    def test_history(self, iris: Path) -> None:
        history = pd.read_csv(iris / "history.csv")
        assert list(history)[:5] == ["epoch", "loss", "accuracy", "test_loss", "test_accuracy"]
        assert history["epoch"].tolist() == [0, 1, 2]
        summary = json.loads((iris / "summary.json").read_text())
        assert history["loss"].tolist()[::2] == [summary["initial_loss"], summary["final_loss"]]
        assert history["test_accuracy"].tolist()[-1] == summary["test_accuracy"]

    def test_network(self, iris: Path) -> None:
        network = read_network(iris / "network.json")
        start = load("iris", 3).network
        assert network.nodes == start.nodes
        assert network.edges.tolist() == start.edges.tolist()
        state = Checkpoint.load(iris / "checkpoint.npz", Course).course
        assert network.conductance.tobytes() == state.conductance.tobytes()
        assert not np.allclose(network.conductance, start.conductance)

    def test_netlist(self, iris: Path, tmp_path: Path) -> None:
        text = (iris / "netlist.cir").read_text("ascii")
        ohms = [float(line.split()[3]) for line in text.splitlines() if re.match(r"(?i)rg\d+ ", line)]
        if ohms:  # flat, not in subcircuits
            network = read_network(iris / "network.json")
            assert_allclose(1 / np.array(ohms), network.conductance, rtol=1e-12)
        done = run_ngspice(iris / "netlist.cir", "-r", str(tmp_path / "out.raw"))
        assert done.returncode == 0, done.stderr
        assert "No. of Data Rows" in done.stdout

    def test_json_output_is_the_summary(self, tcl: Tcl) -> None:
        result = tcl("train", "regression", *QUICK, "--out", "out", "--json")
        assert json.loads(result.stdout) == json.loads(Path("out/summary.json").read_text())
        assert set(json.loads(result.stdout)) >= KEYS
        assert json.loads(result.stdout)["test_accuracy"] is None
        assert json.loads(result.stdout)["versions"]["ngspice"] is None

    def test_nothing_else_is_left_anywhere(self, tcl: Tcl, tmp_path: Path) -> None:
        assert tcl("train", "allostery", *QUICK, "--rule", "contrast").exit_code == 0
        (out,) = tmp_path.glob("runs/*")
        assert out.name == "allostery-contrast-reference-seed0"
        assert {path.name for path in out.iterdir()} == FILES
        assert [path.name for path in tmp_path.iterdir()] == ["runs"]

    def test_no_epochs(self, tcl: Tcl) -> None:
        result = tcl("train", "regression", "--engine", "reference", "--epochs", 0, "--out", "out", "--json")
        summary = json.loads(result.stdout)
        assert summary["initial_loss"] == summary["final_loss"]
        assert (summary["cycles"], summary["energy_J_per_cycle"], summary["cosine_to_gradient"]) == (
            0,
            None,
            None,
        )
        assert {path.name for path in Path("out").iterdir()} == FILES


class TestTables:
    def test_a_table_is_learnt(self, tcl: Tcl, tmp_path: Path) -> None:
        (tmp_path / "mine.csv").write_text(table())
        result = tcl("train", "--data", "mine.csv", "--target", "y", *QUICK, "--json")
        summary = json.loads(result.stdout)
        assert (summary["task"], summary["edges"], summary["test_accuracy"]) == ("table", 12, None)
        assert (tmp_path / "runs" / "mine-tcl-reference-seed0" / "summary.json").exists()

    def test_a_table_that_needs_no_editing(self, tcl: Tcl, tmp_path: Path) -> None:
        """An id column, cells without a value, decimal commas; trained, resumed, exported and verified."""
        rng = np.random.default_rng(0)
        rows = [
            f"{k + 1};{k % 3 + x:.3f};{y - k % 3:.2f};{'abc'[k % 3]}".replace(".", ",")
            for k, (x, y) in enumerate(rng.normal(0, 0.2, (60, 2)))
        ]
        for row, mark in ((4, 1), (17, 1), (30, 3)):
            cells = rows[row].split(";")
            cells[mark] = "?"
            rows[row] = ";".join(cells)
        (tmp_path / "mine.csv").write_text("\n".join(["sep=;", "no;x1;x2;kind", *rows, ""]))
        table = ("train", "--data", "mine.csv", "--target", "kind")
        refused = tcl(*table, *QUICK)
        assert refused.exit_code == 2
        assert "row 7, column 'x1': '?' is no value; fill the cell, or leave such rows out" in refused.stderr
        assert "--drop 'no'" in tcl(*table, "--missing", "drop", *QUICK, "--out", "all").stderr
        choice = ("--drop", "no", "--missing", "drop")
        result = tcl(*table, *choice, *QUICK, "--out", "run", "--json")
        assert "3 of 60 rows left out: missing value in x1 (2), kind (1)" in result.stderr
        assert "classes a 19, b 19, c 19" in result.stderr
        summary = json.loads(result.stdout)
        assert summary["train_samples"] + summary["test_samples"] == 57
        assert summary["table"] == {
            "data": "mine.csv",
            "target": "kind",
            "classes": False,
            "features": None,
            "drop": ["no"],
            "missing": "drop",
        }
        other = tcl(*table, "--features", "x1", "--missing", "drop", *QUICK, "--out", "run", "--resume")
        assert other.exit_code == 2
        assert "features was ['x1', 'x2'], is ['x1']" in other.stderr
        assert tcl(*table, *choice, *QUICK, "--out", "run", "--resume").exit_code == 0
        assert tcl("export", "run", "--out", "bundle").exit_code == 0
        assert tcl("verify", "bundle").exit_code == 0

    def test_options_of_a_table_without_one(self, tcl: Tcl) -> None:
        for option in (("--drop", "a"), ("--features", "a"), ("--missing", "drop"), ("--target", "a")):
            result = tcl("train", "iris", *option)
            assert result.exit_code == 2
            assert f"{option[0]} belongs to --data" in result.stderr

    def test_hostile_headers_and_file_names(self, tcl: Tcl, tmp_path: Path) -> None:
        header = '"x\n.control\nshell touch pwned\n.endc",".include /etc/hostname","[/] $y_{$"'
        path = tmp_path / "t\n.include pwned;$(touch pwned) [bold].csv"
        path.write_text(table(header=header))
        result = tcl(
            *("train", "--data", path, "--target", "[/] $y_{$", "--engine", "ngspice", "--epochs", 1),
            *("--out", "out"),
        )
        assert result.exit_code == 0
        assert not list(tmp_path.rglob("pwned"))
        text = (tmp_path / "out" / "netlist.cir").read_text("ascii")
        for line in text.splitlines():
            assert not re.match(r"(?i)\s*(\.(control|include|endc|lib)|shell|touch|\*#)", line)
        for group in re.findall(r"[vV]\(([^()]*)\)", text):
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", node) for node in group.split(","))

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "no header"),
            ("a,b,y\n", "0 rows below the header"),
            ("a,b,y\n1,2,3\n4,5,6\n", "2 rows below the header"),
            (table() + "1,oops,3\n", "row 26, column 'b'"),
            (table() + "1,nan,3\n", "row 26, column 'b'"),
            (table() + "1,2\n", "row 26"),
            ("a,b,y\n" + "1,2,same\n2,1,same\n" * 9, "'same' in every row of 'y'"),
            ("a,a,y\n" + "1,2,3\n" * 30, "'a'"),
        ],
        ids=["nothing", "no rows", "two rows", "text", "NaN", "a short row", "one class", "same names"],
    )
    def test_a_table_that_is_none(self, tcl: Tcl, tmp_path: Path, text: str, said: str) -> None:
        (tmp_path / "mine.csv").write_text(text)
        result = tcl("train", "--data", "mine.csv", "--target", "y", *QUICK)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("tcl-circuits: mine.csv")
        assert said in result.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]

    def test_a_graph_that_does_not_fit(self, tcl: Tcl, tmp_path: Path) -> None:
        (tmp_path / "mine.csv").write_text(table())
        nodes = [{"id": "a", "role": "input"}, {"id": "b", "role": "output"}]
        graph = {"nodes": nodes, "edges": [{"source": "a", "target": "b"}]}
        (tmp_path / "net.json").write_text(json.dumps(graph))
        result = tcl("train", "--data", "mine.csv", "--target", "y", "--graph", "net.json", *QUICK)
        assert result.exit_code == 2
        assert "1 inputs" in result.stderr
        (tmp_path / "net.json").write_text(json.dumps({"nodes": nodes, "edges": []}))
        result = tcl("train", "--data", "mine.csv", "--target", "y", "--graph", "net.json", *QUICK)
        assert result.exit_code == 2
        assert "has no edges" in result.stderr

    def test_nodes_whose_names_differ_in_case_alone(self, tcl: Tcl, tmp_path: Path) -> None:
        (tmp_path / "mine.csv").write_text(table())
        roles = {"A": "input", "a": "input", "y": "output", "Y": "hidden", "g": "ground"}
        edges = [("A", "Y"), ("a", "Y"), ("Y", "y"), ("A", "y"), ("y", "g")]
        graph = {
            "nodes": [{"id": node, "role": role} for node, role in roles.items()],
            "edges": [{"source": a, "target": b, "conductance": 2e-5} for a, b in edges],
        }
        (tmp_path / "net.json").write_text(json.dumps(graph))
        own = ("--data", "mine.csv", "--target", "y")
        trained = tcl("train", *own, "--graph", "net.json", *QUICK, "--out", "run")
        assert trained.exit_code == 0, trained.stderr
        assert tcl("export", "run", "--out", "b").exit_code == 0
        assert tcl("verify", "b").exit_code == 0
        compared = tcl("compare", "b", "run/netlist.cir")
        assert "same" in compared.stdout.splitlines()[0]


class TestPlaces:
    def refused(self, tcl: Tcl, out: object, *options: object) -> str:
        result = tcl("train", "regression", *QUICK, "--out", out, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        return line

    def test_a_file(self, tcl: Tcl, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("mine")
        assert "--out taken is a file" in self.refused(tcl, "taken", "--force")
        assert "can't be written" in self.refused(tcl, "taken/below")
        assert (tmp_path / "taken").read_text() == "mine"

    def test_a_directory_with_files(self, tcl: Tcl, tmp_path: Path) -> None:
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine").write_text("mine")
        assert "holds files already" in self.refused(tcl, "full")
        assert tcl("train", "regression", *QUICK, "--out", "full", "--force").exit_code == 0
        assert {path.name for path in (tmp_path / "full").iterdir()} == FILES | {"mine"}

    @pytest.mark.parametrize("out", ["/proc/nowhere", "/proc/version/x", "y" * 300, "z/" * 3000])
    def test_a_place_that_can_not_be_written(self, tcl: Tcl, out: str) -> None:
        assert "can't be written" in self.refused(tcl, out)

    @pytest.mark.parametrize(
        ("size", "code", "said"), [(30_000, 2, "can't be written"), (66_000, 1, "File too large")]
    )
    def test_a_full_disk(self, tcl: Tcl, tmp_path: Path, size: int, code: int, said: str) -> None:
        """A limit on the size of files stands for it; known at the start, or only when a picture is drawn."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            result = tcl("train", "regression", *QUICK, "--out", "out")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert result.exit_code == code
        last = result.stderr.splitlines()[-1]
        assert last.startswith("tcl-circuits: ")
        assert said in last
        if code == 1:
            assert Checkpoint.load(tmp_path / "out" / "checkpoint.npz", Course).course.epoch == 1
            assert tcl("train", "regression", *QUICK, "--out", "out", "--resume").exit_code == 0
            assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
