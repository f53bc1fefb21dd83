"""`tcl-circuits simulate`: its files, and graphs and names that mean no good."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from conftest import StartTcl, Tcl, run_ngspice
from numpy.testing import assert_allclose, assert_array_equal
from typer.testing import CliRunner

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.cli import app

CHAIN = [("a", "input"), ("b", "output"), ("c", None), ("d", "ground")]
WIRES = [("a", "b", 1e-5), ("b", "c", 2e-5), ("c", "a", "4.7u"), ("d", "b", 1e-5)]
HOSTILE = [
    "x\n.control\nshell touch pwned\n.endc",
    ";",
    "\"'`$(touch pwned)",
    ".include /etc/hostname",
    "long" * 2500,
    "🔌⚡",
    "$y_{$",
    "[/] [bold]",
    "\x1b[2J\x07",
    "../../../etc",
    "GND",
    "v(a) 0 1",
]
LEGAL = re.compile(r"[a-z][a-z0-9_]*")
CARDS = (".title", ".save", ".options", ".tran", ".meas", ".print", ".subckt", ".ends", ".end")


def document(nodes: Sequence[tuple[Any, str | None]], edges: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "nodes": [{"id": name} | ({"role": role} if role else {}) for name, role in nodes],
        "edges": [dict(zip(("source", "target", "conductance"), edge, strict=False)) for edge in edges],
    }


def ring(names: Sequence[Any]) -> tuple[list[tuple[Any, str | None]], list[tuple[Any, ...]]]:
    """A graph whose nodes have the names, the first ones with the roles input, output and ground."""
    roles = ["input", "output", "ground", *([None] * len(names))]
    edges = [(a, b) for a, b in zip(names, [*names[1:], names[0]], strict=True)]
    return list(zip(names, roles, strict=False)), edges


def graphml(nodes: Sequence[tuple[Any, str | None]], edges: Sequence[tuple[Any, ...]]) -> str:
    def node(name: str, role: str | None) -> str:
        data = f'<data key="role">{role}</data>' if role else ""
        return f'<node id="{escape(name)}">{data}</node>'

    lines = [node(*entry) for entry in nodes]
    lines += [f'<edge source="{escape(a)}" target="{escape(b)}"/>' for a, b, *_ in edges]
    return f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph>{"".join(lines)}</graph></graphml>'


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    path = tmp_path / "chain.json"
    path.write_text(json.dumps(document(CHAIN, WIRES)))
    return path


def clean_netlist(path: Path) -> None:
    """Hold a netlist to what it may contain, and ngspice to running it by itself."""
    lines = path.read_text("ascii").splitlines()
    for line in lines:
        assert line.startswith(CARDS) if line[0] == "." else line[0] in "RCVBXE+*", line
        for group in re.findall(r"[vV]\(([^()]*)\)", line):
            assert all(LEGAL.fullmatch(node) for node in group.split(",")), line
    for line in (line for line in lines if line[0] in "RCVBE"):
        for node in line.split()[1:3]:
            assert node == "0" or LEGAL.fullmatch(node), line
    done = run_ngspice(path, "-r", str(path.with_suffix(".raw")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No. of Data Rows" in done.stdout


def test_a_poor_machine_brings_no_words_of_other_packages(start_tcl: StartTcl, tmp_path: Path) -> None:
    """No home, no glyphs: one remark, and no Python warning."""
    nodes = [("入力", "input"), ("出力", "output"), ("g", "ground")]
    graph = document(nodes, [("入力", "出力", 1e-5), ("出力", "g", 2e-5)])
    (tmp_path / "net.json").write_text(json.dumps(graph))
    poor = {"HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull, "XDG_CACHE_HOME": os.devnull, "LC_ALL": "C"}
    process = start_tcl("simulate", "net.json", environment=poor)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert said == "pictures show boxes for characters that DejaVu Sans lacks; files keep them\n"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a simulation in ngspice leaves."""
    here = tmp_path_factory.mktemp("simulate")
    (here / "chain.json").write_text(json.dumps(document(CHAIN, WIRES)))
    arguments = ["simulate", str(here / "chain.json"), "--engine", "ngspice", "--out", str(here / "out")]
    result = CliRunner().invoke(app, [*arguments, "--volts", "1.5", "--targets", "200mV"])
    assert result.exit_code == 0
    assert re.fullmatch("|.* conductances drawn, seed 0\n", result.stderr)
    assert "4 edges" in result.stdout
    return here / "out"


