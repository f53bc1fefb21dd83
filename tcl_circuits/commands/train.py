"""``tcl-circuits train``: a task or a user's table, trained, with everything that a run leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Signal, named_cell
from tcl_circuits.circuit.graphfile import read_network, write_network
from tcl_circuits.circuit.netlist import build_netlist
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.run_netlist import run_netlist
from tcl_circuits.commands.check import check_inference, chosen
from tcl_circuits.commands.engine import choose
from tcl_circuits.commands.given_table import GivenTable
from tcl_circuits.commands.output import claim, number, resumable, write_csv, write_json, write_text
from tcl_circuits.commands.provenance import Clock, versions
from tcl_circuits.engines import Engine, Ngspice, Reference, Transient, waveforms
from tcl_circuits.engines.reference import is_solvable, require_solvable
from tcl_circuits.errors import InputError
from tcl_circuits.figures.network import draw_network
from tcl_circuits.figures.style import save
from tcl_circuits.figures.training import draw_loss
from tcl_circuits.figures.waveforms import draw_waveforms
from tcl_circuits.layered.tasks import TASKS as LAYERED
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training import tasks
from tcl_circuits.training.encoding import FILE as ENCODING
from tcl_circuits.training.kept import FILE as SAMPLES
from tcl_circuits.training.kept import keep_samples
from tcl_circuits.training.tasks import Task
from tcl_circuits.training.trainer import Progress, Trainer


@dataclass(frozen=True)
class TrainRequest:
    """What to train, how, and where to leave it; fields are the options of the command line."""

    task: str | None = None
    table: GivenTable | None = None
    graph: Path | None = None
    engine: str = "auto"
    rule: str = "tcl"
    signal: Signal = "power"
    cell: str = "sense"
    epochs: int | None = None
    seed: int = 0
    workers: int = 1
    out: Path | None = None
    resume: bool = False
    force: bool = False
    chirp: bool | None = None
    check: int = 0
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))

    def make_task(self) -> Task:
        """The task, or the user's table as one."""
        if self.table is None:
            if self.task is None:
                raise InputError(f"name a task ({_known_tasks()}) or give --data FILE.csv --target COLUMN")
            if self.graph is not None:
                raise InputError("--graph belongs to --data; a named task brings its own network")
            if self.task not in tasks.TASKS:
                raise InputError(f"there is no task {self.task!r}; there are {_known_tasks()}")
            return tasks.load(self.task, self.seed)
        if self.task is not None:
            raise InputError(f"give either the task {self.task!r} or --data {self.table.data}, not both")
        network = None if self.graph is None else read_network(self.graph, seed=self.seed)
        return self.table.task(self.seed, network)


def _known_tasks() -> str:
    return ", ".join([*tasks.names(), *LAYERED])


@dataclass(frozen=True)
class TrainResult:
    """What a run came to: its directory, its summary, and remarks for the user."""

    out: Path
    summary: Mapping[str, Any]
    remarks: tuple[str, ...]


