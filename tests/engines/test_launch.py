"""What the user has set for ngspice elsewhere changes nothing here: start-up files, variables, user ids."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Tcl

from tcl_circuits.engines import installation
from tcl_circuits.engines.launch import clean_environment, private_directory
from tcl_circuits.engines.pool import Worker
from tcl_circuits.errors import EngineError

START_UPS = {
    "options": "option reltol=1e-2 trtol=70 chgtol=1e-12\noption interp\n",
    "gear": "option method=gear\noption temp=85\n",
    "missing": "source /nonexistent/models.lib\nosdi /nonexistent/psp.osdi\ncodemodel /nonexistent/x.cm\n",
    "optran": "optran 0 0 0 100p 2n 0\n",
}
ALL = [name for name in START_UPS if name != "options"]
VARIABLES = {
    "SPICE_ASCIIRAWFILE": "1",
    "NGSPICE_MEAS_PRECISION": "1",
    "SPICE_SCRIPTS": "/nonexistent",
    "SPICE_LIB_DIR": "/nonexistent",
    "SPICE_PATH": "/nonexistent",
    "OMP_NUM_THREADS": "7",
}
NODES = [{"id": "a", "role": "input"}, {"id": "b", "role": "input"}, {"id": "c", "role": "output"}]
EDGES = [("a", "c", 1e-5), ("b", "c", 2e-5), ("c", "g", 3e-5), ("a", "b", 4e-5)]
GRAPH = {
    "nodes": [*NODES, {"id": "g", "role": "ground"}],
    "edges": [{"source": u, "target": v, "conductance": value} for u, v, value in EDGES],
}
COMMANDS = {
    "simulate": ("simulate", "net.json", "--engine", "ngspice", "--out", "simulated"),
    "train": ("train", "iris", "--engine", "ngspice", "--epochs", "1", "--out", "trained"),
    "learn": ("learn-in-circuit", "regression", "--cycles", "4", "--out", "learned"),
}
FILES = ("simulated/edges.csv", "trained/history.csv", "learned/history.csv")


def run_all(tcl: Tcl, place: Path) -> dict[str, str]:
    """Results of every way in which ngspice is started."""
    for command in COMMANDS.values():
        assert tcl(*command, "--force").exit_code == 0
    verified = tcl("verify", "bundle")
    assert verified.exit_code == 0, verified.stderr
    return {"verified": verified.stdout, **{name: (place / name).read_text() for name in FILES}}


@pytest.mark.parametrize("name", ["options", *(pytest.param(name, marks=pytest.mark.slow) for name in ALL)])
def test_start_up_files_and_variables_change_nothing(
    tcl: Tcl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The shell command is in all of them."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "net.json").write_text(json.dumps(GRAPH))
    assert tcl("export", "net.json", "--out", "bundle").exit_code == 0
    right = run_all(tcl, tmp_path)
    mark, home = tmp_path / "executed", tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for variable, value in VARIABLES.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("SPICE_USERINIT_DIR", str(home))
    for place in (tmp_path, home):
        for file in (".spiceinit", "spice.rc"):
            (place / file).write_text(f"shell touch {mark}\n{START_UPS[name]}")
    assert run_all(tcl, tmp_path) == right
    assert not mark.exists()


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MINE", "kept")
    found = clean_environment(NGSPICE_LIBRARY_PATH="here")
    assert [name for name in found if "SPICE_" in name] == ["NGSPICE_LIBRARY_PATH"]
    assert (found["MINE"], found["OMP_NUM_THREADS"], found["LC_ALL"]) == ("kept", "1", "C")


def test_nothing_is_left_of_where_ngspice_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    worker = Worker()
    assert not list(tmp_path.iterdir())
    worker.kill()
    with private_directory() as place:
        assert [path.name for path in place.iterdir()] == [".spiceinit"]
    assert not list(tmp_path.iterdir())


def test_nowhere_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(EngineError, match=r"temporary directory.*set TMPDIR"), private_directory():
        pass


def unshared(*command: object) -> subprocess.CompletedProcess[str]:
    """Run the program under a user id that has no entry among the users."""
    program = [
        "unshare",
        "--user",
        "--map-user=12345",
        sys.executable,
        "-m",
        "tcl_circuits",
        *map(str, command),
    ]
    return subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)


def can_unshare() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        ["unshare", "--user", "--map-user=12345", "true"], capture_output=True, check=False
    )
    return tried.returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="needs user namespaces")
def test_a_user_id_without_an_entry(tmp_path: Path) -> None:
    done = unshared("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ngspice is usable" in done.stdout
    (tmp_path / "net.json").write_text(json.dumps(GRAPH))
    bundle = tmp_path / "bundle"
    assert unshared("export", tmp_path / "net.json", "--out", bundle).returncode == 0
    done = unshared("verify", bundle)
    assert done.returncode == 0, done.stderr


class TestLibraryPath:
    def test_a_bare_name_is_taken(self, tcl: Tcl, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NGSPICE_LIBRARY_PATH", raising=False)
        known = installation.find_library()
        assert known is not None
        monkeypatch.setenv("NGSPICE_LIBRARY_PATH", known)
        assert tcl("doctor").exit_code == 0

    def test_a_path_from_here_is_taken_as_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "mine.so").touch()
        monkeypatch.setenv("NGSPICE_LIBRARY_PATH", "mine.so")
        assert installation.find_library() == str(tmp_path / "mine.so")

    @pytest.mark.parametrize(
        ("value", "fault"),
        [
            ("", "is empty"),
            ("/nonexistent", "is not a file"),
            (os.sep, "is a directory"),
            ("libnothing-of-the-kind.so", "is neither a file nor a library"),
        ],
    )
    def test_a_wrong_one_is_named(
        self, tcl: Tcl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, fault: str
    ) -> None:
        (tmp_path / "net.json").write_text(json.dumps(GRAPH))
        monkeypatch.setenv("NGSPICE_LIBRARY_PATH", value)
        auto = tcl("simulate", "net.json")
        asked = tcl("simulate", "net.json", "--engine", "ngspice", "--out", "asked")
        doctor = tcl("doctor")
        assert (auto.exit_code, asked.exit_code, doctor.exit_code) == (0, 2, 1)
        for said in (auto.stderr, asked.stderr, doctor.stdout):
            assert f"NGSPICE_LIBRARY_PATH = {value!r} {fault}" in said
            assert "unset it" in said
            assert "not installed" not in said
        assert len(auto.stderr.splitlines()) == len(asked.stderr.splitlines()) == 1
