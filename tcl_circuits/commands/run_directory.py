"""What ``train`` left, read again: a run's summary and its task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_json
from tcl_circuits.handoff.manifest import NAME
from tcl_circuits.json_entry import Entry
from tcl_circuits.training import tasks
from tcl_circuits.training.kept import FILE as SAMPLES
from tcl_circuits.training.kept import kept_task
from tcl_circuits.training.task import Task
from tcl_circuits.training.trained import read_encoding


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
    whole = Entry(str(path), read_json(path, "train again"), "train again").plain()
    for key, check in _KINDS.items():
        if whole.members().get(key) is not None:
            check(whole.at(key))
    return whole.members()


_KINDS: dict[str, Callable[[Entry], object]] = {
    **dict.fromkeys(("task", "description", "engine", "rule", "signal", "cell"), Entry.text),
    **dict.fromkeys(("seed", "edges", "hidden"), Entry.whole),
    **dict.fromkeys(("versions", "recipe"), Entry.members),
}
"""What of a summary is used again, and of what kind it is."""


def task_of(run: Path, summary: Mapping[str, Any], network: Network, seed: int) -> Task:
    """Task of a run: a ready-made one, or that of the samples that a run on a table keeps.

    Raises
    ------
    InputError
        If the run has no samples, or they are damaged.
    """
    name = str(summary.get("task"))
    if name in tasks.names():
        return tasks.load(name, seed)
    encoding = read_encoding(run)
    return kept_task(run / SAMPLES, encoding, network, name, str(summary.get("description", "")))