def train(
    request: TrainRequest,
    notify: Callable[[str], None] = print,
    progress: Callable[[Progress], None] | None = None,
) -> TrainResult:
    """Train, and leave summary.json, history.csv, network.json, netlist.cir, checkpoint.npz and pictures.

    Parameters
    ----------
    request : TrainRequest
        What the user asked for.
    notify : callable
        Told a line where the user should know something at once.
    progress : callable, optional
        Told of each batch.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled.
    EngineError
        If a simulation fails; the checkpoint holds what was reached.
    KeyboardInterrupt
        As it comes; with a line for the user once a checkpoint is written.
    """
    task, cell = request.make_task(), named_cell(request.cell, request.signal)
    saw = request.saw
    engine, remark = choose(request.engine, request.workers)
    checked = chosen(request.check, len(task.test))
    if isinstance(engine, Reference):
        require_solvable(task.network, cell)
    trainer = Trainer(task.network, cell, saw, engine, request.rule, request.seed, request.chirp)
    theta = trainer.theta(task)
    label = task.name if request.table is None else request.table.data.stem
    out = request.out or Path("runs") / f"{label}-{request.rule}-{engine.name}-seed{request.seed}"
    clock, checkpoint = Clock(), out / "checkpoint.npz"
    with claim(out, request.force, request.resume), resumable(checkpoint):
        if remark is not None:
            notify(remark)
        if request.table is not None and task.classes is not None:
            notify(f"classes {', '.join(f'{name} {count}' for name, count in task.class_counts().items())}")
        with closing(engine):
            history = trainer.fit(
                task, request.epochs, checkpoint=checkpoint, resume=request.resume, progress=progress
            )
            sample = task.present(task.train, np.array([0]), cell, saw)
            cycles = {
                "before training": (task.network, "waveforms.png"),
                "after training": (trainer.network, "waveforms_trained.png"),
            }
            shown = {when: engine.run(one, cell, saw, sample)[0] for when, (one, _) in cycles.items()}
            spice = f"ngspice-{engine.version}" if isinstance(engine, Ngspice) else None
        summary = _summary(request, task, trainer, engine, history, clock, spice)
        summary["check"] = check_inference(trainer, task, checked)
        write_csv(out / "history.csv", history)
        write_network(trainer.network, out / "network.json")
        if task.encoding is not None:
            write_json(out / ENCODING, task.encoding.as_json())
            keep_samples(task, out / SAMPLES)
        netlist = build_netlist(trainer.network, cell, saw, sample)
        about = [f"The network after {summary['epochs']} epochs; training sample 1."]
        title = f"tcl_circuits: {task.name}, one training cycle of the trained network"
        text = run_netlist(netlist, trainer.network, saw, title, about)
        write_text(out / "netlist.cir", text)
        write_json(out / "summary.json", summary)
        _draw_run(out, task, trainer.network, history)
        for when, (network, name) in cycles.items():
            solvable = is_solvable(network, cell)
            exact = Reference(resolution=2).run(network, cell, saw, sample)[0] if solvable else None
            data = waveforms(network, cell, saw, shown[when])
            _draw_cycle(out / name, data, exact, theta, f"{task.name}, training sample 1, {when}")
    return TrainResult(out, summary, () if remark is None else (remark,))


def _summary(
    request: TrainRequest,
    task: Task,
    trainer: Trainer,
    engine: Engine,
    history: pd.DataFrame,
    clock: Clock,
    spice: str | None,
) -> dict[str, Any]:
    course = trainer.course
    assert course is not None
    first, last = history.iloc[0], history.iloc[-1]
    baseline = task.baseline
    return {
        "task": task.name,
        "description": task.description,
        "table": None if request.table is None else request.table.kept(),
        "engine": engine.name,
        "rule": request.rule,
        "signal": trainer.cell.signal,
        "cell": request.cell,
        "seed": request.seed,
        "epochs": course.epoch,
        "nodes": task.network.node_count,
        "edges": task.network.edge_count,
        "train_samples": len(task.train),
        "test_samples": len(task.test),
        "initial_loss": float(first["loss"]),
        "final_loss": float(last["loss"]),
        "test_loss": float(last["test_loss"]),
        "test_accuracy": number(last["test_accuracy"]),
        "baseline": None
        if baseline is None
        else number(baseline.loss if baseline.accuracy is None else baseline.accuracy),
        "baseline_name": None if baseline is None else baseline.name,
        "baseline_measure": None
        if baseline is None
        else ("test_loss" if baseline.accuracy is None else "test_accuracy"),
        "cosine_to_gradient": course.cosine,
        "cycles": course.cycles,
        "circuit_time_s": course.circuit_time,
        "energy_J_per_cycle": course.energy / course.cycles if course.cycles else None,
        "wall_s": clock.wall(),
        "cpu_s": clock.cpu(),
        "versions": versions(spice),
    }


def _draw_run(out: Path, task: Task, trained: Network, history: pd.DataFrame) -> None:
    """Leave the pictures of the loss and of the trained network."""
    baseline = task.baseline
    score = None if baseline is None else baseline.loss if baseline.accuracy is None else baseline.accuracy
    save(draw_loss(history, score, "" if baseline is None else baseline.name), out / "loss.png")
    save(draw_network(trained, f"{task.name} after training", reference=task.network), out / "network.png")


def _draw_cycle(path: Path, data: xr.Dataset, exact: Transient | None, theta: FloatArray, title: str) -> None:
    """Leave the picture of a cycle, with the exact solution, if there is one, over the engine's."""
    time = data["time"].to_numpy()
    theory = None if exact is None else np.array([np.interp(time, exact.time, u) for u in exact.u])
    save(draw_waveforms(data, theta=theta, theory=theory, title=title), path)
