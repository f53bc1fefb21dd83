"""The samples of a run on a table, ``samples.npz``: with its encoding they make its task again."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_bytes, replacing
from tcl_circuits.training.encoding import Encoding
from tcl_circuits.training.table_task import nudge_of
from tcl_circuits.training.task import Samples, Task

FILE = "samples.npz"
_AGAIN = "train again"
_ARRAYS = ("train_inputs", "train_targets", "test_inputs", "test_targets", "initial_conductance")


def keep_samples(task: Task, path: Path) -> None:
    """Write the samples of a task [V], and the conductances that training began with [S]."""
    arrays = dict(
        zip(
            _ARRAYS,
            (
                task.train.inputs,
                task.train.targets,
                task.test.inputs,
                task.test.targets,
                task.network.conductance,
            ),
            strict=True,
        )
    )
    with replacing(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def kept_task(path: Path, encoding: Encoding, network: Network, name: str, description: str) -> Task:
    """The task of a run on a table.

    Parameters
    ----------
    path : Path
        What :func:`keep_samples` wrote.
    encoding : Encoding
        That of the run.
    network : Network
        As trained; the task has it as it was before.
    name, description : str
        Of the task.

    Raises
    ------
    InputError
        If the file is damaged, or does not fit the network.
    """
    encoding.check(network)
    arrays = _read(path)
    inputs, values = network.inputs.size, len(encoding.outputs.plus)
    widths: Mapping[str, int] = {"inputs": inputs, "targets": values}
    for key in _ARRAYS[:4]:
        part, what = key.split("_")
        rows = len(arrays[f"{part}_inputs"])
        if arrays[key].shape != (rows, widths[what]) or rows == 0:
            raise InputError(
                f"{path}: {key} of shape {arrays[key].shape} is not one row of {widths[what]} values a "
                f"sample; {_AGAIN}"
            )
    if arrays["initial_conductance"].shape != (network.edge_count,):
        raise InputError(f"{path}: initial_conductance is not a value for each edge; {_AGAIN}")
    targets = np.vstack([arrays["train_targets"], arrays["test_targets"]])
    nudge = nudge_of(encoding)
    nudge.check_targets(targets)
    return Task(
        name=name,
        network=network.with_conductance(arrays["initial_conductance"]),
        nudge=nudge,
        train=Samples(arrays["train_inputs"], arrays["train_targets"]),
        test=Samples(arrays["test_inputs"], arrays["test_targets"]),
        description=description,
        classes=encoding.answer.classes,
        encoding=encoding,
    )


def _read(path: Path) -> dict[str, FloatArray]:
    data = read_bytes(path, _AGAIN)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            found: dict[str, Any] = {key: file[key] for key in _ARRAYS}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, MemoryError, NotImplementedError) as error:
        raise InputError(f"{path} is damaged ({error}); {_AGAIN}") from error
    for key, array in found.items():
        if array.dtype.kind != "f" or not np.all(np.isfinite(array)):
            raise InputError(f"{path}: {key} holds what is no finite number; {_AGAIN}")
    return found
