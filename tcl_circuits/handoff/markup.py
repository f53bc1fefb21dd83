"""HTML and SVG from values: every text and attribute is escaped here, and nowhere by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias

from tcl_circuits.units import engineering

_EMPTY = frozenset({"meta", "link", "img", "input"})
_UNHEARD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child]"


def escaped(text: str) -> Markup:
    """Escape anyone's text for an element or attribute; characters that HTML can't hold become U+FFFD."""
    return text if isinstance(text, Markup) else Markup(html.escape(_UNHEARD.sub("\ufffd", text)))


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """Make an element.

    Parameters
    ----------
    name : str
        The element.
    *children : str or iterable
        Text, which is escaped, or :class:`Markup`.
    **attributes : object
        Values are escaped; True stands alone, None is left out. ``class_`` is class, other ``_`` are ``-``.
    """
    written = "".join(
        _attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items()
    )
    if name in _EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Join children in a row, escaping what is text."""
    return Markup("".join(escaped(c) if isinstance(c, str) else joined(c) for c in children))


def quantity(value: float, unit: str, digits: int = 3) -> str:
    """Print a value with its prefixed unit as people write it, with µ and Ω."""
    return engineering(value, "Ω" if unit == "ohm" else unit, digits).replace(" u", " µ")


def _attribute(name: str, value: object) -> str:
    if value is None:
        return ""
    return f" {name}" if value is True else f' {name}="{escaped(str(value))}"'
