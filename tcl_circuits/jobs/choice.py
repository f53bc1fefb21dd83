"""Workers by their name on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tcl_circuits.errors import InputError
from tcl_circuits.jobs.cluster import DaskWorkers
from tcl_circuits.jobs.local import LocalWorkers, usable_cores
from tcl_circuits.jobs.workers import SerialWorkers, Workers


@contextmanager
def open_workers(executor: str = "local", count: int | None = None) -> Iterator[Workers]:
    """Open workers, and close them at the end; an interrupted block drops what is under way.

    Parameters
    ----------
    executor : str
        ``local``; ``dask``, a cluster of this machine's processes; or ``dask:ADDRESS``, one that runs.
    count : int, optional
        How many; by default the cores of this machine. One local worker is this process itself.

    Raises
    ------
    InputError
        If there is no such executor, or `count` makes no sense for it.
    """
    workers = _made(executor, count)
    try:
        yield workers
    except BaseException:
        workers.close(at_once=True)
        raise
    workers.close()


def _made(executor: str, count: int | None) -> Workers:
    kind, _, address = executor.partition(":")
    if count is not None and (not isinstance(count, int) or count < 1):
        raise InputError(f"workers = {count!r} must be a whole number, at least 1")
    if executor == "local":
        cores = usable_cores() if count is None else count
        return SerialWorkers() if cores == 1 else LocalWorkers(cores)
    if kind != "dask" or executor == "dask:":
        raise InputError(f"there is no executor {executor!r}; there are local, dask and dask:ADDRESS")
    if address and count is not None:
        raise InputError(
            f"--workers {count} does not fit {executor}: a cluster that runs has its own workers"
        )
    return DaskWorkers(address or None, count)
