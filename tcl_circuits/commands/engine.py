"""Which engine a command uses."""

from __future__ import annotations

from tcl_circuits.engines import Engine, Ngspice, Reference
from tcl_circuits.engines.installation import advice, find_library
from tcl_circuits.errors import EngineMissing, InputError

NAMES = ("auto", "ngspice", "reference")


def choose(name: str, workers: int = 1) -> tuple[Engine, str | None]:
    """Make the engine, and a line for the user if it is not what ``auto`` prefers.

    Raises
    ------
    EngineMissing
        If ngspice is asked for by name and not installed.
    InputError
        If there is no such engine.
    """
    if name not in NAMES:
        raise InputError(f"there is no engine {name!r}; there are {', '.join(NAMES)}")
    if name == "reference":
        return Reference(), None
    if find_library() is not None:
        return Ngspice(workers=workers), None
    if name == "ngspice":
        raise EngineMissing(f"ngspice is not installed; {advice()}, or use --engine reference")
    return Reference(), f"ngspice is not installed, so the exact engine is used; to have ngspice, {advice()}"
