"""Parts at nodes as files hold them: the node attribute ``parts``, a list of objects with a ``kind``.

In GraphML, where values are text, the list is JSON text. A part belongs to its node, an amplifier to its low
node, and does not name it again; numbers may be text such as ``10n``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import asdict, fields
from typing import Any

from tcl_circuits.circuit.graph_text import GraphText, NodeEntry, node_name, suggestion
from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail, Part
from tcl_circuits.errors import InputError, shown
from tcl_circuits.files import parse_json
from tcl_circuits.units import parse_quantity

_KINDS: dict[str, type[DiodeToRail] | type[DiodePair] | type[Amplifier]] = {
    "diode_to_rail": DiodeToRail,
    "diode_pair": DiodePair,
    "amplifier": Amplifier,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_UNITS = {"volts": "V", "saturation": "A", "ohms": "ohm"}
_NEEDED: dict[type[Part], str] = {DiodeToRail: "volts", Amplifier: "high"}
_OWNERS = ("node", "low")
"""Fields that name the node which a part stands at."""
_TEXTS = ("direction",)


def part_object(part: Part, written: Callable[[Hashable], Any]) -> dict[str, Any]:
    """Return a part as a JSON object; `written` gives the id of a node."""
    values = {name: value for name, value in asdict(part).items() if name not in _OWNERS}
    if isinstance(part, Amplifier):
        values["high"] = written(part.high)
    return {"kind": _NAMES[type(part)], **values}


def read_parts(graph: GraphText, faults: list[str]) -> tuple[Part, ...]:
    """Return the parts of all nodes in their order; what is no part becomes a fault in the list."""
    found: list[Part] = []
    for entry in graph.nodes:
        if entry.attributes.get("parts") is None:
            continue
        try:
            found += _parts_at(entry)
        except InputError as error:
            faults.append(f"{entry.place}: node {shown(entry.name)}: {error}")
    return tuple(found)


def _parts_at(entry: NodeEntry) -> list[Part]:
    value = entry.attributes["parts"]
    if isinstance(value, str):
        value = parse_json(value, "parts", _REMEDY)
    if not isinstance(value, list):
        raise InputError(f"parts = {shown(value)} must be a list; {_REMEDY}")
    return [_part(entry.name, item) for item in value]


_REMEDY = 'write for example [{"kind": "diode_pair", "saturation": 1e-8}]'


def _part(node: Hashable, item: object) -> Part:
    if not isinstance(item, dict):
        raise InputError(f"part {shown(item)} must be an object; {_REMEDY}")
    values = dict(item)
    name = values.pop("kind", None)
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InputError(
            f"part of the unknown kind {shown(name)}{suggestion(name, list(_KINDS))}; use {', '.join(_KINDS)}"
        )
    names = [field.name for field in fields(kind) if field.name not in _OWNERS]
    unknown = [key for key in values if key not in names]
    if unknown:
        raise InputError(
            f"{name}: no value {shown(unknown[0])}{suggestion(unknown[0], names)}; "
            f"there are {', '.join(names)}"
        )
    return _made(kind, node, {key: _value(f"{name}: {key}", key, value) for key, value in values.items()})


def _made(kind: type[Part], node: Hashable, values: dict[str, Any]) -> Part:
    needed = _NEEDED.get(kind)
    if needed is not None and needed not in values:
        raise InputError(f"{_NAMES[kind]} lacks {needed!r}; add it")
    values["low" if kind is Amplifier else "node"] = node
    return kind(**values)


def _value(place: str, key: str, value: object) -> Any:
    if key == "high":
        return node_name(value)
    if key in _TEXTS:
        return value
    if isinstance(value, str):
        return parse_quantity(value, _UNITS.get(key, ""), place)
    return value
