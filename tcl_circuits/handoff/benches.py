"""The test benches: what is applied, what is measured, and what the package itself finds for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.conduction import Conduction, laplacian
from tcl_circuits.circuit.drive import Drive, timeline
from tcl_circuits.circuit.elements import Element, RampVoltage, VoltageSource
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.netlist import ramp_of
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.reference import Reference
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects.base import Find, How, Integral, Quantity, Run

NET = "xnet"
"""Name of the network's instance in the test benches."""

VOLTAGE_SHARE = 1e-4
"""Tolerance of voltages, in shares of the largest of the bench."""
CURRENT_SHARE, CURRENT_FLOOR = 1e-2, 1e-3
"""Tolerance of an edge's current or charge, in shares of itself and of the largest of its kind."""

_RESOLUTION = 2.0
_SETTLED = 25.0
_RISE = 0.02
_LATE = 0.9
_MOST_VOLTAGES = 20_000
_DIGITS = 8


@dataclass(frozen=True)
class Expected:
    """A figure to measure.

    Parameters
    ----------
    name : str
        Of the measurement.
    what : str
        In words.
    of : str
        SPICE name of the node or edge.
    sample : int
        Number of the sample.
    unit : str
        ``V``, ``A`` or ``C``.
    how : How
        The measurement.
    value, tolerance : float
        What the package finds, and how far a measurement may lie from it.
    """

    name: str
    what: str
    of: str
    sample: int
    unit: str
    how: How
    value: float = math.nan
    tolerance: float = math.nan


@dataclass(frozen=True, eq=False)
class Bench:
    """A test bench: its name, what stands round the network, its analysis and the expected figures."""

    name: str
    about: tuple[str, ...]
    elements: tuple[Element, ...]
    run: Run
    expected: tuple[Expected, ...]


def benches(design: Design) -> tuple[Bench, ...]:
    """The test benches of a design: inference, if its cells carry direct current, and a training cycle."""
    made = [training_bench(design)]
    if design.has_inference:
        made.insert(0, inference_bench(design))
    return tuple(made)


def node_quantity(network: Network, names: NameMap, position: int) -> Quantity:
    """Voltage of a node: a pin of the network is a node of the bench, others lie inside."""
    name = names.spice[position]
    return Quantity((name,) if position in pins(network) else (NET, name))


def pins(network: Network) -> list[int]:
    """Positions of the network's pins: inputs, outputs, ground."""
    ground = [] if network.ground is None else [network.ground]
    return [*network.inputs.tolist(), *network.outputs.tolist(), *ground]


def _held(network: Network, names: NameMap) -> list[Element]:
    if network.ground is None:
        return []
    return [VoltageSource("vground", names.spice[network.ground], "0", 0.0)]


