"""An autonomous run as a netlist: sources for the whole run, nudge, cells, detector, one transient."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.design import Design, Detector, States
from tcl_circuits.autonomous.tables import with_tables
from tcl_circuits.circuit.autonomous_cell import CellState
from tcl_circuits.circuit.autonomous_elements import along
from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Corner,
    Element,
    RampVoltage,
    Resistor,
    VoltageSource,
)
from tcl_circuits.circuit.names import NameMap, plain
from tcl_circuits.circuit.netlist import circuit_of
from tcl_circuits.units import spice_number

_SAVED_A_LINE = 16


@dataclass(frozen=True)
class Control:
    """ngspice's error control; what was fastest at equal accuracy (see benchmarks/autonomous.py).

    Parameters
    ----------
    method : {"trap", "gear"}
        Integration.
    reltol, abstol, vntol, chgtol, trtol : float
        Relative, of currents [A], voltages [V] and charges [C], of truncation.
    first, longest : float
        tstep in units of tau_f, and the longest step in units of tau_s.
    """

    method: str = "trap"
    reltol: float = 1e-3
    abstol: float = 1e-12
    vntol: float = 1e-6
    chgtol: float = 1e-18
    trtol: float = 7.0
    first: float = 0.2
    longest: float = 0.2

    @classmethod
    def of(cls, design: Design) -> Control:
        """Error control with which conductances follow the state equations within 1 %.

        Steep thresholds need a finer one, and so do branches straight across the edges: their small outputs
        are differences of large voltages. A power law multiplies a relative error by its exponent. A peak
        detector needs dense time points.
        """
        if design.cell.threshold == "vteam":
            return cls(reltol=5e-5, trtol=1.0)
        plain = design.cell.threshold == "dead_zone" and not design.cell.loads
        found = cls() if plain else cls(reltol=2e-4, trtol=2.0)
        return found if design.detector is None else replace(found, longest=0.05)


@dataclass(frozen=True)
class Columns:
    """What a transient returns, a row for each time point: where each quantity stands in it.

    Parameters
    ----------
    names : tuple of str
        Names of the vectors: time, node voltages, w, v and u of the edges, input currents, beta, gate,
        threshold.
    nodes, w, v, u, currents : slice
        Their columns.
    """

    names: tuple[str, ...]
    nodes: slice
    w: slice
    v: slice
    u: slice
    currents: slice

    beta, gate = -3, -2
    theta = -1

    @classmethod
    def of(cls, design: Design) -> Columns:
        """Columns of a run."""
        network = design.network
        edges, nodes = network.edge_count, NameMap.of(network.nodes).spice
        lagged = "v" if design.cell.lag else "w"
        names = ["time", *(f"v({node})" for node in nodes)]
        slices = [slice(1, len(names))]
        for letter in ("w", lagged, "u"):
            slices.append(slice(len(names), len(names) + edges))
            names += [f"v({letter}{e})" for e in range(edges)]
        slices.append(slice(len(names), len(names) + network.inputs.size))
        names += [f"i(vin{k})" for k in range(network.inputs.size)]
        names += ["v(beta)", "v(gate)", "v(theta)"]
        return cls(tuple(names), *slices)

    def sense_output(self, rows: FloatArray, design: Design) -> FloatArray:
        """Sense outputs u (points, edges) of rows (points, columns) [V]."""
        if not design.cell.loads:
            return rows[:, self.u]
        found: FloatArray = rows[:, self.u] - rows[:, self.nodes][:, design.network.edges[:, 1]]
        return found

    def states(self, row: FloatArray, design: Design, targets: FloatArray) -> States:
        """States of a row at the end of a period, with the targets of the last learning cycle."""
        voltage = row[self.nodes]
        return States(
            w=row[self.w],
            v=row[self.v],
            x=design.sense(voltage) - self.sense_output(row[None], design)[0],
            voltage=voltage,
            theta=float(row[self.theta]),
            inputs=voltage[design.network.inputs],
            targets=targets,
        )


def elements_of(design: Design, start: int, states: States) -> tuple[Element, ...]:
    """Elements of a run from a period on: sources, nudge, cells, node capacitances, threshold.

    Parameters
    ----------
    design : Design
        The run.
    start : int
        First period.
    states : States
        Where it starts.
    """
    network, names = design.network, NameMap.of(design.network.nodes).spice
    found: list[Element] = _inputs(design, start, states)
    found += _clock(design, start)
    found += _nudge(design, start, states, names)
    found += _threshold(design, states, names)
    for e in range(network.edge_count):
        at = CellState(float(states.w[e]), float(states.v[e]), float(states.x[e]))
        node = None if design.detector is None else "theta"
        terms = [(weight, names[a], names[b]) for weight, a, b in network.terms(e)]
        found += along(design.cell, str(e), terms, at, node)
    spice = dict(zip(network.nodes, names, strict=True))
    found += [element for k, part in enumerate(network.parts) for element in part.elements(k, spice)]
    found += [
        Capacitor(f"cn{k}", names[k], "0", design.node_capacitance, float(states.voltage[k]))
        for k in network.free.tolist()
    ]
    return tuple(found)


def _source(name: str, node: str, track: list[Corner]) -> Element:
    if len(track) == 1:
        return VoltageSource(name, node, "0", track[0][1])
    return RampVoltage(name, node, "0", tuple(track))


def _inputs(design: Design, start: int, states: States) -> list[Element]:
    network, names = design.network, NameMap.of(design.network.nodes).spice
    tracks = design.schedule.levels(design.inputs, start, states.inputs, learning=False)
    found = [
        _source(f"vin{k}", names[position], tracks[k]) for k, position in enumerate(network.inputs.tolist())
    ]
    if network.ground is not None:
        found.append(VoltageSource("vground", names[network.ground], "0", 0.0))
    return found


def _clock(design: Design, start: int) -> list[Element]:
    """Nudge strength and gate: pulses of every period, switched off in looks."""
    timing = design.schedule.timing
    return [
        timing.nudge_pulse("vnudge", "nudge"),
        timing.gate_pulse("vwrite", "write"),
        _source("vlearn", "learn", design.schedule.learning(start)),
        BehaviouralVoltage("bbeta", "beta", "0", "V(nudge)*V(learn)"),
        BehaviouralVoltage("bgate", "gate", "0", "V(write)*V(learn)"),
    ]


def _nudge(design: Design, start: int, states: States, names: tuple[str, ...]) -> list[Element]:
    """Target sources that follow the learning samples, and the nudge's currents."""
    tracks = design.schedule.levels(design.targets, start, states.targets, learning=True)
    outputs = tuple(names[position] for position in design.network.outputs.tolist())
    currents = [e for e in design.nudge.elements(outputs, states.targets) if not isinstance(e, VoltageSource)]
    return [*(_source(f"vt{k}", f"t{k}", track) for k, track in enumerate(tracks)), *currents]


