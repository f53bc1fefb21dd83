"""``tcl-circuits train`` for layered circuits: images, trained, with everything that a run leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tcl_circuits.arrays import IntArray
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.graphfile import write_network
from tcl_circuits.circuit.netlist import build_netlist
from tcl_circuits.circuit.run_netlist import run_netlist
from tcl_circuits.commands.check import agreement, chosen
from tcl_circuits.commands.output import claim, resumable, write_csv, write_json, write_text
from tcl_circuits.commands.provenance import Clock, versions
from tcl_circuits.commands.train import TrainResult
from tcl_circuits.engines import Ngspice
from tcl_circuits.errors import InputError
from tcl_circuits.figures.ep import draw_features
from tcl_circuits.figures.network import draw_network
from tcl_circuits.figures.style import save
from tcl_circuits.figures.training import draw_loss
from tcl_circuits.files import replacing
from tcl_circuits.layered import tasks
from tcl_circuits.layered.circuit import LayeredCircuit, with_bias
from tcl_circuits.layered.energy import dissipated
from tcl_circuits.layered.netlist import BareCell, Laid
from tcl_circuits.layered.recipe import Recipe
from tcl_circuits.layered.trainer import Trainer
from tcl_circuits.training.task import Baseline
from tcl_circuits.training.trainer import Progress

_DRAWN = 300
"""Most edges of a network that is drawn."""
_LISTED = 20_000
"""Most edges of a network that is written as a graph."""
_LONGEST = 600.0
"""Longest time for one operating point in ngspice [s]."""
_METERED = 100
"""Test images whose power is averaged."""


@dataclass(frozen=True)
class LayeredRequest:
    """What to train, how, and where to leave it; fields are the options of the command line."""

    task: str
    data: Path | None = None
    hidden: int | None = None
    rule: str = "tcl"
    epochs: int | None = None
    seed: int = 0
    shift: int = 0
    compiled: bool | None = None
    out: Path | None = None
    resume: bool = False
    force: bool = False
    check: int = 0

    def __post_init__(self) -> None:
        if self.hidden is not None and self.hidden < 1:
            raise InputError(
                f"--hidden {self.hidden} must be at least 1; without hidden nodes: digits-linear"
            )

    @property
    def nodes(self) -> int:
        """Hidden nodes."""
        own = tasks.find(self.task).hidden
        if own == 0 and self.hidden is not None:
            raise InputError(f"the task {self.task} has no hidden nodes; leave --hidden {self.hidden} out")
        return own if self.hidden is None else self.hidden

    @property
    def passes(self) -> int:
        """Epochs."""
        return tasks.find(self.task).epochs if self.epochs is None else self.epochs


def train_layered(request: LayeredRequest, progress: Callable[[Progress], None] | None = None) -> TrainResult:
    """Train, and leave summary.json, history.csv, weights.npz, netlist.cir, checkpoint.npz and pictures.

    Parameters
    ----------
    request : LayeredRequest
        What the user asked for.
    progress : callable, optional
        Told of each batch.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled.
    TclError
        If training fails; the checkpoint holds what was reached.
    KeyboardInterrupt
        As it comes, after the checkpoint is written.
    """
    clock = Clock()
    data = tasks.find(request.task).data(request.seed, request.data)
    checked = chosen(request.check, len(data.test_x))
    recipe = Recipe(shift=request.shift)
    trainer = Trainer(data, request.nodes, request.rule, recipe, request.seed, request.compiled)
    out = request.out or Path("runs") / f"{request.task}-{request.rule}-layered-seed{request.seed}"
    checkpoint, needed = out / "checkpoint.npz", _bytes_needed(trainer.start)
    with claim(out, request.force, request.resume, needed), resumable(checkpoint):
        history = trainer.fit(request.passes, checkpoint, request.resume, progress)
        write_csv(out / "history.csv", history)
        write_weights(trainer.circuit, out / "weights.npz")
        _write_networks(out, trainer)
        baseline = tasks.baseline(data, request.nodes, request.passes, request.seed)
        summary = _summary(request, trainer, history, baseline, clock)
        summary["check"] = check_layered(trainer, checked)
        _draw(out, trainer, history, baseline)
        write_json(out / "summary.json", summary)
    return TrainResult(out, summary, ())


def check_layered(trainer: Trainer, samples: IntArray) -> dict[str, Any] | None:
    """Check a trained circuit in ngspice, its inputs folded, on test images; None if there are none.

    Raises
    ------
    EngineError
        If ngspice fails.
    """
    if samples.size == 0:
        return None
    folded, x = Laid.folded(trainer.circuit), trainer.data.test_x[samples]
    with Ngspice(time_limit=_LONGEST) as engine:
        nodes = engine.settle(folded.network, BareCell(), folded.volts(with_bias(x)))
    outputs, classes = folded.outputs(nodes), trainer.data.classes
    exact, simulated = trainer.values(x), outputs[:, :classes] - outputs[:, classes:]
    return agreement(exact, simulated, (exact.argmax(axis=1), simulated.argmax(axis=1)))


def _bytes_needed(circuit: LayeredCircuit) -> int:
    """Room on the disk: weights, a checkpoint and the next one, netlist and pictures."""
    return 20_000_000 + 16 * circuit.edges


def write_weights(circuit: LayeredCircuit, path: Path) -> None:
    """Write a circuit whole or not at all: conductances [S], volts, gains, diodes, without pickle."""
    arrays: dict[str, Any] = {
        "plus": circuit.plus,
        "minus": circuit.minus,
        "volts": np.array(circuit.volts),
        "temperature": np.array(circuit.temperature),
    }
    hidden = circuit.hidden
    if hidden is not None:
        arrays |= {
            "inner": hidden.conductance,
            "forward": np.array(hidden.forward),
            "back": np.array(hidden.back),
            "saturation": np.array(hidden.diodes.saturation),
            "ohms": np.array(hidden.diodes.ohms),
            "rail": np.array(hidden.rail),
        }
    with replacing(path) as file:
        np.savez(file, **arrays)


def _write_networks(out: Path, trainer: Trainer) -> None:
    """Leave one training cycle of the trained circuit as a netlist, and small circuits as a graph."""
    data, circuit = trainer.data, trainer.circuit
    folded = Laid.folded(circuit)
    target = np.eye(data.classes)[data.train_y[:1]]
    drive = Drive.hold(folded.volts(with_bias(data.train_x[:1])), circuit.nudge(trainer.beta), target)
    netlist = build_netlist(folded.network, SenseCell(), trainer.saw, drive)
    title = f"tcl_circuits: {data.name}, one training cycle of the trained circuit"
    about = ["Training image 1. Sources t0, t1, ... behind one edge each stand for all inputs (Thevenin)."]
    text = run_netlist(netlist, folded.network, trainer.saw, title, about)
    write_text(out / "netlist.cir", text)
    if circuit.edges <= _LISTED:
        write_network(Laid.whole(circuit).network, out / "network.json")


def _summary(
    request: LayeredRequest,
    trainer: Trainer,
    history: pd.DataFrame,
    baseline: Baseline,
    clock: Clock,
) -> dict[str, Any]:
    course, data = trainer.course, trainer.data
    assert course is not None
    first, last = history.iloc[0], history.iloc[-1]
    return {
        "task": request.task,
        "description": tasks.find(request.task).description,
        "engine": "layered",
        "rule": request.rule,
        "signal": "power",
        "cell": "sense",
        "seed": request.seed,
        "hidden": trainer.start.hidden_nodes,
        "recipe": trainer.recipe.describe(),
        "compiled": trainer.compiled,
        "epochs": course.epoch,
        "nodes": trainer.start.nodes,
        "edges": trainer.start.edges,
        "train_samples": len(data.train_x),
        "test_samples": len(data.test_x),
        "initial_loss": float(first["loss"]),
        "final_loss": float(last["loss"]),
        "test_loss": float(last["test_loss"]),
        "test_accuracy": float(last["test_accuracy"]),
        "baseline": baseline.accuracy,
        "baseline_name": baseline.name,
        "baseline_measure": "test_accuracy",
        "cosine_to_gradient": course.cosine,
        "cycles": course.cycles,
        "circuit_time_s": course.cycles * trainer.saw.period,
        "energy_J_per_cycle": _power(trainer) * trainer.saw.period,
        "wall_s": clock.wall(),
        "cpu_s": clock.cpu(),
        "versions": versions(None),
    }


def _power(trainer: Trainer) -> float:
    """Mean power of the trained circuit at rest [W]."""
    x = with_bias(trainer.data.train_x[:_METERED])
    return float(dissipated(trainer.circuit, x, trainer.settle(x)).mean())


def _draw(out: Path, trainer: Trainer, history: pd.DataFrame, baseline: Baseline) -> None:
    """Leave the pictures: loss, what nodes look for in images, the network if it is small."""
    data = trainer.data
    save(draw_loss(history, baseline.accuracy, baseline.name, "nat"), out / "loss.png")
    if data.image_shape is not None:
        _draw_features(trainer, data.image_shape, out / "features.png")
    if trainer.circuit.edges <= _DRAWN:
        before, after = (Laid.whole(c).network for c in (trainer.start, trainer.circuit))
        save(draw_network(after, f"{data.name} after training", reference=before), out / "network.png")


def _draw_features(trainer: Trainer, shape: tuple[int, int], path: Path) -> None:
    """Leave a picture of how the inputs' conductances have changed, in microsiemens."""
    before, after = trainer.start, trainer.circuit
    change = (after.plus - after.minus) - (before.plus - before.minus)
    nodes = "hidden nodes" if before.hidden else "outputs"
    label = "Change of conductance from +x less from -x (µS)"
    save(draw_features(1e6 * change[:-1], shape, f"What {nodes} look for", label=label), path)
