"""The command line: exit codes, one clear message, no traceback; with and without ngspice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import StartTcl, Tcl

from tcl_circuits.commands.options import names, shortened, volts_of
from tcl_circuits.engines import installation
from tcl_circuits.errors import InputError

IRIS = ("train", "iris", "--engine", "reference")
FAULTS = {
    "no task": (("train",), "name a task (allostery, regression, iris, "),
    "unknown task": (("train", "alostery"), "there is no task 'alostery'"),
    "unknown engine": (
        ("train", "iris", "--engine", "spectre"),
        "there is no engine 'spectre'; there are auto",
    ),
    "unknown rule": ((*IRIS, "--rule", "hebb"), "there is no rule 'hebb'; there are tcl"),
    "unknown signal": ((*IRIS, "--signal", "cubic"), "signal 'cubic' must be 'power', 'abs' or 'linear'"),
    "unknown cell": ((*IRIS, "--cell", "brick"), "there is no cell 'brick'; there are sense and series"),
    "unknown polarity": ((*IRIS, "--polarity", "up"), "polarity 'up' must be 'standard' or 'inverted'"),
    "text": ((*IRIS, "--tau-f", "soon"), "--tau-f: 'soon' is not a number; write for example 1e-5 or 10us"),
    "nothing": ((*IRIS, "--tau-f", ""), "--tau-f: '' is not a number"),
    "M": ((*IRIS, "--tau-f", "10M"), "--tau-f: '10M' is ambiguous"),
    "farads": ((*IRIS, "--tau-s", "1mF"), "--tau-s: unknown suffix in '1mF'"),
    "negative": ((*IRIS, "--tau-f", "-10us"), "tau_f = -1e-05 must be positive and finite"),
    "zero": ((*IRIS, "--tau-f", "0"), "tau_f = 0.0 must be positive and finite"),
    "infinite": ((*IRIS, "--tau-s", "1e999"), "tau_s = inf must be positive and finite"),
    "beyond infinity": ((*IRIS, "--tau-s", "1e99999999999999999999"), "--tau-s: '1e99999999999999999999'"),
    "slow as fast": ((*IRIS, "--tau-f", "1ms"), "tau_s = 0.001 s must be longer than tau_f = 0.001 s"),
    "slow before fast": ((*IRIS, "--tau-s", "1us"), "tau_s = 1e-06 s must be longer than tau_f = 1e-05 s"),
    "target without data": ((*IRIS, "--target", "y"), "--target belongs to --data"),
    "data without target": (("train", "--data", "t.csv"), "--data t.csv needs --target COLUMN"),
    "data and task": (("train", "iris", "--data", "t.csv", "--target", "y"), "not both"),
    "no such data": (("train", "--data", "t.csv", "--target", "y"), "t.csv does not exist"),
    "no such graph": (("simulate", "net.graphml"), "net.graphml does not exist"),
}
OPTIONS = {
    "negative epochs": ((*IRIS, "--epochs", "-1"), "--epochs"),
    "epochs in words": ((*IRIS, "--epochs", "many"), "--epochs"),
    "no workers": ((*IRIS, "--workers", "0"), "--workers"),
    "a negative seed": ((*IRIS, "--seed", "-1"), "--seed"),
    "a seed too large": (("simulate", "net.json", "--seed", "99999999999"), "--seed"),
    "unknown option": ((*IRIS, "--speed", "9"), "--speed"),
    "unknown command": (("fly",), "fly"),
    "no graph": (("simulate",), "GRAPH"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_use_is_one_line_and_exit_code_2(tcl: Tcl, tmp_path: Path, name: str) -> None:
    arguments, said = FAULTS[name]
    result = tcl(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("tcl-circuits: ")
    assert said in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", OPTIONS)
def test_options_that_can_not_be_are_named(tcl: Tcl, tmp_path: Path, name: str) -> None:
    arguments, said = OPTIONS[name]
    result = tcl(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said.lower() in result.stderr.lower()
    assert not list(tmp_path.iterdir())


def test_a_missing_column(tcl: Tcl, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n2,1\n" * 9)
    result = tcl("train", "--data", "t.csv", "--target", "y")
    assert result.exit_code == 2
    assert result.stderr == "tcl-circuits: t.csv, row 1: no column 'y'; the columns are 'a', 'b'\n"


def test_a_real_process_prints_no_traceback(start_tcl: StartTcl) -> None:
    process = start_tcl("train", "alostery")
    out, said = process.communicate(timeout=300)
    assert (process.returncode, out) == (2, "")
    assert said.startswith(
        "tcl-circuits: there is no task 'alostery'; there are allostery, regression, iris, "
    )
    assert said.count("\n") == 1


def test_a_reader_that_leaves_early_is_no_fault(start_tcl: StartTcl) -> None:
    process = start_tcl("cells")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.wait(60)
    assert "Traceback" not in said


def test_a_path_in_no_encoding_can_be_printed(tmp_path: Path) -> None:
    nodes = [{"id": "a", "role": "input"}, {"id": "b", "role": "ground"}]
    graph = {"nodes": nodes, "edges": [{"source": "a", "target": "b", "conductance": 1e-5}]}
    (tmp_path / "net.json").write_text(json.dumps(graph))
    program = [sys.executable, "-m", "tcl_circuits", "simulate", "net.json", "--engine", "reference"]
    done = subprocess.run(
        [*program, "--out", b"run\xff[/bold]"], cwd=tmp_path, capture_output=True, timeout=300, check=True
    )
    assert rb"run\udcff[/bold]/edges.csv" in done.stdout


class TestLists:
    def test_tasks(self, tcl: Tcl) -> None:
        result = tcl("tasks")
        assert result.exit_code == 0
        for name in ("allostery", "regression", "iris", "--data FILE.csv"):
            assert name in result.stdout

    def test_cells(self, tcl: Tcl) -> None:
        result = tcl("cells")
        assert result.exit_code == 0
        for part in ("sense_power", "sense_abs", "sense_linear", "series", "Eq. 25"):
            assert part in result.stdout

    def test_doctor(self, tcl: Tcl) -> None:
        result = tcl("doctor")
        assert result.exit_code == 0
        assert result.stdout.splitlines()[-1] == "ngspice is usable"
        report = json.loads(tcl("doctor", "--json").stdout)
        assert report["usable"] is True
        assert report["kernel_error"] < 0.005
        assert report["remedy"] is None
        assert report["ngspice_version"] >= 30
        assert {"numpy", "PySpice", "tcl-circuits"} <= set(report["packages"])

    def test_help(self, tcl: Tcl) -> None:
        for command in ("doctor", "tasks", "cells", "train", "simulate", "compare"):
            assert command in tcl("--help").stdout
            assert tcl(command, "--help").exit_code == 0


class TestWithoutNgspice:
    @pytest.fixture(autouse=True)
    def missing(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("NGSPICE_LIBRARY_PATH", raising=False)
        monkeypatch.setattr(installation, "_NAMES", ())
        nodes = [{"id": "a", "role": "input"}, {"id": "b", "role": "ground"}]
        graph = {"nodes": nodes, "edges": [{"source": "a", "target": "b", "conductance": 1e-5}]}
        (tmp_path / "net.json").write_text(json.dumps(graph))

    @pytest.mark.parametrize("command", [("simulate", "net.json"), ("train", "regression", "--epochs", "1")])
    def test_auto_says_so_and_goes_on(self, tcl: Tcl, command: tuple[str, ...]) -> None:
        result = tcl(*command, "--out", "out")
        assert result.exit_code == 0
        lines = [line for line in result.stderr.splitlines() if "ngspice" in line]
        assert lines == [
            "the exact engine is used instead of ngspice: libngspice is not installed; "
            f"{installation.advice()}"
        ]

    @pytest.mark.parametrize("command", [("simulate", "net.json"), ("train", "iris")])
    def test_by_name_it_is_refused_with_the_same_advice(
        self, tcl: Tcl, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        result = tcl(*command, "--engine", "ngspice", "--out", "out")
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert "ngspice is not installed" in line
        assert installation.advice() in line
        assert not (tmp_path / "out").exists()

    def test_doctor(self, tcl: Tcl) -> None:
        result = tcl("doctor")
        assert result.exit_code == 1
        assert f"libngspice is not installed; {installation.advice()}" in result.stdout
        result = tcl("doctor", "--json")
        assert result.exit_code == 1
        report = json.loads(result.stdout)
        assert (report["usable"], report["library"], report["kernel_error"]) == (False, None, None)

    def test_a_library_that_is_none(self, tcl: Tcl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "libngspice.so").write_text("")
        monkeypatch.setenv("NGSPICE_LIBRARY_PATH", str(tmp_path / "libngspice.so"))
        assert tcl("doctor").exit_code == 1
        result = tcl("simulate", "net.json")
        assert result.exit_code == 0
        (line,) = result.stderr.splitlines()
        assert line.startswith("the exact engine is used instead of ngspice: libngspice can't be loaded")
        result = tcl("simulate", "net.json", "--engine", "ngspice", "--out", "named")
        assert result.exit_code == 1
        assert "libngspice can't be loaded" in result.stderr
        assert not (tmp_path / "named").exists()

    def test_advice(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: name == "dnf")
        assert installation.advice() == "install it with `dnf install ngspice libngspice`"
        monkeypatch.setattr(shutil, "which", lambda name: None)
        assert installation.advice().startswith("install ngspice and its shared library")


class TestOptions:
    def test_names(self) -> None:
        assert names(None) is None
        assert names(" a, b c ,,(0, 1)") == ["a", "b c", "(0, 1)"]

    def test_volts(self) -> None:
        assert volts_of(None, "--volts") is None
        assert volts_of("1, -500m,2e-3 V", "--volts") == [1.0, -0.5, 0.002]
        with pytest.raises(InputError, match="--volts: '' is not a number"):
            volts_of("1,,2", "--volts")

    def test_shortened(self) -> None:
        assert shortened("a--b") == "a--b"
        assert shortened("a\n\x1b[2Jb") == "a??[2Jb"
        assert shortened("x" * 100) == "x" * 60 + "..."
