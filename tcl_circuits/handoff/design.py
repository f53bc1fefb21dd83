"""What is handed over: a network, its cells, its protocol, and the samples that its test benches show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell, SenseCell, SeriesCell, Signal
from tcl_circuits.circuit.devices import HeldConductance
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import (
    ConductanceNudge,
    CurrentNudge,
    Nudge,
    OutputMap,
    SoftmaxNudge,
    single_ended,
)
from tcl_circuits.errors import InputError
from tcl_circuits.json_entry import Entry
from tcl_circuits.protocol import Polarity, Sawtooth

if TYPE_CHECKING:
    from tcl_circuits.handoff.learning import Learning

_TARGET = 0.5


@dataclass(frozen=True, eq=False)
class Design:
    """A network with all that a hardware team needs to run it.

    Parameters
    ----------
    network : Network
        As trained.
    cell : SenseCell or SeriesCell
        Edge cell.
    saw : Sawtooth
        Training protocol.
    training : Drive
        One sample, for the test bench of a training cycle.
    inference : ndarray of shape (samples, inputs)
        Input voltages of the inference test bench [V].
    title : str
        For people; only its plain characters are written.
    seed : int
        Seed of the run, and of sampled mismatch.
    facts : mapping
        What else is known of the run, by name: numbers and texts.
    offsets : ndarray of shape (inputs + outputs,)
        Offset of the op-amp at each input and behind each output [V]; empty if there are none.
    learning : Learning or None
        Cycles in which the untrained network learns by itself, for a test bench of their own.
    """

    network: Network
    cell: Cell
    saw: Sawtooth
    training: Drive
    inference: FloatArray
    title: str = "network"
    seed: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    offsets: FloatArray = field(default_factory=lambda: np.zeros(0))
    learning: Learning | None = None

    def check(self) -> None:
        """Raise an InputError if the parts do not fit, or the cell is none that a bundle can hold."""
        self.network.check()
        self.training.check(self.network)
        if self.training.samples != 1:
            raise InputError(f"export: the training cycle needs one sample, not {self.training.samples}")
        Drive.hold(self.inference).check(self.network)
        terminals = self.network.inputs.size + self.network.outputs.size
        if self.offsets.size not in (0, terminals) or not np.all(np.isfinite(self.offsets)):
            raise InputError(f"export: {self.offsets.size} offsets given for {terminals} inputs and outputs")
        if not isinstance(self.cell, SenseCell | SeriesCell):
            raise InputError(f"export: cells of type {type(self.cell).__name__} can't be exported")
        if not isinstance(self.cell.device, HeldConductance):
            kind = type(self.cell.device).__name__
            raise InputError(f"export: the device {kind} has no model in a bundle; use HeldConductance")
        if isinstance(self.cell, SenseCell) and self.cell.leak is not None:
            raise InputError("export: a leaky sense capacitor has no place in a bundle; leave `leak` out")
        if self.learning is not None:
            self.learning.circuit(self.network)
        conductance = self.network.conductance
        self._printable("sense capacitance", self.cell.capacitance(conductance), "F")
        self._printable("sense resistance", self.cell.resistance(conductance), "ohm")

    def _printable(self, what: str, values: FloatArray, unit: str) -> None:
        off = np.flatnonzero(~((values >= SMALLEST) & (values <= LARGEST)))
        if off.size:
            e = int(off[0])
            raise InputError(
                f"export: edge {self.network.edge_labels[e]}: {what} {values[e]:g} {unit} lies outside "
                f"{SMALLEST:g} .. {LARGEST:g}, which every simulator reads alike; change it"
            )

    def with_network(self, network: Network) -> Design:
        """Return the same design with another network."""
        return replace(self, network=network)

    @property
    def input_offsets(self) -> FloatArray:
        """Offset at each input [V]."""
        count = self.network.inputs.size
        return self.offsets[:count] if self.offsets.size else np.zeros(count)

    @property
    def output_offsets(self) -> FloatArray:
        """Offset behind each output [V]."""
        return self.offsets[self.network.inputs.size :] if self.offsets.size else np.zeros(0)

    @property
    def applied_training(self) -> Drive:
        """The training sample as it stands at the input nodes, behind the op-amps."""
        inputs = self.training.inputs + self.input_offsets[None, :, None]
        return replace(self.training, inputs=inputs)


SMALLEST, LARGEST = 1e-30, 1e30
"""Values that every simulator reads: some keep numbers in single precision or know no subnormal ones."""


def default_training(network: Network, cell: Cell, saw: Sawtooth) -> Drive:
    """Drive for a network of which no samples are known.

    Inputs from 1 V at the first to 0 V at the last, outputs nudged towards 0.5 V.
    """
    count = network.inputs.size
    volts = np.linspace(1.0, 0.0, count) if count > 1 else np.ones(count)
    if network.outputs.size == 0:
        return Drive.present(volts, cell, saw)
    typical = float(f"{np.exp(np.log(network.conductance).mean()):.3g}")
    nudge = ConductanceNudge(typical, single_ended(network.outputs.size))
    return Drive.present(volts, cell, saw, nudge, np.full(network.outputs.size, _TARGET))


def setup_of(design: Design) -> dict[str, Any]:
    """Everything of a design but its network, as JSON."""
    drive = design.training
    return {
        "title": design.title,
        "seed": design.seed,
        "facts": dict(design.facts),
        "cell": _cell_as_json(design.cell),
        "sawtooth": {
            "tau_f": design.saw.tau_f,
            "tau_s": design.saw.tau_s,
            "polarity": design.saw.polarity,
        },
        "training": {
            "times": drive.times.tolist(),
            "inputs": drive.inputs[0].tolist(),
            "targets": drive.targets[0].tolist(),
            "nudge": None if drive.nudge is None else _nudge_as_json(drive.nudge),
        },
        "inference": design.inference.tolist(),
        "offsets": design.offsets.tolist(),
        **({} if design.learning is None else {"learning": design.learning.as_json()}),
    }


def design_of(setup: Entry, network: Network) -> Design:
    """Read what :func:`setup_of` wrote.

    Raises
    ------
    InputError
        If it is something else, with the file and the place.
    """
    with setup.making():
        edges, outputs = network.edge_count, network.outputs.size
        training = setup.at("training")
        nudge = None if training.at("nudge").value is None else _nudge_from(training.at("nudge"), outputs)
        times = training.at("times").numbers()
        volts = training.at("inputs").table(times.size, network.inputs.size)
        targets = training.at("targets").numbers()
        drive = Drive.ramps(times, [volts], nudge, None if nudge is None else [targets])
        learning = None
        if setup.has("learning"):
            if nudge is None:
                raise training.at("nudge").fault("a nudge, which learning needs")
            from tcl_circuits.handoff.learning import Learning  # slow to load, and needed for few bundles

            learning = Learning.of_entry(setup.at("learning"), nudge, network)
        made = Design(
            network,
            _cell_from(setup.at("cell"), edges),
            saw_from(setup.at("sawtooth")),
            drive,
            setup.at("inference").table(network.inputs.size),
            setup.at("title").text(),
            setup.at("seed").whole(),
            dict(setup.at("facts").plain().members()),
            setup.at("offsets").numbers(),
            learning,
        )
        made.check()
    return made


def saw_from(found: Entry) -> Sawtooth:
    """Read a sawtooth."""
    polarity = found.at("polarity").one_of(get_args(Polarity))
    return Sawtooth(found.at("tau_f").number(), found.at("tau_s").number(), cast("Polarity", polarity))


def _values(value: float | FloatArray) -> float | list[float]:
    result: float | list[float] = np.asarray(value, dtype=float).tolist()
    return result


def _cell_as_json(cell: Cell) -> dict[str, Any]:
    if isinstance(cell, SenseCell):
        return {"kind": "sense", "signal": cell.signal, "c": _values(cell.c), "r": _values(cell.r)}
    assert isinstance(cell, SeriesCell)
    return {"kind": "series", "c": _values(cell.c)}


def _cell_from(found: Entry, edges: int) -> SenseCell | SeriesCell:
    kind = found.at("kind").one_of(("sense", "series"))
    c = found.at("c").one_or_each(edges)
    if kind == "series":
        return SeriesCell(c)
    signal = found.at("signal").one_of(get_args(Signal))
    return SenseCell(cast("Signal", signal), c, found.at("r").one_or_each(edges))


def _nudge_as_json(nudge: Nudge) -> dict[str, Any]:
    minus = nudge.outputs.minus
    shared = {"plus": list(nudge.outputs.plus), "minus": None if minus is None else list(minus)}
    match nudge:
        case ConductanceNudge() | CurrentNudge():
            kind = "conductance" if nudge.closed_loop else "current"
            return {"kind": kind, "conductance": nudge.conductance, **shared}
        case SoftmaxNudge():
            return {
                "kind": "softmax",
                "conductance": nudge.conductance,
                "temperature": nudge.temperature,
                **shared,
            }
    raise InputError(f"export: nudges of type {type(nudge).__name__} can't be exported")


def _nudge_from(found: Entry, outputs: int) -> Nudge:
    kind = found.at("kind").one_of(("conductance", "current", "softmax"))
    plus, minus = found.at("plus"), found.at("minus")
    places = tuple(one.whole(0, outputs - 1) for one in plus.items())
    others = None if minus.value is None else tuple(one.whole(0, outputs - 1) for one in minus.items())
    if not places or (others is not None and len(others) != len(places)):
        raise found.fault("a nudge of one output or more, as many minus as plus")
    conductance, at = found.at("conductance").number(), OutputMap(places, others)
    if kind == "softmax":
        return SoftmaxNudge(conductance, found.at("temperature").number(), at)
    return CurrentNudge(conductance, at) if kind == "current" else ConductanceNudge(conductance, at)
