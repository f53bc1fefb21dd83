"""The test benches: what is applied, what is measured, and what the package itself finds for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.drive import Drive, timeline
from tcl_circuits.circuit.elements import Corner, Element, RampVoltage, VoltageSource
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.netlist import ramp_of
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.engines.tolerances import tolerances
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects.base import Instance, Run
from tcl_circuits.handoff.expected import Expected, exact, inference_figures, tidy, training_figures
from tcl_circuits.handoff.values import TRAINED, VARIATIONS, Variation

_SETTLED = 25.0
_RISE = 0.02
"""Rise of a step, in shares of its length."""
_STEP = 0.02
"""Rise of a pulse, in the shortest of the edges' time constants."""
_MOST_VOLTAGES = 20_000
_DIGITS = 8
_TRTOL = 2.0
_AIM = 1e-6
"""Relative tolerance of simulators for a signal all of which moves."""


LIBRARIES = ("cells.lib", "network.lib")
"""Cell and network."""


@dataclass(frozen=True, eq=False)
class Bench:
    """A test bench: its name, what stands round the network, its analysis and the expected figures.

    `includes` are the files with its parts and their values; `instances` the subcircuits that take the place
    of the network's; `starts` the voltages of nodes at the start.
    """

    name: str
    about: tuple[str, ...]
    elements: tuple[Element, ...]
    run: Run
    expected: tuple[Expected, ...]
    includes: tuple[str, ...] = (*TRAINED.includes, *LIBRARIES)
    instances: tuple[Instance, ...] = ()
    starts: Mapping[str, float] = field(default_factory=dict)


def benches(design: Design) -> tuple[Bench, ...]:
    """The test benches of a design.

    Inference and a training cycle; both with sampled values, and the cycle at each corner, which as a common
    factor on all conductances leaves the voltages of inference alone.
    """
    made = [inference_bench(design), training_bench(design)]
    for variation in VARIATIONS:
        varied = variation.applied(design)
        if variation.sampled:
            made.append(_of_variation(inference_bench(varied), variation))
        made.append(_of_variation(training_bench(varied), variation))
    if design.learning is not None:
        # What learns by itself is needed for few bundles, and slow to load.
        from tcl_circuits.handoff.learning_bench import learning_bench

        made.append(learning_bench(design.learning, design.network))
    return tuple(made)


def _of_variation(bench: Bench, variation: Variation) -> Bench:
    about = (f"As {bench.name}, with the parts of {' and '.join(variation.includes)}.",)
    return replace(
        bench, name=f"{bench.name}_{variation.name}", about=about, includes=(*variation.includes, *LIBRARIES)
    )


