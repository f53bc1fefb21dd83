"""What computes jobs: this process, or any executor that a caller has."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from tcl_circuits.errors import TclError
from tcl_circuits.threads import hold_blas


class WorkersDied(TclError):
    """No worker is left that could compute anything."""


class Workers(Protocol):
    """Something that computes jobs, several at a time."""

    @property
    def count(self) -> int:
        """Jobs to have under way at once."""
        ...

    def submit(self, compute: Callable[[Any], Any], item: Any) -> Future[Any]:
        """Begin a job.

        Raises
        ------
        WorkersDied
            If no worker is left.
        """
        ...

    def check(self) -> None:
        """Raise WorkersDied if nothing more can come of what is under way; called now and then."""
        ...

    def close(self, at_once: bool = False) -> None:
        """Give back what they hold; `at_once` drops what is under way."""
        ...


class SerialWorkers:
    """The process that asks: one job after the other, BLAS held to one thread meanwhile."""

    count = 1

    def submit(self, compute: Callable[[Any], Any], item: Any) -> Future[Any]:
        """Do the job, and return its result as a future that is done."""
        future: Future[Any] = Future()
        try:
            with threadpool_limits(limits=1):
                future.set_result(compute(item))
        except Exception as failure:  # whatever a job raises is its result
            future.set_exception(failure)
        return future

    def check(self) -> None:
        """Nothing is ever under way."""

    def close(self, at_once: bool = False) -> None:
        """Nothing is held."""


class GivenExecutor:
    """An executor of the caller's, who also closes it.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        A process pool, dask's ``Client.get_executor()``, an MPI pool...
    count : int, optional
        Jobs to have under way at once; by default twice the cores of this machine. Give it for a cluster.
    """

    def __init__(self, executor: Executor, count: int | None = None) -> None:
        self._executor = executor
        self.count = 2 * (os.cpu_count() or 1) if count is None else count

    def submit(self, compute: Callable[[Any], Any], item: Any) -> Future[Any]:
        """Begin a job."""
        try:
            return self._executor.submit(on_one_thread, compute, item)
        except (BrokenExecutor, RuntimeError) as failure:
            reason = " ".join(str(failure).split())
            raise WorkersDied(f"the executor takes no more jobs ({reason})") from None

    def check(self) -> None:
        """Trust the executor: it says itself what is lost."""

    def close(self, at_once: bool = False) -> None:
        """Leave the executor to its owner."""


@contextmanager
def deaf_children() -> Iterator[None]:
    """Block Ctrl-C in what is started meanwhile: at the terminal it is for the host alone."""
    # It lets the signal through once it starts, which the first process of a program makes it do.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def on_one_thread(compute: Callable[[Any], Any], item: Any) -> Any:
    """Do a job in a worker, whose BLAS is held to one thread: the cores are taken by its neighbours."""
    if multiprocessing.parent_process() is not None:
        hold_blas()
    return compute(item)
