"""What ``export`` makes of a layered run: the trained circuit as a network, with images of its task."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.commands.export_circuit import known_facts
from tcl_circuits.ep.data import Digits
from tcl_circuits.errors import InputError
from tcl_circuits.files import require_file
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.export import rounded, rounded_values
from tcl_circuits.layered import tasks
from tcl_circuits.layered.circuit import LayeredCircuit, with_bias
from tcl_circuits.layered.netlist import Laid
from tcl_circuits.layered.recipe import Recipe
from tcl_circuits.layered.trainer import Trainer
from tcl_circuits.training.task import Samples, Task

_MOST_EDGES = 20_000
"""Most edges of a network in a bundle; a bench of more takes a simulator hours."""
_WEIGHTS = ("plus", "minus", "inner")


def of_layered_run(
    run: Path, summary: Mapping[str, Any], samples: int, folder: Path | None = None
) -> tuple[Design, Task, list[str]]:
    """Design of a layered run, its task, and remarks.

    Parameters
    ----------
    run : Path
        Its directory.
    summary : mapping
        Its summary.json.
    samples : int
        Test images of the inference bench.
    folder : Path, optional
        Folder with the IDX files that the run learned, where the images are the user's.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the circuit has too many edges.
    """
    edges = int(summary.get("edges", 0))
    if edges > _MOST_EDGES:
        raise InputError(
            f"{run} has {edges} edges and a bundle holds at most {_MOST_EDGES} of a layered circuit; hand "
            f"over {run / 'netlist.cir'}, which has the inputs folded, and weights.npz, or train with fewer "
            "nodes (--hidden)"
        )
    name, seed = str(summary.get("task")), int(summary.get("seed", 0))
    data = tasks.find(name).data(seed, folder)
    recipe = Recipe(shift=int(summary["recipe"]["shift"]))
    trainer = Trainer(data, int(summary["hidden"]), "tcl", recipe, seed, compiled=False)
    laid = Laid.whole(_trained(trainer.start, run / "weights.npz"))
    task = Task(
        name=name,
        network=laid.network,
        nudge=laid.circuit.nudge(trainer.beta),
        train=_samples(laid, data.train_x[:1], data.train_y[:1], data),
        test=_samples(laid, data.test_x, data.test_y, data),
        classes=tuple(str(k) for k in range(data.classes)),
    )
    cell, facts = SenseCell(), known_facts(summary)
    drive = rounded(task.present(task.train, np.array([0]), cell, trainer.saw))
    shown = rounded_values(task.test.inputs[: max(1, samples)])
    design = Design(task.network, cell, trainer.saw, drive, shown, name, seed, facts)
    return design, task, []


def _trained(start: LayeredCircuit, path: Path) -> LayeredCircuit:
    """The circuit with the conductances of a file."""
    require_file(path, "give a directory that train left", math.inf)
    try:
        with np.load(path, allow_pickle=False) as file:
            found = tuple(file[name] for name in _WEIGHTS if name in file)
        return start.with_conductances(found)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise InputError(f"{path} can't be read ({error}); train again") from None


def _samples(laid: Laid, x: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], data: Digits) -> Samples:
    """Images as input voltages, classes as targets."""
    return Samples(laid.volts(with_bias(x)), np.eye(data.classes)[labels])
