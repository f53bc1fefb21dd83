"""Network, cell, sawtooth and drive to elements, and elements to a PySpice circuit."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell, Probe
from tcl_circuits.circuit.drive import Drive, Timeline, timeline
from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Corner,
    CurrentControlledCurrent,
    Diode,
    Element,
    PulseVoltage,
    RampVoltage,
    Resistor,
    Subcircuit,
    VoltageControlledVoltage,
    VoltageSource,
    diode_models,
)
from tcl_circuits.circuit.names import NameMap, plain
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import spice_number

with warnings.catch_warnings():
    # Python 3.12 and later complain of PySpice's text when they compile it, at its first import.
    warnings.simplefilter("ignore", SyntaxWarning)
    from PySpice.Spice.Netlist import Circuit, SubCircuit

ISOLATION = 1e14
"""Resistance to ground of nodes that have no other path for direct current [ohm]."""

_SAVED_A_LINE = 16
_AFTER_CORNER = 0.1


@dataclass(frozen=True, eq=False)
class Netlist:
    """A network with its cells, drive and nudge as elements.

    Parameters
    ----------
    elements : tuple of Element
        In a fixed order: inputs, ground, sawtooth, nudge, edges, parts at nodes, node capacitances.
    nodes : NameMap
        SPICE names of the network's nodes.
    probes : tuple of Probe
        Where each edge's kernel output is read.
    timeline : Timeline
        Simulated span.
    """

    elements: tuple[Element, ...]
    nodes: NameMap
    probes: tuple[Probe, ...]
    timeline: Timeline

    @cached_property
    def saved(self) -> tuple[str, ...]:
        """Names of the nodes whose voltages are needed: the network's, then the probes'."""
        return (*self.nodes.spice, *(probe.plus for probe in self.probes))

    @cached_property
    def vectors(self) -> tuple[str, ...]:
        """Names of the vectors of a transient: time, then the nodes of :attr:`saved`."""
        return ("time", *self.saved)

    @cached_property
    def below(self) -> IntArray:
        """Row of :attr:`saved` with the voltage at each probe's minus end; -1 where that is ground."""
        row = {name: k for k, name in enumerate(self.nodes.spice)}
        return np.array([row.get(probe.minus, -1) for probe in self.probes])


def ramp_of(times: FloatArray, values: FloatArray, span: Timeline) -> tuple[Corner, ...]:
    """Corners of a piecewise linear source on the simulator's clock, which begins at the span's start.

    A corner where a slower piece ends is followed by a point on the line that leaves it, a fraction of a
    kernel time later: a breakpoint without which the simulator would go on with the slow piece's steps.
    """
    after = _AFTER_CORNER * span.fastest
    lengths = np.diff(np.append(times, max(span.stop, times[-1])))
    quickens = (lengths[1:] < lengths[:-1]) & (lengths[1:] > 2 * after)
    moments = np.union1d(times, times[1:][quickens] + after)
    levels = np.interp(moments, times, values)
    return tuple((float(t - span.start), float(v)) for t, v in zip(moments, levels, strict=True))


def build_netlist(network: Network, cell: Cell, saw: Sawtooth, drive: Drive, sample: int = 0) -> Netlist:
    """Write one sample's cycle as elements.

    Parameters
    ----------
    network, cell, saw, drive
        What to simulate; the drive must have been checked against the network.
    sample : int
        Which of the drive's samples.
    """
    span = timeline(network, cell, saw, drive)
    names = NameMap.of(network.nodes)
    elements: list[Element] = []
    for k, position in enumerate(network.inputs.tolist()):
        values = drive.inputs[sample, k]
        name, node = f"vin{k}", names.spice[position]
        if values.size == 1:
            elements.append(VoltageSource(name, node, "0", float(values[0])))
        else:
            elements.append(RampVoltage(name, node, "0", ramp_of(drive.times, values, span)))
    if network.ground is not None:
        elements.append(VoltageSource("vground", names.spice[network.ground], "0", 0.0))
    if drive.nudge is not None:
        elements.append(RampVoltage("vbeta", "beta", "0", ramp_of(*saw.breakpoints, span)))
        outputs = tuple(names.spice[position] for position in network.outputs.tolist())
        elements += drive.nudge.elements(outputs, drive.targets[sample])
    circuit, probes = network_elements(network, cell, names)
    return Netlist((*elements, *circuit), names, probes, span)


