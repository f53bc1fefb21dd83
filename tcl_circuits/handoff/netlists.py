"""A design as netlist files: cells, network, parameters, their variations, and test benches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.elements import Capacitor, Element, Resistor, Subcircuit, VoltageSource
from tcl_circuits.circuit.names import NameMap, plain
from tcl_circuits.circuit.netlist import build_netlist, part_elements
from tcl_circuits.handoff.benches import Bench
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects.base import CellBlock, Dialect, Instance, Quantity
from tcl_circuits.handoff.expected import NET, pins
from tcl_circuits.handoff.values import CORNER_FACTORS, CORNERS, MISMATCH, edge_values, sampled_values

NETWORK = "tcl_network"
"""Name of the network's subcircuit."""

LICENCE = (
    "This text may be used without restriction (CC0), whatever the licence of the program that wrote it.",
    "SPDX-License-Identifier: CC0-1.0",
)

_DEFAULT_G = 1e-5


def netlist_files(design: Design, dialect: Dialect, made: Sequence[Bench]) -> dict[str, str]:
    """File names and texts of the netlists."""
    kinds = parameter_names(design)
    texts = {
        "cells.lib": _file(dialect, ["The edge cell."], dialect.cell(cell_block(design))),
        "network.lib": _file(dialect, _network_about(design), _network(design, dialect)),
        "params.inc": _file(
            dialect,
            ["Trained values of every edge: conductance g [S], sense capacitance c [F], resistance r [ohm]."],
            _parameters(dialect, kinds, edge_values(design)),
        ),
        "mismatch.inc": _file(
            dialect,
            [
                "Sampled values: include this file in place of params.inc.",
                *(f"{kind}: {share:.0%} standard deviation, log-normal" for kind, share in MISMATCH.items()),
                f"seed {design.seed}",
            ],
            _parameters(dialect, kinds, sampled_values(design)),
        ),
    }
    for name, factors in CORNERS.items():
        lines = [dialect.parameter(key, value) for key, value in factors.items()]
        about = [
            f"Corner {name}: factors on all conductances (kg), sense capacitances (kc), resistances (kr)."
        ]
        texts[f"corners/{name}.inc"] = _file(dialect, about, lines)
    if design.learning is not None:
        from tcl_circuits.handoff.learning import LIBRARY, block

        learned = block(design.learning.cell)
        texts[LIBRARY] = _file(
            dialect, ["The edge cell that learns by itself."], dialect.cell(CellBlock(learned, {}, {}))
        )
    for bench in made:
        texts[f"{bench.name}.{dialect.suffix}"] = bench_text(design, dialect, bench)
    return texts


def _file(dialect: Dialect, about: Sequence[str], lines: Sequence[str]) -> str:
    head = [dialect.comment(text) for text in (*about, *LICENCE)]
    return "\n".join([*dialect.opening(), *head, *lines, ""])


def parameter_names(design: Design) -> tuple[str, ...]:
    """Parameters of the cell: its conductance and its sense branch's parts."""
    return ("g", "c", "r") if isinstance(design.cell, SenseCell) else ("g", "c")


def _parameters(dialect: Dialect, kinds: Sequence[str], values: Mapping[str, FloatArray]) -> list[str]:
    columns = [values[kind].tolist() for kind in kinds]
    return [
        dialect.parameter(f"{kind}_e{e}", value)
        for e, row in enumerate(zip(*columns, strict=True))
        for kind, value in zip(kinds, row, strict=True)
    ]


def cell_block(design: Design) -> CellBlock:
    """The cell as a subcircuit with parameters, its currents through ammeters."""
    cell = design.cell
    plain = cell.subcircuit(_DEFAULT_G)
    elements: list[Element] = []
    values: dict[str, str] = {}
    for element in plain.elements:
        kind = _kind_of(element)
        if kind is not None:
            values[element.name] = _scaled(kind)
        meter = _meter(element, cell.conducts_dc)
        elements += [element] if meter is None else _through(element, meter)
    kinds = parameter_names(design)
    about = (
        f"{plain.description.splitlines()[1]}\n"
        "vu: ammeter of the kernel output u"
        f"{'; vi: ammeter of the direct current' if cell.conducts_dc else ''}\n"
        f"parameters: {', '.join(f'{kind} [{_UNITS[kind]}]' for kind in kinds)};"
        " kg, kc, kr: factors of the corner"
    )
    block = Subcircuit(plain.name, plain.pins, tuple(elements), about)
    first = {kind: float(found[0]) for kind, found in edge_values(design).items()}
    return CellBlock(block, values, {kind: _DEFAULT_G if kind == "g" else first[kind] for kind in kinds})


