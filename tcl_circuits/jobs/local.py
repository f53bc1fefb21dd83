"""Worker processes on this machine; a lost one costs the job it was at."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import Any

from tcl_circuits.errors import InputError
from tcl_circuits.jobs.workers import WorkersDied, deaf_children
from tcl_circuits.threads import hold_blas

_STARTS = 3
"""Workers in a row that may end before they begin."""


class LocalWorkers:
    """Processes of this machine, started as fresh interpreters, each with one BLAS thread.

    Each is a process pool of its own, of one process: where a pool of several breaks, all that its other
    processes are at breaks with it.

    Parameters
    ----------
    count : int, optional
        How many; by default the cores that this process may use.

    Raises
    ------
    InputError
        If `count` is not a whole number, at least 1.
    """

    def __init__(self, count: int | None = None) -> None:
        chosen = usable_cores() if count is None else count
        if not isinstance(chosen, int) or isinstance(chosen, bool) or chosen < 1:
            raise InputError(f"workers = {count!r} must be a whole number, at least 1")
        self.count = chosen
        self._idle: list[_Process] = []
        self._busy: dict[Future[Any], _Process] = {}
        self._stillborn = 0

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers that have begun."""
        workers = [*self._idle, *self._busy.values()]
        return [pid for pid in (worker.pid for worker in workers) if pid is not None]

    def submit(self, compute: Callable[[Any], Any], item: Any) -> Future[Any]:
        """Begin a job on a worker that has none; start or replace one if need be."""
        self._collect()
        worker = self._idle.pop() if self._idle else _Process()
        try:
            future = worker.executor.submit(compute, item)
        except BrokenExecutor:
            worker.end()
            worker = _Process()
            future = worker.executor.submit(compute, item)
        self._busy[future] = worker
        return future

    def check(self) -> None:
        """Raise WorkersDied if one process after the other ends before it has begun."""
        if self._stillborn >= _STARTS:
            raise WorkersDied(
                "worker processes end before they begin: a script that starts workers does so below "
                "`if __name__ == '__main__':`; else memory or processes may be short; try workers = 1"
            )

    def close(self, at_once: bool = False) -> None:
        """End the processes."""
        for worker in [*self._idle, *self._busy.values()]:
            worker.end(at_once)
        self._idle.clear()
        self._busy.clear()

    def _collect(self) -> None:
        """Take back the workers whose jobs are done; let go of those that died."""
        for future in [future for future in self._busy if future.done()]:
            worker = self._busy.pop(future)
            if isinstance(_failure(future), BrokenExecutor):
                self._stillborn += worker.stillborn
                worker.end()
            else:
                self._stillborn = 0
                self._idle.append(worker)
        self.check()


class _Process:
    """One worker process."""

    def __init__(self) -> None:
        self.executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        with deaf_children():
            self._greeting: Future[int] = self.executor.submit(_begin)

    @property
    def pid(self) -> int | None:
        """Process number, once it has begun."""
        known = self._greeting.done() and _failure(self._greeting) is None
        return self._greeting.result() if known else None

    @property
    def stillborn(self) -> bool:
        """Whether it ended before it began."""
        return self._greeting.done() and _failure(self._greeting) is not None

    def end(self, at_once: bool = True) -> None:
        """End it, in the middle of a job if need be."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        if at_once and self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def _failure(future: Future[Any]) -> BaseException | None:
    return None if future.cancelled() else future.exception()


def _begin() -> int:
    """Make a fresh process a worker: one BLAS thread, and no life after its host's."""
    hold_blas()
    host = multiprocessing.parent_process()
    if host is not None:
        threading.Thread(target=_end_with, args=(host,), daemon=True).start()
    return os.getpid()


def _end_with(host: Any) -> None:
    host.join()
    os._exit(1)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