def network_elements(
    network: Network, cell: Cell, names: NameMap
) -> tuple[tuple[Element, ...], tuple[Probe, ...]]:
    """Edges, parts at nodes and node capacitances, and where each edge's kernel output is read."""
    elements: list[Element] = []
    probes = []
    for e, (a, b) in enumerate(network.edges.tolist()):
        parts, probe = cell.edge(e, names.spice[a], names.spice[b], float(network.conductance[e]))
        elements += parts
        probes.append(probe)
    elements += part_elements(network)
    elements += _at_nodes(network, cell, names)
    return tuple(elements), tuple(probes)


def part_elements(network: Network) -> list[Element]:
    """Elements of the diodes and amplifiers at a network's nodes."""
    spice = dict(zip(network.nodes, NameMap.of(network.nodes).spice, strict=True))
    return [element for k, part in enumerate(network.parts) for element in part.elements(k, spice)]


def _at_nodes(network: Network, cell: Cell, names: NameMap) -> list[Element]:
    """Node capacitances, and a DC path for nodes that only capacitors touch."""
    extra: list[Element] = []
    for position in network.free.tolist():
        node = names.spice[position]
        if network.node_capacitance > 0:
            extra.append(Capacitor(f"cn{position}", node, "0", network.node_capacitance))
        if not cell.conducts_dc:
            extra.append(Resistor(f"ri{position}", node, "0", ISOLATION))
    return extra


def to_circuit(netlist: Netlist, title: str) -> Circuit:
    """Make a PySpice circuit of the elements."""
    return circuit_of(netlist.elements, title)


def circuit_of(elements: tuple[Element, ...], title: str) -> Circuit:
    """Make a PySpice circuit of any elements."""
    circuit = Circuit(title)
    _add_all(circuit, elements)
    return circuit


def deck(netlist: Netlist) -> str:
    """Netlist text as the engine loads it: the circuit and the vectors to keep; the host gives analyses."""
    return "\n".join([_circuit_text(netlist, "tcl_circuits network"), ".options noinit", ".end", ""])


def standalone(netlist: Netlist, title: str, reltol: float = 1e-6) -> str:
    """Netlist text that ``ngspice -b -r out.raw`` runs by itself: circuit, tolerances and one transient.

    Parameters
    ----------
    netlist : Netlist
        What to write.
    title : str
        First line; its characters are cleaned.
    reltol : float
        Relative tolerance; absolute ones are set for currents of picoamperes.
    """
    length = netlist.timeline.stop - netlist.timeline.start
    options = f".options noinit reltol={reltol:g} abstol=1e-16 vntol=1e-10 chgtol=1e-21"
    tran = f".tran {spice_number(length / 5e4)} {spice_number(length)} 0 {spice_number(length / 20)}"
    return "\n".join([_circuit_text(netlist, plain(title)), options, tran, ".end", ""])


def subcircuit_of(block: Subcircuit) -> SubCircuit:
    """Make a PySpice subcircuit."""
    body = SubCircuit(block.name, *block.pins, **{name: spice_number(v) for name, v in block.parameters})
    _add_all(body, block.elements)
    return body


def subcircuit_text(block: Subcircuit) -> str:
    """Text of a cell as a ``.subckt``, its description as comments before it."""
    body = subcircuit_of(block)
    comments = [f"* {line}" for line in block.description.splitlines()]
    return "\n".join([*comments, str(body).strip(), ""])


