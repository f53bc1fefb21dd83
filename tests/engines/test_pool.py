"""Workers that hold libngspice: whatever happens to them or in them, no wrong result comes out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tcl_circuits.engines import installation
from tcl_circuits.engines import pool as pool_module
from tcl_circuits.engines.pool import Job, Pool, Worker
from tcl_circuits.errors import EngineError, EngineMissing, EngineTimeout

DECK = """* a resistor charges a capacitor
vin0 in 0 PWL(0 0 1u 1)
rg0 in out 1k
c0 out 0 1n
.save v(in) v(out)
.options noinit
.end
"""
RAMP = "alter @vin0[pwl] = [ 0 0 1e-6 1 ]"
CHARGE = Job(
    DECK, ("alter rg0=1000",), (RAMP, "option reltol=1e-5"), "tran 1e-8 1e-5 0 1e-6", ("time", "out")
)
ENDLESS = replace(CHARGE, analysis="tran 1e-9 1e3 0 1e-9")


def with_line(line: str) -> Job:
    return replace(CHARGE, deck=DECK.replace("rg0 in out 1k\n", f"rg0 in out 1k\n{line}\n"))


def with_resistor(text: str) -> Job:
    return replace(CHARGE, deck=DECK.replace("rg0 in out 1k", f"rg0 in out {text}"))


FAULTS = {
    "a transistor without a model": (with_line("q7 in out"), "Error on line 4"),
    "a subcircuit that is not there": (with_line("x1 in out nowhere"), "unknown subckt"),
    "an expression cut short": (with_line("b1 out 0 v=sin("), "syntax error"),
    "text for a number": (with_resistor("bogus"), "unknown parameter"),
    "an undefined parameter": (with_resistor("{undefined}"), "Undefined parameter"),
    "no circuit": (replace(CHARGE, deck=""), "no circuit loaded"),
    "a time step too small": (with_line("b1 x 0 v=1/(V(in)-0.5)\nc7 x 0 1"), "Timestep too small"),
    "a loop of sources": (with_line("v5 in 0 1\nv6 in 0 2"), "singular matrix"),
    "NaN for a resistor": (replace(CHARGE, settings=("alter rg0=nan",)), "rg0=nan"),
    "NaN in a ramp": (replace(CHARGE, alter=("alter @vin0[pwl] = [ 0 0 1e-6 nan ]",)), "1e-6 nan"),
    "infinity in a ramp": (replace(CHARGE, alter=("alter @vin0[pwl] = [ 0 -inf 1e-6 0 ]",)), "-inf"),
    "a resistor that is not there": (replace(CHARGE, settings=("alter rg9=100",)), "no such device.*rg9"),
    "a source that is not there": (replace(CHARGE, alter=("alter @vin9[pwl] = [ 0 0 1 1 ]",)), "vin9"),
    "an unknown command": (replace(CHARGE, alter=("frobnicate",)), "no such command"),
    "an option that is text": (replace(CHARGE, alter=("option reltol=much",)), "bad type"),
    "a command too long": (
        replace(CHARGE, alter=(f"alter @vin0[pwl] = [ {' '.join(f'{t}e-7 1' for t in range(300))} ]",)),
        "fewer corners",
    ),
    "an unknown analysis": (replace(CHARGE, analysis="frob 1 2"), "no such command"),
    "an analysis back in time": (replace(CHARGE, analysis="tran 1e-8 -1"), "TSTOP"),
    "a missing vector": (replace(CHARGE, vectors=("time", "out", "nowhere")), "'nowhere' is missing"),
    "a vector that was not saved": (replace(CHARGE, vectors=("time", "vin0#branch")), "is missing"),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    workers = Pool(1, time_limit=300)
    yield workers
    workers.close()


@pytest.fixture(scope="module")
def charged(pool: Pool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What CHARGE gives."""
    return pool.run([CHARGE])[0]


