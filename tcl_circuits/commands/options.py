"""What users write on the command line, read; and names of theirs, made fit to print."""

from __future__ import annotations

import re

import numpy as np

from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import parse_quantity


def sawtooth(tau_f: str, tau_s: str, polarity: str) -> Sawtooth:
    """Make the sawtooth of --tau-f, --tau-s and --polarity.

    Raises
    ------
    InputError
        If one of them is no such thing.
    """
    return Sawtooth(
        parse_quantity(tau_f, "s", "--tau-f"),
        parse_quantity(tau_s, "s", "--tau-s"),
        polarity,  # type: ignore[arg-type]  # Sawtooth says so if it is neither
    )


_NAME = re.compile(r"""(?:\((?:[^()]|\([^()]*\))*\)|\[[^][]*\]|"[^"]*"|'[^']*'|[^,])+""")
"""A name in a list: a bracket or a quote that nothing closes is a character like any other."""
_QUOTED = re.compile(r"""(?:"[^"]*"|'[^']*')""")


def names(text: str | None) -> list[str] | None:
    """Read node names separated by commas; None if the option is not given.

    A comma within brackets or quotes belongs to the name: ``(0, 1),(2, 2)`` and ``'a,b',c`` are two nodes
    each. Quotes round a whole name are left out.
    """
    if text is None:
        return None
    found = [part.strip() for part in _NAME.findall(text)]
    return [part[1:-1] if _QUOTED.fullmatch(part) else part for part in found if part]


def volts_of(text: str | None, option: str) -> list[float] | None:
    """Read voltages separated by commas; None if the option is not given."""
    return None if text is None else [parse_quantity(part, "V", option) for part in text.split(",")]


def axis_of(text: str, option: str) -> list[float]:
    """Read an axis: values separated by commas, or ``LOW:HIGH:COUNT``, evenly on a logarithmic scale.

    Raises
    ------
    InputError
        If it is no such thing.
    """
    if ":" not in text:
        return [parse_quantity(part, "", option) for part in text.split(",") if part.strip()]
    parts = text.split(":")
    count = parts[2].strip() if len(parts) == 3 else ""
    if not (count.isdecimal() and int(count) >= 2):
        raise InputError(f"{option}: {text!r} is no axis; write 10,30,100 or LOW:HIGH:COUNT, COUNT >= 2")
    low, high = (parse_quantity(part, "", option) for part in parts[:2])
    if not 0 < low < high:
        raise InputError(f"{option}: {text!r} must go from a positive number to a larger one")
    return spaced(low, high, int(count))


def spaced(low: float, high: float, count: int) -> list[float]:
    """Values from `low` to `high`, evenly on a logarithmic scale, to four digits."""
    return [float(f"{value:.4g}") for value in np.geomspace(low, high, count)]


def shortened(name: str, longest: int = 60) -> str:
    """Return a name on one line, without the codes that move a terminal's cursor."""
    plain = "".join(char if char.isprintable() else "?" for char in name[:longest])
    return plain if len(name) <= longest else f"{plain}..."