def device_bench(
    block: Subcircuit, source: Element, values: Mapping[str, float], library: str | None = None
) -> str:
    """Netlist text of one device between a source and ground, without an analysis.

    Parameters
    ----------
    block : Subcircuit
        The device, with the pins ``p n x``.
    source : Element
        A voltage between the nodes ``drive`` and ``0``.
    values : mapping of str to float
        The instance's parameters.
    library : str, optional
        File that holds the device; by default the text does.

    Returns
    -------
    str
        The device's current is that of ``vmeter``; its state is the voltage of the node ``state``.
    """
    circuit = Circuit("TCL: memristor between a voltage and ground")
    _add(circuit, source)
    _add(circuit, VoltageSource("vmeter", "drive", "device", 0.0))
    given = {name: spice_number(value) for name, value in values.items()}
    circuit.X("device", block.name, "device", "0", "state", **given)
    device = subcircuit_text(block).rstrip() if library is None else f'.include "{library}"'
    return "\n".join([str(circuit).rstrip(), device, ""])


def _circuit_text(netlist: Netlist, title: str) -> str:
    saved = netlist.saved
    lines = [str(to_circuit(netlist, title)).rstrip()]
    lines += [
        ".save " + " ".join(f"v({name})" for name in saved[k : k + _SAVED_A_LINE])
        for k in range(0, len(saved), _SAVED_A_LINE)
    ]
    return "\n".join(lines)


def _add_all(circuit: Circuit | SubCircuit, elements: tuple[Element, ...]) -> None:
    """Add the models that elements need, then the elements."""
    for model in diode_models(elements):
        circuit.model(model.name, "D", **{key: spice_number(v) for key, v in model.values.items()})
    for element in elements:
        _add(circuit, element)


def _add(circuit: Circuit | SubCircuit, element: Element) -> None:
    """Add one element; PySpice puts the type letter, which our names begin with, before the name."""
    name = element.name[1:]
    match element:
        case Resistor():
            circuit.R(name, element.a, element.b, element.ohms)
        case Capacitor():
            held = {} if element.volts is None else {"initial_condition": element.volts}
            circuit.C(name, element.a, element.b, element.farads, **held)
        case VoltageSource():
            circuit.V(name, element.a, element.b, f"DC {spice_number(element.volts)}")
        case RampVoltage() | PulseVoltage():
            circuit.V(name, element.a, element.b, _timed(element))
        case BehaviouralVoltage():
            circuit.BehavioralSource(name, element.a, element.b, voltage_expression=element.expression)
        case BehaviouralCurrent():
            circuit.BehavioralSource(name, element.a, element.b, current_expression=element.expression)
        case VoltageControlledVoltage():
            ends = (element.a, element.b, element.plus, element.minus)
            circuit.VoltageControlledVoltageSource(name, *ends, voltage_gain=spice_number(element.gain))
        case CurrentControlledCurrent():
            gain = spice_number(element.gain)
            circuit.CurrentControlledCurrentSource(
                name, element.a, element.b, source=element.sensor, current_gain=gain
            )
        case Diode():
            circuit.D(name, element.a, element.b, model=element.model.name)
        case _:
            raise InputError(
                f"the element {element.name!r} is of type {type(element).__name__}, which a netlist cannot "
                "write; make it of the types in tcl_circuits.circuit.elements"
            )


def _timed(source: RampVoltage | PulseVoltage) -> str:
    if isinstance(source, PulseVoltage):
        return f"PULSE(0 1 {' '.join(spice_number(t) for t in source.times)})"
    return "PWL(" + " ".join(f"{spice_number(t)} {spice_number(v)}" for t, v in source.corners) + ")"


def read_kernel_output(netlist: Netlist, voltage: FloatArray, ohms: FloatArray) -> FloatArray:
    """Kernel output u of each edge from the voltages of :attr:`Netlist.saved`.

    Parameters
    ----------
    netlist : Netlist
        The netlist that was simulated.
    voltage : ndarray of shape (saved, time)
        Node voltages [V].
    ohms : ndarray of shape (edges,)
        Sense resistance of each edge.

    Returns
    -------
    ndarray of shape (edges, time)
        u [A].
    """
    minus, above = netlist.below, voltage[len(netlist.nodes.spice) :]
    if np.all(minus < 0):
        return above / ohms[:, None]
    below = voltage[minus]
    below[minus < 0] = 0.0
    np.subtract(above, below, out=below)
    below /= ohms[:, None]
    return below
