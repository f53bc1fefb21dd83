"""Graph names to legal SPICE names, and back.

A name in a netlist matches ``^[a-z][a-z0-9_]*$`` and is unique without regard to case. Nothing else of a
graph's own names reaches a statement, so a hostile name can't carry a command into the simulator.

A node is called ``n_`` and its cleaned name (:func:`clean`). Where several nodes of a graph would be called
the same, as ``A`` and ``a``, the one that is written as cleaned keeps the name, and the others are spelled
out after ``n__``: a capital letter as ``_`` and the small one, any other character as ``_`` code point ``_``.
So ``a`` is ``n_a``, ``A`` is ``n___a``, and :func:`label_of` reads both back.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_LONGEST = 32
_LONGEST_SPELLED = 100
_SPELLED = re.compile(r"_([a-z])|_([0-9]{1,7})_")
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


def _spelled(label: Hashable) -> str:
    """Name of a text from which :func:`label_of` has it back; the cleaned name of anything else."""
    cleaned = clean(label)
    if label != str(label) or cleaned == f"n_{label}":
        return cleaned
    letters = [
        char
        if re.fullmatch("[a-z0-9]", char)
        else f"_{char.lower()}"
        if re.fullmatch("[A-Z]", char)
        else f"_{ord(char)}_"
        for char in str(label)[:_LONGEST_SPELLED]
    ]
    name = f"n__{''.join(letters)}"
    return name if len(name) <= _LONGEST_SPELLED else cleaned


def label_of(name: str) -> str:
    """Return the graph name that a SPICE name stands for, as far as the name itself tells it.

    Examples
    --------
    >>> label_of("n_out_1"), label_of("n___out_32_1")
    ('out_1', 'Out 1')
    """
    if not name.startswith("n__"):
        return name.removeprefix("n_")

    def character(found: re.Match[str]) -> str:
        letter, code = found.groups()
        if letter:
            return letter.upper()
        return chr(int(code)) if int(code) <= sys.maxunicode else found[0]

    return _SPELLED.sub(character, name.removeprefix("n__"))


def written(label: Hashable) -> str:
    """Return a name as files hold it: its text, with what UTF-8 can't hold escaped."""
    return str(label).encode("utf-8", "backslashreplace").decode("utf-8")


def plain(text: str, longest: int = 80) -> str:
    """Text that stays in its comment: printable ASCII without what continues a line or begins a comment."""
    whole = (char if " " <= char <= "~" and char not in "\\$;`" else "_" for char in text)
    return "".join(whole)[:longest]


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
        """Names of all labels of a graph; what even spelling can't tell apart gets a number."""
        shared = Counter(map(clean, labels))
        seen: dict[str, Hashable] = {}
        spice = []
        for label in labels:
            base = name = clean(label) if shared[clean(label)] == 1 else _spelled(label)
            count = 2
            while name in seen:
                name = f"{base}__{count}"
                count += 1
            seen[name] = label
            spice.append(name)
        return cls(tuple(spice), MappingProxyType(seen))
