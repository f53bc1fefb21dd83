"""Jobs on a dask cluster of two worker processes, one of which is killed in the middle."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import job_samples as samples
import pytest

from tcl_circuits.errors import InputError
from tcl_circuits.jobs import DaskWorkers, GivenExecutor, JobsError, open_workers, run_jobs

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
ITEMS = {f"seed {k}": k for k in (5, 3, 9, 0, 2, 4)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with distributed.LocalCluster(**settings) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster) as client:
        yield client


def pids(client: Any) -> set[int]:
    return set(client.run(os.getpid).values())


def test_same_numbers(client: Any) -> None:
    here = run_jobs(samples.draw, ITEMS).results
    there = run_jobs(samples.draw, ITEMS, DaskWorkers(client=client)).results
    assert (list(there.items()), len(pids(client))) == (list(here.items()), 2)
    assert run_jobs(samples.draw, ITEMS, GivenExecutor(client.get_executor(), 4)).results == here
    assert run_jobs(samples.threads, {"a": 0}, DaskWorkers(client=client)).results == {"a": 1}


def test_faults(client: Any) -> None:
    outcome = run_jobs(samples.fail_on_three, ITEMS, DaskWorkers(client=client))
    assert outcome.faults == {"seed 3": "ValueError: three is no number", "seed 4": "four is broken"}


def test_a_worker_killed_in_the_middle(client: Any, tmp_path: Path) -> None:
    """Only what the killed worker was at is begun twice."""

    def kill() -> None:
        deadline = time.monotonic() + 300
        while not (found := [path for path in tmp_path.glob("b.0") if path.read_text()]):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(int(found[0].read_text()), signal.SIGKILL)

    before = pids(client)
    items = {name: (tmp_path, name) for name in "abcdef"}
    killer = threading.Thread(target=kill)
    killer.start()
    outcome = run_jobs(samples.tell_pid_and_wait, items, DaskWorkers(client=client))
    killer.join()
    assert list(outcome.complete().items()) == [(name, name) for name in items]
    assert len(before - pids(client)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.0", "b.0", "b.1", "c.0", "d.0", "e.0", "f.0",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_job_that_kills_is_named(client: Any) -> None:
    outcome = run_jobs(
        samples.die_always, {f"job {k}": k for k in range(5)}, DaskWorkers(client=client), attempts=2
    )
    assert outcome.faults == {"job 2": "its worker died 2 times"}
    assert list(outcome.results.values()) == [0, 1, 3, 4]


def test_a_cluster_without_workers() -> None:
    settings = {"n_workers": 0, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        workers = DaskWorkers(client=client, patience=0.5)
        with pytest.raises(JobsError, match=r"without workers for 0.5 s; 0 of 6 jobs are done"):
            run_jobs(samples.draw, ITEMS, workers)


def test_by_address(cluster: Any) -> None:
    with open_workers(f"dask:{cluster.scheduler_address}") as workers:
        assert run_jobs(samples.draw, {"a": 1}, workers).results == run_jobs(samples.draw, {"a": 1}).results


def default() -> tuple[Any, Any]:
    """What dask, and xarray with it, would compute and lock with in this process."""
    try:
        client = distributed.default_client()
    except ValueError:
        client = None
    return client, dask.config.get("scheduler", None)


def test_dasks_default_stays_what_it_was(cluster: Any) -> None:
    """A client that reached nothing would keep xarray from writing files if it were the default."""
    before = default()
    with pytest.raises(InputError, match="no dask scheduler"), open_workers("dask:nonsense://x"):
        pass
    assert default() == before
    with open_workers(f"dask:{cluster.scheduler_address}"):
        assert default() == before


@pytest.mark.slow
def test_a_cluster_of_its_own() -> None:
    before = default()
    with open_workers("dask", 2) as workers:
        assert default() == before
        assert run_jobs(samples.draw, {"a": 1}, workers).results == run_jobs(samples.draw, {"a": 1}).results
