"""The way back: a bundle, as exported or with values that a hardware team edited or measured, as a design."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.graph_text import GraphText, node_name
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.node_link import parse_node_link
from tcl_circuits.circuit.part_text import read_parts
from tcl_circuits.circuit.parts import Part
from tcl_circuits.delimited import Delimited, commas_are_decimal, plain_number
from tcl_circuits.errors import InputError
from tcl_circuits.files import parse_json
from tcl_circuits.handoff.anew import differences, written_anew
from tcl_circuits.handoff.checked import Entry
from tcl_circuits.handoff.design import Design, design_of
from tcl_circuits.handoff.manifest import read_files, read_manifest
from tcl_circuits.handoff.netlists import parameter_names
from tcl_circuits.handoff.reading import read_parameters
from tcl_circuits.handoff.values import edge_values, edited, measured
from tcl_circuits.units import parse_quantity

DESIGN = ("network.json", "setup.json")
"""Files from which all others follow."""
NEEDED = (*DESIGN, "params.inc")


def read_bundle(bundle: str | Path) -> Design:
    """Read a bundle, whatever values its params.inc has by now; every other file must be as exported.

    Raises
    ------
    InputError
        If a file is missing, can't be read, or is not what the package writes for the design.
    BundleError
        If the manifest is damaged or names files outside the bundle.
    """
    bundle = Path(bundle)
    manifest = read_manifest(bundle)
    files, _ = read_files(bundle, manifest)
    lacking = [name for name in NEEDED if name not in files]
    if lacking:
        raise InputError(f"{bundle / lacking[0]} is missing; a bundle needs {', '.join(NEEDED)}")
    exported = exported_design(files, str(bundle))
    made, wanted = written_anew(exported, manifest.dialect)
    faults = differences(files, wanted, made)
    faults.pop("params.inc", None)
    if faults:
        raise InputError(f"{bundle}: {next(iter(faults.values()))}; only values in params.inc can be edited")
    return edited(exported, _values(exported, text_of(files, "params.inc"), str(bundle / "params.inc")))


def text_of(files: Mapping[str, bytes], name: str) -> str:
    """Return a file's text; what is not UTF-8 is replaced, and can't be meant."""
    return files[name].decode("utf-8", "replace")


def exported_design(files: Mapping[str, bytes], source: str) -> Design:
    """The design as network.json and setup.json have it, without a look at the netlists.

    Raises
    ------
    InputError
        If one of the two can't be read.
    """
    network = network_of(parse_node_link(files["network.json"], f"{source}/network.json"), source)
    name = f"{source}/setup.json"
    return design_of(Entry(name, parse_json(files["setup.json"], name, "export the bundle again")), network)


def network_of(graph: GraphText, source: str) -> Network:
    """A network from node-link entries that :func:`~tcl_circuits.circuit.node_link.write_network` wrote.

    Unlike :func:`~tcl_circuits.circuit.graphfile.read_network` it accepts nodes that are written alike, as 1
    and ``"1"``, but draws nothing and guesses nothing.
    """
    file = f"{source}/network.json"
    nodes = tuple(entry.name for entry in graph.nodes)
    index = {node: k for k, node in enumerate(nodes)}
    roles = [entry.attributes.get("role") for entry in graph.nodes]
    whole = Entry(file, dict(graph.attributes), "graph")
    ends = [[index.get(node, -1) for node in edge.ends] for edge in graph.edges]
    lost = next((edge for edge, pair in zip(graph.edges, ends, strict=True) if -1 in pair), None)
    if lost is not None:
        raise InputError(f"{file}, {lost.label}: one end is not a node; export the bundle again")
    grounds = [k for k, role in enumerate(roles) if role == "ground"]
    if len(grounds) > 1:
        raise InputError(f"{file}: {len(grounds)} nodes are the ground; export the bundle again")
    places = {
        node.name: Entry(file, node.attributes["pos"], f"{node.place}.pos").numbers(2)
        for node in graph.nodes
        if "pos" in node.attributes
    }
    given = [Entry(file, dict(edge.attributes), edge.place).at("conductance") for edge in graph.edges]
    low, high = whole.at("bounds").numbers(2)
    network = Network(
        nodes=nodes,
        edges=np.array(ends, dtype=np.int64).reshape(-1, 2),
        inputs=_ordered(whole.at("inputs"), index, [k for k, r in enumerate(roles) if r == "input"]),
        outputs=_ordered(whole.at("outputs"), index, [k for k, r in enumerate(roles) if r == "output"]),
        ground=grounds[0] if grounds else None,
        conductance=np.array([one.number() for one in given]),
        bounds=(float(low), float(high)),
        node_capacitance=whole.at("node_capacitance").number(),
        positions=MappingProxyType({node: (float(x), float(y)) for node, (x, y) in places.items()}),
        parts=_parts(graph, file),
    )
    with whole.making():
        network.check()
    return network


def _parts(graph: GraphText, file: str) -> tuple[Part, ...]:
    faults: list[str] = []
    parts = read_parts(graph, faults)
    if faults:
        raise InputError(f"{file}, {faults[0]}; export the bundle again")
    return parts


def _ordered(names: Entry, index: Mapping[Any, int], positions: list[int]) -> IntArray:
    with names.making():
        ordered = [index.get(node_name(name.value), -1) for name in names.items()]
    if sorted(ordered) != positions:
        raise names.fault("the nodes of this role in some order")
    return np.array(ordered, dtype=np.int64)


def _values(design: Design, text: str, source: str) -> dict[str, FloatArray]:
    """Every edge's values as a parameter file has them."""
    found = read_parameters(text, source)
    count = design.network.edge_count
    names = {kind: [f"{kind}_e{e}" for e in range(count)] for kind in parameter_names(design)}
    lacking = [name for column in names.values() for name in column if name not in found]
    if lacking:
        raise InputError(
            f"{source}: {lacking[0]} is missing (one of {len(lacking)}); every edge needs its values"
        )
    strange = set(found) - {name for column in names.values() for name in column}
    if strange:
        raise InputError(f"{source}: {min(strange)} belongs to no edge; remove it")
    values = {kind: np.array([found[name] for name in column]) for kind, column in names.items()}
    for kind, array in values.items():
        off = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
        if off.size:
            raise InputError(f"{source}: {kind}_e{off[0]} = {array[off[0]]:g} must be positive and finite")
    return values