def inference_bench(design: Design) -> Bench:
    """Every node's voltage for some samples: at rest, or of series cells right after a step."""
    most = max(1, _MOST_VOLTAGES // design.network.node_count)
    samples = design.inference[:most]
    return _rest_bench(design, samples) if design.cell.conducts_dc else _step_bench(design, samples)


def _rest_bench(design: Design, samples: FloatArray) -> Bench:
    """Inputs as a stair over the samples, measured at the end of each step."""
    hold = _hold_time(design)
    stairs = [_stair(values, hold) for values in samples.T]
    moments = [tidy((k + 1 - _RISE) * hold) for k in range(len(samples))]
    voltages = OperatingPoints(design.network).free(samples + design.input_offsets).voltages
    # What is measured has settled, so that nothing between needs to be followed closely.
    length = tidy(len(samples) * hold)
    run = Run(tidy(hold / 1000), length, tidy(hold / 10), 1e-5, 1e-12, 1e-8, 1e-14, 7.0)
    about = (
        f"Inference: {len(samples)} samples at the inputs, one after the other for {hold:g} s each;",
        "every node's voltage at the end of each.",
    )
    elements = _circuit(design, stairs)
    return Bench("inference", about, elements, run, inference_figures(design, voltages, moments))


def _step_bench(design: Design, samples: FloatArray) -> Bench:
    """Inputs as short pulses over the samples, measured where each has risen: the resistive divider."""
    taus = design.cell.capacitance(design.network.conductance) / design.network.conductance
    rise = float(f"{_STEP * taus.min():.2g}")
    period = tidy(float(f"{_SETTLED * taus.max():.2g}") + 2 * rise)
    starts = [tidy(k * period) for k in range(1, len(samples) + 1)]
    pulses = [_pulses(values, starts, rise) for values in samples.T]
    moments = [tidy(start + rise) for start in starts]
    times = np.array([time for time, _ in pulses[0]])
    levels = np.array([[volts for _, volts in corners] for corners in pulses])
    applied = Drive.ramps(times, levels + design.input_offsets[:, None])
    course = exact(design, applied)
    voltages = np.array([np.interp(moments, course.time, volts) for volts in course.voltage]).T
    run = Run(tidy(rise / 50), tidy(starts[-1] + period), tidy(period / 50), 1e-6, 1e-15, 1e-8, 1e-20, _TRTOL)
    about = (
        f"Inference: {len(samples)} samples at the inputs, as pulses that rise from 0 V within {rise:g} s;",
        "every node's voltage where they have risen: the capacitors are still empty, and the conductances",
        "divide the voltages.",
    )
    elements = _circuit(design, pulses)
    return Bench("inference", about, elements, run, inference_figures(design, voltages, moments))


def _circuit(design: Design, inputs: Sequence[Sequence[Corner]]) -> tuple[Element, ...]:
    """What stands round the network: sources at the inputs and the ground, op-amps' offsets."""
    network, names = design.network, NameMap.of(design.network.nodes)
    elements: list[Element] = []
    for k, (position, corners) in enumerate(zip(network.inputs.tolist(), inputs, strict=True)):
        node = names.spice[position]
        behind = f"in{k}" if design.offsets.size else node
        if len(corners) == 1:
            elements.append(VoltageSource(f"vin{k}", behind, "0", corners[0][1]))
        else:
            elements.append(RampVoltage(f"vin{k}", behind, "0", tuple(corners)))
        if design.offsets.size:
            elements.append(VoltageSource(f"vos{k}", node, behind, float(design.input_offsets[k])))
    for k, volts in enumerate(design.output_offsets.tolist()):
        output = names.spice[int(network.outputs[k])]
        elements.append(VoltageSource(f"vor{k}", f"out{k}", output, volts))
    if network.ground is not None:
        elements.append(VoltageSource("vground", names.spice[network.ground], "0", 0.0))
    return tuple(elements)


def _hold_time(design: Design) -> float:
    """Time after which all that charges at rest has settled to far below the tolerance."""
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


def _pulses(values: FloatArray, starts: Sequence[float], rise: float) -> tuple[Corner, ...]:
    corners: list[Corner] = [(0.0, 0.0)]
    for start, volts in zip(starts, values.tolist(), strict=True):
        top = (tidy(start + rise), volts)
        corners += [(start, 0.0), top, (tidy(start + 2 * rise), 0.0)]
    return tuple(corners)


def training_bench(design: Design) -> Bench:
    """One sawtooth cycle of one sample, with the currents of every edge.

    The simulator's clock begins a fast ramp before the cycle, at rest: a measurement at its very first point
    is NaN in Xyce, which divides by the step before it.
    """
    network, cell, saw, drive = design.network, design.cell, design.saw, design.training
    names = NameMap.of(network.nodes)
    cycle = timeline(network, cell, saw, drive)
    span = replace(cycle, start=cycle.start - saw.tau_f)
    inputs = [ramp_of(drive.times, values, span) for values in drive.inputs[0]]
    elements = [*_circuit(design, inputs), RampVoltage("vbeta", "beta", "0", ramp_of(*saw.breakpoints, span))]
    if drive.nudge is not None:
        outputs = tuple(names.spice[position] for position in network.outputs.tolist())
        elements += drive.nudge.elements(outputs, _held_targets(network, design.applied_training))
    # Peak and charge fall into the fast ramp, which a simulator must resolve.
    length = span.stop - span.start
    control = tolerances(_AIM, network, cell, saw, drive, span)[0]
    reltol, abstol, vntol, chgtol = (float(f"{value:.1g}") for value in astuple(control))
    step, length, longest = (tidy(t) for t in (0.2 * span.fastest, length, length / 20))
    run = Run(step, length, longest, reltol, abstol, vntol, chgtol, _TRTOL)
    about = (
        f"One training cycle: after {-span.start:g} s the nudge beta(t) rises and falls in a sawtooth of",
        f"{saw.tau_f:g} s and {saw.tau_s:g} s ({saw.polarity} polarity). Measured are the kernel output u",
        "of every edge, its charge, and the direct current.",
    )
    return Bench("training", about, tuple(elements), run, training_figures(design, span.start))


def _held_targets(network: Network, drive: Drive) -> FloatArray:
    """Targets, or the currents at beta = 1 of a nudge whose force the host forms from the free state."""
    assert drive.nudge is not None
    held: FloatArray = drive.targets[0]
    if not drive.nudge.closed_loop:
        free = OperatingPoints(network).free(drive.inputs_at_start).voltages[:, network.outputs]
        force = drive.nudge.force(drive.nudge.outputs.values(free), drive.targets)[0]
        held = np.array([float(f"{amperes:.{_DIGITS}g}") for amperes in force])
    return held
