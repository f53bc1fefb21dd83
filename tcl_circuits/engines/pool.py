"""Worker processes that hold libngspice, one circuit each; a lost worker costs one run."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import IO, Any

from tcl_circuits.arrays import FloatArray
from tcl_circuits.engines.installation import library_path
from tcl_circuits.engines.launch import clean_environment, private_directory
from tcl_circuits.errors import EngineError, EngineTimeout

_PROGRAM = Path(__file__).with_name("ngspice_worker.py")
_START_LIMIT = 20.0
_STARTS = 3
_ENDS_WITHIN = 2.0
_LONGEST_WORDS = 200


@dataclass(frozen=True, eq=False)
class Job:
    """One run in ngspice.

    Parameters
    ----------
    deck : str
        Netlist; loaded only if the worker holds another one.
    settings : tuple of str
        Commands that put the circuit's values in place, the same object for the runs of a batch; carried
        out only if the worker has others.
    alter : tuple of str
        Commands of this run alone.
    analysis : str
        Command that runs.
    vectors : tuple of str
        Vectors to return.
    """

    deck: str
    settings: tuple[str, ...]
    alter: tuple[str, ...]
    analysis: str
    vectors: tuple[str, ...]


class Worker:
    """One process with libngspice."""

    def __init__(self) -> None:
        self.deck: str | None = None
        self.settings: tuple[str, ...] | None = None
        self._vectors: tuple[str, ...] | None = None
        library = library_path()
        # Once ngspice has begun, it needs the directory no more: nothing is left behind, however it ends.
        with private_directory() as place, tempfile.TemporaryFile() as said:
            self._begin(library, place, said)
            try:
                self.version = self._greeting(library, said)
            except BaseException:
                # A Ctrl-C here too may leave no process behind.
                self.kill()
                raise

    def _begin(self, library: str, place: Path, said: IO[bytes]) -> None:
        ours, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM), str(theirs.fileno()), str(place)],
            pass_fds=[theirs.fileno()],
            env=clean_environment(NGSPICE_LIBRARY_PATH=library),
            stdin=subprocess.DEVNULL,
            stderr=said,
            # A Ctrl-C at the terminal is for the host, which ends the worker itself.
            start_new_session=True,
        )
        theirs.close()
        self.pipe: Connection[Any, Any] = ours

    def _greeting(self, library: str, said: IO[bytes]) -> int:
        try:
            if not self.pipe.poll(_START_LIMIT):
                raise EOFError
            status, content = self.pipe.recv()
        except (EOFError, OSError):
            raise _NotStarted(f"the ngspice worker did not start: {self._cause(library, said)}") from None
        if status != "done":
            raise EngineError(str(content))
        return int(content)

    def _cause(self, library: str, said: IO[bytes]) -> str:
        """Why there is no greeting, and what the user can do."""
        try:
            code = self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            return (
                f"it gave no sign of life for {_START_LIMIT:g} s; try again when the machine is less busy, "
                f"{_OR_WITHOUT}"
            )
        if code < 0:
            return (
                f"it was ended by {signal.Signals(-code).name} while it loaded {library}; "
                f"install another version of ngspice, {_OR_WITHOUT}"
            )
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").strip().splitlines()
        words = f" ({lines[-1][:_LONGEST_WORDS]})" if lines else ""
        return f"it ended with exit code {code}{words}; install PySpice and ngspice anew, {_OR_WITHOUT}"

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    def start(self, job: Job) -> None:
        """Send a job; its answer arrives on :attr:`pipe`."""
        request: dict[str, Any] = {"analysis": job.analysis}
        if self._vectors is not job.vectors:
            request["vectors"] = list(job.vectors)
            self._vectors = job.vectors
        commands: list[str] = []
        if self.deck != job.deck:
            request["deck"] = job.deck
            self.deck, self.settings = job.deck, None
        if self.settings is not job.settings:
            commands += job.settings
            self.settings = job.settings
        request["alter"] = [*commands, *job.alter]
        self.pipe.send(request)

    def kill(self) -> None:
        """End the process at once."""
        with suppress(OSError):
            self.pipe.close()
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()


_OR_WITHOUT = "or do without it (--engine reference)"


class _NotStarted(EngineError):
    """A worker that gave no sign of life; another may, on a machine that was busy for a while."""


def _started() -> Worker:
    """Start a worker, again if it gives no sign of life."""
    for _ in range(_STARTS - 1):
        try:
            return Worker()
        except _NotStarted:
            continue
    return Worker()


class Pool:
    """A fixed number of workers that share the jobs of a batch.

    Parameters
    ----------
    size : int
        Number of processes.
    time_limit : float
        Longest time for one job [s of wall clock].
    """

    def __init__(self, size: int, time_limit: float) -> None:
        self._size = size
        self._time_limit = time_limit
        self._workers: list[Worker] = []

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers that run."""
        return [worker.pid for worker in self._workers]

    @property
    def version(self) -> int:
        """Major version of ngspice."""
        self.start()
        return self._workers[0].version

    def start(self) -> None:
        """Start the first worker, if none runs.

        Raises
        ------
        EngineMissing, EngineError
            If libngspice is not installed, or does not start.
        """
        self._fill(1)

    def run(self, jobs: Sequence[Job]) -> list[FloatArray]:
        """Run the jobs on all workers and return their vectors in order.

        A job whose worker dies is run once more on a new one.

        Raises
        ------
        EngineError
            If ngspice reports a fault (its own words are in the message) or a worker dies twice.
        EngineTimeout
            If a job runs past the time limit.
        """
        self._fill(min(self._size, len(jobs)))
        try:
            return _Batch(self, jobs, self._time_limit).run()
        except BaseException:
            # Whatever ended the batch, no worker may go on with a half-done job.
            self.close()
            raise

    def replace(self, worker: Worker) -> Worker:
        """Put a new worker in the place of a dead one."""
        worker.kill()
        fresh = _started()
        self._workers[self._workers.index(worker)] = fresh
        return fresh

    def take(self, count: int) -> list[Worker]:
        """Return the first `count` workers."""
        return self._workers[:count]

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _fill(self, count: int) -> None:
        while len(self._workers) < count:
            self._workers.append(_started())


