"""Which engine a command uses."""

from __future__ import annotations

from tcl_circuits.engines import Engine, Ngspice, Reference
from tcl_circuits.errors import EngineError, EngineMissing, InputError

NAMES = ("auto", "ngspice", "reference")


def choose(name: str, workers: int = 1) -> tuple[Engine, str | None]:
    """Make the engine, and a line for the user if it is not what ``auto`` prefers.

    ngspice is started here: whether it can be used shows only then.

    Raises
    ------
    EngineMissing, EngineError
        If ngspice is asked for by name and is not installed, or does not start.
    InputError
        If there is no such engine.
    """
    if name not in NAMES:
        raise InputError(f"there is no engine {name!r}; there are {', '.join(NAMES)}")
    if name == "reference":
        return Reference(), None
    engine = Ngspice(workers=workers)
    try:
        engine.start()
    except (EngineMissing, EngineError) as fault:
        engine.close()
        if name == "ngspice":
            raise
        return Reference(), f"the exact engine is used instead of ngspice: {' '.join(str(fault).split())}"
    return engine, None
