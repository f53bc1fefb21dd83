"""The samples of a run on a table, ``samples.npz``: with its encoding they make its task again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tcl_circuits.circuit.network import Network
from tcl_circuits.files import reading, replacing, require_file
from tcl_circuits.fitting import VERSION, Form, read_arrays, require_forms, write_arrays
from tcl_circuits.training.encoding import Encoding
from tcl_circuits.training.table_task import nudge_of
from tcl_circuits.training.task import Samples, Task

FILE = "samples.npz"
_AGAIN = "train again"


def keep_samples(task: Task, path: Path) -> None:
    """Write the samples of a task [V], and the conductances that training began with [S]."""
    with replacing(path) as file:
        write_arrays(
            file,
            {
                "version": np.array(VERSION),
                "train_inputs": task.train.inputs,
                "train_targets": task.train.targets,
                "test_inputs": task.test.inputs,
                "test_targets": task.test.targets,
                "initial_conductance": task.network.conductance,
            },
        )


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
    require_file(path, _AGAIN)
    nudge = nudge_of(encoding)
    with reading(path, "is damaged", _AGAIN):
        arrays = read_arrays(path, _AGAIN)
        forms = {"initial_conductance": Form((network.edge_count,))}
        for part in ("train", "test"):
            rows = max(1, len(arrays[f"{part}_inputs"]))
            forms[f"{part}_inputs"] = Form((rows, network.inputs.size))
            forms[f"{part}_targets"] = Form((rows, len(encoding.outputs.plus)))
        require_forms(forms, arrays)
    train, test = (Samples(arrays[f"{part}_inputs"], arrays[f"{part}_targets"]) for part in ("train", "test"))
    for samples in (train, test):
        nudge.check_targets(samples.targets)
    return Task(
        name=name,
        network=network.with_conductance(arrays["initial_conductance"]),
        nudge=nudge,
        train=train,
        test=test,
        description=description,
        classes=encoding.answer.classes,
        encoding=encoding,
    )