def _threshold(design: Design, states: States, names: tuple[str, ...]) -> list[Element]:
    """The threshold's node: a constant, or the peak detector."""
    detector = design.detector
    if detector is None:
        return [VoltageSource("vtheta", "theta", "0", design.cell.theta)]
    outputs = tuple(names[position] for position in design.network.outputs.tolist())
    return list(detector_elements(detector, design.nudge.error_texts(outputs), states.theta))


def detector_elements(detector: Detector, errors: tuple[str, ...], start: float) -> tuple[Element, ...]:
    """Elements of the peak detector, of the expressions of the errors."""
    total = "+".join(f"abs({error})" for error in errors)
    slope, floor = spice_number(detector.slope), spice_number(detector.floor)
    charging = spice_number(detector.charging)
    return (
        BehaviouralVoltage("berror", "error", "0", f"V(learn)*{slope}*({total})+{floor}"),
        BehaviouralCurrent("bpeak", "0", "theta", f"{charging}*max(V(error)-V(theta),0)"),
        Capacitor("cpeak", "theta", "0", detector.capacitance, start),
        Resistor("rpeak", "theta", "0", detector.memory / detector.capacitance),
    )


def netlist_text(
    design: Design, start: int, states: States, title: str, control: Control | None = None
) -> str:
    """Netlist that ``ngspice -b -r out.raw`` runs by itself, from a period to the end of the run.

    Parameters
    ----------
    design, start, states
        As for :func:`elements_of`.
    title : str
        First line; its characters are cleaned.
    control : Control, optional
        Error control.
    """
    elements = with_tables(elements_of(design, start, states))
    return netlist_of(elements, design, start, title, control or Control.of(design))


def netlist_of(
    elements: tuple[Element, ...], design: Design, start: int, title: str, control: Control
) -> str:
    """Netlist of a run's elements; see :func:`netlist_text`."""
    saw = design.schedule.timing.saw
    saved = tuple(dict.fromkeys(Columns.of(design).names[1:]))
    length = (len(design.schedule.periods) - start) * design.schedule.timing.period
    lines = [str(circuit_of(elements, plain(title))).rstrip()]
    lines += [".save " + " ".join(saved[k : k + _SAVED_A_LINE]) for k in range(0, len(saved), _SAVED_A_LINE)]
    tolerances = " ".join(
        f"{name}={getattr(control, name):g}" for name in ("reltol", "abstol", "vntol", "chgtol", "trtol")
    )
    lines += [
        f".options noinit method={control.method} {tolerances}",
        f".tran {spice_number(control.first * saw.tau_f)} {spice_number(length)} 0 "
        f"{spice_number(control.longest * saw.tau_s)} uic",
        ".end",
        "",
    ]
    return "\n".join(lines)
