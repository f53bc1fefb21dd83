"""Netlist languages: one template, and what differs in each simulator."""

from __future__ import annotations

from tcl_circuits.errors import InputError
from tcl_circuits.handoff.dialects.base import Dialect
from tcl_circuits.handoff.dialects.ltspice import LTspice
from tcl_circuits.handoff.dialects.spectre import Spectre
from tcl_circuits.handoff.dialects.xyce import Xyce

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (Dialect(), LTspice(), Xyce(), Spectre())
}
"""The dialects by name."""


def named_dialect(name: str) -> Dialect:
    """Return the dialect of a name.

    Raises
    ------
    InputError
        If there is no such dialect.
    """
    if name not in DIALECTS:
        raise InputError(f"there is no dialect {name!r}; there are {', '.join(DIALECTS)}")
    return DIALECTS[name]
