"""Where the energy of an autonomous run goes: sources on one side, heat and charge on the other.

The inputs' currents are the simulator's own; all else follows from voltages. The balance therefore closes
only if the simulated currents obey Kirchhoff's laws and the time points are dense enough.
"""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.autonomous.circuit import Columns
from tcl_circuits.autonomous.design import Design
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.junctions import Junctions
from tcl_circuits.engines.newton import HeldPull, PortSolver

SOURCES = ("inputs", "nudge", "sense_drive", "write")
"""What delivers energy: input voltages, nudge, the sense branches' sources, the write current."""
SINKS = ("conductances", "diodes", "sense", "lag")
"""What turns it into heat: trainable conductances, diodes, sense resistors, lags."""
PARTS = (*SOURCES, *SINKS, "stored")
"""All parts; ``stored`` is the charge of all capacitors."""


def powers(design: Design, columns: Columns, rows: FloatArray, samples: IntArray) -> FloatArray:
    """Power of each source and sink, and the stored energy.

    Parameters
    ----------
    design : Design
        The run.
    columns : Columns
        What the rows hold.
    rows : ndarray of shape (points, columns)
        Time points.
    samples : ndarray of shape (points,)
        Sample whose target the nudge has at each point.

    Returns
    -------
    ndarray of shape (points, parts)
        Watts in the order of :data:`PARTS`, the last in joules.
    """
    network, cell = design.network, design.cell
    voltage, w, v = (rows[:, part] for part in (columns.nodes, columns.w, columns.v))
    u = columns.sense_output(rows, design)
    drops, s = network.drops(voltage), design.sense(voltage)
    y = design.outputs(voltage)
    force = rows[:, [columns.beta]] * design.nudge.force(y, design.targets[samples])
    theta = rows[:, [columns.theta]]
    into_state = cell.write_current(u, rows[:, [columns.gate]], theta, drops) + cell.bound_current(w)
    free = voltage[:, network.free]
    stored = (
        design.node_capacitance * np.sum(free**2, axis=1)
        + cell.c * np.sum((s - u) ** 2, axis=1)
        + cell.state_capacitance * np.sum(w**2, axis=1)
        + cell.lag_capacitance * np.sum(v**2, axis=1)
    )
    return np.column_stack(
        [
            -np.sum(voltage[:, network.inputs] * rows[:, columns.currents], axis=1),
            np.sum(force * y, axis=1),
            np.zeros(len(rows)) if cell.loads else np.sum(s * u, axis=1) / cell.r,
            np.sum(into_state * w, axis=1),
            cell.slope * np.sum(v * drops**2, axis=1),
            diode_power(network, voltage),
            np.sum(u**2, axis=1) / cell.r,
            np.sum((w - v) ** 2, axis=1) / cell.lag_resistance,
            0.5 * stored,
        ]
    )


def diode_power(network: Network, voltage: FloatArray) -> FloatArray:
    """Heat in the diodes (points,) at node voltages (points, nodes) [W], rails' share included."""
    junctions = Junctions(network)
    if not junctions.count:
        return np.zeros(voltage.shape[0])
    x = junctions.sign * (voltage[:, junctions.nodes] - junctions.rail)
    # Without resistance around them, the ports' voltages are those given.
    solver = PortSolver(junctions, np.zeros((junctions.count, junctions.count)), ["diode"] * junctions.count)
    state = solver.solve(x, HeldPull(np.zeros((x.shape[0], 0))))
    through = -state.currents * junctions.sign
    return np.asarray(np.sum(through * voltage[:, junctions.nodes], axis=1))


def cumulated(time: FloatArray, power: FloatArray, start: FloatArray) -> FloatArray:
    """Energies up to each time point, by the trapezoidal rule; the last column is what is stored.

    Parameters
    ----------
    time : ndarray of shape (points,)
        Seconds.
    power : ndarray of shape (points, parts)
        As :func:`powers`.
    start : ndarray of shape (parts,)
        Energies at the first point; that of the last column is not used.
    """
    steps = 0.5 * np.diff(time)[:, None] * (power[1:, :-1] + power[:-1, :-1])
    sums = np.vstack([np.zeros(power.shape[1] - 1), np.cumsum(steps, axis=0)]) + start[:-1]
    return np.column_stack([sums, power[:, -1]])


def balance(first: FloatArray, last: FloatArray) -> dict[str, float]:
    """Energies between two moments by part [J], and what the account is off by, relative to the sources.

    Parameters
    ----------
    first, last : ndarray of shape (parts,)
        Energies as :func:`cumulated` gives them.
    """
    spent = last - first
    found = dict(zip(PARTS, spent.tolist(), strict=True))
    delivered = sum(found[name] for name in SOURCES)
    used = sum(found[name] for name in SINKS) + found["stored"]
    scale = sum(abs(found[name]) for name in SOURCES)
    return {**found, "relative_error": (delivered - used) / scale if scale else 0.0}
