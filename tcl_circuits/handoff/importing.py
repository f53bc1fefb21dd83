"""The way back: a bundle, as exported or with values that a hardware team edited or measured, as a design."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.graph_text import GraphText
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.node_link import parse_node_link
from tcl_circuits.circuit.part_text import read_parts
from tcl_circuits.circuit.parts import Part
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_text
from tcl_circuits.handoff.benches import benches
from tcl_circuits.handoff.design import Design, design_of
from tcl_circuits.handoff.manifest import read_files, read_manifest
from tcl_circuits.handoff.netlists import NETWORK, parameter_names, pin_names
from tcl_circuits.handoff.reading import NetworkText, read_network_text, read_parameters
from tcl_circuits.handoff.rewritten import netlist_faults
from tcl_circuits.handoff.values import edge_values, edited, measured
from tcl_circuits.units import parse_quantity

NEEDED = ("network.json", "setup.json", "network.lib", "params.inc")
_EDITABLE = ("params.inc",)
"""Netlists whose numbers a hardware team may change."""


def read_bundle(bundle: str | Path) -> Design:
    """Read a bundle, whatever values its params.inc has by now.

    Raises
    ------
    InputError
        If a file is missing or can't be read, or the network's structure is not the exported one.
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
    faults = structure_faults(exported, files) or netlist_faults(
        exported, benches(exported), manifest.dialect, files, _EDITABLE
    )
    if faults:
        raise InputError(f"{bundle}: {faults[0]}; only values can be edited")
    values = _values(exported, text_of(files, "params.inc"), str(bundle / "params.inc"))
    return edited(exported, values)


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
    try:
        setup: Any = json.loads(files["setup.json"])
        design = design_of(setup, network)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(
            f"{source}/setup.json can't be read ({type(error).__name__}: {error}); export the bundle again"
        ) from None
    design.check()
    return design


def network_of(graph: GraphText, source: str) -> Network:
    """A network from node-link entries that :func:`~tcl_circuits.circuit.node_link.write_network` wrote.

    Unlike :func:`~tcl_circuits.circuit.graphfile.read_network` it accepts names whose SPICE forms collide:
    a bundle numbers them.
    """
    nodes = tuple(entry.name for entry in graph.nodes)
    index = {node: k for k, node in enumerate(nodes)}
    roles = [entry.attributes.get("role") for entry in graph.nodes]
    given = graph.attributes
    try:
        grounds = [k for k, role in enumerate(roles) if role == "ground"]
        positions = {
            entry.name: (float(pos[0]), float(pos[1]))
            for entry in graph.nodes
            if isinstance(pos := entry.attributes.get("pos"), list)
        }
        bounds: Any = given["bounds"]
        network = Network(
            nodes=nodes,
            edges=np.array([[index[n] for n in e.ends] for e in graph.edges], dtype=np.int64).reshape(-1, 2),
            inputs=_ordered(given["inputs"], index, [k for k, r in enumerate(roles) if r == "input"]),
            outputs=_ordered(given["outputs"], index, [k for k, r in enumerate(roles) if r == "output"]),
            ground=grounds[0] if grounds else None,
            conductance=np.array([_number(e.attributes["conductance"]) for e in graph.edges]),
            bounds=(float(bounds[0]), float(bounds[1])),
            node_capacitance=_number(given["node_capacitance"]),
            positions=MappingProxyType(positions),
            parts=_parts(graph),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"{source}/network.json can't be read ({type(error).__name__}: {error}); export the bundle again"
        ) from None
    network.check()
    return network


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _parts(graph: GraphText) -> tuple[Part, ...]:
    faults: list[str] = []
    parts = read_parts(graph, faults)
    if faults:
        raise ValueError(faults[0])
    return parts


def _ordered(names: object, index: Mapping[Any, int], positions: list[int]) -> IntArray:
    if not isinstance(names, list):
        raise TypeError(f"{names!r} is no list of nodes")
    listed = [tuple(name) if isinstance(name, list) else name for name in names]
    ordered = [index[_deep(name)] for name in listed]
    if sorted(ordered) != positions:
        raise ValueError("the order of inputs or outputs does not fit the roles")
    return np.array(ordered, dtype=np.int64)


def _deep(name: Any) -> Any:
    return tuple(_deep(part) for part in name) if isinstance(name, tuple | list) else name


def structure_faults(design: Design, files: Mapping[str, bytes]) -> list[str]:
    """Where the netlist's pins and edges differ from those of the design, in words."""
    found = read_network_text(text_of(files, "network.lib"), NETWORK, "network.lib")
    faults = []
    pins = pin_names(design)
    if found.pins != pins:
        k = next((k for k, (a, b) in enumerate(zip(found.pins, pins, strict=False)) if a != b), len(pins))
        what = found.pins[k] if k < len(found.pins) else "none"
        wanted = pins[k] if k < len(pins) else "none"
        faults.append(f"network.lib: pin {k + 1} of {NETWORK} is {what}, exported as {wanted}")
    return faults + _edge_faults(design, found)


def _edge_faults(design: Design, found: NetworkText) -> list[str]:
    names = NameMap.of(design.network.nodes).spice
    kinds = parameter_names(design)
    wanted = {
        f"xe{e}": (names[a], names[b], {kind: f"{kind}_e{e}" for kind in kinds})
        for e, (a, b) in enumerate(design.network.edges.tolist())
    }
    faults = []
    for edge in found.edges:
        exported = wanted.pop(edge.name, None)
        if exported is None:
            faults.append(f"network.lib: {edge.name} was not exported, or stands there twice")
        elif (edge.first, edge.second) != exported[:2]:
            faults.append(
                f"network.lib: the pins of {edge.name} are {edge.first} {edge.second}, "
                f"exported as {exported[0]} {exported[1]}"
            )
        elif edge.values != exported[2]:
            faults.append(f"network.lib: the parameters of {edge.name} are not the exported ones")
    return faults + [f"network.lib: {name} is missing" for name in wanted]


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
        A table with the columns ``edge`` (``e0``, ``xe0``, ``g_e0`` or the edge's name) and ``conductance``
        (siemens, or text such as ``4.7u``). Edges that are not in it keep their values.
    network : Network
        The network measured.

    Raises
    ------
    InputError
        If the file can't be read, an edge is unknown or listed twice, or a value is no conductance.
    """
    text = read_text(Path(path), "give a csv table in UTF-8")
    table = csv.DictReader(io.StringIO(text))
    if table.fieldnames is None or not {"edge", "conductance"} <= set(table.fieldnames):
        raise InputError(f"{path} needs the columns edge and conductance; it has {table.fieldnames or []}")
    index = {label: e for e, label in enumerate(network.edge_labels)}
    for e in range(network.edge_count):
        index |= dict.fromkeys((f"e{e}", f"xe{e}", f"g_e{e}"), e)
    values, seen = network.conductance.copy(), set[int]()
    for number, row in enumerate(table, 2):
        place = f"{path}, line {number}"
        e = index.get(row["edge"] or "", -1)
        if e < 0 or e in seen:
            state = "is listed a second time" if e in seen else "is no edge of the network"
            raise InputError(f"{place}: {row['edge']!r} {state}")
        seen.add(e)
        values[e] = parse_quantity(row["conductance"] or "", "S", f"{place}: conductance")
        if not (np.isfinite(values[e]) and values[e] > 0):
            raise InputError(f"{place}: conductance = {values[e]:g} S must be positive and finite")
    return measured(network, values)
