"""Where the energy of a cycle goes, from its waveforms: conductances, sense branches, writes.

Each account is closed on the other side: what the sources give is computed from their own voltages and
currents, and has to be what is dissipated and stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SIGNALS, Cell, SenseCell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.parts import Amplifier
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.diode_currents import diode_currents
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import Gate


@dataclass(frozen=True)
class CycleEnergy:
    """Energy of a cycle, its mean over samples [J].

    Parameters
    ----------
    dc : float
        Dissipated in the trainable conductances, ``sum of G dV^2``.
    sense : float
        Dissipated in the sense resistances, ``sum of R u^2``, and in leaks across sense capacitors.
    sense_stored, node_stored : float
        What the capacitors of sense branches and nodes hold more at the end than at the start.
    inputs, nudge, signals : float
        Given to the circuit by the input sources, by the nudge at the output nodes (what the nudge dissipates
        in itself is not in it), and by the sources that drive squaring or rectifying sense branches.
    diodes : float
        Dissipated in diodes and their series resistances.
    rails, amplifiers : float
        Given by the rails of diodes and, at their two ports, by amplifiers; what an amplifier needs beside,
        for itself, is not in it.
    """

    dc: float
    sense: float
    sense_stored: float
    node_stored: float
    inputs: float
    nudge: float
    signals: float
    diodes: float = 0.0
    rails: float = 0.0
    amplifiers: float = 0.0

    @property
    def closure(self) -> float:
        """What all sources give less what is dissipated and stored, in shares of the largest of them."""
        stored = self.sense_stored + self.node_stored
        given = self.inputs + self.nudge + self.signals + self.rails + self.amplifiers
        return _closure(given, self.dc + self.sense + self.diodes, stored)

    @property
    def sense_closure(self) -> float:
        """The same for sense branches that a source drives, whose energy is lost in the whole; else 0."""
        return _closure(self.signals, self.sense, self.sense_stored) if self.signals else 0.0


def _closure(given: float, dissipated: float, stored: float) -> float:
    largest = max(abs(given), dissipated, abs(stored))
    return (given - dissipated - stored) / largest if largest > 0 else 0.0


def cycle_energy(
    network: Network, cell: Cell, saw: Sawtooth, drive: Drive, transients: Sequence[Transient]
) -> CycleEnergy:
    """Energy of the simulated cycles, mean over the drive's samples.

    Parameters
    ----------
    network, cell, saw, drive
        What was simulated.
    transients : sequence of Transient
        A cycle for each sample, from any engine.

    Raises
    ------
    InputError
        If there is no cycle, not one for each sample, or a waveform is not finite.
    """
    if not transients or len(transients) != drive.samples:
        raise InputError(f"cycle_energy: {len(transients)} cycles given for {drive.samples} samples")
    for k, transient in enumerate(transients):
        if not (np.isfinite(transient.voltage).all() and np.isfinite(transient.u).all()):
            raise InputError(f"cycle_energy: the waveforms of sample {k} hold numbers that are not finite")
    rows = [
        astuple(_of_sample(network, cell, saw, drive.sample(k), transient))
        for k, transient in enumerate(transients)
    ]
    return CycleEnergy(*(float(value) for value in np.mean(rows, axis=0)))


def _of_sample(
    network: Network, cell: Cell, saw: Sawtooth, drive: Drive, transient: Transient
) -> CycleEnergy:
    time, voltage, u = transient.time, transient.voltage, transient.u
    conductance = network.conductance
    r, c = cell.resistance(conductance)[:, None], cell.capacitance(conductance)[:, None]
    drops = network.drops(voltage.T).T
    signal = SIGNALS[cell.signal](drops)
    currents = conductance[:, None] * drops if cell.conducts_dc else np.zeros_like(drops)
    loads = cell.signal == "linear"
    held = signal - r * u

    def over(power: FloatArray) -> float:
        return float(np.trapezoid(power.sum(axis=0), time))

    into = network.node_capacitance * np.gradient(voltage, time, axis=1, edge_order=1)
    np.add.at(into, network.edges[:, 0], currents + u if loads else currents)
    np.add.at(into, network.edges[:, 1], -(currents + u) if loads else -currents)
    at_inputs = network.inputs
    junctions, across, forward = diode_currents(network, voltage.T)
    outward = junctions.sign * forward
    nudged = _nudge_currents(network, saw, drive, transient)
    np.add.at(into, junctions.nodes, outward.T)
    return CycleEnergy(
        dc=over(currents * drops),
        sense=over(r * u**2 + _leakage(cell, conductance) * held**2),
        sense_stored=_gained(c, held),
        node_stored=_gained(network.node_capacitance, voltage),
        inputs=over(voltage[at_inputs] * into[at_inputs]),
        nudge=over(voltage[network.outputs] * nudged),
        signals=0.0 if loads else _driven(signal, u, c * held, time, _leakage(cell, conductance) * held),
        diodes=over((across * forward).T),
        rails=-over((junctions.rail * outward).T),
        amplifiers=over(_amplified(network, voltage, into, nudged)),
    )


def _driven(
    signal: FloatArray, u: FloatArray, charge: FloatArray, time: FloatArray, leaked: FloatArray
) -> float:
    """What sources give that drive sense branches with `signal` (edges, time) [J].

    The charge that passes at the resting signal is read off capacitors (`charge`) and leaks (`leaked`):
    where a signal moves by millionths of itself, the integral of ``signal u`` is all rounding.
    """
    rest = signal[:, :1]
    passed = charge[:, -1] - charge[:, 0] + np.trapezoid(leaked, time, axis=1)
    moved = np.trapezoid((signal - rest) * u, time, axis=1)
    return float(np.sum(rest[:, 0] * passed + moved))


def _amplified(network: Network, voltage: FloatArray, into: FloatArray, nudged: FloatArray) -> FloatArray:
    """Power of the amplifiers (amplifiers, time) [W], from the currents into edges, diodes and capacitors.

    An amplifier gives its high node what that passes on, and takes its feedback times that from the low one.
    """
    place = {node: k for k, node in enumerate(network.nodes)}
    owed = into.copy()
    np.subtract.at(owed, network.outputs, nudged)
    parts = [part for part in network.parts if isinstance(part, Amplifier)]
    power = np.zeros((len(parts), voltage.shape[1]))
    # From the last of a chain on: the next amplifier's draw at its low node is among what this one gives.
    for k, part in _downstream_first(parts):
        low, high = place[part.low], place[part.high]
        given = owed[high]
        power[k] = given * (voltage[high] - part.feedback * voltage[low])
        owed[low] += part.feedback * given
    return power


def _downstream_first(parts: Sequence[Amplifier]) -> list[tuple[int, Amplifier]]:
    """Amplifiers with their places, each after those whose low node is its high one."""
    left, order = dict(enumerate(parts)), []
    while left:
        lows = {part.low for part in left.values()}
        free = [k for k, part in left.items() if part.high not in lows] or list(left)
        order += [(k, left.pop(k)) for k in free]
    return order


def _leakage(cell: Cell, conductance: FloatArray) -> FloatArray:
    """Conductance across each edge's sense capacitor, of shape (edges, 1) [S]."""
    leak = cell.leakage(conductance) if isinstance(cell, SenseCell) else np.zeros_like(conductance)
    return leak[:, None]


