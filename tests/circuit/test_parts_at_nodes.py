"""Diodes and amplifiers at nodes: their elements in ngspice, their places, their files, bad values."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from tcl_circuits import InputError, Network, SenseCell
from tcl_circuits.circuit.elements import Diode, DiodeModel, diode_models
from tcl_circuits.circuit.graphfile import read_network, write_network
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE, Amplifier, DiodePair, DiodeToRail, Part
from tcl_circuits.engines import Ngspice
from tcl_circuits.errors import NetworkError

PARTS: tuple[Part, ...] = (
    Amplifier("low", "high", gain=20.0, feedback=0.5),
    DiodePair("high", saturation=2e-8, emission=1.2, ohms=15.0),
    DiodeToRail("out", 0.05, saturation=1e-9),
    DiodeToRail("out", -0.05, "in", saturation=1e-9),
)


def two_stages(parts: tuple[Part, ...] = PARTS, conductance: float = 1e-5) -> Network:
    graph = nx.Graph([("in", "low"), ("high", "out"), ("out", "ground")])
    return Network.from_graph(graph, ["in"], ["out"], "ground", conductance, parts=parts)


def shockley(v: float) -> float:
    """Current of a junction over its saturation current, as SPICE has it."""
    ratio = v / THERMAL_VOLTAGE
    return math.expm1(ratio) if ratio >= -3 else -1 - (3 / (math.e * ratio)) ** 3


def test_every_part_obeys_its_equation_in_ngspice(ngspice: Ngspice) -> None:
    network = two_stages()
    g = network.conductance[0]
    for volts in (2.0, 0.1, -3.0):
        voltage = ngspice.settle(network, SenseCell(), np.array([[volts]]))[0]
        v = dict(zip(network.nodes, voltage.tolist(), strict=True))
        assert v["high"] == pytest.approx(20 * v["low"], rel=1e-9)
        drawn = 2 * g * (volts - v["low"])  # the current at the high node, over its feedback of .5
        into_pair = drawn - g * (v["high"] - v["out"])
        junction = (v["high"] - 15.0 * into_pair) / 1.2
        assert into_pair == pytest.approx(2e-8 * (shockley(junction) - shockley(-junction)), rel=1e-6)
        clipped = g * (v["high"] - 2 * v["out"])
        drop = 10.0 * clipped  # over the series resistance of whichever diode conducts
        above, below = v["out"] - 0.05 - max(drop, 0.0), -v["out"] - 0.05 + min(drop, 0.0)
        assert clipped == pytest.approx(1e-9 * (shockley(above) - shockley(below)), rel=1e-3, abs=1e-13)


def test_diodes_of_the_same_values_share_a_model() -> None:
    diodes = [Diode("d0", "a", "0", 1e-8), Diode("d1", "b", "0", 1e-8), Diode("d2", "a", "0", 1e-8, 1.1)]
    assert diode_models(diodes) == (DiodeModel(1e-8, 1.0, 0.0), DiodeModel(1e-8, 1.1, 0.0))
    assert len({model.name for model in diode_models(diodes)}) == 2


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: DiodePair("a", saturation=0.0), "saturation"),
        (lambda: DiodePair("a", saturation=math.nan), "saturation"),
        (lambda: DiodePair("a", saturation=1.0), r"1e-30 A \.\. 0.01 A|must lie in"),
        (lambda: DiodePair("a", ohms=0.0), "ohms"),
        (lambda: DiodePair("a", emission=-1.0), "emission"),
        (lambda: DiodePair("a", emission="1"), "emission"),  # type: ignore[arg-type]
        (lambda: DiodeToRail("a", math.inf), "volts"),
        (lambda: DiodeToRail("a", 1e9), "volts"),
        (lambda: DiodeToRail("a", 1.0, "up"), "direction 'up'"),  # type: ignore[arg-type]
        (lambda: Amplifier("a", "b", gain=0.0), "gain"),
        (lambda: Amplifier("a", "b", feedback=-0.1), "feedback"),
        (lambda: Amplifier("a", "b", gain=1e9), "gain"),
    ],
)
def test_values_outside_their_domain_are_refused(make: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        make()


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((DiodePair("hihg"),), r"no node 'hihg' \(did you mean 'high'"),
        ((DiodePair("in"),), "DiodePair at node 'in', whose voltage is given"),
        ((DiodeToRail("ground", 1.0),), "DiodeToRail at node 'ground'"),
        ((Amplifier("in", "high"),), "Amplifier at node 'in'"),
        ((Amplifier("low", "high"), DiodePair("high"), DiodePair("high")), "stands twice.*'high'"),
        ((Amplifier("low", "high"), Amplifier("low", "high", 2.0)), "'high', which another amplifier"),
        ((Amplifier("low", "low"),), "from node 'low' to itself"),
        ((Amplifier("low", "high"), Amplifier("high", "low")), "in a ring"),
    ],
)
def test_wrong_places_are_faults(parts: tuple[Part, ...], told: str) -> None:
    kept = parts if any(isinstance(part, Amplifier) for part in parts) else (*PARTS[:1], *parts)
    with pytest.raises(NetworkError, match=told):
        two_stages(kept).check()


def test_a_diode_is_no_path_for_a_floating_node() -> None:
    graph = nx.Graph([("in", "out")])
    graph.add_node("lost")
    with pytest.raises(NetworkError, match="'lost' has no conducting path"):
        Network.from_graph(graph, ["in"], ["out"], None, 1e-5, parts=[DiodePair("lost")]).check()


def test_node_link_files_keep_parts(tmp_path: Path) -> None:
    network = two_stages()
    write_network(network, tmp_path / "n.json")
    assert read_network(tmp_path / "n.json").parts == network.parts
    assert set(network.parts) == set(PARTS)


def test_graphml_files_hold_parts_as_json(tmp_path: Path) -> None:
    graph = nx.Graph([("a", "b")])
    graph.nodes["a"]["role"] = "input"
    graph.nodes["b"]["parts"] = json.dumps([{"kind": "diode_pair", "saturation": "20n", "ohms": 12}])
    nx.write_graphml(graph, tmp_path / "n.graphml")
    assert read_network(tmp_path / "n.graphml").parts == (DiodePair("b", saturation=2e-8, ohms=12),)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ("[", "parts, line 1, column 2: not JSON"),
        ('[{"kind": "diode_pair", "ohms": 1, "ohms": 2}]', "'ohms' stands twice"),
        ({"kind": "diode_pair"}, "must be a list"),
        ([1], "must be an object"),
        ([{"kind": "diode_pear"}], r"unknown kind 'diode_pear' \(did you mean 'diode_pair'"),
        ([{"kind": ["x"]}], "unknown kind"),
        ([{"kind": "diode_pair", "ohm": 1}], r"no value 'ohm' \(did you mean 'ohms'"),
        ([{"kind": "diode_pair", "ohms": "much"}], "ohms"),
        ([{"kind": "diode_pair", "ohms": None}], "ohms"),
        ([{"kind": "diode_pair", "node": "a"}], "no value 'node'"),
        ([{"kind": "diode_to_rail"}], "lacks 'volts'"),
        ([{"kind": "diode_to_rail", "volts": 1, "direction": ["in"]}], "direction"),
        ([{"kind": "amplifier"}], "lacks 'high'"),
        ([{"kind": "amplifier", "high": {}}], "can't name a node"),
        ([{"kind": "amplifier", "high": "z"}], "no node 'z'"),
    ],
)
def test_files_with_wrong_parts_are_told(tmp_path: Path, parts: object, told: str) -> None:
    document = {
        "nodes": [{"id": "a", "role": "input"}, {"id": "b", "parts": parts}],
        "edges": [{"source": "a", "target": "b"}],
    }
    (tmp_path / "n.json").write_text(json.dumps(document))
    with pytest.raises(NetworkError, match=told):
        read_network(tmp_path / "n.json")
