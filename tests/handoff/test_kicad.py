"""KiCad netlists, read back; small ones by kinparse, a parser of another project, which is slow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from tcl_circuits import InputError, Network, lattice
from tcl_circuits.circuit.graphfile import read_network, write_network
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.handoff.kicad import MOST_EDGES, kicad_netlist
from tcl_circuits.handoff.kicad_text import quoted

BOARDS = ("potentiometers", "sockets")


Nets = dict[str, set[tuple[str, str]]]


@dataclass(frozen=True)
class ReadPart:
    ref: str
    footprint: str
    tstamps: str
    fields: dict[str, str]


def tree_of(text: str) -> Any:
    """Nested lists of an S-expression."""
    tokens = re.finditer(r'"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+)', text)

    def members() -> Iterator[Any]:
        for token in tokens:
            if token[2] == "(":
                yield list(members())
            elif token[2] == ")":
                return
            else:
                yield token[3] if token[3] is not None else re.sub(r"\\(.)", r"\1", token[1])

    (tree,) = members()
    return tree


def named(tree: Any, *names: str) -> Any:
    """The one member of that name, and in it the next."""
    for name in names:
        (tree,) = (member for member in tree[1:] if member[0] == name)
    return tree


def read(text: str) -> tuple[dict[str, ReadPart], Nets]:
    """Parts by reference and pins by net."""
    tree = tree_of(text)
    parts = [
        ReadPart(
            named(comp, "ref")[1],
            named(comp, "footprint")[1],
            named(comp, "tstamps")[1],
            {field[1][1]: field[2] for field in named(comp, "fields")[1:]},
        )
        for comp in named(tree, "components")[1:]
    ]
    nets = [
        (named(net, "name")[1], {(named(pin, "ref")[1], named(pin, "pin")[1]) for pin in net[3:]})
        for net in named(tree, "nets")[1:]
    ]
    assert len({part.ref for part in parts}) == len(parts), "two parts with one reference"
    assert len(dict(nets)) == len(nets), "two nets with one name"
    return {part.ref: part for part in parts}, dict(nets)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_projects_parser_reads_the_same(board: str) -> None:
    kinparse = pytest.importorskip("kinparse", reason="kinparse, of the extra dev, is not installed")
    graph = nx.path_graph(["in", 'x" (y', "out"])
    text = kicad_netlist(Network.from_graph(graph, ["in"], ["out"], conductance=1e-5), board)
    parts, nets = read(text)
    found = kinparse.parse_netlist(text)
    assert {part.ref: part.footprint for part in found.parts} == {r: p.footprint for r, p in parts.items()}
    assert {net.name: {(pin.ref, pin.num) for pin in net.pins} for net in found.nets} == nets


def net_of(nets: dict[str, set[tuple[str, str]]], ref: str, pin: str) -> str:
    (name,) = (name for name, pins in nets.items() if (ref, pin) in pins)
    return name


@pytest.mark.parametrize("board", BOARDS)
def test_every_edge_joins_its_nodes(network: Network, board: str) -> None:
    parts, nets = read(kicad_netlist(network, board))
    names = NameMap.of(network.nodes).spice
    ref, first, second = ("U", "4", "5") if board == "potentiometers" else ("RM", "1", "2")
    for e, (a, b) in enumerate(network.edges.tolist()):
        assert net_of(nets, f"{ref}{e + 1}", first) == names[a]
        assert net_of(nets, f"{ref}{e + 1}", second) == names[b]
        got = parts[f"{ref}{e + 1}"].fields
        assert got["Edge"] == network.edge_labels[e]
        assert float(got["Conductance_S"]) == pytest.approx(network.conductance[e], rel=1e-5)


@pytest.mark.parametrize("board", BOARDS)
def test_every_part_has_one_footprint_and_no_pin_is_on_two_nets(network: Network, board: str) -> None:
    text = kicad_netlist(network, board)
    parts, nets = read(text)
    assert text.count("(footprint ") == len(parts)
    assert all(part.footprint.count(":") == 1 for part in parts.values())
    pins = [pin for members in nets.values() for pin in members]
    assert len(pins) == len(set(pins))
    assert {ref for ref, _ in pins} == set(parts)


def test_codes_give_the_trained_conductances_up_to_a_common_scale(network: Network) -> None:
    parts, _ = read(kicad_netlist(network))
    got = [parts[f"U{e + 1}"].fields for e in range(network.edge_count)]
    assert len({one["Scale"] for one in got}) == 1
    codes = np.array([int(one["Code"]) for one in got])
    assert codes.min() >= 1
    assert codes.max() <= 1023
    board = 1024 / (codes * 1e5) / float(got[0]["Scale"])
    error = board / network.conductance - 1
    np.testing.assert_allclose(error, [float(one["Error_percent"]) / 100 for one in got], atol=1e-4)
    assert np.abs(error).max() < 0.5 / codes.min() * 1.02


def test_the_chain_runs_through_all_potentiometers(network: Network) -> None:
    _, nets = read(kicad_netlist(network))
    at = "SDI"
    for e in range(network.edge_count):
        assert net_of(nets, f"U{e + 1}", "10") == at
        at = net_of(nets, f"U{e + 1}", "13")
    assert at == "SDO"
    assert {ref for ref, _ in nets["SCLK"]} == {"J1", *(f"U{e + 1}" for e in range(network.edge_count))}


@pytest.mark.parametrize("board", BOARDS)
def test_hostile_names_stay_text(board: str) -> None:
    names = ['a") (net (code "9', "b\\", "GND", "VDD", "x\n(y", "é β 🙂", "SDI"]
    graph = nx.path_graph(names)
    network = Network.from_graph(graph, inputs=[names[0]], outputs=[names[-1]], ground=names[3], seed=1)
    parts, nets = read(kicad_netlist(network, board))
    tops = [part for part in parts.values() if part.ref.startswith("TP")]
    assert len(tops) == 4
    assert {name for name in nets if name.startswith("n_")} == {
        name for k, name in enumerate(NameMap.of(network.nodes).spice) if k != network.ground
    }
    assert any(ref.startswith("J") for ref, _ in nets["GND"])


def test_a_network_with_a_ground_node_shares_the_boards(network: Network) -> None:
    graph = nx.path_graph(["in", "mid", "zero"])
    small = Network.from_graph(graph, inputs=["in"], outputs=["mid"], ground="zero", conductance=1e-5)
    _, nets = read(kicad_netlist(small, "sockets"))
    assert ("RM2", "2") in nets["GND"]


def test_long_rows_of_inputs_are_split() -> None:
    graph: nx.Graph[str] = nx.Graph([(f"i{k}", "out") for k in range(90)])
    network = Network.from_graph(graph, [f"i{k}" for k in range(90)], ["out"], conductance=1e-5)
    parts, _ = read(kicad_netlist(network, "sockets"))
    headers = sorted(p.footprint for p in parts.values() if p.ref.startswith("J"))
    assert [name.split("_1x")[1][:2] for name in headers] == ["02", "13", "40", "40"]


def test_refusals_are_one_sentence(network: Network) -> None:
    with pytest.raises(InputError, match="potentiometers and sockets"):
        kicad_netlist(network, "breadboard")
    large = lattice(8, 8, [(0, 0), (7, 7)], [(0, 7)], seed=0)
    assert large.edge_count > MOST_EDGES
    with pytest.raises(InputError, match=r"at most 100 edges and this network has 112; export"):
        kicad_netlist(large)
    wide = replace(
        network.with_conductance(np.geomspace(1e-7, 1e-4, network.edge_count)), bounds=(1e-7, 1e-4)
    )
    with pytest.raises(InputError, match="use the board of sockets"):
        kicad_netlist(wide)
    kicad_netlist(wide, "sockets")


def test_the_same_network_gives_the_same_bytes(network: Network) -> None:
    text = kicad_netlist(network)
    assert kicad_netlist(network.with_conductance(network.conductance.copy())) == text
    assert "\r" not in text


def test_a_part_keeps_its_identity_when_the_values_change(network: Network) -> None:
    one, _ = read(kicad_netlist(network, "sockets"))
    other, _ = read(kicad_netlist(network.with_conductance(network.conductance * 2), "sockets"))
    assert {r: p.tstamps for r, p in one.items()} == {r: p.tstamps for r, p in other.items()}


@pytest.mark.parametrize("board", BOARDS)
def test_kicad_knows_the_file_by_its_first_line(network: Network, board: str) -> None:
    assert re.match(r"[ ]*\(export[ ]+\(version", kicad_netlist(network, board).splitlines()[0])


ONLY = {
    "libsource": {"lib", "part", "description"},
    "property": {"name", "value"},
    "fields": {"field"},
    "sheetpath": {"names", "tstamps"},
    "pins": {"pin"},
    "components": {"comp"},
    "libparts": {"libpart"},
    "nets": {"net"},
    "node": {"ref", "pin", "pinfunction", "pintype"},
}
"""Members beside which KiCad's reader (kicad_netlist_parser.cpp of version 8) stops or reads nothing."""


