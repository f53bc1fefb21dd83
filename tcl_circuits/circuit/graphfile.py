"""Networks from GraphML and node-link JSON files, and back to JSON.

A file gives nodes, edges (each from its first node to its second, in the order of the file; edges listed
twice are in parallel) and, where it wants to:

- node attribute ``role``: input, output, hidden (the default) or ground;
- node attribute ``pos``: where to draw the node, ``[x, y]``;
- edge attribute ``conductance``: a number in siemens, or text such as ``10u`` or ``4.7 uS``;
- node attribute ``parts``: diodes and amplifiers (:mod:`tcl_circuits.circuit.part_text`);
- graph attribute ``bounds``: least and largest conductance, ``[low, high]``;
- graph attribute ``node_capacitance``: in farads, or text such as ``10p``;
- graph attributes ``inputs`` and ``outputs``: the order of the nodes with that role, if not the file's.

In GraphML, where values are text, a pair is written ``1e-6, 1e-4``.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tcl_circuits.circuit.check import find_faults
from tcl_circuits.circuit.graph_text import EdgeEntry, GraphText, NodeEntry, listed, node_name, suggestion
from tcl_circuits.circuit.graph_values import conductances, misnamed, node_capacitance, places
from tcl_circuits.circuit.graphml import AS_GRAPHML, parse_graphml
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.node_link import parse_node_link, write_network
from tcl_circuits.circuit.part_text import read_parts
from tcl_circuits.errors import InputError, NetworkError, shown
from tcl_circuits.files import read_bytes

__all__ = ["read_network", "write_network"]

_LARGEST_FILE = 1 << 25
"""Bytes of the largest graph file: a million edges, more than is simulated, and read in seconds."""
_ROLES = ("input", "output", "hidden", "ground")


def read_network(
    path: str | Path,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    ground: str | None = None,
    conductance: tuple[float, float] = (1e-6, 1e-4),
    seed: int = 0,
) -> Network:
    """Read a network from a GraphML file (.graphml, .xml) or a node-link JSON file (.json).

    With another suffix, the first character of the file tells which it is.

    Parameters
    ----------
    path : str or Path
        The file.
    inputs, outputs : sequence of str, optional
        Nodes by their written names, ``str(node)``, or by labels that one node alone has (yEd's, and
        ``label``, ``name``, ``shared name``), in the order of the voltages and targets given later.
        They replace the nodes that have this role in the file. A node named here loses its role in the file.
    ground : str, optional
        The node at 0 V, likewise.
    conductance : (low, high)
        Range [S] from which edges without a conductance draw theirs log-uniformly, in the order of the file,
        within the file's bounds. If no edge of the file has a conductance, and the file no bounds, these are
        the bounds.
    seed : int
        Seed of the draw.

    Returns
    -------
    Network
        Without faults; the bounds, unless given, are those that :meth:`Network.from_graph` takes by default.

    Raises
    ------
    InputError
        If the file can't be read as a graph, or the range is none.
    NetworkError
        If the graph makes no network that can be simulated; the error lists every fault.
    """
    low, high = conductance
    if not 0 < low <= high < math.inf:
        raise InputError(f"conductance range {conductance!r} must be (low, high) with 0 < low <= high, in S")
    graph = _parse(path)
    faults: list[str] = []
    nodes = _nodes(graph, faults)
    index = {name: position for position, name in enumerate(nodes)}
    given = {"input": inputs, "output": outputs, "ground": None if ground is None else [ground]}
    roles = _roles(graph, index, given, faults)
    faults += misnamed(graph)
    values, bounds = conductances(graph.edges, graph.attributes, conductance, seed, faults)
    network = Network(
        nodes=tuple(nodes),
        edges=np.array([[index[end] for end in e.ends] for e in graph.edges], dtype=np.int64).reshape(-1, 2),
        inputs=np.array(roles["input"], dtype=np.int64),
        outputs=np.array(roles["output"], dtype=np.int64),
        ground=roles["ground"][0] if roles["ground"] else None,
        conductance=values,
        bounds=bounds,
        node_capacitance=node_capacitance(graph, faults),
        positions=places(nodes.values()),
        parts=read_parts(graph, faults),
    )
    no_drive = () if roles["input"] else ("no node is an input",)  # told above, with the remedy
    faults += [fault for fault in find_faults(network) if not fault.startswith(no_drive)]
    if faults:
        raise NetworkError(faults, where=f"{path}: the network")
    return network


def _parse(path: str | Path) -> GraphText:
    data = read_bytes(Path(path), "give the path of a GraphML or node-link JSON file", _LARGEST_FILE)
    start = data.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    suffix = Path(path).suffix.lower()
    if not start:
        raise InputError(f"{path} is empty; give a GraphML or node-link JSON file")
    if suffix in (".graphml", ".xml") or (suffix != ".json" and start == b"<"):
        return parse_graphml(data, str(path))
    if suffix == ".json" or start in (b"{", b"["):
        return parse_node_link(data, str(path))
    raise InputError(f"{path} is neither GraphML nor JSON; {AS_GRAPHML}")


def _nodes(graph: GraphText, faults: list[str]) -> dict[Hashable, NodeEntry]:
    """Return the nodes by name; ends of edges that are not declared are faults, and come last."""
    nodes: dict[Hashable, NodeEntry] = {}
    repeated = [entry for entry in graph.nodes if nodes.setdefault(entry.name, entry) is not entry]
    strangers = [(edge, end) for edge in graph.edges for end in edge.ends if end not in nodes]

    def of_repeated(entry: NodeEntry) -> str:
        first = nodes[entry.name].place
        return f"{entry.place}: node {shown(entry.name)} is declared at {first} already; remove or rename one"

    def of_stranger(stranger: tuple[EdgeEntry, Hashable]) -> str:
        edge, end = stranger
        near = suggestion(end, declared)
        return f"{edge.label}: no node {shown(end)} is declared{near}; declare it or correct the edge"

    declared = list(nodes)
    faults += listed(repeated, of_repeated)
    faults += listed(strangers, of_stranger)
    faults += listed(_written_alike(declared), _alike)
    for edge, end in strangers:
        nodes.setdefault(end, NodeEntry(edge.place, {}, end))
    return nodes


def _written_alike(names: Sequence[Hashable]) -> list[list[Hashable]]:
    """Groups of nodes that an option could not tell apart, as 1 and '1'."""
    groups: dict[str, list[Hashable]] = {}
    for name in names:
        groups.setdefault(str(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _alike(group: Sequence[Hashable]) -> str:
    names = ", ".join(map(shown, group[:5])) + (f" and {len(group) - 5} more" if len(group) > 5 else "")
    return f"nodes {names} have the same written name {shown(str(group[0]))}; rename all but one"


def _roles(
    graph: GraphText,
    index: Mapping[Hashable, int],
    given: Mapping[str, Sequence[str] | None],
    faults: list[str],
) -> dict[str, list[int]]:
    """Return the positions of the nodes with each role: those named in `given`, else those of the file."""
    by_file = _file_roles(graph, index, faults)
    labels = _labels(graph, index)
    by_name = {
        role: _named(role, names, index, labels, faults) for role, names in given.items() if names is not None
    }
    taken = {position for positions in by_name.values() for position in positions}
    roles = {role: [p for p in positions if p not in taken] for role, positions in by_file.items()} | by_name
    if len(roles["ground"]) > 1:
        some = ", ".join(shown(name) for name, position in index.items() if position in roles["ground"][:5])
        count = len(roles["ground"])
        faults.append(f"{count} nodes have the role ground ({some}); join them, or name one: --ground")
    if index and not roles["input"] and not given["input"]:
        faults.append("no node is an input; give nodes the attribute role, or name them: --inputs a,b")
    return roles


def _file_roles(graph: GraphText, index: Mapping[Hashable, int], faults: list[str]) -> dict[str, list[int]]:
    by_node: dict[Hashable, str] = {}
    unknown: list[tuple[NodeEntry, object]] = []
    for entry in graph.nodes:
        role = entry.attributes.get("role")
        if role is not None and role not in _ROLES:
            unknown.append((entry, role))
        by_node.setdefault(entry.name, role if isinstance(role, str) else "hidden")
    faults += listed(
        unknown,
        lambda found: (
            f"{found[0].place}: node {shown(found[0].name)} has the unknown role {shown(found[1])}"
            f"{suggestion(found[1], _ROLES)}; use input, output, hidden or ground"
        ),
    )
    roles = {role: [index[node] for node in by_node if by_node[node] == role] for role in _ROLES}
    for role in ("input", "output"):
        roles[role] = _in_order(graph.attributes.get(f"{role}s"), role, roles[role], index, faults)
    return roles


def _in_order(
    order: object, role: str, positions: list[int], index: Mapping[Hashable, int], faults: list[str]
) -> list[int]:
    """Return the positions in the order that the graph attribute gives; it may not contradict the roles."""
    if order is None:
        return positions
    try:
        ordered = [index.get(node_name(name), -1) for name in order] if isinstance(order, list) else []
    except InputError:
        ordered = []
    if sorted(ordered) == positions:
        return ordered
    faults.append(
        f"graph attribute {role}s = {shown(order)} must list each node with the role {role} once; correct "
        f"it or the roles, or remove it"
    )
    return positions


def _labels(graph: GraphText, index: Mapping[Hashable, int]) -> dict[str, list[int]]:
    """Positions of the nodes that have each label."""
    found: dict[str, list[int]] = {}
    for entry in graph.nodes:
        for label in entry.labels:
            found.setdefault(label, []).append(index[entry.name])
    return found


def _named(
    role: str,
    names: Sequence[str],
    index: Mapping[Hashable, int],
    labels: Mapping[str, Sequence[int]],
    faults: list[str],
) -> list[int]:
    """Return the positions of nodes by their written names, else by labels that one node has."""
    known: dict[str, int] = {label: at[0] for label, at in labels.items() if len(at) == 1}
    written = {str(node): position for node, position in reversed(list(index.items()))}
    known |= written
    names = [str(name) if str(name) in known else _spaced(str(name), written) for name in names]
    option = "ground" if role == "ground" else f"{role}s"
    some = ", ".join(map(shown, list(map(str, index))[:8])) + (", ..." if len(written) > 8 else "")

    def unknown(name: str) -> str:
        if name in labels:
            ids = ", ".join(shown(node) for node, at in index.items() if at in labels[name][:5])
            return f"{option}: {len(labels[name])} nodes have the label {shown(name)}; give an id: {ids}"
        return f"{option}: no node {shown(name)}{suggestion(name, list(known))}; the nodes are {some}"

    faults += listed([name for name in names if name not in known], unknown)
    return [known[name] for name in names if name in known]


def _spaced(name: str, written: Mapping[str, int]) -> str:
    """The one written name that differs from `name` in blanks alone, as ``(0,1)`` from ``(0, 1)``."""
    same = [other for other in written if other.replace(" ", "") == name.replace(" ", "")]
    return same[0] if len(same) == 1 else name
