"""A training cycle of a layered circuit in ngspice: what its edges' kernel outputs integrate to.

Contrasts are small beside the signals they are contrasts of, 1e-8 V^2 beside 1 V^2 at the inputs: too small
for a simulator's tolerances. So an edge's sense source gives ``gain (s - s_free)``, with one gain for each
layer, which changes nothing else: a constant does not pass a kernel without area. The cycle begins on the
end of the slow ramp before it, in the periodic steady state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import CubicSpline

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Probe, Signal
from tcl_circuits.circuit.devices import Device, HeldConductance
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.elements import (
    BehaviouralVoltage,
    Capacitor,
    Element,
    RampVoltage,
    Resistor,
    Subcircuit,
)
from tcl_circuits.circuit.netlist import Netlist, build_netlist, deck, ramp_of, read_kernel_output
from tcl_circuits.engines.ngspice import Ngspice
from tcl_circuits.engines.pool import Job, Pool
from tcl_circuits.errors import EngineError
from tcl_circuits.kernels.rc import RCKernel
from tcl_circuits.layered.circuit import Array
from tcl_circuits.layered.netlist import BareCell, Laid
from tcl_circuits.layered.solve import Batch, Solver
from tcl_circuits.layered.update import RampIntegral
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold, update_integral
from tcl_circuits.units import spice_number

_SENSED = 0.01
"""Largest contrast of a layer behind its gain [V]."""
_STRENGTHS = 33
"""Strengths of the nudge at which voltages at rest are found; between them signals are smooth."""
_LEAD = 20.0
"""Kernel times of slow ramp before the cycle."""
_TOLERANCES = (
    *("option reltol=1e-6", "option abstol=1e-15", "option vntol=5e-8", "option chgtol=1e-20"),
    *("option trtol=1", "option gmin=1e-16"),
)


@dataclass(frozen=True, eq=False)
class ContrastCell:
    """A conductance, and a sense branch that is fed ``gain (dV^2/2 - s_free)``.

    Parameters
    ----------
    gains : ndarray of shape (edges,)
        Gain of each edge's sense source [1/V].
    free : ndarray of shape (edges,)
        Voltage drop of each edge without a nudge [V].
    c, r : float
        Sense capacitance [F] and resistance [ohm].
    device : Device
        The trainable conductance.
    """

    gains: FloatArray
    free: FloatArray
    c: float = 1e-12
    r: float = 1e5
    device: Device = field(default_factory=HeldConductance)

    @property
    def signal(self) -> Signal:
        """Half the squared voltage drop."""
        return "power"

    @property
    def conducts_dc(self) -> bool:
        """Whether the edge carries direct current: it does."""
        return True

    def capacitance(self, conductance: FloatArray) -> FloatArray:
        """Sense capacitance of each edge [F]."""
        return np.full(conductance.size, self.c)

    def resistance(self, conductance: FloatArray) -> FloatArray:
        """Sense resistance of each edge [ohm]."""
        return np.full(conductance.size, self.r)

    def edge(self, e: int, a: str, b: str, conductance: float) -> tuple[tuple[Element, ...], Probe]:
        """Elements of edge number `e` between the nodes `a` and `b`, and where its u is read."""
        free = float(self.free[e])
        half = spice_number(0.5 * float(self.gains[e]))
        # (V - V_free)(V + V_free) keeps the digits that V^2 - V_free^2 would lose.
        factors = f"(V({a},{b})-({spice_number(free)}))*(V({a},{b})+({spice_number(free)}))"
        sense: tuple[Element, ...] = (
            BehaviouralVoltage(f"bs{e}", f"s{e}", "0", f"{half}*{factors}"),
            Capacitor(f"cs{e}", f"s{e}", f"u{e}", self.c),
            Resistor(f"rs{e}", f"u{e}", "0", self.r),
        )
        return (*self.device.elements(str(e), a, b, conductance), *sense), Probe(f"u{e}", "0")

    def subcircuit(self, conductance: float) -> Subcircuit:
        """Return the first edge's cell as a ``.subckt`` with the pins ``a b``."""
        elements, _ = self.edge(0, "a", "b", conductance)
        return Subcircuit("sense_contrast", ("a", "b"), elements, "conductance; s = gain (V^2/2 - s_free)")


