"""Bundles from someone who means harm, hashes recomputed: refused with a word, and nothing of them is run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from handoff_samples import divider_design, rehash, replace_in

from tcl_circuits.commands.board import board
from tcl_circuits.commands.compare_bundles import compare_bundles
from tcl_circuits.commands.report_bundle import of_bundle
from tcl_circuits.errors import TclError
from tcl_circuits.handoff.bundle import write_bundle
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.manifest import BundleError
from tcl_circuits.handoff.verify import verify_bundle

CONTROL = ".control\nshell touch {canary}\n.endc\n"
FIGURES = "expected.csv"


def before(file: str, mark: str, text: str) -> Callable[[Path], None]:
    """Put lines before a line of a file; `{canary}` is the file that must not be made."""

    def change(bundle: Path) -> None:
        replace_in(bundle / file, mark, text.format(canary=bundle.parent / "canary") + mark)

    return change


def listed(name: str, text: str, inclusion: str) -> Callable[[Path], None]:
    """Add a file to the manifest, and a line that includes it."""

    def change(bundle: Path) -> None:
        canary = bundle.parent / "canary"
        (bundle / name).write_text(text.format(canary=canary))
        content = json.loads((bundle / "manifest.json").read_bytes())
        content["files"][name] = ""
        (bundle / "manifest.json").write_text(json.dumps(content))
        replace_in(bundle / "inference.cir", "xnet ", inclusion + "\nxnet ")

    return change


def outside(bundle: Path) -> None:
    evil = bundle.parent / "evil.cir"
    evil.write_text(CONTROL.format(canary=bundle.parent / "canary"))
    replace_in(bundle / "inference.cir", "xnet ", f".include {evil} params.inc\nxnet ")


def faked_measures(bundle: Path) -> None:
    replace_in(bundle / "network.lib", ".ends", "rshort n_in n_mid 1\n.ends")
    path = bundle / "inference.cir"
    lines = [
        line.partition("find")[0] + "param='1'" if ".meas" in line else line
        for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")


def linked(bundle: Path) -> None:
    evil = bundle.parent / "evil.inc"
    evil.write_text((bundle / "params.inc").read_text() + CONTROL.format(canary=bundle.parent / "canary"))
    (bundle / "params.inc").unlink()
    (bundle / "params.inc").symlink_to(evil)


def linked_inside(bundle: Path) -> None:
    (bundle / "cells.lib").unlink()
    (bundle / "cells.lib").symlink_to("network.lib")


def loosened(bundle: Path) -> None:
    lines = (bundle / FIGURES).read_text().splitlines()
    loose = [lines[0], *(line.rpartition(",")[0] + ",1e9" for line in lines[1:])]
    (bundle / FIGURES).write_text("\n".join(loose) + "\n")


def extra_figure(bundle: Path) -> None:
    with (bundle / FIGURES).open("a") as file:
        file.write("inference,more,x,y,0,V,1,1\n")


def twice(bundle: Path) -> None:
    replace_in(bundle / "setup.json", '"seed"', '"seed": 1, "seed"')


def raw(file: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(bundle: Path) -> None:
        data = (bundle / file).read_bytes()
        assert old in data
        (bundle / file).write_bytes(data.replace(old, new, 1))

    return change


CRAFTED: dict[str, Callable[[Path], None]] = {
    "a comment that ngspice runs": before("inference.cir", "xnet ", "*# shell touch {canary}\n"),
    "a file of another suffix": listed("notes.txt", CONTROL, ".include notes.txt"),
    "two words after .include": outside,
    "an upper-case suffix": listed("MORE.CIR", CONTROL, ".include MORE.CIR"),
    "faked measures": faked_measures,
    ".control in a file that is included": before("corners/typical.inc", ".param", CONTROL),
    ".lib": listed("models", ".lib typ\n" + CONTROL + ".endl\n", ".lib models typ"),
    "an absolute path": before("training.cir", "xnet ", '.include "{canary}"\n'),
    "a link that leads out": linked,
    "a link to another file": linked_inside,
    "a continued line": before("training.cir", "xnet ", "* harmless\n+\n.control\n+ shell touch {canary}\n"),
    "shell in braces": before("params.inc", ".param g_e0", ".param x={{shell('touch {canary}')}}\n"),
    "a carriage return": raw("training.cir", b"\nxnet ", b"\n* x\r.control\rshell touch canary\r\nxnet "),
    "a NUL": raw("training.cir", b"xnet ", b"xnet \0"),
    "a line separator": raw("training.cir", b"xnet ", "* \u2028.control\u2028\nxnet ".encode()),
    "no UTF-8": raw("cells.lib", b"*", b"*\xff"),
    "a measurement": raw("training.cir", b".meas tran ", b".meas tran x param='1'\n.meas tran "),
    "an element of the network": before("network.lib", ".ends", "r9 n_in n_mid 1\n"),
    "an element of the cell": before("cells.lib", ".ends", "r9 a b 1\n"),
    "loose tolerances": loosened,
    "one figure more": extra_figure,
    "a comment": raw("network.lib", b"* ", b"* not ours: "),
    "a key twice": twice,
    "a script in a picture": raw("network.svg", b"</svg>", b"<script>alert(1)</script></svg>"),
    "an event in a picture": raw("cell.svg", b"<svg ", b'<svg onload="alert(1)" '),
    "an address in a picture": raw("network.svg", b"<style>", b"<style>@import 'http://x';"),
    "an entity in a picture": raw("cell.svg", b"<svg ", b'<!DOCTYPE s [<!ENTITY a "b">]><svg '),
    "a README": raw("README.md", b"# ", b"# <script>alert(1)</script>"),
}


def refusal(bundle: Path) -> str:
    """What verify says of a bundle that it does not run; empty if it runs it."""
    try:
        found = verify_bundle(bundle)
    except TclError as error:
        return str(error)
    assert bool(found.faults) != bool(found.results)
    return "\n".join(found.faults)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(divider_design(), tmp_path / "bundle")


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_bundles_are_refused_and_nothing_is_run(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    CRAFTED[name](bundle)
    rehash(bundle)
    assert refusal(bundle)
    assert not list(tmp_path.rglob("*canary*"))
    values_alone = name in ("shell in braces", "a link that leads out")
    for use in (read_bundle, of_bundle, lambda one: compare_bundles(one, one), lambda one: board(one)):
        with pytest.raises(TclError, match="bundle|params.inc" if values_alone else "bundle"):
            use(bundle)
    assert not list(tmp_path.rglob("*canary*"))


def test_files_that_nobody_lists_are_refused(bundle: Path) -> None:
    (bundle / ".spiceinit").write_text("shell touch canary\n")
    (bundle / "corners" / "more.inc").write_text("* x\n")
    found = verify_bundle(bundle)
    assert found.results == ()
    assert found.faults == (
        ".spiceinit: is not a file of this bundle; keep it elsewhere",
        "corners/more.inc: is not a file of this bundle; keep it elsewhere",
    )
    assert "ngspice -n -b FILE.cir" in found.remarks[0]
    assert read_bundle(bundle).network.edge_count == 2


def test_windows_line_ends_are_no_difference(bundle: Path) -> None:
    for path in bundle.rglob("*"):
        if path.is_file() and path.suffix in (".cir", ".inc", ".lib"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_bundle(bundle).network.edge_count == 2
    rehash(bundle)
    assert verify_bundle(bundle).passed


def test_last_digits_of_another_machine_are_no_difference(bundle: Path) -> None:
    data = (bundle / "training.cir").read_text()
    assert "0.00102" in data
    (bundle / "training.cir").write_text(data.replace("0.00102", "0.0010200000000000003"))
    rehash(bundle)
    assert verify_bundle(bundle).passed
    replace_in(bundle / "training.cir", "0.0010200000000000003", "0.00103")
    rehash(bundle)
    assert "training.cir, line " in verify_bundle(bundle).faults[0]


@pytest.mark.parametrize("kind", ["pipe", "device", "directory"])
@pytest.mark.parametrize("file", ["manifest.json", "setup.json", "network.lib"])
def test_what_is_no_file_is_refused_at_once(bundle: Path, file: str, kind: str) -> None:
    path = bundle / file
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    assert file in refusal(bundle)
    with pytest.raises(TclError, match=file):
        read_bundle(bundle)


SETUPS: list[tuple[str, object, str]] = [
    ("inference", [], "inference = [] is not one or more rows of 1 numbers"),
    ("inference", [[1.0, 2.0]], "rows of 1 numbers"),
    ("inference", {}, "is not a list"),
    ("seed", -1, "seed = -1 is not a whole number from 0"),
    ("seed", 1.0, "seed = 1.0 is not a whole number"),
    ("title", 3, "title = 3 is not a text"),
    ("facts", [], "facts = [] is not an object"),
    ("cell", {"kind": "force"}, "cell.kind = 'force' is not one of sense, series"),
    ("cell", {"kind": "sense", "c": True}, "cell.c = True is not a number"),
    ("cell", {"kind": "sense", "c": [1e-12]}, "cell.c = [1e-12] is not a list of 2 numbers"),
    ("cell", {"kind": "series", "c": -1.0}, "c = -1.0 must be positive"),
    ("cell", {"kind": "series", "c": 10**400}, "is not a number within"),
    ("sawtooth", {"tau_f": 1e-3, "tau_s": 1e-5, "polarity": "standard"}, "must be longer"),
    ("sawtooth", None, "sawtooth = None is not an object"),
    ("training.times", [[1]], "training.times[0] = [1] is not a number"),
    ("training.times", [1.0, 0.0], "training.inputs"),
    ("training.inputs", [[1.0, 2.0]], "is not 1 rows of 1 numbers"),
    ("training.targets", [1, 2], "targets of shape"),
    ("training.nudge", [], "training.nudge = [] is not an object"),
    ("training.nudge.plus", ["a" * 900], "training.nudge.plus[0] = 'aaa"),
    ("training.nudge.plus", [1], "training.nudge.plus[0] = 1 is not a whole number from 0 to 0"),
    ("training.nudge.plus", [], "of one output or more"),
    ("training.nudge.conductance", "1", "is not a number"),
    ("offsets", [1e-3], "offsets given"),
    ("learning", [], "learning = [] is not an object"),
    ("learning", {}, "there is no 'cell' in learning"),
]


@pytest.mark.parametrize(("place", "value", "said"), SETUPS)
def test_wrong_values_of_setups_are_told(bundle: Path, place: str, value: object, said: str) -> None:
    setup = json.loads((bundle / "setup.json").read_bytes())
    *way, last = place.split(".")
    inner = setup
    for key in way:
        inner = inner[key]
    inner[last] = value
    (bundle / "setup.json").write_text(json.dumps(setup))
    rehash(bundle)
    for use in (verify_bundle, read_bundle):
        with pytest.raises(TclError) as raised:
            use(bundle)
        message = str(raised.value)
        assert message.startswith(f"{bundle}/setup.json: ")
        assert said in message
        assert message.endswith("export the bundle again")


@pytest.mark.parametrize("key", ["bounds", "inputs", "outputs", "node_capacitance"])
@pytest.mark.parametrize("value", [None, [], [[]], {}, "x", True, -1, 10**400, [1], ["in", {}]])
def test_wrong_values_of_networks_are_told(bundle: Path, key: str, value: object) -> None:
    graph = json.loads((bundle / "network.json").read_bytes())
    graph["graph"][key] = value
    (bundle / "network.json").write_text(json.dumps(graph))
    rehash(bundle)
    with pytest.raises(TclError) as raised:
        read_bundle(bundle)
    assert str(raised.value).startswith(f"{bundle}/network.json")


@pytest.mark.parametrize("name", ["x" * 5000, "corners/" + "x" * 300, "../x", "/etc/passwd", "a\0b", ""])
def test_names_in_a_manifest_that_lead_out_or_nowhere(bundle: Path, name: str) -> None:
    content = json.loads((bundle / "manifest.json").read_bytes())
    content["files"][name] = ""
    (bundle / "manifest.json").write_text(json.dumps(content))
    for use in (verify_bundle, read_bundle):
        with pytest.raises(BundleError, match="no path inside a bundle"):
            use(bundle)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 400])
def test_facts_that_are_no_finite_numbers_are_told(bundle: Path, number: str) -> None:
    replace_in(bundle / "setup.json", '"facts": {', f'"facts": {{"loss": {{"test": [{number}]}}')
    rehash(bundle)
    with pytest.raises(TclError, match=r"facts\.loss\.test\[0\] = .* is not a number within"):
        read_bundle(bundle)