def _gained(capacitance: FloatArray | float, volts: FloatArray) -> float:
    """Energy that capacitors gain from start to end, formed from the difference of their voltages [J]."""
    first, last = volts[:, :1], volts[:, -1:]
    return float(np.sum(0.5 * capacitance * (last - first) * (last + first)))


def _nudge_currents(network: Network, saw: Sawtooth, drive: Drive, transient: Transient) -> FloatArray:
    """Currents into the output nodes (outputs, time), from the nudge's own law."""
    outputs = transient.voltage[network.outputs]
    nudge = drive.nudge
    if nudge is None:
        return np.zeros_like(outputs)
    selection = nudge.outputs.matrix(network.outputs.size)
    y = outputs.T @ selection.T
    if not nudge.closed_loop:
        y = np.broadcast_to(y[int(np.searchsorted(transient.time, 0.0))], y.shape)
    force = nudge.force(y, drive.targets) * saw.strength(transient.time)[:, None]
    result: FloatArray = (force @ selection).T
    return result


@dataclass(frozen=True)
class WriteStage:
    """What moves a conductance: a push-pull current stage on the capacitor that holds it.

    ``G = siemens_per_volt w``; the stage takes current from a rail to raise w, and drains it to ground to
    lower it. Nothing flows while u is below the threshold.

    Parameters
    ----------
    c : float
        Capacitor that holds w [F].
    siemens_per_volt : float
        Conductance for each volt of w [S/V].
    rail : float
        Supply [V]; w stays below it.
    """

    c: float = 1e-11
    siemens_per_volt: float = 2e-5
    rail: float = 5.0

    def __post_init__(self) -> None:
        for name in ("c", "siemens_per_volt", "rail"):
            checks.positive("WriteStage", name, getattr(self, name))


