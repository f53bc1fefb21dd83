"""``tcl-circuits cost``: time, energy and noise of a run or a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.cells import Cell, Signal, named_cell
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.output import claim, write_json
from tcl_circuits.commands.run_directory import read_summary, task_of
from tcl_circuits.errors import InputError
from tcl_circuits.figures.cost import draw_cost
from tcl_circuits.figures.style import save
from tcl_circuits.fitting import Checkpoint
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys import Assumptions, CycleCost, Learning, Margin, check_laws
from tcl_circuits.surveys import cost as survey
from tcl_circuits.surveys.cost import ENOUGH, designed
from tcl_circuits.training import tasks
from tcl_circuits.training.course import Course
from tcl_circuits.training.pace import Pace
from tcl_circuits.training.task import Task
from tcl_circuits.units import engineering

_CHIRP = 5
"""Column of a history that holds the sawtooth's factor."""


@dataclass(frozen=True)
class CostRequest:
    """What to account for, and where to leave it; fields are the options of the command line."""

    subject: str
    signal: Signal = "power"
    cell: str = "sense"
    seed: int = 0
    assumptions: Assumptions = field(default_factory=Assumptions)
    out: Path | None = None
    force: bool = False
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))


@dataclass(frozen=True, eq=False)
class CostResult:
    """What an account came to: its directory, cost.json, and warnings for the user."""

    out: Path
    cost: Mapping[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Cycle:
    """A cycle to account for."""

    network: Network
    saw: Sawtooth
    learning: Learning


@dataclass(frozen=True, eq=False)
class _Subject:
    """A run or a task: its cycles by name, and what the training as a whole took."""

    task: Task
    cell: Cell
    seed: int
    cycles: Mapping[str, _Cycle]
    training: Mapping[str, Any] | None
    remarks: tuple[str, ...] = ()


def cost(request: CostRequest) -> CostResult:
    """Account for a run's first and last cycle, or a task's first, and leave cost.json and cost.png.

    Raises
    ------
    InputError
        Before anything runs, if the run, the task or an option can't be used.
    EngineError
        If a simulation fails.
    """
    run = Path(request.subject)
    subject = _of_run(run) if run.is_dir() else _of_task(request)
    with claim(request.out or Path("runs") / f"cost-{run.resolve().name}", request.force) as out:
        found = {
            name: survey(
                subject.task, subject.cell, at.saw, at.network, at.learning, assumptions=request.assumptions
            )
            for name, at in subject.cycles.items()
        }
        content = _content(request, subject, found)
        write_json(out / "cost.json", content)
        save(draw_cost(content), out / "cost.png")
    warnings = [f"{name} cycle: {said}" for name, each in found.items() for said in _warnings(each.margin)]
    return CostResult(out, content, (*subject.remarks, *warnings))


def _of_task(request: CostRequest) -> _Subject:
    if request.subject not in tasks.names():
        raise InputError(
            f"{request.subject!r} is neither a run directory nor a task ({', '.join(tasks.names())})"
        )
    task, cell = tasks.load(request.subject, request.seed), named_cell(request.cell, request.signal)
    learning = designed(task, cell, request.saw, seed=request.seed)
    return _Subject(task, cell, request.seed, {"first": _Cycle(task.network, request.saw, learning)}, None)


def _of_run(run: Path) -> _Subject:
    summary = read_summary(run)
    if summary.get("engine") == "layered" or summary.get("cell") == "autonomous":
        raise InputError(
            f"{run} is no run of a network that a host updates; {run / 'summary.json'} has its energy as "
            "energy_J_per_cycle, and a run in the circuit has it by part as energy_J"
        )
    trained = read_network(run / "network.json")
    saved = Checkpoint.load(run / "checkpoint.npz", Course)
    settings, seed = saved.settings, int(summary.get("seed", 0))
    task = task_of(run, summary, trained, seed)
    cell = named_cell(str(summary.get("cell")), summary.get("signal", "power"))
    saw = Sawtooth(settings["tau_f"], settings["tau_s"], settings["polarity"])
    remarks = []
    if summary.get("rule") == "tcl":
        slope = settings["threshold"] * settings["amplitude"] / saw.tau_s
        learning = Learning(slope, settings["gain"] / settings["batch"])
    else:
        learning = designed(task, cell, saw, seed=seed)
        remarks.append(f"the run learned by {summary.get('rule')}; threshold and writes are those of tcl")
    tau = float((cell.capacitance(trained.conductance) * cell.resistance(trained.conductance)).max())
    pace = Pace.following(saw, float(saved.course.rows[-1, _CHIRP]), tau)
    last = _Cycle(trained, pace.saw, Learning(learning.slope * pace.threshold, learning.gain))
    first = {"first": _Cycle(task.network, saw, learning)}
    state = saved.course
    training = {
        "epochs": state.epoch,
        "cycles": state.cycles,
        "circuit_time_s": state.circuit_time,
        "dc_and_sense_J": state.energy,
    }
    return _Subject(task, cell, seed, {**first, "last": last}, training, tuple(remarks))


def _content(request: CostRequest, subject: _Subject, found: Mapping[str, CycleCost]) -> dict[str, Any]:
    training = subject.training
    task, first = subject.task, next(iter(found.values()))
    if training is None:
        cycles = task.recipe.epochs * len(task.train)
        training = {
            "epochs": task.recipe.epochs,
            "cycles": cycles,
            "circuit_time_s": cycles * first.time,
            "dc_and_sense_J": cycles * (first.energy.dc + first.energy.diodes + first.energy.sense),
        }
    assumptions = asdict(request.assumptions)
    return {
        "subject": request.subject,
        "task": task.name,
        "seed": subject.seed,
        "signal": subject.cell.signal,
        "nodes": task.network.node_count,
        "edges": task.network.edge_count,
        "samples": len(task.train),
        "cycles": {
            name: _cycle_content(each, subject.cycles[name], request.assumptions.temperature)
            for name, each in found.items()
        },
        "training": dict(training),
        "training_is": "the recipe at the first cycle's cost" if subject.training is None else "as it ran",
        "assumptions": assumptions,
        "noise_laws": _laws(subject, found),
        "versions": {package: version(package) for package in ("tcl-circuits", "numpy", "scipy")},
    }


def _cycle_content(found: CycleCost, cycle: _Cycle, temperature: float) -> dict[str, Any]:
    energy, write = found.energy, found.write
    return {
        "tau_f_s": cycle.saw.tau_f,
        "tau_s_s": cycle.saw.tau_s,
        "time_s": found.time,
        "dc_J": energy.dc,
        "diodes_J": energy.diodes,
        "sense_J": energy.sense,
        "write_J": write.dissipated,
        "total_J": found.total,
        "sources_J": {
            name: getattr(energy, name) for name in ("inputs", "nudge", "signals", "rails", "amplifiers")
        },
        "stored_J": {
            "sense": energy.sense_stored,
            "nodes": energy.node_stored,
            "conductances": write.stored,
        },
        "closure": {"all": energy.closure, "sense": energy.sense_closure, "write": write.closure},
        "written_edges": write.edges,
        "appendix_c_J": found.principle.energy,
        "appendix_c_kT": found.principle.in_kt(temperature),
        "threshold": None if found.margin is None else _margin_content(found.margin),
    }


def _margin_content(margin: Margin) -> dict[str, Any]:
    return {
        "threshold_V": margin.theta,
        "noise_V": margin.noise,
        "sigmas": margin.sigmas,
        "enough": margin.enough,
        "capacitance_F": margin.capacitance,
        "least_contrast": margin.least_contrast,
        "capacitance_for_3_sigma_F": margin.needed_capacitance(3.0),
        "capacitance_for_4_sigma_F": margin.needed_capacitance(),
        "gain_for_4_sigma": margin.needed_gain(),
    }


def _laws(subject: _Subject, found: Mapping[str, CycleCost]) -> dict[str, Any]:
    """Monte Carlo of the laws of noise, at the ramps and the threshold of the subject's first cycle."""
    name, first = next(iter(found.items()))
    cycle = subject.cycles[name]
    at = cycle.network.conductance
    tau = float((subject.cell.capacitance(at) * subject.cell.resistance(at)).max())
    sigmas = ENOUGH if first.margin is None else first.margin.sigmas
    laws = check_laws(cycle.saw.tau_f / tau, cycle.saw.ratio, sigmas, seed=subject.seed)
    return {
        key: {"law": law.law, "expected": law.expected, "found": law.found, "error": law.error}
        for key, law in laws.items()
    }


def _warnings(margin: Margin | None) -> list[str]:
    if margin is None or margin.enough:
        return []
    return [
        f"the threshold, {engineering(margin.theta, 'V')}, is {margin.sigmas:.2g} noise voltages of "
        f"{engineering(margin.noise, 'V')}, below {ENOUGH:g}: noise writes too. A sense capacitor of "
        f"{engineering(margin.needed_capacitance(), 'F')} (R C held), or a gain of "
        f"{margin.needed_gain():.2g} of the signal before the sense branch, would do"
    ]
