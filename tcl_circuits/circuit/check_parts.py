"""Faults of a network's diodes and amplifiers: wrong places, doubles, loops."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING

from tcl_circuits.circuit.graph_text import listed, suggestion
from tcl_circuits.circuit.parts import Amplifier, Part
from tcl_circuits.errors import shown

if TYPE_CHECKING:
    from tcl_circuits.circuit.network import Network


def part_faults(network: Network) -> list[str]:
    """List what is wrong with the places of a network's parts; a part checks its own values."""
    nodes = set(network.nodes)
    strangers = [(part, node) for part in network.parts for node in part.touches if node not in nodes]
    faults = listed(
        strangers,
        lambda found: (
            f"{_kind(found[0])}: no node {shown(found[1])}{suggestion(found[1], network.nodes)}; "
            "name one of the network's"
        ),
    )
    faults += listed(list(_driven(network)), str)
    faults += listed(list(_doubles(network.parts)), str)
    return faults + _loops([part for part in network.parts if isinstance(part, Amplifier)])


def _kind(part: Part) -> str:
    return type(part).__name__


def _driven(network: Network) -> Iterator[str]:
    driven = {network.nodes[position]: network.role_of(position) for position in network.driven.tolist()}
    for part in network.parts:
        for node in part.touches:
            if node in driven:
                yield (
                    f"{_kind(part)} at node {shown(node)}, whose voltage is given ({driven[node]}); "
                    "put it at a free node"
                )


def _doubles(parts: tuple[Part, ...]) -> Iterator[str]:
    seen: set[object] = set()
    for part in parts:
        place: object = part
        if isinstance(part, Amplifier):
            if part.low == part.high:
                yield f"Amplifier from node {shown(part.low)} to itself; remove it"
            place = (Amplifier, part.high)
        if place in seen:
            what = "ends at node" if isinstance(part, Amplifier) else "stands twice at node"
            yield f"{_kind(part)} {what} {shown(part.touches[-1])}{_also(part)}; keep one"
        seen.add(place)


def _also(part: Part) -> str:
    return ", which another amplifier holds already" if isinstance(part, Amplifier) else ""


def _loops(amplifiers: list[Amplifier]) -> list[str]:
    below: dict[Hashable, Hashable] = {a.high: a.low for a in amplifiers if a.high != a.low}
    for start in below:
        node, way = start, []
        while node in below and node not in way:
            way.append(node)
            node = below[node]
        if node == start:
            names = ", ".join(shown(one) for one in way)
            return [f"amplifiers hold the nodes {names} in a ring; a voltage has to begin somewhere"]
    return []
