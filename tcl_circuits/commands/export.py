"""``tcl-circuits export``: a run, a graph, a netlist or a bundle as a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Signal, named_cell
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.export_circuit import known_facts, of_circuit_run
from tcl_circuits.commands.graph import GraphDrive
from tcl_circuits.commands.output import claim
from tcl_circuits.commands.run_directory import read_summary, task_of
from tcl_circuits.errors import InputError
from tcl_circuits.files import read_text
from tcl_circuits.fitting import Checkpoint
from tcl_circuits.handoff.bundle import settle, write_bundle
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.export import rounded, rounded_values
from tcl_circuits.handoff.importing import read_bundle, read_conductances
from tcl_circuits.handoff.manifest import NAME
from tcl_circuits.handoff.parts import Cost, Parts, costs
from tcl_circuits.handoff.reading import read_flat
from tcl_circuits.handoff.values import edge_values, edited
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.course import Course
from tcl_circuits.training.task import Task

_IN_A_BUNDLE = (
    "inputs",
    "outputs",
    "ground",
    "images",
    "signal",
    "cell",
    "samples",
    "seed",
)


@dataclass(frozen=True)
class ExportRequest:
    """What to export and where to; fields are the options of the command line."""

    source: Path
    dialect: str = "ngspice"
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    ground: str | None = None
    drive: GraphDrive = field(default_factory=GraphDrive)
    images: Path | None = None
    signal: Signal = "power"
    cell: str = "sense"
    samples: int = 8
    seed: int = 0
    conductances: Path | None = None
    parts: Parts = field(default_factory=Parts)
    out: Path | None = None
    force: bool = False
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))


@dataclass(frozen=True)
class ExportResult:
    """What an export came to: its directory, the design, the cost of its parts, and remarks."""

    out: Path
    design: Design
    costs: tuple[Cost, ...]
    remarks: tuple[str, ...]


def export(request: ExportRequest) -> ExportResult:
    """Write the bundle of a run directory, a graph file, a flat netlist or another bundle.

    Raises
    ------
    InputError
        Before anything is written, if the source or an option can't be used.
    TclError
        If the files can't be written.
    """
    design, task, remarks = _source(request)
    if request.conductances is not None:
        network = read_conductances(request.conductances, design.network)
        design = edited(design, {**edge_values(design), "g": network.conductance})
    found: list[Cost] = []
    if not request.parts.ideal:
        found = costs(design.network, request.parts, design.inference, design.seed, task)
        told = [_fact(cost) for cost in found]
        facts = {**design.facts, "parts": told}
        if task is not None:
            facts |= {f"test_{what}": told[-1][what] for what in ("loss", "accuracy")}
        design = replace(design, network=request.parts.applied(design.network), facts=facts)
    if request.parts.offset_volts > 0:
        count = design.network.inputs.size + design.network.outputs.size
        offsets = rounded_values(request.parts.offsets(count, design.seed))
        design = replace(design, offsets=offsets)
    out = request.out or Path("bundles") / f"{_stem(request.source)}-{request.dialect}"
    with claim(out, force=True):
        settle(out)
        write_bundle(design, out, request.dialect, request.force)
    return ExportResult(out, design, tuple(found), tuple(remarks))


def _stem(source: Path) -> str:
    return source.resolve().stem or "bundle"


def _fact(cost: Cost) -> dict[str, Any]:
    """A cost as the bundle keeps it, to digits on which machines agree."""
    kept = asdict(cost).items()
    return {key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in kept}


def _source(request: ExportRequest) -> tuple[Design, Task | None, list[str]]:
    source = request.source
    if (source / NAME).is_file():
        return read_bundle(source), None, _of_no_use(request)
    if source.is_dir():
        return _of_run(request)
    if source.suffix.lower() in (".cir", ".net", ".sp", ".spice"):
        return (
            _of_network(request, read_flat(read_text(source, "give a netlist in UTF-8"), str(source))),
            None,
            [],
        )
    network = read_network(source, request.inputs, request.outputs, request.ground, seed=request.seed)
    return _of_network(request, network), None, []


def _of_no_use(request: ExportRequest) -> list[str]:
    """Remark on options that a bundle answers by itself."""
    plain = ExportRequest(request.source)
    given = [
        f"--{name}".replace("images", "data")
        for name in _IN_A_BUNDLE
        if getattr(request, name) != getattr(plain, name)
    ]
    if request.drive != plain.drive:
        given.append("--volts or --targets")
    if request.saw != plain.saw:
        given.append("the sawtooth's options")
    return [f"{request.source} is a bundle, which carries these itself: {', '.join(given)} not used"] * bool(
        given
    )


def _of_network(request: ExportRequest, network: Network) -> Design:
    cell = named_cell(request.cell, request.signal)
    drive = rounded(request.drive.of(network, cell, request.saw))
    volts = rounded_values(drive.inputs[:, :, -1])
    return Design(network, cell, request.saw, drive, volts, request.source.stem, request.seed)


def _of_run(request: ExportRequest) -> tuple[Design, Task | None, list[str]]:
    """Design of a run directory: the trained network, with the samples of its task."""
    run = request.source
    summary = read_summary(run)
    if summary.get("cell") == "autonomous":
        return of_circuit_run(run, summary, request.samples)
    if summary.get("engine") == "layered":
        from tcl_circuits.commands.export_layered import of_layered_run

        return of_layered_run(run, summary, request.samples, request.images)
    if request.images is not None:
        raise InputError(f"--data is the folder of a layered run's images, {run} keeps its own; leave it out")
    network = read_network(run / "network.json")
    cell = named_cell(str(summary.get("cell")), summary.get("signal", "power"))
    saw, remarks = _protocol(run, request)
    seed = int(summary.get("seed", 0))
    task = task_of(run, summary, network, seed)
    name = str(summary.get("task", run.name))
    facts = known_facts(summary)
    drive = rounded(task.present(task.train, np.array([0]), cell, saw))
    shown: FloatArray = rounded_values(task.test.inputs[: max(1, request.samples)])
    return Design(network, cell, saw, drive, shown, name, seed, facts), task, remarks


def _protocol(run: Path, request: ExportRequest) -> tuple[Sawtooth, list[str]]:
    """Sawtooth of a run, from its checkpoint."""
    path = run / "checkpoint.npz"
    if not path.exists():
        return request.saw, [f"{path} is missing, so the sawtooth is that of the options"]
    settings = Checkpoint.load(path, Course).settings
    return Sawtooth(settings["tau_f"], settings["tau_s"], settings["polarity"]), []