@dataclass(frozen=True, eq=False)
class Cycle:
    """Updates of one image's cycle [V^2], for the edges of some pixels and for all edges to the outputs.

    Parameters
    ----------
    contrast : ndarray of shape (edges,)
        Contrast of s between nudged and free: what an explicit memory would give.
    simulated : ndarray of shape (edges,)
        From ngspice's waveforms, by the package's threshold and integral.
    exact : ndarray of shape (edges,)
        From voltages at rest along the ramp and the kernel of the sense branch.
    settled : ndarray of shape (edges,)
        From the two ends of the ramp, for a sense branch without memory time.
    lagging : ndarray of shape (edges,)
        The same, for the sense branch's own memory time.
    """

    contrast: FloatArray
    simulated: FloatArray
    exact: FloatArray
    settled: FloatArray
    lagging: FloatArray


def simulate_cycle(
    laid: Laid,
    x: Array,
    label: int,
    beta: float,
    saw: Sawtooth,
    amplitudes: FloatArray,
    solver: Solver,
    threshold: float = 1.5,
    time_limit: float = 600.0,
) -> Cycle:
    """Simulate the training cycle of one image.

    Parameters
    ----------
    laid : Laid
        The circuit as a network, with the rows of a few pixels kept.
    x : ndarray of shape (1, pixels + 1)
        The image, with bias.
    label : int
        Its class.
    beta : float
        Conductance of the nudge at full strength [S].
    saw : Sawtooth
        Protocol, of standard polarity.
    amplitudes : ndarray of shape (layers,)
        A_max of each layer, inputs first, by which its sense sources are scaled too; that of a single image
        may be as small as ngspice's rounding [V^2].
    solver : Solver
        For voltages at rest.
    threshold : float
        theta of each layer in units of A_max/tau_s.
    time_limit : float
        Longest time in ngspice [s].

    Raises
    ------
    EngineError
        If ngspice fails, or returns what can't be right.
    """
    network = laid.network
    circuit = laid.circuit.with_conductances(tuple(a.astype(np.float64) for a in laid.circuit.conductances))
    batch = Batch(circuit, circuit.currents(x.astype(np.float64)), np.array([label]))
    strengths = np.linspace(0, 1, _STRENGTHS)
    drops = _ramp_drops(laid, x, batch, solver, beta * strengths)
    contrast = 0.5 * (drops[-1] - drops[0]) * (drops[-1] + drops[0])
    layers = _layers(laid)
    largest = np.full(network.edge_count, float(np.max(amplitudes)))
    for layer, amplitude in zip(layers, amplitudes, strict=True):
        largest[layer] = amplitude
    cell = ContrastCell(_SENSED / largest, _free_drops(laid, x, time_limit))
    time, u = _waveforms(laid, cell, x, label, beta, saw, time_limit)
    theta = threshold * largest / saw.tau_s
    sensed = cell.c * cell.gains
    gate = HardThreshold(theta * sensed)
    simulated = update_integral(time, u, gate) / sensed
    grid = _grid(saw, cell.c * cell.r)
    signal = 0.5 * (drops - drops[0]) * (drops + drops[0]) * cell.gains
    smooth = CubicSpline(strengths, signal)(_strength(saw, grid))
    ideal, cycle = RCKernel(cell.r, cell.c).response(grid, smooth.T), grid >= 0
    exact = update_integral(grid[cycle], ideal[:, cycle], gate) / sensed
    settled, lagging = (
        np.concatenate(
            [RampIntegral(saw, float(theta[part][0]), tau_k=tau)(contrast[part]) for part in layers]
        )
        for tau in (0.0, cell.c * cell.r)
    )
    chosen = np.concatenate([np.arange(network.edge_count)[part] for part in layers])
    return Cycle(contrast[chosen], simulated[chosen], exact[chosen], settled, lagging)


