"""A study: settings drawn from a seed, rows computed for each, headline numbers of the whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol, TypeAlias

import pandas as pd

from tcl_circuits.errors import InputError

Row: TypeAlias = dict[str, Any]
Setting: TypeAlias = tuple[float, ...]

_CHUNKS = 40
"""Parts into which the settings are cut, for several processes and for the progress bar."""


class Study(Protocol):
    """A figure of the paper, as a table."""

    @property
    def name(self) -> str:
        """Number of the figure, as on the command line."""
        ...

    @property
    def points(self) -> int:
        """Number of settings, unless the user says otherwise."""
        ...

    def settings(self, points: int, seed: int) -> list[Setting]:
        """What to compute; every draw follows from the seed."""
        ...

    def rows(self, setting: Setting) -> list[Row]:
        """Rows of the table for one setting, one for each way in which it is computed."""
        ...

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """The few numbers that the figure is about."""
        ...

    def parameters(self) -> dict[str, Any]:
        """What all settings share."""
        ...


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A study that was run.

    Parameters
    ----------
    name : str
        Number of the figure.
    table : pandas.DataFrame
        One row for each setting and way of computing.
    headline, parameters : mapping
        As the study gives them.
    points, seed : int
        What was asked for.
    """

    name: str
    table: pd.DataFrame
    headline: Mapping[str, float]
    parameters: Mapping[str, Any]
    points: int
    seed: int


def run_study(
    study: Study,
    points: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> StudyResult:
    """Compute a study; the table is the same whatever the executor.

    Parameters
    ----------
    study : Study
        Which.
    points : int, optional
        Number of settings; by default the paper's.
    seed : int
        Seed of the settings.
    executor : concurrent.futures.Executor, optional
        Where to compute; by default here.
    progress : callable, optional
        Told how many settings are done, and of how many.

    Raises
    ------
    InputError
        If `points` is not a whole number, at least 2.
    """
    count = study.points if points is None else points
    if not isinstance(count, int) or count < 2:
        raise InputError(f"figure {study.name}: points = {count!r} must be at least 2, a whole number")
    settings = study.settings(count, seed)
    size = max(1, -(-len(settings) // _CHUNKS))
    chunks = [settings[k : k + size] for k in range(0, len(settings), size)]
    compute = map if executor is None else executor.map
    rows: list[Row] = []
    done = 0
    for chunk, found in zip(chunks, compute(partial(_rows_of, study), chunks), strict=True):
        rows += found
        done += len(chunk)
        if progress is not None:
            progress(done, len(settings))
    table = pd.DataFrame(rows)
    return StudyResult(study.name, table, study.headline(table), study.parameters(), count, seed)


def _rows_of(study: Study, settings: Sequence[Setting]) -> list[Row]:
    return [row for setting in settings for row in study.rows(setting)]


@contextmanager
def all_cores() -> Iterator[Executor]:
    """Return an executor with a process for each core."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as executor:
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
