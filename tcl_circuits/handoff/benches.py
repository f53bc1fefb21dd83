"""The test benches: what is applied, what is measured, and what the package itself finds for it."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.drive import Drive, timeline
from tcl_circuits.circuit.elements import Element, RampVoltage, VoltageSource
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.netlist import ramp_of
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.engines.tolerances import tolerances
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects.base import Run
from tcl_circuits.handoff.expected import Expected, inference_figures, training_figures

_SETTLED = 25.0
_RISE = 0.02
_MOST_VOLTAGES = 20_000
_DIGITS = 8
_TRTOL = 2.0
_AIM = 1e-6
"""Relative tolerance of simulators for a signal all of which moves."""


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
    moments: FloatArray = (np.arange(1.0, inputs.shape[0] + 1) - _RISE) * hold
    expected = inference_figures(network, inputs, moments)
    length = inputs.shape[0] * hold
    # What is measured has settled, so that nothing between needs to be followed closely.
    run = Run(hold / 1000, length, hold / 10, 1e-5, 1e-12, 1e-8, 1e-14, 7.0)
    about = (
        f"Inference: {inputs.shape[0]} samples at the inputs, one after the other for {hold:g} s each;",
        "every node's voltage at the end of each.",
    )
    return Bench("inference", about, tuple(elements), run, expected)


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
    control = tolerances(_AIM, network, cell, saw, drive, span)[0]
    reltol, abstol, vntol, chgtol = (float(f"{value:.1g}") for value in astuple(control))
    run = Run(0.2 * span.fastest, length, length / 20, reltol, abstol, vntol, chgtol, _TRTOL)
    about = (
        f"One training cycle: the nudge beta(t) rises and falls in a sawtooth of {saw.tau_f:g} s and",
        f"{saw.tau_s:g} s ({saw.polarity} polarity). Measured are the kernel output u of every edge, its",
        "charge, and the direct current.",
    )
    return Bench("training", about, tuple(elements), run, training_figures(design, span.start))


def _held_targets(network: Network, drive: Drive) -> FloatArray:
    """Targets, or the currents at beta = 1 of a nudge whose force the host forms from the free state."""
    assert drive.nudge is not None
    held: FloatArray = drive.targets[0]
    if not drive.nudge.closed_loop:
        free = OperatingPoints(network).free(drive.inputs_at_start).voltages[:, network.outputs]
        selection = drive.nudge.outputs.matrix(network.outputs.size)
        force = drive.nudge.force(free @ selection.T, drive.targets)[0]
        held = np.array([float(f"{amperes:.{_DIGITS}g}") for amperes in force])
    return held
