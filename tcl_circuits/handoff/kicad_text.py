"""Parts and nets as a KiCad netlist: S-expressions of version E, as KiCad 6 and later write and read them.

Written here rather than by a library: SKiDL, the maintained one, brings a second SPICE binding, needs KiCad's
symbol files and keeps its circuit in globals; the form is a handful of nested lists. Tests read it back with
another project's parser.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_NAMESPACE = uuid.UUID("5b0f3a0e-93a3-5e0c-8f5e-6a1f1c7c2d41")
"""Identifiers follow from it and a part's reference, so that a part keeps its place on a board."""

_TOOL = "tcl_circuits; this netlist may be used without restriction"

_FIRST = '(export (version "E")'
"""KiCad tells what a file is by ``(export`` and a blank in its first line."""

Tree: TypeAlias = "str | Sequence[Tree]"
"""An S-expression: text, or a keyword followed by S-expressions."""


@dataclass(frozen=True)
class Pin:
    """A pin: number, name, electrical type, and its net (None for one that stays open)."""

    number: str
    name: str
    kind: str
    net: str | None


@dataclass(frozen=True)
class Part:
    """A part: reference, value, footprint ``library:name``, symbol ``library:name``, pins, further fields."""

    ref: str
    value: str
    footprint: str
    symbol: str
    pins: tuple[Pin, ...]
    fields: tuple[tuple[str, str], ...]


def netlist_text(parts: Sequence[Part]) -> str:
    """Return the netlist of some parts, in their order; nets are sorted by name."""
    members: tuple[Tree, ...] = (
        ("design", ("source", ""), ("tool", _TOOL)),
        ("components", *(_component(part) for part in parts)),
        ("libparts", *_library_parts(parts)),
        ("libraries",),
        ("nets", *_nets(parts)),
    )
    lines = [line for member in members for line in _lines(member, 1)]
    return "\n".join([_FIRST, *lines, ")"]) + "\n"


def _component(part: Part) -> Tree:
    library, symbol = part.symbol.split(":")
    return (
        "comp",
        ("ref", part.ref),
        ("value", part.value),
        ("footprint", part.footprint),
        ("fields", *(("field", ("name", name), value) for name, value in part.fields)),
        ("libsource", ("lib", library), ("part", symbol), ("description", "")),
        *(("property", ("name", name), ("value", value)) for name, value in part.fields),
        ("sheetpath", ("names", "/"), ("tstamps", "/")),
        ("tstamps", str(uuid.uuid5(_NAMESPACE, part.ref))),
    )


def _library_parts(parts: Sequence[Part]) -> Iterator[Tree]:
    """Yield each symbol once."""
    first = {part.symbol: part for part in reversed(parts)}
    for name in sorted(first):
        library, symbol = name.split(":")
        pins = (
            (("pin", ("num", pin.number), ("name", pin.name), ("type", pin.kind))) for pin in first[name].pins
        )
        yield ("libpart", ("lib", library), ("part", symbol), ("pins", *pins))


def _nets(parts: Sequence[Part]) -> Iterator[Tree]:
    """Yield nets with their pins; an open pin is a net of its own, named as KiCad names it."""
    nets: dict[str, list[tuple[Part, Pin]]] = {}
    for part in parts:
        for pin in part.pins:
            nets.setdefault(pin.net or f"unconnected-({part.ref}-Pad{pin.number})", []).append((part, pin))
    for code, name in enumerate(sorted(nets), 1):
        nodes = (
            (
                "node",
                ("ref", part.ref),
                ("pin", pin.number),
                ("pinfunction", pin.name),
                ("pintype", pin.kind if pin.net else f"{pin.kind}+no_connect"),
            )
            for part, pin in nets[name]
        )
        yield ("net", ("code", str(code)), ("name", name), *nodes)


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    """Yield lines: a list on one line if none of its members holds a list of lists, else a line a member."""
    pad = "  " * depth
    if isinstance(tree, str) or _depth(tree) <= 2:
        yield pad + _flat(tree)
        return
    keyword, *rest = tree
    yield f"{pad}({keyword}"
    for member in rest:
        yield from _lines(member, depth + 1)
    yield f"{pad})"


def _depth(tree: Tree) -> int:
    return 0 if isinstance(tree, str) else 1 + max((_depth(member) for member in tree), default=0)


def _flat(tree: Tree) -> str:
    if isinstance(tree, str):
        return quoted(tree)
    keyword, *rest = tree
    return "(" + " ".join([str(keyword), *(_flat(member) for member in rest)]) + ")"


def quoted(text: str) -> str:
    """Quote text of anyone's; characters that would end a line or drive a terminal become spaces."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