_UNITS = {"g": "S", "c": "F", "r": "ohm"}


def _kind_of(element: Element) -> str | None:
    return {"rg": "g", "rs": "r", "cs": "c"}.get(element.name[:2])


def _scaled(kind: str) -> str:
    return "1/(g*kg)" if kind == "g" else f"{kind}*{CORNER_FACTORS[kind]}"


def _meter(element: Element, conducts_dc: bool) -> str | None:
    """Ammeter that an element's current goes through: vu of the sense branch, vi of the conductance."""
    if not isinstance(element, Resistor):
        return None
    return "vi" if conducts_dc and element.name.startswith("rg") else "vu"


def _through(element: Element, meter: str) -> list[Element]:
    """An element with an ammeter behind it."""
    assert isinstance(element, Resistor)
    between = f"m{meter[1:]}"
    return [
        Resistor(element.name, element.a, between, element.ohms),
        VoltageSource(meter, between, element.b, 0.0),
    ]


def pin_names(design: Design) -> tuple[str, ...]:
    """SPICE names of the network's pins, in their order."""
    names = NameMap.of(design.network.nodes).spice
    return tuple(names[position] for position in pins(design.network))


def _network_about(design: Design) -> list[str]:
    network = design.network
    grounds = 0 if network.ground is None else 1
    return [
        f"The network: {network.node_count} nodes, {network.edge_count} edges.",
        f"Pins, in order: {network.inputs.size} inputs, {network.outputs.size} outputs, {grounds} ground.",
        "An edge's current counts positive from its first pin to its second.",
    ]


def _network(design: Design, dialect: Dialect) -> list[str]:
    network, names = design.network, NameMap.of(design.network.nodes).spice
    kinds, name = parameter_names(design), cell_block(design).block.name
    parts = part_elements(network)
    lines = [*dialect.models(parts), dialect.begin(NETWORK, pin_names(design), {})]
    for e, (a, b) in enumerate(network.edges.tolist()):
        values = {kind: f"{kind}_e{e}" for kind in kinds}
        lines.append(dialect.instance(f"xe{e}", (names[a], names[b]), name, values))
    lines += [dialect.element(element) for element in (*parts, *_at_nodes(design))]
    return [*lines, dialect.end(NETWORK)]


def _at_nodes(design: Design) -> list[Element]:
    """Node capacitances, and the paths to ground of nodes that only capacitors touch."""
    if design.network.node_capacitance == 0 and design.cell.conducts_dc:
        return []
    whole = build_netlist(design.network, design.cell, design.saw, design.training)
    return [e for e in whole.elements if isinstance(e, Capacitor | Resistor) and e.name[:2] in ("cn", "ri")]


def bench_text(design: Design, dialect: Dialect, bench: Bench) -> str:
    """A test bench as a file that a simulator runs."""
    measures = {one.name: one.how for one in bench.expected}
    kept: dict[Quantity, None] = dict.fromkeys(one.how.quantity for one in bench.expected)
    file = f"{bench.name}.{dialect.suffix}"
    return "\n".join(
        [
            *dialect.opening(),
            dialect.comment(f"{plain(design.title)}: {bench.name}"),
            *(dialect.comment(text) for text in bench.about),
            dialect.comment(f"Run:  {dialect.command.format(file=file)}"),
            dialect.comment("See:  each measured value in expected.csv, with its tolerance"),
            *(dialect.comment(text) for text in LICENCE),
            *(dialect.include(path) for path in bench.includes),
            *dialect.models(bench.elements),
            *(dialect.instance(one.name, one.nodes, one.block, {}) for one in _instances(design, bench)),
            *(dialect.element(element) for element in bench.elements),
            *dialect.starts(bench.starts),
            *dialect.analysis(bench.run),
            *dialect.save(tuple(kept)),
            *dialect.measures(measures),
            *dialect.closing(),
            "",
        ]
    )


def _instances(design: Design, bench: Bench) -> tuple[Instance, ...]:
    return bench.instances or (Instance(NET, pin_names(design), NETWORK),)
