"""What ``train`` left, read again: a run's summary and its task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_json
from tcl_circuits.handoff.checked import Entry
from tcl_circuits.handoff.manifest import NAME
from tcl_circuits.training import tasks
from tcl_circuits.training.table import as_classes, read_table
from tcl_circuits.training.task import Task


@dataclass(frozen=True)
class GivenTable:
    """The table that a run learned, given again: no run keeps its samples."""

    data: Path
    target: str | None
    classes: bool = False


def read_summary(run: Path) -> dict[str, Any]:
    """Read summary.json of a run directory.

    Raises
    ------
    InputError
        If there is none, or it can't be read.
    """
    path = run / "summary.json"
    if not path.exists():
        raise InputError(
            f"{run} is neither a run nor a bundle: it has no summary.json and no {NAME}; "
            "give a directory that train left, or a graph file"
        )
    return Entry(str(path), read_json(path, "train again"), remedy="train again").plain().members()


def task_of(
    summary: Mapping[str, Any], network: Network, seed: int, given: GivenTable | None = None
) -> Task | None:
    """Task of a run: a ready-made one, or the user's table given again on its network; None if neither.

    Raises
    ------
    InputError
        If the table can't be used.
    """
    if given is not None:
        if given.target is None:
            raise InputError(f"--data {given.data} needs --target COLUMN, the column that was learned")
        table = read_table(given.data, given.target)
        return tasks.from_table(as_classes(table) if given.classes else table, seed, network)
    name = summary.get("task")
    return tasks.load(str(name), seed) if name in tasks.names() else None