def inference_bench(design: Design) -> Bench:
    """Inputs as a stair over the samples; every node's voltage at the end of each step."""
    network, names = design.network, NameMap.of(design.network.nodes)
    most = max(1, _MOST_VOLTAGES // network.node_count)
    inputs = design.inference[:most]
    hold = _hold_time(design)
    elements: list[Element] = []
    for k, position in enumerate(network.inputs.tolist()):
        corners = _stair(inputs[:, k], hold)
        elements.append(RampVoltage(f"vin{k}", names.spice[position], "0", corners))
    elements += _held(network, names)
    voltages = Conduction(network).voltages(inputs)
    largest = float(np.abs(voltages).max())
    expected = []
    pinned = set(pins(network))
    for sample, row in enumerate(voltages.tolist()):
        at = (sample + 1) * hold * (1 - _RISE)
        for position, value in enumerate(row):
            name = names.spice[position]
            place = Quantity((name,) if position in pinned else (NET, name))
            one = Expected(f"s{sample}_{name}", "node voltage", name, sample, "V", Find(place, at))
            expected.append(_figure(one, value, VOLTAGE_SHARE * largest, largest))
    length = inputs.shape[0] * hold
    run = Run(hold / 1000, length, hold / 10)
    about = (
        f"Inference: {inputs.shape[0]} samples at the inputs, one after the other for {hold:g} s each;",
        "every node's voltage at the end of each.",
    )
    return Bench("inference", about, tuple(elements), run, tuple(expected))


def _hold_time(design: Design) -> float:
    """Time after which all that charges has settled to far below the tolerance."""
    network = design.network
    sense = design.cell.capacitance(network.conductance)
    tau = float((sense * design.cell.resistance(network.conductance)).max())
    farads = np.full(network.node_count, network.node_capacitance)
    if design.cell.signal == "linear":
        np.add.at(farads, network.edges.ravel(), np.repeat(sense, 2))
    free = network.free
    if free.size and np.any(farads > 0):
        # Elmore's delay: no time constant of the network is longer than its largest.
        matrix = laplacian(network, network.conductance)[np.ix_(free, free)]
        tau += float(np.linalg.solve(matrix, farads[free]).max())
    return float(f"{_SETTLED * tau:.2g}")


def _stair(values: FloatArray, hold: float) -> tuple[tuple[float, float], ...]:
    corners = [(0.0, float(values[0]))]
    for k in range(1, values.size):
        corners += [(k * hold, float(values[k - 1])), (k * hold + _RISE * hold, float(values[k]))]
    corners.append((values.size * hold, float(values[-1])))
    return tuple(corners)


def training_bench(design: Design) -> Bench:
    """One sawtooth cycle of one sample, with the currents of every edge."""
    network, cell, saw, drive = design.network, design.cell, design.saw, design.training
    names = NameMap.of(network.nodes)
    span = timeline(network, cell, saw, drive)
    elements: list[Element] = []
    for k, position in enumerate(network.inputs.tolist()):
        values = drive.inputs[0, k]
        node = names.spice[position]
        if values.size == 1:
            elements.append(VoltageSource(f"vin{k}", node, "0", float(values[0])))
        else:
            elements.append(RampVoltage(f"vin{k}", node, "0", ramp_of(drive.times, values, span)))
    elements += _held(network, names)
    elements.append(RampVoltage("vbeta", "beta", "0", ramp_of(*saw.breakpoints, span)))
    if drive.nudge is not None:
        outputs = tuple(names.spice[position] for position in network.outputs.tolist())
        elements += drive.nudge.elements(outputs, _held_targets(network, drive))
    # Peak and charge fall into the fast ramp, which a simulator must resolve.
    length = span.stop - span.start
    run = Run(0.2 * span.fastest, length, length / 20)
    about = (
        f"One training cycle: the nudge beta(t) rises and falls in a sawtooth of {saw.tau_f:g} s and",
        f"{saw.tau_s:g} s ({saw.polarity} polarity). Kernel output u, its charge and direct current of every edge.",
    )
    return Bench("training", about, tuple(elements), run, _training_figures(design, names, span.start))


def _held_targets(network: Network, drive: Drive) -> FloatArray:
    """Targets, or the currents at beta = 1 of a nudge whose force the host forms from the free state."""
    assert drive.nudge is not None
    if drive.nudge.closed_loop:
        return drive.targets[0]
    free = Conduction(network).voltages(drive.inputs_at_start)[:, network.outputs]
    selection = drive.nudge.outputs.matrix(network.outputs.size)
    return drive.nudge.force(free @ selection.T, drive.targets)[0]


def _training_figures(design: Design, names: NameMap, start: float) -> tuple[Expected, ...]:
    """Output voltages free and nudged; of each edge u late in the fast ramp and amid the slow one, its charge
    over the fast ramp, and its direct current free and nudged."""
    network, cell, saw = design.network, design.cell, design.saw
    cycle = Reference(resolution=_RESOLUTION).run(network, cell, saw, design.training)[0]
    fast, ends = saw.fast_ramp
    late = fast + _LATE * saw.tau_f
    slow = (ends + saw.period) / 2 if saw.polarity == "standard" else fast / 2
    nudged = float(saw.breakpoints[0][1])
    found: list[Expected] = []
    outputs = _at(cycle, cycle.voltage[network.outputs], np.array([0.0, nudged]))
    largest = float(np.abs(cycle.voltage).max())
    for k, position in enumerate(network.outputs.tolist()):
        name = names.spice[position]
        for state, moment, value in (("free", 0.0, outputs[k, 0]), ("nudged", nudged, outputs[k, 1])):
            how = Find(node_quantity(network, names, position), moment - start)
            one = Expected(f"{state}_{name}", f"output voltage, {state}", name, 0, "V", how)
            found.append(_figure(one, float(value), VOLTAGE_SHARE * largest, largest))
    kinds: list[tuple[str, str, str, FloatArray, How]] = []
    u = _at(cycle, cycle.u, np.array([late, slow]))
    charge = _charges(cycle, fast, ends)
    meter = Quantity((), True)
    kinds += [
        ("u_fast", "kernel output late in the fast ramp", "vu", u[:, 0], Find(meter, late - start)),
        ("u_slow", "kernel output amid the slow ramp", "vu", u[:, 1], Find(meter, slow - start)),
        ("q_fast", "charge over the fast ramp", "vu", charge, Integral(meter, fast - start, ends - start)),
    ]
    if cell.conducts_dc:
        volts = _at(cycle, cycle.voltage, np.array([0.0, nudged]))
        direct = network.drops(volts.T) * network.conductance
        kinds += [
            ("i_free", "direct current, free", "vi", direct[0], Find(meter, -start)),
            ("i_nudged", "direct current, nudged", "vi", direct[1], Find(meter, nudged - start)),
        ]
    scale = [float(np.abs(values).max(initial=0.0)) for *_, values, _ in kinds]
    for e in range(network.edge_count):
        for (kind, what, ammeter, values, how), size in zip(kinds, scale, strict=True):
            placed = replace(how, quantity=Quantity((NET, f"xe{e}", ammeter), True))
            one = Expected(f"{kind}_e{e}", what, f"e{e}", 0, "C" if kind == "q_fast" else "A", placed)
            value = float(values[e])
            found.append(_figure(one, value, CURRENT_SHARE * abs(value) + CURRENT_FLOOR * size, size))
    return tuple(found)


def _at(cycle: Transient, rows: FloatArray, moments: FloatArray) -> FloatArray:
    return np.array([np.interp(moments, cycle.time, row) for row in rows]).reshape(len(rows), moments.size)


def _charges(cycle: Transient, start: float, stop: float) -> FloatArray:
    time = np.unique(np.concatenate([cycle.time, [start, stop]]))
    time = time[(time >= start) & (time <= stop)]
    return np.array([np.trapezoid(np.interp(time, cycle.time, row), time) for row in cycle.u])


def _figure(one: Expected, value: float, tolerance: float, scale: float) -> Expected:
    """Fill in value and tolerance, rounded where machines' arithmetic may differ."""
    if scale == 0:
        return replace(one, value=0.0, tolerance=_ZERO[one.unit])
    decimals = _DIGITS - 1 - math.floor(math.log10(scale))
    rounded = float(f"{round(value, decimals):.{_DIGITS}g}") + 0.0
    return replace(one, value=rounded, tolerance=max(float(f"{tolerance:.2g}"), _ZERO[one.unit]))


_ZERO = {"V": 1e-9, "A": 1e-14, "C": 1e-19}
"""Least tolerances: what a simulator leaves where nothing flows."""
