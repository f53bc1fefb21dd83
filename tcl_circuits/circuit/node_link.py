"""Node-link JSON, the form of ``networkx.node_link_data``, read as entries and written from a network.

Read are the lists ``nodes`` (each with ``id``) and ``edges`` or ``links`` (each with ``source`` and
``target``) and the object ``graph``. An edge listed twice is two edges in parallel, whatever ``multigraph``
says; ``directed`` may be missing, as an edge always counts from its source to its target. D3's form, whose
links give nodes by their places in the list, and Cytoscape's, all of whose ids are text, are read as well.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from tcl_circuits.circuit.graph_text import EdgeEntry, GraphText, NodeEntry, node_name
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.part_text import part_object
from tcl_circuits.errors import InputError, Remark, TclError, shown
from tcl_circuits.files import parse_json, replacing

AS_JSON = "write it with json.dump(networkx.node_link_data(graph), file)"


def parse_node_link(data: bytes, source: str) -> GraphText:
    """Parse node-link JSON.

    Parameters
    ----------
    data : bytes
        The file's content, in UTF-8, UTF-16 or UTF-32.
    source : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        If it is malformed, wrongly encoded, or not a node-link graph.
    """
    document = _plain_form(parse_json(data, source, f"correct it, or {AS_JSON}"))
    if not isinstance(document, dict) or not isinstance(document.get("nodes"), list):
        raise InputError(
            f"{source} is JSON but has no list 'nodes', so it is not a node-link graph; {AS_JSON}"
        )
    keys = [key for key in ("edges", "links") if isinstance(document.get(key), list)]
    if len(keys) != 1:
        fault = "two lists of edges, 'edges' and 'links'; keep one" if keys else f"no list 'edges'; {AS_JSON}"
        raise InputError(f"{source} has {fault}")
    attributes = document.get("graph") or {}
    if not isinstance(attributes, dict):
        raise InputError(
            f"{source}: 'graph' is {shown(attributes)}; write the graph's attributes as an object"
        )
    nodes = _items(document["nodes"], "nodes", ("id",), source)
    edges = _items(document[keys[0]], keys[0], ("source", "target"), source)
    return GraphText(
        tuple(NodeEntry(place, rest, names[0]) for place, rest, names in nodes),
        tuple(EdgeEntry(place, rest, (names[0], names[1])) for place, rest, names in edges),
        attributes,
    )


def write_network(network: Network, path: str | Path) -> None:
    """Write a network as node-link JSON, which :func:`.graphfile.read_network` reads back.

    Nodes, edges, roles and the order of inputs and outputs return as they are, and numbers bit for bit. Node
    names that are text, finite numbers, booleans, None, or tuples of these return as they are; any other name
    is written as its repr. The graph is called directed if some edge runs from a later node to an earlier,
    so that networkx too finds every edge's first and second node.

    Parameters
    ----------
    network : Network
        Any network; one with faults is written too, but will not be read.
    path : str or Path
        File to write. It is replaced as a whole, or left as it was.

    Raises
    ------
    InputError
        If the path ends in ``.graphml`` or ``.xml``, or two nodes would have the same written name.
    TclError
        If the file can't be written.
    """
    path = Path(path)
    if path.suffix.lower() in (".graphml", ".xml"):
        raise InputError(f"{path}: networks are written as node-link JSON; name the file {path.stem}.json")
    text = network_text(network)
    try:
        with replacing(path) as file:
            file.write(text.encode("ascii"))
    except (OSError, ValueError) as error:
        raise TclError(f"{path} can't be written ({error}); check the directory and the disk") from error


def network_text(network: Network) -> str:
    """What :func:`write_network` writes.

    Raises
    ------
    InputError
        If two nodes would have the same written name.
    """
    return json.dumps(_document(network), sort_keys=True, indent=1) + "\n"


def _plain_form(document: Any) -> Any:
    """A document in networkx's form, if it is in that of Cytoscape or of D3."""
    if not isinstance(document, dict):
        return document
    elements = document.get("elements")
    if isinstance(elements, dict):
        data = {kind: _data(elements.get(kind)) for kind in ("nodes", "edges")}
        attributes = document.get("data")
        return {**data, "graph": attributes if isinstance(attributes, dict) else {}}
    key = "links" if "links" in document else "edges"
    nodes, edges = document.get("nodes"), document.get(key)
    if not (_objects(nodes) and _objects(edges)):
        return document
    ends = [edge.get(end) for edge in edges for end in ("source", "target")]
    ids = [node["id"] for node in nodes if "id" in node]
    if not ids:
        named = all(isinstance(end, str) for end in ends) and all("name" in node for node in nodes)
        ids = [node["name"] if named else k for k, node in enumerate(nodes)]
        return {**document, "nodes": [{"id": id_, **node} for id_, node in zip(ids, nodes, strict=True)]}
    places = all(type(end) is int and 0 <= end < len(nodes) for end in ends)
    if not places or len(ids) < len(nodes) or any(isinstance(id_, int | float) for id_ in ids):
        return document
    warnings.warn(
        f"{key}: source and target are whole numbers and no id is: read as places in the list of nodes, the "
        "first being 0",
        Remark,
        stacklevel=4,
    )
    moved = [{**edge, **{end: ids[edge[end]] for end in ("source", "target")}} for edge in edges]
    return {**document, key: moved}


