"""Damaged graph files: a network, or one of the package's own errors; nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from test_graph_labels import cytoscape, d3, yed

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.errors import InputError

SEEDS = [
    yed("In", "Out", "Gnd"),
    cytoscape(),
    d3(ids=False, places=True),
    d3(ids=True, places=True),
    '{"graph": {"bounds": [1e-6, 1], "inputs": ["a"]}, "nodes": [{"id": "a", "role": "input", "pos": [0, 1]},'
    ' {"id": "b", "parts": [{"kind": "diode"}]}], "links": '
    '[{"source": "a", "target": "b", "conductance": "1u"}]}',
]
PIECES = [
    *("null", "true", "-1", "1e999", "NaN", '""', "[]", "{}", "[[1]]", '"\\ud800"', "0", "1.5", "9" * 400),
    *('"id"', '"name"', '"label"', "<node/>", "</data>", "<graph>", "&#0;", "&x;", '"data"', "\x00", "\xff"),
    *('"a"', '"A"', "10us", '"links"', '"elements"', "[" * 2000, "<!DOCTYPE x>"),
]


def damaged(draw: random.Random) -> bytes:
    """A graph file with one to four places replaced, doubled, dropped or cut off."""
    text = draw.choice(SEEDS)
    for _ in range(draw.randint(1, 4)):
        start = draw.randrange(len(text) + 1)
        stop = min(len(text), start + draw.choice([0, 1, 1, 2, 5, 20]))
        value = draw.choice([draw.choice(PIECES), text[start:stop] * 2, "", chr(draw.randrange(32, 400))])
        text = text[:start] + value + text[stop:]
        if draw.random() < 0.05:
            text = text[: draw.randrange(len(text) + 1)]
    return text.encode(draw.choice(["utf-8", "utf-8", "utf-8", "utf-16", "latin-1"]), "replace")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("block", range(4))
def test_damaged_files(tmp_path: Path, block: int) -> None:
    for k in range(150):
        path = tmp_path / "net.graphml"
        path = path.with_suffix(["", ".json", ".graphml"][k % 3])
        path.write_bytes(damaged(random.Random(1000 * block + k)))
        try:
            network = read_network(path, ["In"] if k % 2 else None, ["Out"] if k % 2 else None)
        except InputError:
            continue
        assert len(set(NameMap.of(network.nodes).spice)) == network.node_count
