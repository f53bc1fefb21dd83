"""Jobs for workers in other processes, which import them from here."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from tcl_circuits.errors import EngineError


def draw(seed: int) -> dict[str, object]:
    """Numbers of a seed, through BLAS."""
    matrix = np.random.default_rng(seed).normal(size=(30, 30))
    return {"seed": seed, "sum": float((matrix @ matrix).sum()), "pair": (seed, None)}


def fail_on_three(seed: int) -> int:
    if seed == 3:
        raise ValueError("three is\n no number")
    if seed == 4:
        raise EngineError("four is broken")
    return seed


def nothing_to_keep(seed: int) -> object:
    return {1, 2} if seed else seed


def threads(_: int) -> int:
    import scipy.linalg  # noqa: F401  it brings a BLAS of its own, once it is asked for

    return max(int(pool["num_threads"]) for pool in threadpool_info())


def die_once(marker: Path) -> str:
    """Be killed at the first try, in the middle."""
    if not marker.exists():
        marker.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return marker.name


def die_always(seed: int) -> int:
    if seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return seed


def tell_pid_and_wait(place: tuple[Path, str]) -> str:
    """Leave the process number in a file whose name says which try this is, and take a while."""
    folder, name = place
    tries = len(list(folder.glob(f"{name}.*")))
    (folder / f"{name}.{tries}").write_text(str(os.getpid()))
    time.sleep(0.3)
    return name


def wait_for_ever(folder: Path) -> None:
    (folder / str(os.getpid())).write_text("")
    time.sleep(600)
