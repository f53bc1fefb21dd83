"""Bundles as files: the same bytes everywhere, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from handoff_samples import SAW, contents, divider_design, hostile_design, small_design

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.handoff import bundle as module
from tcl_circuits.handoff.bundle import write_bundle
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.manifest import digest

EXPORT = """
import sys; sys.path.insert(0, {tests!r})
from pathlib import Path
import locale
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
from handoff_samples import hostile_design
from tcl_circuits.handoff.bundle import write_bundle
write_bundle(hostile_design(), Path(sys.argv[1]))
"""


def test_files_are_there(tmp_path: Path) -> None:
    found = contents(write_bundle(divider_design(), tmp_path / "b"))
    wanted = {
        "README.md",
        "bom.csv",
        "cell.svg",
        "cells.lib",
        "expected.csv",
        "inference.cir",
        "manifest.json",
        "mismatch.inc",
        "names.json",
        "network.json",
        "network.lib",
        "network.svg",
        "params.inc",
        "setup.json",
        "training.cir",
    }
    assert wanted <= set(found)
    assert {name for name in found if name.startswith("corners/")} == {
        "corners/high.inc",
        "corners/low.inc",
        "corners/typical.inc",
    }
    manifest = json.loads(found["manifest.json"])
    assert manifest["files"] == {
        name: digest(data) for name, data in sorted(found.items()) if name != "manifest.json"
    }
    assert manifest["units"]["g"] == "S"
    assert manifest["pins"] == ["n_in", "n_mid", "n_gnd"]


def test_the_same_bytes_in_other_processes_locales_and_zones(tmp_path: Path) -> None:
    found = []
    tests = str(Path(__file__).parent)
    for k, (language, zone, seed) in enumerate([("C", "UTC", "0"), ("de_DE.UTF-8", "Asia/Tokyo", "7")]):
        environment = {**os.environ, "LC_ALL": language, "TZ": zone, "PYTHONHASHSEED": seed}
        out = tmp_path / f"b{k}"
        script = EXPORT.format(tests=tests)
        subprocess.run([sys.executable, "-c", script, str(out)], env=environment, check=True)
        found.append(contents(out))
    assert found[0] == found[1]
    assert found[0] == contents(write_bundle(hostile_design(), tmp_path / "b"))


def test_nothing_in_it_names_a_day_or_a_place(tmp_path: Path) -> None:
    for name, data in contents(write_bundle(divider_design(), tmp_path / "b")).items():
        assert str(tmp_path).encode() not in data, name
        assert b"\r" not in data, name


def test_hostile_names_stay_in_json(tmp_path: Path) -> None:
    for name, data in contents(write_bundle(hostile_design(), tmp_path / "b")).items():
        assert data.isascii() or name.endswith(".svg"), name
        if not name.endswith((".json", ".svg", ".md")):
            for hostile in (b"/passwd", b"$(", b"=1+1"):
                assert hostile not in data, (name, hostile)


def test_names_map_both_ways(tmp_path: Path) -> None:
    design = hostile_design()
    names = json.loads((write_bundle(design, tmp_path / "b") / "names.json").read_bytes())
    assert len({node["spice"] for node in names["nodes"]}) == design.network.node_count
    assert names["nodes"][2]["role"] == "ground"
    assert names["edges"][0]["from"] == names["nodes"][0]["spice"]


def test_mismatch_is_sampled_and_seeded(tmp_path: Path) -> None:
    def sampled(seed: int) -> bytes:
        design = divider_design()
        other = Design(design.network, design.cell, SAW, design.training, design.inference, "d", seed)
        return (write_bundle(other, tmp_path / "b", force=True) / "mismatch.inc").read_bytes()

    first = sampled(0)
    assert first == sampled(0) != sampled(1)
    assert b"gauss" not in first
    assert b"agauss" not in first


def test_a_full_directory_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "b"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files already"):
        write_bundle(divider_design(), out)
    assert contents(out) == {"notes.txt": b"mine"}


def test_force_replaces_the_bundle_and_keeps_strangers(tmp_path: Path) -> None:
    out = write_bundle(small_design(), tmp_path / "b", "spectre")
    (out / "notes.txt").write_text("mine")
    write_bundle(divider_design(), out, force=True)
    found = contents(out)
    assert found.pop("notes.txt") == b"mine"
    assert found == contents(write_bundle(divider_design(), tmp_path / "c"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_a_failure_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = write_bundle(divider_design(), tmp_path / "b")
    before = contents(out)

    def broken(*arguments: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "readme", broken)
    with pytest.raises(tcl.TclError, match=r"No space left.*is kept"):
        write_bundle(small_design(), out, force=True)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("")
    with pytest.raises(InputError, match="is a file"):
        write_bundle(divider_design(), tmp_path / "b", force=True)


def test_the_working_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in (Path(), tmp_path, Path("/")):
        with pytest.raises(InputError, match="name one inside it"):
            write_bundle(divider_design(), place, force=True)


def test_export_from_a_script(tmp_path: Path) -> None:
    network = tcl.lattice(3, 3, [(0, 0), (2, 2)], [(1, 1)], seed=0)
    out = tcl.export(network, tmp_path / "b", dialect="xyce", inputs=[[1, 0], [0, 1]])
    assert (out / "inference.cir").exists()
    with pytest.raises(InputError, match="input voltages given"):
        tcl.export(network, tmp_path / "c", inputs=[[1, 0, 1]])
    assert not (tmp_path / "c").exists()


def test_devices_without_a_model_are_refused(tmp_path: Path) -> None:
    class Strange:
        def elements(self, suffix: str, a: str, b: str, conductance: float) -> tuple[()]:
            return ()

        def settings(self, conductance: FloatArray) -> tuple[()]:
            return ()

    with pytest.raises(InputError, match="Strange has no model"):
        write_bundle(divider_design(tcl.SenseCell(device=Strange())), tmp_path / "b")


def test_a_design_of_two_samples_is_refused(tmp_path: Path) -> None:
    design = divider_design()
    twice = tcl.Drive.hold([[1.0], [2.0]])
    two = Design(design.network, design.cell, SAW, twice, np.array([[1.0]]))
    with pytest.raises(InputError, match="one sample, not 2"):
        write_bundle(two, tmp_path / "b")


def test_the_scale_of_colours_is_filled(tmp_path: Path) -> None:
    """Nine rectangles without a fill of their own would be black."""
    picture = (write_bundle(small_design(), tmp_path / "b") / "network.svg").read_text()
    shown = re.findall(r'<rect class="(g\d)"', picture)
    assert shown == [f"g{k}" for k in range(9)]
    filled = dict(re.findall(r"rect\.(g\d) { fill: (#\w+); }", picture))
    assert sorted(filled) == shown
    assert len(set(filled.values())) == 9
