"""`tcl-circuits compare`: two engines side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Tcl

KEYS = {"waveform_max_error", "update_relative_l2", "update_cosine", "edges"}


@pytest.mark.parametrize("subject", ["regression", "net.json"])
def test_files(tcl: Tcl, tmp_path: Path, subject: str) -> None:
    nodes = [{"id": "a", "role": "input"}, {"id": "b", "role": "output"}, {"id": "c", "role": "ground"}]
    edges = [{"source": "a", "target": "b", "conductance": 1e-5}, {"source": "b", "target": "c"}]
    (tmp_path / "net.json").write_text(json.dumps({"nodes": nodes, "edges": edges}))
    result = tcl("compare", subject, "--out", "out", "--json")
    assert result.exit_code == 0
    drawn = subject.endswith(".json")
    assert result.stderr == ("1 of 2 conductances drawn, seed 0\n" if drawn else "")
    assert {path.name for path in Path("out").iterdir()} == {"comparison.json", "comparison.png"}
    found = json.loads(result.stdout)
    assert found == json.loads(Path("out/comparison.json").read_text())
    assert set(found) >= KEYS
    assert found["edges"] == (24 if subject == "regression" else 2)
    assert found["waveform_max_error"] < 0.05
    assert found["update_cosine"] > 0.999
    assert found["update_relative_l2"] < 0.02


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("nowhere",), "'nowhere' is neither a task"),
        (("regression", "--engines", "ngspice"), "name two"),
        (("regression", "--engines", "ngspice,spectre"), "there is no engine 'spectre'"),
        (("regression", "--reltol", "5"), "reltol = 5.0 must lie in"),
        (("regression", "--reltol", "nan"), "reltol = nan must lie in"),
        (("regression", "--signal", "cubic"), "signal 'cubic'"),
    ],
)
def test_what_is_refused(tcl: Tcl, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    result = tcl("compare", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())


def test_without_ngspice(tcl: Tcl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NGSPICE_LIBRARY_PATH", raising=False)
    monkeypatch.setattr("tcl_circuits.engines.installation._NAMES", ())
    result = tcl("compare", "regression", "--out", "out")
    assert result.exit_code == 2
    assert "not installed" in result.stderr
    assert tcl("compare", "regression", "--engines", "reference,reference", "--force").exit_code == 0
