"""Jobs: same results whoever computes them, and what a fault, a killed worker and Ctrl-C cost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import job_samples as samples
import psutil
import pytest

from tcl_circuits.checks import is_number
from tcl_circuits.errors import InputError
from tcl_circuits.jobs import GivenExecutor, JobsError, LocalWorkers, Store, open_workers, run_jobs
from tcl_circuits.threads import ONE_THREAD

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
ITEMS = {f"seed {k}": k for k in (5, 3, 9, 0, 2, 4)}


@pytest.fixture(scope="module")
def two() -> Iterator[LocalWorkers]:
    """Two worker processes; a test that kills one leaves a new one."""
    workers = LocalWorkers(2)
    yield workers
    workers.close()


def wait_for(folder: Path, pattern: str) -> int:
    """Process number that a job left in a file."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for path in folder.glob(pattern):
            if text := path.read_text():
                return int(text)
        time.sleep(0.005)
    raise AssertionError(f"no {pattern}")


class TestResults:
    def test_same_everywhere(self, two: LocalWorkers) -> None:
        here = run_jobs(samples.draw, ITEMS)
        assert list(here.results) == list(ITEMS)
        assert here.results["seed 9"]["pair"] == [9, None]
        with ThreadPoolExecutor(3) as threads:
            assert run_jobs(samples.draw, ITEMS, threads).results == here.results
        there = run_jobs(samples.draw, ITEMS, two)
        assert (list(there.results), there.results) == (list(ITEMS), here.results)

    def test_progress(self) -> None:
        told: list[tuple[int, int]] = []
        run_jobs(samples.fail_on_three, ITEMS, progress=lambda done, of: told.append((done, of)))
        assert told == [(k, 6) for k in range(7)]

    def test_nothing_to_do(self) -> None:
        assert run_jobs(samples.draw, {}).complete() == {}

    def test_one_blas_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever the environment says; the libraries are loaded after a worker has begun."""
        for name in ONE_THREAD:
            monkeypatch.setenv(name, "2")
        with closing(LocalWorkers(1)) as fresh:
            for workers in (None, fresh):
                assert run_jobs(samples.threads, {"a": 0}, workers).complete() == {"a": 1}

    def test_a_fault_costs_itself(self, two: LocalWorkers) -> None:
        for workers in (None, two):
            outcome = run_jobs(samples.fail_on_three, ITEMS, workers)
            assert outcome.faults == {"seed 3": "ValueError: three is no number", "seed 4": "four is broken"}
            assert list(outcome.results.values()) == [5, 9, 0, 2]
            with pytest.raises(JobsError, match=r"2 of 6 jobs have no result(.|\n)*seed 3: Val") as caught:
                outcome.complete()
            assert caught.value.outcome is outcome

    def test_many_faults_are_not_all_shown(self) -> None:
        outcome = run_jobs(samples.fail_on_three, {str(k): 3 for k in range(20)})
        with pytest.raises(JobsError, match="and 12 more"):
            outcome.complete()

    def test_what_json_cannot_keep(self) -> None:
        outcome = run_jobs(samples.nothing_to_keep, {"a": 0, "b": 1})
        assert outcome.results == {"a": 0}
        assert "can't be kept as JSON" in outcome.faults["b"]

    def test_what_pickle_cannot_send(self, two: LocalWorkers) -> None:
        outcome = run_jobs(lambda k: k, {"a": 0}, two)
        assert list(outcome.faults) == ["a"]


class TestLostWorkers:
    def test_sigkill_in_the_middle(self, two: LocalWorkers, tmp_path: Path) -> None:
        """The worker's own run is done again, no other one is."""
        items = {name: (tmp_path, name) for name in "abcdef"}
        killer = threading.Thread(target=lambda: os.kill(wait_for(tmp_path, "b.0"), signal.SIGKILL))
        killer.start()
        outcome = run_jobs(samples.tell_pid_and_wait, items, two)
        killer.join()
        assert outcome.complete() == {name: name for name in items}
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "a.0", "b.0", "b.1", "c.0", "d.0", "e.0", "f.0",
        ]  # fmt: skip

    def test_a_job_that_kills_is_named(self, two: LocalWorkers) -> None:
        outcome = run_jobs(samples.die_always, {f"job {k}": k for k in range(5)}, two, attempts=2)
        assert outcome.faults == {"job 2": "its worker died 2 times"}
        assert list(outcome.results.values()) == [0, 1, 3, 4]

    def test_a_pool_that_breaks(self, tmp_path: Path) -> None:
        """A caller's executor can't be replaced: what is done is kept, what is missing is named."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            items = {f"job {k}": k for k in range(4)}
            with (
                Store(tmp_path / "jobs.jsonl", {}) as store,
                pytest.raises(
                    JobsError, match=r"takes no more jobs.*2 of 4 jobs are done.*job 2, job 3"
                ) as caught,
            ):
                run_jobs(samples.die_always, items, GivenExecutor(pool, 1), store)
        assert caught.value.outcome.results == {"job 0": 0, "job 1": 1}
        with Store(tmp_path / "jobs.jsonl", {}) as store:
            assert store.results == {"job 0": 0, "job 1": 1}

    def test_an_executor_that_is_shut(self) -> None:
        pool = ThreadPoolExecutor(1)
        pool.shutdown()
        with pytest.raises(JobsError, match="takes no more jobs"):
            run_jobs(samples.draw, ITEMS, pool)

    def test_an_executor_that_cancels(self) -> None:
        class Cancels(Executor):
            def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
                future: Future[Any] = Future()
                future.cancel()
                future.set_running_or_notify_cancel()
                return future

        outcome = run_jobs(samples.draw, {"a": 1}, Cancels())
        assert outcome.faults == {"a": "its worker died 3 times"}

    @pytest.mark.slow
    def test_a_script_without_a_guard(self, tmp_path: Path) -> None:
        script = tmp_path / "script.py"
        script.write_text(
            "from tcl_circuits.jobs import LocalWorkers, run_jobs\n"
            "run_jobs(abs, {str(k): k for k in range(9)}, LocalWorkers(1))\n"
        )
        ran = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, timeout=300, env=ENVIRONMENT
        )
        assert ran.returncode == 1
        assert "if __name__ == '__main__'" in ran.stderr.splitlines()[-1]


class TestEnds:
    def script(self, tmp_path: Path) -> subprocess.Popen[str]:
        (tmp_path / "pids").mkdir()
        (tmp_path / "script.py").write_text(
            "import sys, pathlib\n"
            f"sys.path.insert(0, {str(Path(samples.__file__).parent)!r})\n"
            "import job_samples\n"
            "from tcl_circuits.jobs import open_workers, run_jobs\n"
            "if __name__ == '__main__':\n"
            "    with open_workers('local', 2) as workers:\n"
            "        items = {str(k): pathlib.Path('pids') for k in range(9)}\n"
            "        run_jobs(job_samples.wait_for_ever, items, workers)\n"
        )
        return subprocess.Popen(
            [sys.executable, "script.py"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @pytest.mark.parametrize("how", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGKILL])
    def test_no_worker_is_left(self, tmp_path: Path, how: signal.Signals) -> None:
        process = self.script(tmp_path)
        deadline = time.monotonic() + 300
        while len(pids := [int(path.name) for path in (tmp_path / "pids").glob("*")]) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        workers = [psutil.Process(pid) for pid in pids]
        if how == signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.kill()
        _, said = process.communicate(timeout=300)
        _, alive = psutil.wait_procs(workers, timeout=300)
        assert not alive
        if how == signal.SIGINT:
            assert said.splitlines()[-1] == "KeyboardInterrupt"
            assert said.count("Traceback") == 1


class TestStore:
    def test_does_only_what_is_missing(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.jsonl"
        with Store(path, {"task": "iris"}) as store:
            first = run_jobs(samples.draw, dict(list(ITEMS.items())[2:4]), store=store)
        told: list[int] = []
        with Store(path, {"task": "iris"}) as store:
            whole = run_jobs(samples.draw, ITEMS, store=store, progress=lambda done, _: told.append(done))
        assert told == [2, 3, 4, 5, 6]
        assert whole.results == run_jobs(samples.draw, ITEMS).results
        assert list(whole.results) == list(ITEMS)
        assert first.results.items() <= whole.results.items()
        with Store(path, {"task": "iris"}) as store:
            # Nothing is missing, so that nothing is computed.
            assert run_jobs(samples.nothing_to_keep, ITEMS, store=store).results == whole.results

    def test_faults_are_tried_again(self, tmp_path: Path) -> None:
        with Store(tmp_path / "s", {}) as store:
            assert len(run_jobs(samples.fail_on_three, ITEMS, store=store).faults) == 2
        with Store(tmp_path / "s", {}) as store:
            assert not run_jobs(samples.draw, ITEMS, store=store).faults

    def test_interrupted(self, tmp_path: Path) -> None:
        def stop(done: int, _: int) -> None:
            if done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), Store(tmp_path / "s", {}) as store:
            run_jobs(samples.draw, ITEMS, store=store, progress=stop)
        with Store(tmp_path / "s", {}) as store:
            assert list(store.results) == list(ITEMS)[:3]

    def test_another_description(self, tmp_path: Path) -> None:
        with Store(tmp_path / "s", {"task": "iris", "seed": 1, "old": 2}):
            pass
        before = (tmp_path / "s").read_bytes()
        wanted = "old was 2, is None; seed was 1, is 2; task was 'iris', is 'xor'"
        with pytest.raises(InputError, match=wanted), Store(tmp_path / "s", {"task": "xor", "seed": 2}):
            pass
        assert (tmp_path / "s").read_bytes() == before

    def test_a_line_cut_short(self, tmp_path: Path) -> None:
        path = tmp_path / "s"
        with Store(path, {}) as store:
            store.add("a", 1.5)
            store.add("b", [float("inf"), 0.1])
        whole = path.read_bytes()
        path.write_bytes(whole[:-5])
        with Store(path, {}) as store:
            assert store.results == {"a": 1.5}
            store.add("b", [float("inf"), 0.1])
        assert path.read_bytes() == whole

    @pytest.mark.parametrize(
        "content", [b"nonsense\n", b"[1]\n", b"{}\n", b'{"version": 1, "description": {}}\n']
    )
    def test_no_store(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "s").write_bytes(content)
        with (
            pytest.raises(InputError, match=r"(line 1|version 1;).*move the file away"),
            Store(tmp_path / "s", {}),
        ):
            pass
        assert (tmp_path / "s").read_bytes() == content

    def test_a_damaged_line(self, tmp_path: Path) -> None:
        path = tmp_path / "s"
        with Store(path, {}) as store:
            store.add("a", 0.5)
            store.add("b", [float("nan"), 1])
        whole = path.read_bytes()
        first, second = whole.splitlines(keepends=True)[1:]
        for line in (
            second.replace(b'"b"', b'"c"'),
            second.replace(b"1", b"2", 1),
            second.replace(b"NaN", b"0.5"),
            b'{"key": "b"}\n',
            b"[" * 100_000 + b"\n",
            first,
        ):
            path.write_bytes(whole.replace(second, line))
            with pytest.raises(InputError, match="line 3 is damaged or was edited; delete it"):
                Store(path, {}).__enter__()

    def test_what_is_no_result_of_such_a_job(self, tmp_path: Path) -> None:
        with Store(tmp_path / "s", {}) as store:
            store.add("a", "much")
        with pytest.raises(InputError, match="line 2"), Store(tmp_path / "s", {}, is_number):
            pass

    def test_a_pipe_is_no_store(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "s")
        with pytest.raises(InputError, match="is a pipe or a device"), Store(tmp_path / "s", {}):
            pass

    def test_fuzzed_stores_are_refused_or_whole(self, tmp_path: Path) -> None:
        """Nothing is taken but results that were written."""
        path, rng = tmp_path / "s", random.Random(0)
        kept = {f"seed {k}": {"loss": k / 7, "accuracy": None, "cycles": k} for k in range(5)}
        with Store(path, {"task": "iris"}) as store:
            for key, result in kept.items():
                store.add(key, result)
        whole = path.read_bytes()
        for _ in range(300):
            data, place = whole, rng.randrange(len(whole))
            rest = [data[place + 1 :], rng.randbytes(9) + data[place:], b"", data[place // 2 :]]
            path.write_bytes(data[:place] + bytes([rng.randrange(32, 127)]) + rng.choice(rest))
            with suppress(InputError), Store(path, {"task": "iris"}) as store:
                assert store.results.items() <= kept.items()

    def test_in_use(self, tmp_path: Path) -> None:
        with (
            Store(tmp_path / "s", {}),
            pytest.raises(InputError, match="in use by another run"),
            Store(tmp_path / "s", {}),
        ):
            pass


@pytest.mark.parametrize(
    ("executor", "count", "said"),
    [
        ("slurm", None, "there are local, dask and dask:ADDRESS"),
        ("dask:", None, "there is no executor"),
        ("local", 0, "at least 1"),
        ("dask:tcp://h:1", 3, "has its own workers"),
        ("dask:tcp://127.0.0.1:9", None, "no dask scheduler answers"),
        ("dask:nonsense://x", None, "no dask scheduler answers"),
    ],
)
def test_executors_that_are_none(executor: str, count: int | None, said: str) -> None:
    with pytest.raises(InputError, match=said), open_workers(executor, count):
        pass


def test_attempts() -> None:
    with pytest.raises(InputError, match="attempts"):
        run_jobs(samples.draw, ITEMS, attempts=0)
    with pytest.raises(InputError, match="workers"):
        LocalWorkers(0)
