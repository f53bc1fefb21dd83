"""Graph names to legal SPICE names, and back.

A name in a netlist matches ``^[a-z][a-z0-9_]*$`` and is unique without regard to case. Nothing else of a
graph's own names reaches netlist text, so a hostile name can't carry a command into the simulator.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_LONGEST = 32
_SIGNS = ((r"-(?=\.?\d)", "m"), (r"\+", "_p"), (r"-$", "_n"))
"""Signs that often tell names apart: -1 becomes m1, x+ and x- become x_p and x_n."""


def clean(label: Hashable) -> str:
    """Return the legal form of one name: lower case, signs spelled, other characters as ``_`` or code points.

    Names longer than 32 characters keep their beginning and end in a digest of the whole.

    Examples
    --------
    >>> clean("Out 1"), clean(7), clean("β")
    ('n_out_1', 'n_7', 'n_u3b2')
    """
    text = str(label)[: 2 * _LONGEST]
    for pattern, spelled in _SIGNS:
        text = re.sub(pattern, spelled, text)
    letters = [
        char.lower() if char.isascii() and char.isalnum() else "_" if char.isascii() else f"u{ord(char):x}"
        for char in text
    ]
    slug = re.sub(r"_+", "_", "".join(letters)).strip("_") or "x"
    if len(slug) > _LONGEST or len(str(label)) > 2 * _LONGEST:
        digest = hashlib.sha256(str(label).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        slug = f"{slug[: _LONGEST - 9]}_{digest}"
    return f"n_{slug}"


def written(label: Hashable) -> str:
    """Return a name as files hold it: its text, with what UTF-8 can't hold escaped."""
    return str(label).encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True)
class NameMap:
    """The SPICE names of a list of graph names, both ways.

    Parameters
    ----------
    spice : tuple of str
        Legal names, in the order of the labels.
    labels : mapping of str to hashable
        SPICE name to graph name.
    """

    spice: tuple[str, ...]
    labels: Mapping[str, Hashable]

    @classmethod
    def of(cls, labels: Sequence[Hashable]) -> NameMap:
        """Clean every label; those that collide get a number, so that the map can be inverted."""
        seen: dict[str, Hashable] = {}
        spice = []
        for label in labels:
            base = name = clean(label)
            count = 2
            while name in seen:
                name = f"{base}__{count}"
                count += 1
            seen[name] = label
            spice.append(name)
        return cls(tuple(spice), MappingProxyType(seen))


def collisions(labels: Sequence[Hashable]) -> list[tuple[Hashable, ...]]:
    """Groups of labels whose legal forms are the same."""
    groups: dict[str, list[Hashable]] = {}
    for label in labels:
        groups.setdefault(clean(label), []).append(label)
    return [tuple(group) for group in groups.values() if len(group) > 1]