@dataclass(frozen=True)
class WriteEnergy:
    """Energy of the writes of a cycle, its mean over samples [J].

    Parameters
    ----------
    source, dissipated, stored : float
        Taken from the rail; lost in the stage; gained by the capacitors (negative where w falls).
    edges : float
        Edges written in a cycle.
    """

    source: float
    dissipated: float
    stored: float
    edges: float

    @property
    def closure(self) -> float:
        """What the rail gives less what is dissipated and stored, in shares of the largest of them."""
        return _closure(self.source, self.dissipated, self.stored)


def write_energy(
    network: Network,
    cell: Cell,
    saw: Sawtooth,
    transients: Sequence[Transient],
    gate: Gate,
    gain: float,
    stage: WriteStage | None = None,
) -> WriteEnergy:
    """Energy of writing what the kernel outputs ask for, ``dG/dt = -gain sign g(u)/C``.

    Parameters
    ----------
    network, cell, saw, transients
        What was simulated; C is the mean sense capacitance, as the rule has it.
    gate : Gate
        Threshold nonlinearity g.
    gain : float
        Change of conductance of a cycle for a contrast of 1 [S per unit of the signal].
    stage : WriteStage, optional
        The write stage.

    Raises
    ------
    InputError
        If the stage's rail is below what holds the largest conductance.
    """
    used = stage or WriteStage()
    start = network.conductance / used.siemens_per_volt
    if float(start.max()) > used.rail * (1 + 1e-9):
        raise InputError(
            f"WriteStage: the largest conductance is held at {start.max():.3g} V, above the rail of "
            f"{used.rail:g} V; raise siemens_per_volt or rail"
        )
    scale = -saw.sign * checks.positive("write_energy", "gain", gain) * used.c / used.siemens_per_volt
    scale /= float(cell.capacitance(network.conductance).mean())
    rows = [_written(transient, gate, scale, start, used) for transient in transients]
    return WriteEnergy(*(float(value) for value in np.mean(rows, axis=0)))


def _written(
    transient: Transient, gate: Gate, scale: float, start: FloatArray, stage: WriteStage
) -> tuple[float, float, float, float]:
    within = transient.time >= 0
    time = transient.time[within]
    current = scale * gate(transient.u[:, within])
    charge = np.cumsum(0.5 * (current[:, 1:] + current[:, :-1]) * np.diff(time), axis=1)
    w = start[:, None] + np.pad(charge, ((0, 0), (1, 0))) / stage.c
    up, down = np.maximum(current, 0.0), np.maximum(-current, 0.0)
    source = float(np.trapezoid(up, time, axis=1).sum()) * stage.rail
    lost = float(np.trapezoid(up * (stage.rail - w) + down * w, time, axis=1).sum())
    stored = 0.5 * stage.c * float(np.sum((w[:, -1] - w[:, 0]) * (w[:, -1] + w[:, 0])))
    return source, lost, stored, float(np.count_nonzero(np.any(current != 0, axis=1)))
