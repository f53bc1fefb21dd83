"""Netlists of our own cells, read back: parameters, and flat netlists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tcl_circuits.circuit.graph_values import default_bounds
from tcl_circuits.circuit.names import label_of
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.units import parse_quantity

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\s*=\s*([^\s=]+)")
_UNITS = {"g": "S", "c": "F", "r": "ohm"}


@dataclass(frozen=True)
class Line:
    """A statement of a netlist with the number of its first line."""

    number: int
    text: str

    @property
    def words(self) -> list[str]:
        """Its words; brackets round the nodes, as Spectre writes them, do not count."""
        return self.text.replace("(", " ").replace(")", " ").split()


def statements(text: str) -> Iterator[Line]:
    """Statements of a netlist in any dialect: continued lines joined, comments left out."""
    start, held = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("+"):
            start, held = start if held else number, f"{held} {line[1:]}".strip()
            continue
        if held:
            yield Line(start, held)
        held = ""
        if line and not line.startswith(("*", "//")):
            start, held = number, line
    if held:
        yield Line(start, held)


def read_parameters(text: str, source: str) -> dict[str, float]:
    """Parameters and their values.

    Raises
    ------
    InputError
        If a line is no definition of numbers, or a parameter is defined twice.
    """
    found: dict[str, float] = {}
    lines = text.removeprefix("\ufeff").splitlines()
    uncommented = "\n".join(re.split("[;$]", line, maxsplit=1)[0] for line in lines)
    for line in statements(uncommented):
        head, _, rest = line.text.replace("\t", " ").partition(" ")
        if head == "simulator":
            continue
        pairs = _ASSIGNMENT.findall(rest)
        left_over = _ASSIGNMENT.sub("", rest).strip()
        if head.lower() not in (".param", "parameters") or not pairs or left_over:
            raise InputError(
                f"{source}, line {line.number}: {line.text[:60]!r} is no parameter with a number; "
                "write .param name=value"
            )
        for name, value in pairs:
            if name.lower() in found:
                raise InputError(f"{source}, line {line.number}: {name} is defined a second time; keep one")
            unit = _UNITS.get(name[:1].lower(), "")
            found[name.lower()] = parse_quantity(
                value.strip("{}'\""), unit, f"{source}, line {line.number}: {name}"
            )
    return found


def read_flat(text: str, source: str) -> Network:
    """Read a flat netlist of our own cells, as ``train`` and ``simulate`` leave it.

    Conductances are those of the resistors ``rg0``, ``rg1``, ...; inputs are where ``vin0``, ... stand, the
    ground is that of ``vground``, outputs are the nodes that a nudge ``bn0``, ... drives. A node has
    the name that its SPICE name stands for.

    Raises
    ------
    InputError
        If there are no such elements, or a value is no number.
    """
    ends: dict[int, tuple[str, str]] = {}
    ohms: dict[int, float] = {}
    middle: dict[str, str] = {}
    inputs: dict[int, str] = {}
    outputs: list[str] = []
    ground = None
    for line in statements(text):
        words = [word.lower() for word in line.text.split()]
        if re.fullmatch(r"[def]\d+[pn]?", words[0]):
            raise InputError(
                f"{source}, line {line.number}: {words[0]} is a diode or an amplifier, which flat "
                "netlists are not read with; give the run's network.json"
            )
        kind = re.fullmatch(r"(rg|vin|bn|cs)(\d+)", words[0])
        if len(words) < 4:
            continue
        if words[0] == "vground":
            ground = words[1]
        elif kind is None:
            continue
        elif kind[1] == "rg":
            e = int(kind[2])
            ends[e] = (words[1], words[2])
            ohms[e] = parse_quantity(words[3], "ohm", f"{source}, line {line.number}: {words[0]}")
        elif kind[1] == "vin":
            inputs[int(kind[2])] = words[1]
        elif kind[1] == "bn":
            outputs += [node for node in (words[2], words[1]) if node != "0"]
        else:
            middle[words[2]] = words[1]
    if not ends or sorted(ends) != list(range(len(ends))):
        raise InputError(f"{source}: the resistors rg0, rg1, ... of the edges are not all there")
    pairs = [(middle.get(a, a) if a.startswith("u") else a, b) for a, b in (ends[e] for e in sorted(ends))]
    return _flat_network(pairs, [ohms[e] for e in sorted(ohms)], (inputs, outputs, ground), source)


def _flat_network(
    pairs: list[tuple[str, str]],
    ohms: list[float],
    roles: tuple[dict[int, str], list[str], str | None],
    source: str,
) -> Network:
    inputs, outputs, ground = roles
    nodes = tuple(dict.fromkeys(node for pair in pairs for node in pair))
    index = {node: k for k, node in enumerate(nodes)}
    lost = [node for node in (*inputs.values(), *outputs, *([ground] if ground else [])) if node not in index]
    if lost:
        raise InputError(f"{source}: no edge reaches the node {lost[0]}, which is driven")
    conductance = 1.0 / np.array(ohms)
    labels = tuple(map(label_of, nodes))
    network = Network(
        nodes=labels if len(set(labels)) == len(nodes) else nodes,
        edges=np.array([(index[a], index[b]) for a, b in pairs], dtype=np.int64),
        inputs=np.array([index[inputs[k]] for k in sorted(inputs)], dtype=np.int64),
        outputs=np.array([index[node] for node in dict.fromkeys(outputs)], dtype=np.int64),
        ground=None if ground is None else index[ground],
        conductance=conductance,
        bounds=default_bounds(conductance, conductance),
    )
    network.check()
    return network