def _grid(saw: Sawtooth, tau: float) -> FloatArray:
    """Times of a cycle and the lead before it: close together after each corner, where u bends."""
    corners, _ = saw.breakpoints
    after = tau * np.concatenate([np.linspace(0, 1, 40)[1:] ** 2, np.linspace(1, 12, 110)[1:]])
    ramp = np.linspace(corners[0], corners[1], 500), np.linspace(corners[1], corners[2], 500)
    times = np.concatenate([[-_LEAD * tau], corners, *ramp, *(corner + after for corner in corners[:2])])
    return np.unique(times[times <= saw.period])


def _strength(saw: Sawtooth, time: FloatArray) -> FloatArray:
    """Strength of the nudge, before the cycle too."""
    return np.where(time < 0, -time / saw.tau_s, saw.strength(time))


def _ramp_drops(laid: Laid, x: Array, batch: Batch, solver: Solver, betas: FloatArray) -> FloatArray:
    """Voltage drops of all edges at rest under nudges of one image, shape (nudges, edges) [V]."""
    found, point = [], None
    for beta in betas.tolist():
        point = solver.settle(batch, beta, point)
        found.append(laid.network.drops(laid.voltages(x, point))[0])
    return np.array(found)


def _free_drops(laid: Laid, x: Array, time_limit: float) -> FloatArray:
    """Voltage drops of all edges at rest, from ngspice itself, whose diodes differ from ours by 1e-6 V."""
    with Ngspice(time_limit=time_limit) as engine:
        voltages = engine.settle(laid.network, BareCell(), laid.volts(x))
    drops: FloatArray = laid.network.drops(voltages)[0]
    return drops


def _layers(laid: Laid) -> Sequence[slice]:
    """Edges of the inputs' rows, and edges to the outputs; what stands for folded rows is neither."""
    parts = [slice(0, laid.first_edges)] if laid.first_edges else []
    if laid.inner_edges:
        parts.append(slice(laid.network.edge_count - laid.inner_edges, laid.network.edge_count))
    return parts


def _waveforms(
    laid: Laid, cell: ContrastCell, x: Array, label: int, beta: float, saw: Sawtooth, time_limit: float
) -> tuple[FloatArray, FloatArray]:
    """Times [s] and kernel outputs (edges, time) [A] of the cycle, from ngspice."""
    circuit, network = laid.circuit, laid.network
    tau, target = cell.c * cell.r, np.eye(circuit.classes)[[label]]
    drive = Drive.hold(laid.volts(x), circuit.nudge(beta), target)
    netlist = _with_lead(build_netlist(network, cell, saw, drive), saw, _LEAD * tau)
    length = netlist.timeline.stop - netlist.timeline.start
    pool = Pool(1, time_limit)
    try:
        analysis = f"tran {tau / 5:.6g} {spice_number(length)} 0 {saw.tau_f:.6g}"
        found = pool.run([Job(deck(netlist), (), _TOLERANCES, analysis, netlist.vectors)])[0]
    finally:
        pool.close()
    time = found[0] + netlist.timeline.start
    if not np.all(np.isfinite(found)) or abs(time[-1] - netlist.timeline.stop) > 1e-6 * length:
        raise EngineError(f"ngspice stopped at {time[-1]:g} s, or returned values that are not finite")
    u = read_kernel_output(netlist, found[1:], cell.resistance(network.conductance))
    within = time >= -1e-9 * length
    return time[within], u[:, within]


def _with_lead(netlist: Netlist, saw: Sawtooth, lead: float) -> Netlist:
    """The netlist with the last part of the slow ramp before the cycle."""
    times, values = saw.breakpoints
    span = replace(netlist.timeline, start=-lead)
    before = np.concatenate([[-lead], times]), np.concatenate([[lead / saw.tau_s], values])
    elements = tuple(
        replace(element, corners=ramp_of(*before, span))
        if isinstance(element, RampVoltage) and element.name == "vbeta"
        else element
        for element in netlist.elements
    )
    return replace(netlist, elements=elements, timeline=span)
