"""The way back: what was exported returns, edited and measured values too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from handoff_samples import (
    cased_design,
    contents,
    divider_design,
    hostile_design,
    replace_in,
    small_design,
    task_design,
)

import tcl_circuits as tcl
from tcl_circuits.circuit.netlist import build_netlist, standalone
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.bundle import write_bundle
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects import DIALECTS
from tcl_circuits.handoff.difference import difference
from tcl_circuits.handoff.importing import read_bundle, read_conductances
from tcl_circuits.handoff.reading import read_flat
from tcl_circuits.protocol import Sawtooth

DESIGNS: dict[str, Callable[[], Design]] = {
    "iris": lambda: task_design("iris"),
    "xor": lambda: task_design("xor"),
    "hostile": hostile_design,
    "cased": cased_design,
    "linear": lambda: small_design(tcl.SenseCell("linear")),
    "series": lambda: small_design(tcl.SeriesCell(np.linspace(1e-12, 2e-12, 12))),
    "inverted": lambda: small_design(saw=Sawtooth(1e-5, 1e-3, "inverted"), node_capacitance=1e-13),
    "current": lambda: small_design(nudge=tcl.CurrentNudge(1e-5, tcl.single_ended(2))),
    "softmax": lambda: small_design(
        nudge=tcl.SoftmaxNudge(1e-5, 0.05, tcl.single_ended(2)), targets=(0.0, 1.0)
    ),
}


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("name", list(DESIGNS))
def test_export_import_export_is_byte_identical(tmp_path: Path, name: str, dialect: str) -> None:
    first = write_bundle(DESIGNS[name](), tmp_path / "a", dialect)
    second = write_bundle(read_bundle(first), tmp_path / "b", dialect)
    assert contents(first) == contents(second)


def test_positions_bounds_and_names_come_back(tmp_path: Path) -> None:
    network = read_bundle(write_bundle(small_design(), tmp_path / "a")).network
    assert network.nodes[0] == (0, 0)
    assert network.bounds == small_design().network.bounds


def test_edited_values_come_back(tmp_path: Path) -> None:
    bundle = write_bundle(divider_design(), tmp_path / "a")
    replace_in(bundle / "params.inc", "g_e1=1.25e-05", "g_e1=13.5u")
    replace_in(bundle / "params.inc", "c_e0=1e-12", "c_e0=1.1pF")
    design = read_bundle(bundle)
    assert design.network.conductance.tolist() == [2e-5, 13.5e-6]
    assert np.asarray(design.cell.capacitance(design.network.conductance)).tolist() == [1.1e-12, 1e-12]
    again = write_bundle(design, tmp_path / "b")
    assert read_bundle(again).network.conductance.tolist() == [2e-5, 13.5e-6]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("params.inc", "g_e1=1.25e-05", "g_e1=1M", "params.inc, line 7: g_e1: '1M' is ambiguous"),
        ("params.inc", "g_e1=1.25e-05", "g_e1=-1", "g_e1 = -1 must be positive"),
        ("params.inc", "g_e1=1.25e-05", "g_e1={1/r}", "is not a number"),
        ("params.inc", ".param g_e1=1.25e-05", "", "g_e1 is missing"),
        ("params.inc", "g_e1=", "g_e0=", "g_e0 is defined a second time"),
        ("params.inc", "g_e1=1.25e-05", "g_e1=1e-5 g_e7=1", "g_e7 belongs to no edge"),
        ("params.inc", ".param g_e1=", "hello ", "is no parameter"),
        (
            "network.lib",
            "xe0 n_in n_mid",
            "xe0 n_mid n_in",
            "exported as .xe0 n_in n_mid .*only values",
        ),
        ("network.lib", "xe1 ", "xe7 ", "line 8: .xe7 "),
        ("network.lib", "g={g_e1}", "g={g_e0}", "line 8: .*exported as"),
        ("network.lib", "n_gnd sense_power", "n_gnd n_in sense_power", "line 8: .*exported as"),
        ("network.lib", ".subckt tcl_network", ".subckt other", "line 6: .*exported as"),
        ("setup.json", '"power"', '"force"', "cell.signal = 'force' is not one of"),
        ("setup.json", '"sawtooth"', '"saw"', "setup.json: there is no 'sawtooth'"),
        ("setup.json", "{", "", "setup.json, line 2, column 9: not JSON"),
        (
            "network.json",
            '"conductance": 2e-05',
            '"conductance": "2e-05"',
            "conductance = .2e-05. is not a number",
        ),
        ("network.json", '"role": "input"', '"role": "hidden"', "is not the nodes of this role"),
        ("network.json", "{", "", "not JSON"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    bundle = write_bundle(divider_design(), tmp_path / "a")
    replace_in(bundle / file, old, new)
    with pytest.raises(InputError, match=said):
        read_bundle(bundle)


def test_missing_files_are_told(tmp_path: Path) -> None:
    bundle = write_bundle(divider_design(), tmp_path / "a")
    (bundle / "setup.json").unlink()
    with pytest.raises(InputError, match=r"setup\.json is missing"):
        read_bundle(bundle)


def test_measured_conductances(tmp_path: Path) -> None:
    network = divider_design().network
    table = tmp_path / "measured.csv"
    table.write_text("edge,conductance,who\nmid--gnd,11.5u,me\ne0,2.1e-5,me\n", encoding="utf-8-sig")
    assert read_conductances(table, network).conductance.tolist() == [2.1e-5, 11.5e-6]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", " ", ", "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_measured_conductances_are_read_as_tables_are(tmp_path: Path, mark: str, encoding: str) -> None:
    rows = [
        "# measured",
        f"Conductance{mark}Edge",
        f'"4.7u"{mark}e0',
        mark,
        f"1.1e−5{mark}xe1",
        mark,
    ]
    table = tmp_path / "measured.csv"
    table.write_text("\r\n".join(rows), encoding=encoding)
    assert read_conductances(table, divider_design().network).conductance.tolist() == [4.7e-6, 1.1e-5]


def test_measured_decimal_commas(tmp_path: Path) -> None:
    table = tmp_path / "measured.csv"
    table.write_text("sep=;\nedge;conductance\ne0;4,7u\ne1;0,125e-4\n")
    assert read_conductances(table, divider_design().network).conductance.tolist() == [4.7e-6, 1.25e-5]
    table.write_text("edge;conductance\ne0;4,700u\n")
    with pytest.raises(InputError, match="line 2: conductance: '4,700u' is not a number"):
        read_conductances(table, divider_design().network)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("edge,conductance\ne7,1u\n", "line 2: 'e7' is no edge"),
        ("edge,conductance\ne0,1u\nin--mid,2u\n", "line 3: 'in--mid' is listed a second time"),
        ("edge,conductance\ne0,\n", "is not a number"),
        ("edge,conductance\ne0\n", "line 2: 1 cells where the header has 2"),
        ("edge,conductance\ne0,-1u\n", "must be positive"),
        ("edge,G\ne0,1\n", "no column 'conductance'"),
        ("", "no header"),
    ],
)
def test_bad_measurements_are_told(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "measured.csv"
    table.write_text(text)
    with pytest.raises(InputError, match=said):
        read_conductances(table, divider_design().network)
    with pytest.raises(InputError, match="does not exist"):
        read_conductances(tmp_path / "none.csv", divider_design().network)


@pytest.mark.parametrize(
    "design",
    [
        small_design(),
        small_design(tcl.SeriesCell()),
        task_design("iris"),
        task_design("allostery"),
        cased_design(),
    ],
    ids=["small", "series", "iris", "lattice", "cased"],
)
def test_flat_netlists_are_read(design: Design) -> None:
    text = standalone(build_netlist(design.network, design.cell, design.saw, design.training), "flat")
    found = difference(design.network, read_flat(text, "flat.cir"))
    assert found.structure == ()
    assert found.same


def test_other_netlists_are_told() -> None:
    with pytest.raises(InputError, match="rg0, rg1"):
        read_flat("* nothing\nr1 a b 1k\n.end\n", "flat.cir")
    with pytest.raises(InputError, match="no edge reaches the node c"):
        read_flat("* t\nrg0 a b 1k\nvin0 c 0 DC 1\n.end\n", "flat.cir")
