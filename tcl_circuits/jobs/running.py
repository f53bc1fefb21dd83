"""Run independent jobs: results keyed and ordered as the items, whoever computes them and when."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from tcl_circuits.errors import InputError, TclError
from tcl_circuits.jobs.store import Store
from tcl_circuits.jobs.workers import GivenExecutor, SerialWorkers, Workers, WorkersDied

T = TypeVar("T")

_LOOK = 1.0
"""How often workers are asked whether they live, while none of them says anything [s]."""
_SHOWN = 8


class JobsError(TclError):
    """Some jobs have no result.

    Parameters
    ----------
    message : str
        What happened.
    outcome : Outcome
        What was reached.
    """

    def __init__(self, message: str, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(message)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What jobs came to.

    Parameters
    ----------
    results : dict
        Results by key, in the order of the items.
    faults : dict
        Why a job has no result, by key, in the same order.
    """

    results: dict[str, Any]
    faults: dict[str, str]

    def complete(self) -> dict[str, Any]:
        """Return the results.

        Raises
        ------
        JobsError
            If there is a fault; it names every job without a result (the first few, of many).
        """
        if not self.faults:
            return self.results
        named = [f"{key}: {fault}" for key, fault in self.faults.items()]
        more = [f"and {len(named) - _SHOWN} more"] if len(named) > _SHOWN else []
        head = f"{len(named)} of {len(named) + len(self.results)} jobs have no result; the others are kept:"
        raise JobsError("\n  - ".join([head, *named[:_SHOWN], *more]), self)


def run_jobs(
    compute: Callable[[T], Any],
    items: Mapping[str, T],
    workers: Workers | Executor | None = None,
    store: Store | None = None,
    progress: Callable[[int, int], None] | None = None,
    attempts: int = 3,
) -> Outcome:
    """Compute a function of each item; the results do not depend on who computes them.

    Parameters
    ----------
    compute : callable
        From an item to a JSON value (numbers, texts, lists, dicts). Workers in other processes take it by
        pickle: a function of a module, or a ``functools.partial`` of one. It has to draw its random numbers
        from a seed in the item.
    items : mapping
        Items by key; the key names the item in a store and in messages.
    workers : Workers or concurrent.futures.Executor, optional
        Who computes; by default this process. An executor is used as it is, and left open.
    store : Store, optional
        Open store: its results are taken as they are, new ones added as they come.
    progress : callable, optional
        Told how many jobs are done, and of how many, those of the store among them.
    attempts : int
        How often a job may be lost with its worker before it is given up.

    Returns
    -------
    Outcome
        A job that raises, or is lost too often, is a fault by its key; it costs no other job's result.

    Raises
    ------
    InputError
        If `attempts` is below 1.
    JobsError
        If no worker is left; what was reached is in it, and in the store.
    KeyboardInterrupt
        As it comes; what was reached is in the store.
    """
    if attempts < 1:
        raise InputError(f"run_jobs: attempts = {attempts!r} must be at least 1")
    crew = GivenExecutor(workers) if isinstance(workers, Executor) else workers or SerialWorkers()
    run = _Run(compute, items, crew, store, progress, attempts)
    try:
        run.all()
    except WorkersDied as death:
        outcome = run.outcome()
        missing = [key for key in items if key not in outcome.results]
        named = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
        raise JobsError(
            f"{death}; {len(outcome.results)} of {len(items)} jobs are done and kept, {len(missing)} are "
            f"missing: {named}",
            outcome,
        ) from None
    return run.outcome()


class _Run:
    """One call of run_jobs."""

    def __init__(
        self,
        compute: Callable[[T], Any],
        items: Mapping[str, T],
        workers: Workers,
        store: Store | None,
        progress: Callable[[int, int], None] | None,
        attempts: int,
    ) -> None:
        self._compute, self._items, self._workers = compute, items, workers
        self._store, self._progress, self._attempts = store, progress, attempts
        known = {} if store is None else store.results
        self._results = {key: known[key] for key in items if key in known}
        self._faults: dict[str, str] = {}
        self._losses: dict[str, int] = {}
        self._waiting = deque(key for key in items if key not in known)
        self._suspects: deque[str] = deque()
        self._under_way: dict[Future[Any], str] = {}

    def all(self) -> None:
        """Do all jobs that are waiting."""
        self._tell()
        try:
            while self._waiting or self._suspects or self._under_way:
                self._fill()
                done, _ = wait(self._under_way, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for future in done:
                    self._finish(self._under_way.pop(future), future)
                if not done:
                    self._workers.check()
        except BaseException:
            for future in self._under_way:
                future.cancel()
            raise

    def outcome(self) -> Outcome:
        """What was reached, in the order of the items."""
        return Outcome(
            {key: self._results[key] for key in self._items if key in self._results},
            {key: self._faults[key] for key in self._items if key in self._faults},
        )

    def _fill(self) -> None:
        while self._waiting and len(self._under_way) < self._workers.count:
            self._begin(self._waiting)
        # Not every executor knows which job a lost worker was at: alone, none is blamed for another.
        if self._suspects and not self._under_way:
            self._begin(self._suspects)

    def _begin(self, queue: deque[str]) -> None:
        future = self._workers.submit(self._compute, self._items[queue[0]])
        self._under_way[future] = queue.popleft()

    def _finish(self, key: str, future: Future[Any]) -> None:
        try:
            result = future.result()
        except Exception as failure:  # whatever a job raises is its fault, and no one else's
            if _lost(failure):
                self._lose(key)
            else:
                self._fail(key, _said(failure))
            return
        try:
            # As a store gives it back, so that a resumed run's results are the same.
            plain = json.loads(json.dumps(result))
        except (TypeError, ValueError) as failure:
            self._fail(key, f"its result can't be kept as JSON ({failure})")
            return
        if self._store is not None:
            self._store.add(key, plain)
        self._results[key] = plain
        self._tell()

    def _lose(self, key: str) -> None:
        """Let a job wait again whose worker is gone, or give it up."""
        self._losses[key] = self._losses.get(key, 0) + 1
        if self._losses[key] < self._attempts:
            self._suspects.append(key)
        else:
            self._fail(key, f"its worker died {self._losses[key]} times")

    def _fail(self, key: str, fault: str) -> None:
        self._faults[key] = fault
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(len(self._results) + len(self._faults), len(self._items))


def _lost(failure: Exception) -> bool:
    """Whether a job ended with its worker; KilledWorker is dask's word for it."""
    return isinstance(failure, BrokenExecutor | CancelledError) or type(failure).__name__ == "KilledWorker"


def _said(failure: Exception) -> str:
    text = " ".join(str(failure).split())
    return text if isinstance(failure, TclError) else f"{type(failure).__name__}: {text}"
