"""``tcl-circuits compare``: the same cycles in two engines, side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SIGNAL_UNITS, Cell, Signal, named_cell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.graph import GraphDrive
from tcl_circuits.commands.output import claim, write_json
from tcl_circuits.engines import Engine, Ngspice, Reference, Transient, waveforms
from tcl_circuits.engines.installation import library_path
from tcl_circuits.errors import InputError
from tcl_circuits.figures.comparison import draw_comparison
from tcl_circuits.figures.style import save
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training import tasks
from tcl_circuits.training.pace import design_rule
from tcl_circuits.training.readout import temporal_contrast

_SAMPLES = 8
_FINE = 8.0


@dataclass(frozen=True)
class CompareRequest:
    """What to compare and where to leave it; fields are the options of the command line."""

    subject: str
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    ground: str | None = None
    drive: GraphDrive = field(default_factory=GraphDrive)
    engines: tuple[str, str] = ("ngspice", "reference")
    signal: Signal = "power"
    cell: str = "sense"
    reltol: float = 1e-5
    seed: int = 0
    out: Path | None = None
    force: bool = False
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))

    def make(self, cell: Cell) -> tuple[Network, Drive]:
        """Network and drive: a task's first training samples, or a graph file's one."""
        if self.subject in tasks.names():
            task = tasks.load(self.subject, self.seed)
            chosen = np.arange(min(_SAMPLES, len(task.train)))
            return task.network, task.present(task.train, chosen, cell, self.saw)
        path = Path(self.subject)
        if not path.exists():
            raise InputError(
                f"{self.subject!r} is neither a task ({', '.join(tasks.names())}) nor a graph file"
            )
        network = read_network(path, self.inputs, self.outputs, self.ground, seed=self.seed)
        return network, self.drive.of(network, cell, self.saw)


@dataclass(frozen=True)
class CompareResult:
    """What a comparison came to: its directory and its figures."""

    out: Path
    comparison: Mapping[str, Any]


def compare(request: CompareRequest) -> CompareResult:
    """Run the same cycles in two engines, and leave comparison.json and comparison.png.

    Raises
    ------
    InputError
        Before anything runs, if the subject or an engine can't be used.
    EngineError
        If a simulation fails.
    """
    cell, saw = named_cell(request.cell, request.signal), request.saw
    network, drive = request.make(cell)
    network.check()
    drive.check(network)
    engines = [_engine(name, request.reltol) for name in request.engines]
    label = request.subject if request.subject in tasks.names() else Path(request.subject).stem
    with claim(request.out or Path("runs") / f"compare-{label}", request.force) as out:
        runs, seconds = [], []
        for engine in engines:
            start = time.monotonic()
            try:
                runs.append(engine.run(network, cell, saw, drive))
            finally:
                engine.close()
            seconds.append(time.monotonic() - start)
        gate = design_rule(network, cell, saw, drive).gate(network, cell)
        updates = [-temporal_contrast(network, cell, saw, found, gate).sum(axis=0) for found in runs]
        first, second = runs
        comparison = {
            "subject": request.subject,
            "engines": list(request.engines),
            "cell": request.cell,
            "signal": cell.signal,
            "nodes": network.node_count,
            "edges": network.edge_count,
            "samples": drive.samples,
            "waveform_max_error": max(_waveform_error(a, b) for a, b in zip(first, second, strict=True)),
            "voltage_max_error_V": max(_voltage_error(a, b) for a, b in zip(first, second, strict=True)),
            "update_relative_l2": _relative(updates[0] - updates[1], updates[1]),
            "update_cosine": _cosine(updates[0], updates[1]),
            "points": [int(np.mean([t.time.size for t in found])) for found in runs],
            "wall_s": seconds,
        }
        write_json(out / "comparison.json", comparison)
        data = [waveforms(network, cell, saw, found[0]) for found in runs]
        figure = draw_comparison(
            data[0], data[1], (updates[0], updates[1]), request.engines, update_unit=SIGNAL_UNITS[cell.signal]
        )
        save(figure, out / "comparison.png")
    return CompareResult(out, comparison)


def _engine(name: str, reltol: float) -> Engine:
    if name == "ngspice":
        library_path()
        return Ngspice(reltol=reltol)
    if name == "reference":
        return Reference(resolution=_FINE)
    raise InputError(f"there is no engine {name!r}; there are ngspice and reference")


def _waveform_error(a: Transient, b: Transient) -> float:
    """Largest difference of u at the points of the first, in shares of the largest u of the second."""
    largest = float(np.abs(b.u).max())
    if largest == 0:
        return 0.0
    return _difference(a.time, a.u, b.time, b.u) / largest


def _voltage_error(a: Transient, b: Transient) -> float:
    return _difference(a.time, a.voltage, b.time, b.voltage)


def _difference(time: FloatArray, values: FloatArray, grid: FloatArray, fine: FloatArray) -> float:
    return max(
        float(np.abs(row - np.interp(time, grid, other)).max())
        for row, other in zip(values, fine, strict=True)
    )


def _relative(difference: FloatArray, whole: FloatArray) -> float | None:
    norm = float(np.linalg.norm(whole))
    return float(np.linalg.norm(difference)) / norm if norm > 0 else None


def _cosine(a: FloatArray, b: FloatArray) -> float | None:
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norms if norms > 0 else None