class TestFiles:
    def test_exactly_these(self, out: Path) -> None:
        names = {"waveforms.nc", "edges.csv", "netlist.cir", "waveforms.png"}
        assert {path.name for path in out.iterdir()} == names
        assert (out / "waveforms.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"

    def test_edges(self, out: Path) -> None:
        edges = pd.read_csv(out / "edges.csv")
        assert list(edges) == ["edge", "u", "v", "conductance_S", "charge_C", "update"]
        assert edges["edge"].tolist() == ["a--b", "b--c", "c--a", "d--b"]
        assert edges["u"].tolist() == ["a", "b", "c", "d"]
        assert edges["v"].tolist() == ["b", "c", "a", "b"]
        assert_allclose(edges["conductance_S"], [1e-5, 2e-5, 4.7e-6, 1e-5], rtol=1e-12)
        # The output is at more than its target, so less conductance to the input and more to ground.
        assert (edges["update"][[0, 3]] * [-1, 1] > 0).all()
        assert_array_equal(np.sign(edges["charge_C"]), -np.sign(edges["update"]))

    def test_waveforms(self, out: Path) -> None:
        with xr.open_dataset(out / "waveforms.nc") as data:
            assert {"edge", "node", "time"} <= set(data.sizes)
            assert data["voltage"].dims == ("node", "time")
            assert data["u"].dims == data["signal"].dims == ("edge", "time")
            assert data["beta"].dims == ("time",)
            units = {name: data[name].attrs["units"] for name in ("time", "voltage", "u", "signal", "beta")}
            assert units == {"time": "s", "voltage": "V", "u": "A", "signal": "V2", "beta": "1"}
            assert data["conductance"].attrs["units"] == "S"
            assert data["node"].to_numpy().tolist() == ["a", "b", "c", "d"]
            assert data["role"].to_numpy().tolist() == ["input", "output", "hidden", "ground"]
            assert data["edge"].to_numpy().tolist() == ["a--b", "b--c", "c--a", "d--b"]
            assert_allclose(data["voltage"].sel(node="a"), 1.5, rtol=1e-9)
            assert_allclose(data["voltage"].sel(node="d"), 0, atol=1e-12)
            assert_allclose(data["time"][[0, -1]], [0, 1.01e-3], atol=1e-12)
            assert float(data["beta"].max()) == pytest.approx(1)

    def test_netlist(self, out: Path) -> None:
        clean_netlist(out / "netlist.cir")

    def test_options_name_nodes(self, tcl: Tcl, chain: Path) -> None:
        result = tcl(
            *("simulate", chain, "--inputs", "d, a", "--outputs", "c,b", "--volts", "1,-500m"),
            *("--targets", "0,0", "--engine", "reference", "--polarity", "inverted", "--cell", "series"),
        )
        assert result.exit_code == 0
        with xr.open_dataset("runs/simulate-chain/waveforms.nc") as data:
            assert data["role"].to_numpy().tolist() == ["input", "output", "output", "input"]
            assert float(data["voltage"].sel(node="d")[-1]) == pytest.approx(1)


class TestNames:
    @pytest.fixture
    def quiet_figures(self) -> Iterator[None]:
        """Small pictures: names do not depend on their resolution."""
        with mpl.rc_context({"savefig.dpi": 40, "figure.dpi": 40}):
            yield

    @pytest.mark.filterwarnings("ignore:Glyph")
    @pytest.mark.parametrize("kind", ["json", "graphml"])
    def test_hostile_names_are_only_names(
        self, tcl: Tcl, tmp_path: Path, quiet_figures: None, kind: str
    ) -> None:
        # XML has no place for control characters.
        labels = [name for name in HOSTILE if kind == "json" or not re.search(r"[\n\x1b]", name)]
        path = tmp_path / f"net.{kind}"
        path.write_text(json.dumps(document(*ring(labels))) if kind == "json" else graphml(*ring(labels)))
        result = tcl("simulate", path, "--engine", "ngspice", "--out", "out")
        assert result.exit_code == 0
        assert "conductances drawn" in result.stderr
        assert "\x1b" not in result.stdout
        assert sorted(found.name for found in tmp_path.rglob("*")) == sorted(
            [path.name, "out", "waveforms.nc", "edges.csv", "netlist.cir", "waveforms.png"]
        )
        clean_netlist(tmp_path / "out" / "netlist.cir")
        netlist = (tmp_path / "out" / "netlist.cir").read_text()
        statements = "\n".join(line for line in netlist.splitlines() if not line.startswith("*"))
        assert not re.search(r"(?im)^\s*\.(control|include|lib)|[ \n]shell|/etc", statements)
        assert not re.search(r"[$;`\\]", netlist)
        network = read_network(path)
        names = NameMap.of(network.nodes)
        assert all(LEGAL.fullmatch(spice) and spice in netlist for spice in names.spice)
        assert [names.labels[spice] for spice in names.spice] == list(network.nodes) == labels
        table = pd.read_csv(tmp_path / "out" / "edges.csv", keep_default_na=False)
        assert table["u"].tolist() == labels
        with xr.open_dataset(tmp_path / "out" / "waveforms.nc") as data:
            assert data["node"].to_numpy().tolist() == labels

    def test_a_name_that_no_file_can_hold(self, tcl: Tcl, tmp_path: Path, quiet_figures: None) -> None:
        """Half of a surrogate pair is text in JSON, but not in UTF-8."""
        (tmp_path / "net.json").write_text(json.dumps(document(*ring(["\ud83d", "b", "c"]))))
        assert tcl("simulate", "net.json", "--engine", "reference", "--out", "out").exit_code == 0
        assert pd.read_csv(tmp_path / "out" / "edges.csv")["u"][0] == r"\ud83d"

    def test_a_hostile_file_name(self, tcl: Tcl, tmp_path: Path, chain: Path, quiet_figures: None) -> None:
        path = tmp_path / "x\n.include pwned;$(touch pwned) [bold].json"
        chain.rename(path)
        assert tcl("simulate", path, "--engine", "ngspice", "--out", "out").exit_code == 0
        clean_netlist(tmp_path / "out" / "netlist.cir")
        assert "pwned" not in (tmp_path / "out" / "netlist.cir").read_text()
        assert not (tmp_path / "pwned").exists()


FAULTS: dict[str, tuple[str, list[str]]] = {
    "not JSON": ('{"nodes": [', ["not JSON"]),
    "nothing": ("", ["is empty"]),
    "no graph": ("[]", ["not a node-link graph"]),
    "no nodes": (json.dumps(document([], [])), ["it has no nodes", "it has no edges"]),
    "no roles": (
        json.dumps(document([("a", None), ("b", None)], [("a", "b")])),
        ["no node is an input", "--inputs a,b"],
    ),
    "many": (
        json.dumps(
            document(
                [
                    ("a", "input"),
                    ("b", "output"),
                    ("lone", None),
                    ("x 1", None),
                    ("x_1", None),
                    ("p", "king"),
                ],
                [
                    ("a", "b", float("nan")),
                    ("b", "x 1", -1e-5),
                    ("x 1", "x_1", 0),
                    ("a", "x_1", 1e-30),
                    ("a", "b", 1e30),
                    ("b", "b", 1e-5),
                    ("a", "b", float("inf")),
                    ("a", "p", "10M"),
                    ("a", "nowhere", 1e-5),
                ],
            )
        ),
        [
            "'lone' has no conducting path",
            "unknown role 'king'",
            "nan",
            "-1e-05 S",
            "0 S",
            "1e-30 S",
            "1e+30 S",
            "self-loop",
            "inf",
            "'10M'",
            "no node 'nowhere'",
        ],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_graph_that_is_none_is_refused_with_every_fault(tcl: Tcl, tmp_path: Path, name: str) -> None:
    text, parts = FAULTS[name]
    (tmp_path / "net.json").write_text(text)
    result = tcl("simulate", "net.json", "--engine", "ngspice")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("tcl-circuits: net.json")
    for part in parts:
        assert part in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["net.json"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--inputs", "a,zz"), "inputs: no node 'zz'"),
        (("--inputs", "a,a"), "'a' has the roles input and input"),
        (("--outputs", "q"), "outputs: no node 'q'"),
        (("--ground", "q"), "ground: no node 'q'"),
        (("--volts", "1,2"), "--volts: 2 given for 1 input"),
        (("--volts", "much"), "--volts: 'much' is not a number"),
        (("--volts", "nan"), "--volts: 'nan' is not a number"),
        (("--targets", "1M"), "--targets: '1M' is ambiguous"),
        (("--targets", "1e999"), "must be finite"),
        (("--engine", "spectre"), "there is no engine 'spectre'"),
        (("--signal", "cubic"), "signal 'cubic'"),
        (("--cell", "brick"), "there is no cell 'brick'"),
    ],
)
def test_an_option_that_does_not_fit(tcl: Tcl, chain: Path, options: tuple[str, ...], said: str) -> None:
    result = tcl("simulate", chain, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert [path.name for path in chain.parent.iterdir()] == ["chain.json"]


def test_a_graph_that_is_not_there(tcl: Tcl, tmp_path: Path) -> None:
    for path in ("nowhere.json", tmp_path):
        result = tcl("simulate", path)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