class _Batch:
    """The jobs of one call, under way on the pool's workers."""

    def __init__(self, pool: Pool, jobs: Sequence[Job], time_limit: float) -> None:
        self._pool = pool
        self._jobs = jobs
        self._time_limit = time_limit
        self._results: list[FloatArray | None] = [None] * len(jobs)
        self._waiting = list(range(len(jobs)))[::-1]
        self._losses = [0] * len(jobs)
        self._running: dict[Any, tuple[Worker, int, float]] = {}

    def run(self) -> list[FloatArray]:
        for worker in self._pool.take(len(self._jobs)):
            self._next(worker)
        while self._running:
            deadline = min(limit for _, _, limit in self._running.values())
            ready = wait(list(self._running), timeout=max(0.0, deadline - time.monotonic()))
            for pipe in ready:
                self._finish(*self._running.pop(pipe))
            if not ready:
                raise EngineTimeout(
                    f"ngspice was stopped after {self._time_limit:g} s in one run; "
                    "raise the time limit, or look for a circuit that does not settle"
                )
        return [result for result in self._results if result is not None]

    def _next(self, worker: Worker) -> None:
        while self._waiting:
            place = self._waiting.pop()
            try:
                worker.start(self._jobs[place])
            except OSError:
                worker = self._lost(worker, place)
                continue
            self._running[worker.pipe] = (worker, place, time.monotonic() + self._time_limit)
            return

    def _finish(self, worker: Worker, place: int, _: float) -> None:
        try:
            status, content = worker.pipe.recv()
        except (EOFError, OSError):
            self._next(self._lost(worker, place))
            return
        if status != "done":
            raise EngineError(f"ngspice failed: {content}")
        self._results[place] = content
        self._next(worker)

    def _lost(self, worker: Worker, place: int) -> Worker:
        self._losses[place] += 1
        if self._losses[place] > 1:
            raise EngineError(
                "the ngspice process died twice in the same run; the circuit may crash the simulator"
            )
        self._waiting.append(place)
        return self._pool.replace(worker)
