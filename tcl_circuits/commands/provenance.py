"""What a run took and what it ran on, as summaries tell it."""

from __future__ import annotations

import resource
import sys
import time
from importlib.metadata import version


class Clock:
    """Wall and CPU time since it was made, of this process and of its children."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), self._used()

    @staticmethod
    def _used() -> float:
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        usages = [resource.getrusage(kind) for kind in kinds]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    def wall(self) -> float:
        """Seconds of the clock on the wall."""
        return time.monotonic() - self._wall

    def cpu(self) -> float:
        """Seconds of CPU."""
        return self._used() - self._cpu


def versions(spice: str | None) -> dict[str, str | None]:
    """Versions of what a run depends on; `spice` is the simulator's, if there was one."""
    return {
        "tcl_circuits": version("tcl-circuits"),
        "python": sys.version.split()[0],
        **{name: version(name) for name in ("numpy", "scipy", "networkx", "PySpice")},
        "ngspice": spice,
    }
