"""What ``train`` left, read again: a run's summary and its task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.given_table import GivenTable
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_json
from tcl_circuits.handoff.manifest import NAME
from tcl_circuits.training import tasks
from tcl_circuits.training.task import Task


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
    found = read_json(path, "train again")
    if not isinstance(found, dict):
        raise InputError(f"{path} is no summary of a run; train again")
    return found


def task_of(
    summary: Mapping[str, Any], network: Network, seed: int, given: GivenTable | None = None
) -> Task | None:
    """Task of a run: a ready-made one, or the user's table given again on its network; None if neither.

    No run keeps its samples, but it keeps what it read of the table.

    Raises
    ------
    InputError
        If the table can't be used.
    """
    if given is not None:
        return given.as_learned(summary.get("table")).task(seed, network)
    name = summary.get("task")
    return tasks.load(str(name), seed) if name in tasks.names() else None