def gone(pid: int, within: float = 60.0) -> bool:
    """Whether a process ends in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def start_and_end_workers() -> None:
    while True:
        Worker().kill()


class Killer(threading.Thread):
    """Kills the workers of a pool soon after each begins, a number of times."""

    def __init__(self, pool: Pool, times: int) -> None:
        super().__init__(daemon=True)
        self._pool, self._times = pool, times
        self.killed: list[int] = []

    def run(self) -> None:
        deadline = time.monotonic() + 300
        while len(self.killed) < self._times and time.monotonic() < deadline:
            for pid in self._pool.pids:
                if pid not in self.killed and len(self.killed) < self._times:
                    time.sleep(0.2)  # until it is busy
                    os.kill(pid, signal.SIGKILL)
                    self.killed.append(pid)
            time.sleep(0.01)


class TestResults:
    def test_a_capacitor_is_charged(self, charged: np.ndarray[Any, Any]) -> None:
        time_, out = charged
        late = time_ > 1e-6
        # After the ramp the capacitor goes on from what the ramp left.
        left = 1 - (1 - np.exp(-1.0))
        assert_allclose(out[late], 1 - (1 - left) * np.exp(-(time_[late] - 1e-6) / 1e-6), atol=1e-3)

    @pytest.mark.parametrize("workers", [1, 2])
    def test_results_come_in_the_order_of_the_jobs(self, workers: int) -> None:
        ohms = [1000, 10, 500, 2000, 20, 1000, 700]
        jobs = [replace(CHARGE, settings=(f"alter rg0={value}",)) for value in ohms]
        pool = Pool(workers, time_limit=300)
        found = [result[1, -1] for result in pool.run(jobs)]
        assert len(pool.pids) == workers
        pool.close()
        alone = Pool(1, time_limit=300)
        assert found == [alone.run([job])[0][1, -1] for job in jobs]
        alone.close()

    def test_no_jobs_need_no_worker(self) -> None:
        pool = Pool(2, time_limit=300)
        assert pool.run([]) == []
        assert pool.pids == []

    def test_it_can_be_used_after_close(self, charged: np.ndarray[Any, Any]) -> None:
        pool = Pool(1, time_limit=300)
        pool.run([CHARGE])
        (pid,) = pool.pids
        pool.close()
        assert gone(pid)
        assert_array_equal(pool.run([CHARGE])[0], charged)
        pool.close()


class TestFaults:
    @pytest.mark.parametrize("name", FAULTS)
    def test_a_fault_is_told_and_the_next_run_is_right(
        self, pool: Pool, charged: np.ndarray[Any, Any], name: str
    ) -> None:
        job, message = FAULTS[name]
        with pytest.raises(EngineError, match=rf"(?s)ngspice failed: .*{message}") as caught:
            pool.run([job])
        assert len(str(caught.value).splitlines()) <= 12
        assert_array_equal(pool.run([CHARGE])[0], charged)

    def test_a_fault_in_a_batch_gives_none_of_its_results(self, charged: np.ndarray[Any, Any]) -> None:
        pool = Pool(2, time_limit=300)
        with pytest.raises(EngineError, match="rg9"):
            pool.run([CHARGE, CHARGE, FAULTS["a resistor that is not there"][0], CHARGE])
        assert pool.pids == []
        assert_array_equal(pool.run([CHARGE])[0], charged)
        pool.close()

    @pytest.mark.parametrize(
        "name",
        [
            "a transistor without a model",
            "a subcircuit that is not there",
            "an undefined parameter",
            "no circuit",
        ],
    )
    def test_the_circuit_before_a_failed_load_is_gone(self, name: str) -> None:
        """A worker, asked directly to run after a load that failed, must not run what it had before."""
        worker = Worker()
        try:
            worker.start(CHARGE)
            assert worker.pipe.recv()[0] == "done"
            worker.start(FAULTS[name][0])
            assert worker.pipe.recv()[0] == "failed"
            worker.pipe.send({"analysis": CHARGE.analysis, "vectors": list(CHARGE.vectors), "alter": []})
            status, said = worker.pipe.recv()
            assert status == "failed"
            assert "circuit" in said
        finally:
            worker.kill()

    def test_a_failed_run_leaves_nothing_to_read(self) -> None:
        """Nor may results of a run before be read in the place of one that failed."""
        worker = Worker()
        try:
            worker.start(CHARGE)
            assert worker.pipe.recv()[0] == "done"
            for analysis in ("tran 1e-8 -1", "frobnicate", "op 1 2 3 {"):
                worker.pipe.send({"analysis": analysis, "vectors": ["time", "out"], "alter": []})
                assert worker.pipe.recv()[0] == "failed"
        finally:
            worker.kill()


class TestLostWorkers:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_worker_killed_in_the_middle_of_a_batch_costs_nothing(self, workers: int) -> None:
        jobs = [
            replace(CHARGE, settings=(f"alter rg0={1000 + k}",), analysis="tran 1e-9 1e-5 0 2e-10")
            for k in range(6)
        ]
        pool = Pool(workers, time_limit=300)
        undisturbed = pool.run(jobs)
        pool.close()
        # One kill: a second could fall on the same job, which would rightly end the batch.
        killer = Killer(pool, 1)
        killer.start()
        found = pool.run(jobs)
        killer.join()
        pool.close()
        assert len(killer.killed) == 1
        for result, expected in zip(found, undisturbed, strict=True):
            assert_array_equal(result, expected)

    def test_a_worker_killed_between_batches_costs_nothing(
        self, pool: Pool, charged: np.ndarray[Any, Any]
    ) -> None:
        pool.run([CHARGE])
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        assert_array_equal(pool.run([CHARGE])[0], charged)
        assert pid not in pool.pids

    def test_twice_in_the_same_run_is_an_error(self, pool: Pool, charged: np.ndarray[Any, Any]) -> None:
        pool.close()
        killer = Killer(pool, 2)
        killer.start()
        with pytest.raises(EngineError, match="died twice"):
            pool.run([ENDLESS])
        killer.join()
        assert pool.pids == []
        assert_array_equal(pool.run([CHARGE])[0], charged)

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_run_without_end_is_stopped(self, workers: int, charged: np.ndarray[Any, Any]) -> None:
        pool = Pool(workers, time_limit=3)
        pool.run([CHARGE] * workers)
        pids = pool.pids
        with pytest.raises(EngineTimeout, match=r"after 3 s.*raise the time limit"):
            pool.run([ENDLESS, CHARGE])
        assert all(gone(pid) for pid in pids)
        assert_array_equal(pool.run([CHARGE])[0], charged)
        pool.close()

    def test_ctrl_c_ends_the_workers(self, pool: Pool, charged: np.ndarray[Any, Any]) -> None:
        pool.run([CHARGE])
        (pid,) = pool.pids
        handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            with pytest.raises(KeyboardInterrupt):
                pool.run([ENDLESS])
        finally:
            signal.signal(signal.SIGALRM, handler)
        assert gone(pid)
        assert_array_equal(pool.run([CHARGE])[0], charged)

    def test_ctrl_c_while_a_worker_starts_leaves_no_process(self) -> None:
        before = set(psutil.Process().children())
        handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            with pytest.raises(KeyboardInterrupt):
                start_and_end_workers()
        finally:
            signal.signal(signal.SIGALRM, handler)
        assert all(gone(child.pid) for child in set(psutil.Process().children()) - before)


class TestStarting:
    def test_without_a_library(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NGSPICE_LIBRARY_PATH", raising=False)
        monkeypatch.setattr(installation, "_NAMES", ())
        with pytest.raises(EngineMissing, match=r"libngspice is not installed; install"):
            Pool(1, time_limit=300).run([CHARGE])

    def test_with_something_else_for_a_library(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "libngspice.so").write_text("not a library")
        monkeypatch.setenv("NGSPICE_LIBRARY_PATH", str(tmp_path / "libngspice.so"))
        with pytest.raises(EngineError, match=r"can't be loaded.*libngspice\.so"):
            Pool(1, time_limit=300).run([CHARGE])

    def test_a_worker_that_does_not_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program = tmp_path / "program.py"
        monkeypatch.setattr(pool_module, "_PROGRAM", program)
        program.write_text("raise SystemExit(3)")
        with pytest.raises(EngineError, match="did not start: it ended with exit code 3; install"):
            Pool(1, time_limit=300).run([CHARGE])
        program.write_text("import nothing_of_the_kind")
        with pytest.raises(EngineError, match=r"exit code 1 \(ModuleNotFoundError.*nothing_of_the_kind"):
            Pool(1, time_limit=300).run([CHARGE])
        program.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        with pytest.raises(EngineError, match=r"ended by SIGSEGV while it loaded .*--engine reference"):
            Pool(1, time_limit=300).run([CHARGE])
        program.write_text("import time; time.sleep(60)")
        monkeypatch.setattr(pool_module, "_START_LIMIT", 0.3)
        with pytest.raises(EngineError, match=r"no sign of life for 0\.3 s"):
            Pool(1, time_limit=300).run([CHARGE])


HOST = """
import os, sys, time
from tcl_circuits.engines.pool import Job, Pool
pool = Pool(2, time_limit=600)
pool.run({jobs!r})
print(*pool.pids, flush=True)
{then}
"""


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_workers_end_with_their_host(busy: bool) -> None:
    then = f"pool.run([{ENDLESS!r}] * 2)" if busy else "time.sleep(600)"
    program = HOST.format(jobs=[CHARGE, CHARGE], then=then)
    host = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    pids = [int(pid) for pid in host.stdout.readline().split()]
    time.sleep(0.3 * busy)
    assert len(pids) == 2
    assert all(psutil.pid_exists(pid) for pid in pids)
    host.kill()
    host.communicate()
    assert all(gone(pid) for pid in pids)


def test_workers_end_when_their_host_forgets_them() -> None:
    program = HOST.format(jobs=[CHARGE, CHARGE], then="")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert all(gone(int(pid)) for pid in done.stdout.split())
