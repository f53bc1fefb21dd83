"""The figures that a test bench should give: what the package itself finds, with tolerances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.reference import Reference
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.dialects.base import Find, How, Integral, Quantity

NET = "xnet"
"""Name of the network's instance in the test benches."""

VOLTAGE_SHARE = 1e-4
"""Tolerance of voltages, in shares of the largest of the bench."""
CURRENT_SHARE, CURRENT_FLOOR = 1e-2, 1e-3
"""Tolerance of an edge's current or charge, in shares of itself and of the largest of its kind."""
PEAK_FLOOR = 1e-5
"""Least tolerance of a kernel output, in shares of the cycle's largest; simulators resolve no less."""

_RESOLUTION = 2.0
_LATE = (0.9, 0.5, 0.1)
"""When a kernel output may be measured, in shares of the fast ramp."""
_DIGITS = 8
_ZERO = {"V": 1e-9, "A": 1e-14, "C": 1e-19}
"""Least tolerances: what a simulator leaves where nothing flows."""


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
class _Kind:
    """A figure that every edge has: its ammeter, the values, the moment or the span of its measurement."""

    name: str
    what: str
    ammeter: str
    values: FloatArray
    start: float
    stop: float | None = None
    floor: float = 0.0

    def of_edge(self, e: int, largest: float) -> Expected:
        """Return the figure of an edge."""
        meter = Quantity((NET, f"xe{e}", self.ammeter), True)
        start = tidy(self.start)
        how = Find(meter, start) if self.stop is None else Integral(meter, start, tidy(self.stop))
        unit = "A" if self.stop is None else "C"
        value = float(self.values[e])
        one = Expected(f"{self.name}_e{e}", self.what, f"e{e}", 0, unit, how)
        floor = max(CURRENT_FLOOR * largest, self.floor)
        return _figure(one, value, CURRENT_SHARE * abs(value) + floor, largest)


def tidy(seconds: float) -> float:
    """A time without the last digits, which differ between ways to sum."""
    return float(f"{seconds:.12g}")


def pins(network: Network) -> list[int]:
    """Positions of the network's pins: inputs, outputs, ground."""
    ground = [] if network.ground is None else [network.ground]
    return [*network.inputs.tolist(), *network.outputs.tolist(), *ground]


def _places(network: Network, names: NameMap) -> list[Quantity]:
    """Voltage of each node: a pin of the network is a node of the bench, others lie inside."""
    pinned = set(pins(network))
    return [
        Quantity((name,) if position in pinned else (NET, name)) for position, name in enumerate(names.spice)
    ]


def inference_figures(design: Design, voltages: FloatArray, moments: Sequence[float]) -> tuple[Expected, ...]:
    """Every node's voltage for each sample, and the outputs behind op-amps with offsets.

    Parameters
    ----------
    design : Design
        What is handed over.
    voltages : ndarray of shape (samples, nodes)
        Of the nodes [V].
    moments : sequence of float
        When each sample is measured [s].
    """
    network = design.network
    names = NameMap.of(network.nodes)
    read = [f"out{k}" for k in range(design.output_offsets.size)]
    columns = [
        (name, "node voltage", place)
        for name, place in zip(names.spice, _places(network, names), strict=True)
    ]
    columns += [(name, "output behind its op-amp", Quantity((name,))) for name in read]
    behind = voltages[:, network.outputs[: len(read)]] + design.output_offsets
    table = np.hstack([voltages, behind])
    largest = float(np.abs(voltages).max())
    return tuple(
        _figure(
            Expected(f"s{sample}_{name}", what, name, sample, "V", Find(place, moment)),
            value,
            VOLTAGE_SHARE * largest,
            largest,
        )
        for sample, (row, moment) in enumerate(zip(table.tolist(), moments, strict=True))
        for value, (name, what, place) in zip(row, columns, strict=True)
    )


def exact(design: Design, drive: Drive) -> Transient:
    """One sample of a drive as the exact engine solves it."""
    return Reference(resolution=_RESOLUTION).run(design.network, design.cell, design.saw, drive)[0]


def training_figures(design: Design, start: float) -> tuple[Expected, ...]:
    """What is measured of a cycle that begins `start` seconds from the sawtooth on the simulator's clock.

    Output voltages free and nudged; of each edge u in the fast ramp and amid the slow one, its charge
    over the fast ramp, and its direct current free and nudged.
    """
    cycle = exact(design, design.applied_training)
    kinds = _kinds(design, cycle, start)
    largest = [float(np.abs(kind.values).max(initial=0.0)) for kind in kinds]
    edges = [
        kind.of_edge(e, size)
        for e in range(design.network.edge_count)
        for kind, size in zip(kinds, largest, strict=True)
    ]
    return (*_output_figures(design, cycle, start), *edges)


def _output_figures(design: Design, cycle: Transient, start: float) -> list[Expected]:
    network, names = design.network, NameMap.of(design.network.nodes)
    moments = {"free": 0.0, "nudged": float(design.saw.breakpoints[0][1])}
    volts = _at(cycle, cycle.voltage[network.outputs], np.array(list(moments.values())))
    largest = float(np.abs(cycle.voltage).max())
    places = _places(network, names)
    found = []
    for k, position in enumerate(network.outputs.tolist()):
        name = names.spice[position]
        for (state, moment), value in zip(moments.items(), volts[k].tolist(), strict=True):
            how = Find(places[position], tidy(moment - start))
            one = Expected(f"{state}_{name}", f"output voltage, {state}", name, 0, "V", how)
            found.append(_figure(one, value, VOLTAGE_SHARE * largest, largest))
    return found


def _kinds(design: Design, cycle: Transient, start: float) -> list[_Kind]:
    network, saw = design.network, design.saw
    fast, ends = saw.fast_ramp
    late = _moment(cycle, fast, saw.tau_f)
    slow = (ends + saw.period) / 2 if saw.polarity == "standard" else fast / 2
    nudged = float(saw.breakpoints[0][1])
    u = _at(cycle, cycle.u, np.array([late, slow]))
    charge = _charges(cycle, fast, ends)
    least = PEAK_FLOOR * float(np.abs(cycle.u).max())
    kinds = [
        _Kind("u_fast", "kernel output in the fast ramp", "vu", u[:, 0], late - start, None, least),
        _Kind("u_slow", "kernel output amid the slow ramp", "vu", u[:, 1], slow - start, None, least),
        _Kind("q_fast", "charge over the fast ramp", "vu", charge, fast - start, ends - start),
    ]
    if design.cell.conducts_dc:
        volts = _at(cycle, cycle.voltage, np.array([0.0, nudged]))
        direct = network.drops(volts.T) * network.conductance
        kinds += [
            _Kind("i_free", "direct current, free", "vi", direct[0], 0.0 - start),
            _Kind("i_nudged", "direct current, nudged", "vi", direct[1], nudged - start),
        ]
    return kinds


def _moment(cycle: Transient, fast: float, tau_f: float) -> float:
    """When the kernel outputs are measured: late in the fast ramp, unless they have died away by then."""
    moments = fast + tau_f * np.array(_LATE)
    total = np.abs(_at(cycle, cycle.u, moments)).sum(axis=0)
    return float(moments[np.flatnonzero(total >= 0.5 * total.max())[0]])


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