@pytest.mark.parametrize("board", BOARDS)
def test_lists_hold_only_what_kicads_reader_expects(network: Network, board: str) -> None:
    seen: set[str] = set()

    def walk(tree: Any) -> None:
        seen.add(tree[0])
        lists = [member for member in tree[1:] if isinstance(member, list)]
        allowed = ONLY.get(tree[0])
        assert allowed is None or {member[0] for member in lists} <= allowed, tree[0]
        for member in lists:
            walk(member)

    walk(tree_of(kicad_netlist(network, board)))
    assert set(ONLY) <= seen


def test_quoting() -> None:
    assert quoted('a"b\\c\nd\x1b') == '"a\\"b\\\\c d "'


def test_the_command_line_takes_runs_and_graphs(tcl: Any, tmp_path: Path, network: Network) -> None:
    (tmp_path / "run").mkdir()
    write_network(network, tmp_path / "run" / "network.json")
    assert tcl("board", "run", "--parts", "sockets").exit_code == 0
    made = (tmp_path / "run-sockets.net").read_text(encoding="utf-8")
    assert made == kicad_netlist(read_network(tmp_path / "run" / "network.json"), "sockets")
    again = tcl("board", "run/network.json", "--parts", "sockets", "--out", "run-sockets.net")
    assert again.exit_code == 2
    assert "--force" in again.output
    assert tcl("board", "elsewhere").exit_code == 2
    assert not list(tmp_path.glob(".*.part"))