def value_faults(design: Design, files: Mapping[str, bytes]) -> list[str]:
    """Where params.inc differs from the design's own values, in words."""
    try:
        found = _values(design, text_of(files, "params.inc"), "params.inc")
    except InputError as error:
        return [str(error)]
    exported = edge_values(design)
    return [
        f"params.inc: {kind}_e{e} = {values[e]!r}, exported as {float(exported[kind][e])!r}"
        for kind, values in ((kind, array.tolist()) for kind, array in found.items())
        for e in np.flatnonzero(found[kind] != exported[kind]).tolist()
    ]


def read_conductances(path: str | Path, network: Network) -> Network:
    """Put measured conductances into a network.

    Parameters
    ----------
    path : str or Path
        A table of the format of :mod:`tcl_circuits.delimited` with the columns ``edge`` (``e0``, ``xe0``,
        ``g_e0`` or the edge's name) and ``conductance`` (siemens, or text such as ``4.7u``). Edges that are
        not in it keep their values.
    network : Network
        The network measured.

    Raises
    ------
    InputError
        If the file can't be read, an edge is unknown or listed twice, or a value is no conductance.
    """
    table = Delimited.read(Path(path), "give a table with the columns edge and conductance")
    columns = [table.column(name) for name in ("edge", "conductance")]
    index = {label: e for e, label in enumerate(network.edge_labels)}
    for e in range(network.edge_count):
        index |= dict.fromkeys((f"e{e}", f"xe{e}", f"g_e{e}"), e)
    rows = list(table.rows())
    mark = (
        "," if commas_are_decimal(row[columns[1]] for _, row in rows if len(row) == len(table.names)) else "."
    )
    values, seen = network.conductance.copy(), set[int]()
    for line, row in rows:
        place = f"{path}, line {line}"
        if len(row) != len(table.names):
            remedy = f"complete the row, and quote cells that contain {table.delimiter!r}"
            raise InputError(f"{place}: {len(row)} cells where the header has {len(table.names)}; {remedy}")
        name, value = (row[k].strip() for k in columns)
        e = index.get(name, -1)
        if e < 0 or e in seen:
            state = "is listed a second time" if e in seen else "is no edge of the network"
            raise InputError(f"{place}: {name!r} {state}")
        seen.add(e)
        values[e] = parse_quantity(plain_number(value, mark), "S", f"{place}: conductance")
        if not (np.isfinite(values[e]) and values[e] > 0):
            raise InputError(f"{place}: conductance = {values[e]:g} S must be positive and finite")
    return measured(network, values)
