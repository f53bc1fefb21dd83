"""What a graph file says, as entries with places, before anyone judges whether they make a network."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tcl_circuits.errors import InputError

DEEPEST_NAME = 16
"""Levels of nesting that a node name may have."""
_MOST_LISTED = 20
_LONGEST_COMPARED = 100
_T = TypeVar("_T")


@dataclass(frozen=True)
class Entry:
    """One thing a graph file declares.

    Parameters
    ----------
    place : str
        Where: a line of GraphML, or an item of JSON.
    attributes : mapping
        As in the file; GraphML values stay text.
    """

    place: str
    attributes: Mapping[str, object]


@dataclass(frozen=True)
class NodeEntry(Entry):
    """A node; `name` is the id, text in GraphML."""

    name: Hashable

    @property
    def labels(self) -> set[str]:
        """What drawing programs call the node: Cytoscape's names, the label that yEd shows."""
        found = (self.attributes.get(key) for key in ("label", "name", "shared name", "shared_name"))
        return {text for text in found if isinstance(text, str) and text}


@dataclass(frozen=True)
class EdgeEntry(Entry):
    """An edge; `ends` are the names of its first and second node, which may be undeclared."""

    ends: tuple[Hashable, Hashable]

    @property
    def label(self) -> str:
        """Place and ends, as a message shows them."""
        return f"{self.place}: edge {shown(self.ends[0])} -- {shown(self.ends[1])}"


@dataclass(frozen=True)
class GraphText:
    """Nodes and edges in the order of the file, and the attributes of the graph."""

    nodes: tuple[NodeEntry, ...]
    edges: tuple[EdgeEntry, ...]
    attributes: Mapping[str, object]


def shown(value: object) -> str:
    """Return a value as a message shows it: its repr, shortened, without control characters."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of too many digits"
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def node_name(value: object, depth: int = 0) -> Hashable:
    """Return the node that a JSON id names: text, a number, true, false, null, or a list of these as tuple.

    Parameters
    ----------
    value : object
        The id.
    depth : int
        How many lists it is in.

    Raises
    ------
    InputError
        If the value is of another kind, not finite, or nested deeper than :data:`DEEPEST_NAME`.
    """
    if isinstance(value, list | tuple) and depth < DEEPEST_NAME:
        return tuple(node_name(part, depth + 1) for part in value)
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    kind = "a deeply nested list" if isinstance(value, list | tuple) else shown(value)
    raise InputError(f"{kind} can't name a node; use text, a number, or a list of these")


def suggestion(name: object, names: Sequence[Hashable]) -> str:
    """Return a question whether a similar name is meant, or nothing if there is none."""
    text = str(name)
    known = {str(other): other for other in names if len(str(other)) <= _LONGEST_COMPARED}
    near = difflib.get_close_matches(text, known, n=1) if len(text) <= _LONGEST_COMPARED else []
    return f" (did you mean {shown(known[near[0]])}?)" if near else ""


def listed(items: Sequence[_T], sentence: Callable[[_T], str]) -> list[str]:
    """Return a sentence for each of the first items, and one that counts the rest."""
    faults = [sentence(item) for item in items[:_MOST_LISTED]]
    more = len(items) - _MOST_LISTED
    return [*faults, f"... and {more} more of this kind"] if more > 0 else faults
