"""What ``export`` makes of a run in the circuit: the trained network, and cycles in which it learns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.circuit.autonomous_cell import sensed
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_json
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.export import rounded, rounded_values
from tcl_circuits.handoff.learning import Learning
from tcl_circuits.training.task import Task

CYCLES = 24
"""Learning cycles of the test bench."""
DIODE_CYCLES = 8
"""The same with diodes, which make the state equations slower."""

_BASELINE = ("baseline", "baseline_name", "baseline_measure")
_KNOWN = ("task", "rule", "engine", "epochs", "final_loss", "test_loss", "test_accuracy", *_BASELINE)
_OF_CIRCUIT = ("cycles", "circuit_time_s", "lambda_max", "polarity")


def known_facts(summary: Mapping[str, Any], more: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a bundle tells of a run."""
    facts = {key: summary[key] for key in (*_KNOWN, *more) if summary.get(key) is not None}
    facts["versions"] = {"tcl_circuits": summary.get("versions", {}).get("tcl_circuits", "unknown")}
    return facts


def of_circuit_run(run: Path, summary: Mapping[str, Any], samples: int) -> tuple[Design, Task, list[str]]:
    """Design of a run in the circuit, its task, and remarks.

    Parameters
    ----------
    run : Path
        Its directory.
    summary : mapping
        Its summary.json.
    samples : int
        Samples of the inference bench.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the run is one of springs.
    """
    learned = tasks.load(str(summary.get("task")), int(summary.get("seed", 0)))
    task = learned.task
    if isinstance(task.network, SpringNetwork):
        raise InputError(
            f"{run} is a lattice of springs, which a bundle of voltages can't hold; "
            f"{run / 'netlist.cir'} learns by itself in ngspice"
        )
    circuit = plan(learned, _request(run), force_unstable=True).design
    network = read_network(run / "network.json")
    cell = SenseCell(sensed(circuit.cell.signal), circuit.cell.c, circuit.cell.r)
    saw = circuit.schedule.timing.saw
    drive = rounded(task.present(task.train, np.array([0]), cell, saw))
    shown = task.test if len(task.test) else task.train
    remarks = []
    learning = None
    if circuit.detector is not None:
        remarks.append(
            "a peak detector set this run's threshold: the bundle has no bench that learns by itself"
        )
    else:
        most = DIODE_CYCLES if network.parts else CYCLES
        learning = Learning.of(circuit, min(most, circuit.schedule.cycles))
        if learning.cycles:
            remarks.append(
                f"learning.cir has the first {learning.cycles} of the run's {circuit.schedule.cycles} cycles"
            )
        else:
            learning = None
    design = Design(
        network,
        cell,
        saw,
        drive,
        rounded_values(shown.inputs[: max(1, samples)]),
        task.name,
        int(summary.get("seed", 0)),
        known_facts(summary, _OF_CIRCUIT),
        learning=learning,
    )
    return design, task, remarks


def _request(run: Path) -> Request:
    """Settings of a run."""
    path = run / "stream.json"
    remedy = "give a directory that learn-in-circuit left, or run again"
    try:
        settings = read_json(path, remedy)["settings"]
        return Request(**{name: value for name, value in settings.items() if name != "task"})
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{path} can't be read ({type(error).__name__}: {error}); {remedy}") from None
