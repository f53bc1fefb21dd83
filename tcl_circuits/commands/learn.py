"""``tcl-circuits learn-in-circuit``: one transient trains a network, with everything that a run leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.moments import moments
from tcl_circuits.autonomous.plan import Plan, Request, plan
from tcl_circuits.autonomous.recipe import CircuitTask
from tcl_circuits.autonomous.record import Records
from tcl_circuits.autonomous.results import cosine_to_gradient, energies, history, trajectories
from tcl_circuits.autonomous.run import Progress, Run
from tcl_circuits.autonomous.stability import stability
from tcl_circuits.autonomous.transient import ngspice_version
from tcl_circuits.circuit.graphfile import write_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.spring_file import write_lattice
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.commands.output import (
    claim,
    number,
    resumable,
    write_csv,
    write_json,
    write_netcdf,
    write_text,
)
from tcl_circuits.commands.provenance import Clock, versions
from tcl_circuits.engines.installation import ngspice_program
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.figures.autonomous import draw_circuit_loss, draw_conductances, draw_learning_cycles
from tcl_circuits.figures.film import draw_strip, write_film
from tcl_circuits.figures.network import draw_network
from tcl_circuits.figures.springs import draw_springs
from tcl_circuits.figures.style import save
from tcl_circuits.files import require_file

_NEEDED_BYTES = 20_000_000


@dataclass(frozen=True)
class LearnRequest:
    """What to learn, how, and where to leave it; fields are the options of the command line."""

    task: str
    run: Request = field(default_factory=Request)
    out: Path | None = None
    resume: bool = False
    force: bool = False
    force_unstable: bool = False
    time_limit: float | None = None


@dataclass(frozen=True)
class LearnResult:
    """What a run came to: its directory and its summary."""

    out: Path
    summary: Mapping[str, Any]


def learn(
    request: LearnRequest,
    notify: Callable[[str], None] = print,
    progress: Callable[[Progress], None] | None = None,
) -> LearnResult:
    """Let a circuit learn, and leave the files of a run.

    summary.json, history.csv, trajectories.nc, network.json, netlist.cir, waveforms.nc, stream.bin,
    stream.json, and the pictures loss.png, conductances.png, network.png, waveforms.png, film.png, film.gif.

    Parameters
    ----------
    request : LearnRequest
        What the user asked for.
    notify : callable
        Told a line where the user should know something at once.
    progress : callable, optional
        Told of the circuit time reached.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled or nothing could be learned.
    EngineError
        If ngspice stops early; what was reached is kept.
    """
    ngspice_program()
    if request.time_limit is not None and not request.time_limit > 0:
        raise InputError(f"--time-limit {request.time_limit} s must be positive")
    learned = tasks.load(request.task, request.run.seed)
    planned = plan(learned, request.run, request.force_unstable)
    out = (
        request.out or Path("runs") / f"{request.task}-circuit-{request.run.polarity}-seed{request.run.seed}"
    )
    run = Run(planned.design, out, _settings(request))
    with claim(out, request.force, request.resume, _NEEDED_BYTES + 2 * run.size):
        notify(planned.stability.words())
        for remark in planned.remarks:
            notify(remark)
        write_text(out / "netlist.cir", run.netlist())
        clock = Clock()
        with resumable(out / "stream.bin"):
            try:
                run.go(request.resume, request.time_limit, progress, notify)
            except (KeyboardInterrupt, TclError):
                _leave_reached(run, learned, out)
                raise
            records = run.records()
            past = history(run, records, learned)
            found = trajectories(run, records)
            spent = clock.wall(), clock.cpu()
            trained = run.design.network.with_conductance(
                np.clip(found["conductance"].to_numpy()[-1], *run.design.network.bounds)
            )
            summary = _summary(request, learned, planned, run, records, past, trained, spent)
            write_csv(out / "history.csv", past)
            write_netcdf(out / "trajectories.nc", found)
            if isinstance(trained, SpringNetwork):
                write_lattice(trained, out / "network.json")
            else:
                write_network(trained, out / "network.json")
            write_json(out / "summary.json", summary)
            _draw(out, learned, trained, past, found, notify)
    return LearnResult(out, summary)


def _settings(request: LearnRequest) -> dict[str, Any]:
    return {"task": request.task, **asdict(request.run)}


def _leave_reached(run: Run, learned: CircuitTask, out: Path) -> None:
    """Leave the tables of a run that ended early, if it reached anything."""
    try:
        records = run.records()
    except InputError:
        return
    if records.of_kind("end").time.size:
        write_csv(out / "history.csv", history(run, records, learned))
        write_netcdf(out / "trajectories.nc", trajectories(run, records))


def _summary(
    request: LearnRequest,
    learned: CircuitTask,
    planned: Plan,
    run: Run,
    records: Records,
    past: pd.DataFrame,
    trained: Network,
    spent: tuple[float, float],
) -> dict[str, Any]:
    task, design = learned.task, run.design
    first, last, baseline = past.iloc[0], past.iloc[-1], task.baseline
    cell = design.cell
    parts = energies(records)
    error = parts.pop("relative_error", None)
    score = None if baseline is None else baseline.loss if baseline.accuracy is None else baseline.accuracy
    measure = None if baseline is None else "test_loss" if baseline.accuracy is None else "test_accuracy"
    return {
        "task": task.name,
        "description": task.description,
        "engine": "ngspice",
        "rule": "tcl",
        "signal": cell.signal,
        "cell": "autonomous",
        "polarity": cell.polarity,
        "lag_s": cell.lag,
        "threshold": cell.threshold,
        "theta_V": cell.theta,
        "detector": design.detector is not None,
        "gain": cell.gain,
        "lambda_max": planned.stability.exact,
        "lambda_max_bound": planned.stability.bound,
        "lambda_max_limit": planned.stability.limit,
        "lambda_max_final": stability(
            trained, task.train.inputs, cell.signal, cell.gain, cell.polarity, cell.lag > 0
        ).exact,
        "seed": request.run.seed,
        "epochs": design.schedule.cycles / len(task.train),
        "nodes": design.network.node_count,
        "edges": design.network.edge_count,
        "train_samples": len(task.train),
        "test_samples": len(task.test),
        "initial_loss": float(first["loss"]),
        "final_loss": float(last["loss"]),
        "test_loss": number(last["test_loss"]),
        "train_accuracy": number(last["accuracy"]),
        "test_accuracy": number(last["test_accuracy"]),
        "baseline": score,
        "baseline_name": None if baseline is None else baseline.name,
        "baseline_measure": measure,
        "cosine_to_gradient": number(cosine_to_gradient(run, records, learned)),
        "cycles": design.schedule.cycles,
        "circuit_time_s": float(records.time[-1]),
        "energy_J": parts,
        "energy_balance_error": error,
        "energy_J_per_cycle": parts["conductances"] / design.schedule.cycles
        if design.schedule.cycles
        else None,
        "wall_s": spent[0],
        "cpu_s": spent[1],
        "versions": versions(ngspice_version()),
    }


def _draw(
    out: Path,
    learned: CircuitTask,
    trained: Network,
    past: pd.DataFrame,
    found: xr.Dataset,
    notify: Callable[[str], None],
) -> None:
    task, baseline = learned.task, learned.task.baseline
    score = None if baseline is None else baseline.loss if baseline.accuracy is None else baseline.accuracy
    name = "" if baseline is None else baseline.name
    title = f"{task.name}, learned in one transient"
    unit = "V2" if task.classes is None else "nat"
    save(draw_circuit_loss(past, score, name, unit, title), out / "loss.png")
    save(draw_conductances(found, title), out / "conductances.png")
    shown = moments(learned, found)
    save(draw_strip(shown, title=title), out / "film.png")
    write_film(shown, out / "film.gif", title)
    _draw_learned(task.network, trained, task.name, out / "network.png")
    _draw_first_cycles(out, notify)


def _draw_first_cycles(out: Path, notify: Callable[[str], None]) -> None:
    """Picture of the first learning cycles; without it, and with a line, where their file is no good."""
    path = out / "waveforms.nc"
    try:
        require_file(path, "there is no new waveforms.png")
        with xr.open_dataset(path) as data:
            save(draw_learning_cycles(data.load(), "The first learning cycles"), out / "waveforms.png")
    except InputError as fault:
        notify(str(fault))
    except Exception as fault:  # the readers of netCDF raise nearly anything at a damaged file
        reason = " ".join(str(fault).split())
        notify(f"{path} is damaged ({reason}); there is no new waveforms.png")


def _draw_learned(before: Network, after: Network, name: str, path: Path) -> None:
    """Picture of what was learned: of springs as a lattice, of any other network as a graph."""
    if isinstance(before, SpringNetwork) and isinstance(after, SpringNetwork):
        save(draw_springs(before, after, f"{name}, learned in one transient"), path)
    else:
        save(draw_network(after, f"{name} after learning", reference=before), path)
