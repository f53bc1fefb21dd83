"""The circuit that learns by itself, as a bundle carries it: where it starts, and some cycles of its run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.circuit import Control, elements_of
from tcl_circuits.autonomous.design import Design as Circuit
from tcl_circuits.autonomous.schedule import Period, Schedule
from tcl_circuits.autonomous.timing import Timing
from tcl_circuits.circuit.autonomous_cell import AutonomousCell
from tcl_circuits.circuit.autonomous_elements import elements, subcircuit
from tcl_circuits.circuit.elements import Capacitor, Element, Subcircuit
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.design import saw_from
from tcl_circuits.handoff.dialects.base import Instance, Run
from tcl_circuits.json_entry import Entry
from tcl_circuits.training.task import Samples

BENCH = "learning"
LIBRARY = "learning.lib"
_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Learning:
    """Some cycles of a circuit that learns by itself.

    Parameters
    ----------
    cell : AutonomousCell
        The cell of each edge.
    timing : Timing
        Clock of a cycle.
    nudge : Nudge
        The nudge.
    start : ndarray of shape (edges,)
        Conductances at the start [S].
    inputs : ndarray of shape (cycles, inputs)
        Input voltages of each cycle [V].
    targets : ndarray of shape (cycles, values)
        Targets of each cycle.
    """

    cell: AutonomousCell
    timing: Timing
    nudge: Nudge
    start: FloatArray
    inputs: FloatArray
    targets: FloatArray

    @classmethod
    def of(cls, circuit: Circuit, cycles: int) -> Learning:
        """First cycles of a run, without the looks between them.

        Raises
        ------
        InputError
            If a peak detector sets the threshold: a bundle's cell has a threshold of its own.
        """
        if circuit.detector is not None:
            raise InputError("export: a run with --detector can't be a test bench; export one without")
        learned = [period.samples[0] for period in circuit.schedule.periods if period.learns][:cycles]
        return cls(
            circuit.cell,
            circuit.schedule.timing,
            circuit.nudge,
            circuit.network.conductance,
            circuit.inputs[learned],
            circuit.targets[learned],
        )

    @property
    def cycles(self) -> int:
        """How many."""
        return int(self.inputs.shape[0])

    def circuit(self, network: Network) -> Circuit:
        """Return these cycles as an autonomous run of a network of the same structure."""
        low, high = self.cell.bounds
        start = replace(network.with_conductance(self.start), bounds=(low, high))
        periods = tuple(Period(True, (k,), k + 1, 0) for k in range(self.cycles))
        schedule = Schedule(self.timing, periods, self.timing.gap)
        samples = Samples(self.inputs, self.targets)
        none = Samples(self.inputs[:0], self.targets[:0])
        return Circuit(start, self.cell, self.nudge, schedule, samples, none)

    def as_json(self) -> dict[str, Any]:
        """All but the nudge, as JSON."""
        return {
            "cell": asdict(self.cell),
            "timing": asdict(self.timing),
            "start": self.start.tolist(),
            "inputs": self.inputs.tolist(),
            "targets": self.targets.tolist(),
        }

    @classmethod
    def of_entry(cls, found: Entry, nudge: Nudge, network: Network) -> Learning:
        """Read what :meth:`as_json` gave; what is something else is an InputError with its place."""
        cell = found.at("cell")
        low, high = cell.at("bounds").numbers(2)
        texts: dict[str, Any] = {name: cell.at(name).text() for name in ("polarity", "signal", "threshold")}
        own = [one.name for one in fields(AutonomousCell) if one.name not in (*texts, "bounds")]
        values: dict[str, Any] = {name: cell.at(name).number() for name in own}
        clock = found.at("timing")
        spans = {one.name: clock.at(one.name).number() for one in fields(Timing) if one.name != "saw"}
        inputs = found.at("inputs").table(network.inputs.size)
        return cls(
            AutonomousCell(**values, **texts, bounds=(low, high)),
            Timing(saw_from(clock.at("saw")), **spans),
            nudge,
            found.at("start").numbers(network.edge_count),
            inputs,
            found.at("targets").table(len(nudge.outputs.plus), len(inputs)),
        )


def surroundings(circuit: Circuit) -> tuple[Element, ...]:
    """Elements around the cells: sources, clock, nudge, node capacitances, parts at nodes."""
    own = {element.name for e in range(circuit.network.edge_count) for element in _cell_elements(circuit, e)}
    return tuple(one for one in elements_of(circuit, 0, circuit.start()) if one.name not in own)


def _cell_elements(circuit: Circuit, e: int) -> tuple[Element, ...]:
    return elements(circuit.cell, str(e), "a", "b", circuit.cell.at(float(circuit.network.conductance[e])))


def block(cell: AutonomousCell) -> Subcircuit:
    """The cell as a subcircuit; where its state starts is given outside, at its pins."""
    whole = subcircuit(cell, cell.bounds[0])
    inside = tuple(replace(e, volts=None) if isinstance(e, Capacitor) else e for e in whole.elements)
    words = whole.description.splitlines()
    states = " and ".join(pin for pin in whole.pins if pin in ("w0", "v0"))
    last = f"{words[-1].partition(';')[0]}; starts at the voltages that .ic gives to {states} (uic)"
    return Subcircuit(whole.name, whole.pins, inside, "\n".join([*words[:-1], last]))


def instances(circuit: Circuit) -> tuple[Instance, ...]:
    """The cells of all edges; w, v and u of edge e are at nodes of the bench."""
    names = NameMap.of(circuit.network.nodes).spice
    kept = ("w", "v", "u") if circuit.cell.lag else ("w", "u")
    name = block(circuit.cell).name
    return tuple(
        Instance(f"xe{e}", (names[a], names[b], "gate", *(f"{letter}e{e}" for letter in kept)), name)
        for e, (a, b) in enumerate(circuit.network.edges.tolist())
    )


def starts(circuit: Circuit) -> dict[str, float]:
    """Voltage of each state at the start, by its node."""
    letters = ("w", "v") if circuit.cell.lag else ("w",)
    volts = (circuit.network.conductance / circuit.cell.slope).tolist()
    return {f"{letter}e{e}": value for e, value in enumerate(volts) for letter in letters}


def analysis(circuit: Circuit) -> Run:
    """The transient: all cycles, and a moment more, so that the end of the last can be measured."""
    control, timing = Control.of(circuit), circuit.schedule.timing
    return Run(
        _tidy(control.first * timing.saw.tau_f),
        _tidy(circuit.schedule.length + timing.switch / 2),
        _tidy(control.longest * timing.saw.tau_s),
        control.reltol,
        control.abstol,
        control.vntol,
        control.chgtol,
        control.trtol,
        from_rest=False,
    )


def _tidy(seconds: float) -> float:
    """A time without the digits that only sums have."""
    return float(f"{seconds:.{_DIGITS}g}")