def _objects(items: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(items, list) and bool(items) and all(isinstance(item, dict) for item in items)


def _data(items: object) -> object:
    """What Cytoscape says of nodes or edges, whose ids are text even where another program wrote numbers."""
    if not _objects(items):
        return items
    return [
        {
            key: str(value) if key in ("id", "source", "target") and isinstance(value, int) else value
            for key, value in item.get("data", item).items()
        }
        for item in items
        if isinstance(item.get("data", item), dict)
    ]


def _items(
    items: list[object], key: str, ends: tuple[str, ...], source: str
) -> list[tuple[str, dict[str, object], list[Hashable]]]:
    """Return place, attributes and named nodes of each item of a node-link list."""
    found = []
    for k, item in enumerate(items):
        place = f"{key}[{k}]"
        if not isinstance(item, dict):
            raise InputError(f"{source}, {place}: {shown(item)} is not an object with {' and '.join(ends)}")
        lacking = [end for end in ends if end not in item]
        if lacking:
            raise InputError(f"{source}, {place}: {shown(item)} has no {lacking[0]!r}; add it")
        try:
            names = [node_name(item[end]) for end in ends]
        except InputError as error:
            raise InputError(f"{source}, {place}: {error}") from error
        found.append((place, {name: value for name, value in item.items() if name not in ends}, names))
    return found


def _document(network: Network) -> dict[str, object]:
    ids = _ids(network.nodes)
    ends = [(int(a), int(b)) for a, b in network.edges]
    nodes: list[dict[str, Any]] = []
    for position, node in enumerate(network.nodes):
        nodes.append({"id": ids[position], "role": network.role_of(position)})
        if node in network.positions:
            nodes[-1]["pos"] = [float(part) for part in network.positions[node]]
    place = {node: position for position, node in enumerate(network.nodes)}
    for part in network.parts:
        at = nodes[place[part.touches[0]]].setdefault("parts", [])
        at.append(part_object(part, lambda node: ids[place[node]]))
    return {
        "directed": any(a > b for a, b in ends),
        "multigraph": len(set(ends)) < len(ends),
        "graph": {
            "bounds": list(map(float, network.bounds)),
            "node_capacitance": float(network.node_capacitance),
            "inputs": [ids[position] for position in network.inputs],
            "outputs": [ids[position] for position in network.outputs],
        },
        "nodes": nodes,
        "edges": [
            {"source": ids[a], "target": ids[b], "conductance": value}
            for (a, b), value in zip(ends, network.conductance.tolist(), strict=True)
        ],
    }


def _ids(nodes: tuple[Hashable, ...]) -> list[Hashable]:
    taken: dict[Hashable, Hashable] = {}
    for node in nodes:
        written = _written_id(node)
        if written in taken:
            both = f"{shown(taken[written])} and {shown(node)}"
            raise InputError(f"nodes {both} would both be written as {shown(written)}; rename one")
        taken[written] = node
    return list(taken)


def _written_id(node: Hashable) -> Hashable:
    try:
        name = node_name(_plain(node))
        if node_name(json.loads(json.dumps(name))) == name:  # two surrogates in a row become one character
            return name
    except InputError:
        pass
    return repr(node)


def _plain(node: object) -> object:
    """Turn the numbers of NumPy into those of Python."""
    if isinstance(node, tuple):
        return tuple(_plain(part) for part in node)
    return node.item() if isinstance(node, np.generic) else node
