"""GraphML text as entries.

One pass over the elements, with line numbers. Other than ``networkx.read_graphml`` it refuses a document type
(and with it entity expansion and external entities), several graphs and hyperedges, and it leaves an edge's
ends as the file has them, so that a misspelled end is no new node. A ``data`` key that is not declared stands
for the attribute of the same name.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from tcl_circuits.circuit.graph_text import EdgeEntry, GraphText, NodeEntry
from tcl_circuits.errors import InputError, shown

AS_GRAPHML = "write it with networkx.write_graphml(graph, path)"
_DEEPEST = 100
"""Levels of elements; drawing programs need a dozen, and a parser's time and memory go with them."""
_MOST_DEFAULTS = 100
_PARTS = ("graph", "node", "edge")
_READ = {
    ("document", "graphml"), ("graphml", "key"), ("key", "default"), ("graphml", "graph"), ("graph", "node"),
    ("graph", "edge"), *((part, "data") for part in _PARTS),
}  # fmt: skip
"""Parent and kind of the elements that are read; others are skipped with all they contain."""

_YED_LABEL = "http://www.yworks.com/xml/graphml NodeLabel"
"""Element that holds what yEd writes on a node; it is read as the attribute ``label``."""


def parse_graphml(data: bytes, source: str) -> GraphText:
    """Parse a GraphML document.

    Parameters
    ----------
    data : bytes
        The document, in the encoding it declares.
    source : str
        Name of the file, for messages.

    Raises
    ------
    InputError
        If it is malformed, wrongly encoded, has a document type, or is not one simple graph.
    """
    return _Parser(source).parse(data)


@dataclass
class _Key:
    """The attribute that a GraphML key stands for, of which kind of element, and its default."""

    name: str
    kind: str
    default: str | None = None


@dataclass
class _Element:
    """A graph, node or edge while it is being read; `names` are its id or its ends, `data` is by key."""

    kind: str
    place: str
    names: tuple[str, ...] = ()
    data: dict[str, str] = field(default_factory=dict)

    def attributes(
        self, keys: Mapping[str, _Key], defaults: Mapping[str, dict[str, object]]
    ) -> ChainMap[str, object]:
        own: dict[str, object] = {
            keys[key_id].name if key_id in keys else key_id: text for key_id, text in self.data.items()
        }
        return ChainMap(own, defaults[self.kind])


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._path = ["document"]
        self._keys: dict[str, _Key] = {}
        self._key: _Key | None = None
        self._elements: list[_Element] = []
        self._open: list[_Element] = []
        self._data_key = ""
        self._in_label = False
        self._text: list[str] = []
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters

    def parse(self, data: bytes) -> GraphText:
        try:
            self._expat.Parse(data, True)
        except InputError:
            raise
        except expat.ExpatError as error:
            place = f"{self._source}, line {error.lineno}, column {error.offset + 1}"
            fault = expat.ErrorString(error.code)
            raise InputError(f"{place}: not XML ({fault}); correct it, or {AS_GRAPHML}") from error
        except (LookupError, ValueError) as error:
            raise InputError(f"{self._source}: encoding not known ({error}); save it as UTF-8") from error
        graphs, nodes, edges = ([e for e in self._elements if e.kind == part] for part in _PARTS)
        if not graphs:
            raise InputError(f"{self._source} is GraphML without a graph; {AS_GRAPHML}")
        given = (self._keys, {part: self._defaults(part) for part in _PARTS})
        return GraphText(
            tuple(NodeEntry(e.place, e.attributes(*given), e.names[0]) for e in nodes),
            tuple(EdgeEntry(e.place, e.attributes(*given), (e.names[0], e.names[1])) for e in edges),
            graphs[0].attributes(*given),
        )

    def _defaults(self, kind: str) -> dict[str, object]:
        """What elements of a kind have unless they say otherwise; all share it."""
        found: dict[str, object] = {
            key.name: key.default
            for key in self._keys.values()
            if key.default is not None and key.kind in (kind, "all")
        }
        if len(found) > _MOST_DEFAULTS:
            raise InputError(
                f"{self._source}: {len(found)} keys give every {kind} a default, more than {_MOST_DEFAULTS}; "
                "remove those of attributes that are not read"
            )
        return found

    def _place(self) -> str:
        return f"line {self._expat.CurrentLineNumber}"

    def _refuse(self, fault: str) -> NoReturn:
        raise InputError(f"{self._source}, {self._place()}: {fault}")

    def _doctype(self, *_: object) -> None:
        self._refuse("a document type (<!DOCTYPE ...>) is not read, as it may expand without end; remove it")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, kind = tag.rpartition(" ")
        self._end_label()  # what yEd puts into a label after its text says where it stands
        self._in_label = tag == _YED_LABEL and bool(self._open) and not self._open[-1].data.get("label")
        if self._in_label:
            self._text = []
        if namespace and "graphml.graphdrawing.org" not in namespace:
            kind = ""
        parent = self._path[-1]
        self._refuse_unreadable(parent, kind, tag)
        self._path.append(kind if (parent, kind) in _READ else "")
        if self._path[-1] == "key":
            key_id = self._required(attributes, "id", kind)
            self._key = _Key(attributes.get("attr.name", key_id), attributes.get("for", "all"))
            self._keys[key_id] = self._key
        elif self._path[-1] in _PARTS:
            self._start_part(kind, attributes)
        elif self._path[-1] in ("data", "default"):
            self._text = []
            self._data_key = self._required(attributes, "key", kind) if kind == "data" else ""

    def _refuse_unreadable(self, parent: str, kind: str, tag: str) -> None:
        if len(self._path) > _DEEPEST:
            self._refuse(f"elements nested by more than {_DEEPEST} levels; {AS_GRAPHML}")
        if parent == "document" and kind != "graphml":
            self._refuse(f"XML but not GraphML (it starts with {shown(tag)}); {AS_GRAPHML}")
        if kind == "hyperedge" and parent == "graph":
            self._refuse("a hyperedge can't be a resistor; write edges between pairs of nodes")
        if kind == "graph" and (parent in _PARTS or (parent == "graphml" and self._elements)):
            self._refuse("a second graph; a network is one graph with none inside it, so remove the others")

    def _start_part(self, kind: str, attributes: dict[str, str]) -> None:
        needed = {"graph": (), "node": ("id",), "edge": ("source", "target")}[kind]
        names = tuple(self._required(attributes, name, kind) for name in needed)
        element = _Element(kind, self._place(), names)
        self._elements.append(element)
        self._open.append(element)

    def _required(self, attributes: dict[str, str], name: str, kind: str) -> str:
        if name not in attributes:
            self._refuse(f"<{kind}> has no {name!r}; add it")
        return attributes[name]

    def _characters(self, text: str) -> None:
        if self._in_label or self._path[-1] in ("data", "default"):
            self._text.append(text)

    def _end(self, _: str) -> None:
        self._end_label()
        kind = self._path.pop()
        if kind in _PARTS:
            self._open.pop()
        elif kind == "data":
            self._open[-1].data[self._data_key] = "".join(self._text).strip()
        elif kind == "default" and self._key is not None:
            self._key.default = "".join(self._text).strip()

    def _end_label(self) -> None:
        if self._in_label:
            self._open[-1].data["label"] = "".join(self._text).strip()
            self._in_label = False
