"""The dialects' texts: as reviewed in the golden files, and as another project's parser reads them."""

from __future__ import annotations

import re
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from handoff_samples import contents, divider_design, hostile_design, small_design
from netlist_parser import NetlistParser

import tcl_circuits as tcl
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.netlist import part_elements
from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail, Part
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.bundle import write_bundle
from tcl_circuits.handoff.dialects import DIALECTS, named_dialect
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.values import measured

GOLDEN = Path(__file__).parent / "golden"
NETLISTS = re.compile(r".*\.(cir|scs|lib|inc)")

dialects = pytest.mark.parametrize("dialect", list(DIALECTS))


def joined(bundle: Path) -> str:
    """All netlists of a bundle in one text."""
    parts = [
        f"=== {name} ===\n{data.decode()}"
        for name, data in contents(bundle).items()
        if NETLISTS.fullmatch(name)
    ]
    return "".join(parts)


@dialects
def test_text_is_the_reviewed_one(tmp_path: Path, dialect: str) -> None:
    """To review a change: write the text to the golden file, and read it beside the simulator's manual."""
    found = joined(write_bundle(divider_design(), tmp_path / "b", dialect))
    assert found == (GOLDEN / f"{dialect}.txt").read_text(encoding="ascii")


@dialects
def test_text_of_parts_is_the_reviewed_one(dialect: str) -> None:
    """Diodes, their models, and controlled sources; to review a change, as above."""
    graph = nx.Graph([("in", "low"), ("high", "out")])
    parts: list[Part] = [
        Amplifier("low", "high", 20.0, 0.5),
        DiodePair("high", 2e-8),
        DiodeToRail("out", 0.1),
        DiodeToRail("out", 0.0, "in", 2e-8, 1.2, 5.0),
    ]
    elements = part_elements(tcl.Network.from_graph(graph, ["in"], ["out"], conductance=1e-5, parts=parts))
    language = named_dialect(dialect)
    lines = [*language.models(elements), *(language.element(element) for element in elements), ""]
    assert "\n".join(lines) == (GOLDEN / f"{dialect}-parts.txt").read_text(encoding="ascii")


@dialects
def test_nothing_is_measured_at_the_first_point(tmp_path: Path, dialect: str) -> None:
    """Xyce interpolates between a point and the one before: at the first it divides zero by zero."""
    for design in (small_design(), small_design(tcl.SeriesCell())):
        text = joined(write_bundle(design, tmp_path / "b", dialect, force=True))
        moments = [float(moment) for moment in re.findall(r"(?i)\b(?:at|from)=(\S+)", text)]
        assert moments
        assert min(moments) > 1e-9


def test_every_file_for_spectre_begins_with_its_language(tmp_path: Path) -> None:
    """Spectre's reference, `include`: other files than .scs are read as SPICE up to this line."""
    for name, data in contents(write_bundle(small_design(), tmp_path / "b", "spectre")).items():
        if NETLISTS.fullmatch(name):
            assert data.startswith(b"simulator lang=spectre\n"), name


@dialects
def test_another_parser_reads_the_same_network(tmp_path: Path, dialect: str) -> None:
    design = small_design()
    bundle = write_bundle(design, tmp_path / "b", dialect)
    # This parser tells languages by file names.
    file = tmp_path / ("network.scs" if dialect == "spectre" else "network.cir")
    file.write_bytes((bundle / "network.lib").read_bytes())
    (cell,) = NetlistParser(internal=True).parse(str(file)).cells
    network = design.network
    names = NameMap.of(network.nodes).spice
    assert cell.name == "tcl_network"
    assert network.ground is not None
    pins = [*network.inputs.tolist(), *network.outputs.tolist(), network.ground]
    assert [port for port in cell.ports if "=" not in port] == [names[k] for k in pins]
    assert len(cell.instances) == network.edge_count
    for e, (instance, (a, b)) in enumerate(zip(cell.instances, network.edges.tolist(), strict=True)):
        assert instance.name == f"xe{e}"
        assert instance.nodes[:2] == [names[a], names[b]]


@dialects
def test_hostile_names_come_back(tmp_path: Path, dialect: str) -> None:
    design = hostile_design()
    bundle = write_bundle(design, tmp_path / "b", dialect)
    text = joined(bundle)
    assert text.isascii()
    for line in text.splitlines():
        assert not re.match(r"\s*\.(control|shell)|shell", line)
    for name in re.findall(r"\bn_\w+", text):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
    back = read_bundle(bundle).network
    assert back.nodes == design.network.nodes
    assert back.edges.tolist() == design.network.edges.tolist()


@dialects
def test_names_are_unique_without_case(tmp_path: Path, dialect: str) -> None:
    bundle = write_bundle(hostile_design(), tmp_path / "b", dialect)
    head = next(line for line in (bundle / "network.lib").read_text().splitlines() if "subckt" in line)
    pins = re.findall(r"\bn_\w+", head)
    assert len({pin.lower() for pin in pins}) == len(pins) == 4


@dialects
def test_numbers_are_exact_and_without_suffixes(tmp_path: Path, dialect: str) -> None:
    """A trap of every dialect: M is milli in SPICE and mega in Spectre, F is femto."""
    values = np.array([1.2345678901234567e-05, 1 / 3 * 1e-6, 2.5e-15, 1e-5, 0.1, 123.45678912345679] * 2)
    design = small_design()
    bundle = write_bundle(design.with_network(measured(design.network, values)), tmp_path / "b", dialect)
    assert read_bundle(bundle).network.conductance.tolist() == values.tolist()
    for line in (bundle / "params.inc").read_text().splitlines():
        if "=" in line and "lang" not in line:
            assert re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", line.split("=")[1]), line


@dialects
@pytest.mark.parametrize("farads", [1e-320, 1e-200, 1e200])
def test_numbers_that_a_simulator_would_round_are_refused(
    tmp_path: Path, dialect: str, farads: float
) -> None:
    with pytest.raises(InputError, match=r"in--mid: sense capacitance .* 1e-30 \.\. 1e\+30"):
        write_bundle(divider_design(tcl.SenseCell(c=farads)), tmp_path / "b", dialect)
    assert not (tmp_path / "b").exists()


def test_unknown_dialects_are_told() -> None:
    with pytest.raises(InputError, match=r"hspice.*ngspice, ltspice, xyce, spectre"):
        named_dialect("hspice")


@dialects
@pytest.mark.parametrize("cell", [tcl.SenseCell("linear"), tcl.SenseCell("abs"), tcl.SeriesCell()])
def test_every_cell_has_a_text(tmp_path: Path, dialect: str, cell: tcl.SenseCell) -> None:
    text = joined(write_bundle(divider_design(cell), tmp_path / "b", dialect))
    assert "None" not in text
    assert "SPDX-License-Identifier: CC0-1.0" in text
