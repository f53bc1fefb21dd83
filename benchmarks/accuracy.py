"""Errors of kernel outputs, against the reference engine on a fine grid or an independent integrator."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from circuits import SAW
from scipy.integrate import solve_ivp

from tcl_circuits import ConductanceNudge, CurrentNudge, Drive, Network, SenseCell
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.conduction import Conduction, laplacian
from tcl_circuits.engines import Reference
from tcl_circuits.engines.base import Transient
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold, update_integral

FINE = 8.0


def exact_transients(network: Network, cell: SenseCell, drive: Drive, saw: Sawtooth = SAW) -> list[Transient]:
    """Solution on a grid eight times as fine as the reference engine's own."""
    return Reference(resolution=FINE).run(network, cell, saw, drive)


def kernel_error(found: Transient, exact: Transient) -> float:
    """Largest error of u at the points of `found`, over the largest u."""
    worst = max(
        float(np.abs(mine - np.interp(found.time, exact.time, right)).max())
        for mine, right in zip(found.u, exact.u, strict=True)
    )
    return worst / float(np.abs(exact.u).max())


def update_error(found: Transient, exact: Transient) -> float:
    """Largest error of an edge's thresholded charge, over the largest charge; theta is a fifth of max u."""
    gate = HardThreshold(0.2 * float(np.abs(exact.u).max()))
    mine, right = (update_integral(each.time, each.u, gate) for each in (found, exact))
    return float(np.abs(mine - right).max() / np.abs(right).max())


def shared_error(coarse: Transient, fine: Transient) -> float:
    """Largest difference of u at the times that both have, over the largest u; nothing is interpolated."""
    place = np.clip(np.searchsorted(fine.time, coarse.time), 0, fine.time.size - 1)
    same = np.abs(fine.time[place] - coarse.time) <= 1e-12 * fine.time[-1]
    return float(np.abs(coarse.u[:, same] - fine.u[:, place[same]]).max() / np.abs(fine.u).max())


def integrated(network: Network, cell: SenseCell, drive: Drive, time: FloatArray) -> FloatArray:
    """Kernel outputs (edges, time) of linear sense cells from an explicit Runge-Kutta method of order 8.

    Its states are the voltages of the sense capacitors; node voltages follow from Kirchhoff's law at each
    moment. Nothing is shared with the reference engine but the matrix of conductances.
    """
    circuit = _Circuit(network, cell, drive)
    state = network.drops(Conduction(network).voltages(drive.inputs[:1, :, 0]))[0]
    result = np.zeros((network.edge_count, time.size))
    for left, right in pairwise(SAW.breakpoints[0].tolist()):
        chosen = np.flatnonzero((time > left) & (time <= right))
        solution = solve_ivp(
            circuit.slope, (left, right), state, "DOP853", time[chosen], rtol=1e-11, atol=1e-16, max_step=2e-5
        )
        for k, moment, voltages in zip(chosen, time[chosen], solution.y.T, strict=True):
            result[:, k] = circuit.current(float(moment), voltages)
        state = solution.y[:, -1]
    return result


class _Circuit:
    """Currents of the sense branches as a function of time and of the voltages of their capacitors."""

    def __init__(self, network: Network, cell: SenseCell, drive: Drive) -> None:
        nudge = drive.nudge
        if not isinstance(nudge, ConductanceNudge | CurrentNudge) or nudge.outputs.minus is not None:
            raise TypeError("written for nudges of single outputs towards a voltage")
        self._network = network
        self._resistance = cell.resistance(network.conductance)
        self._capacitance = cell.capacitance(network.conductance)
        self._matrix = laplacian(network, network.conductance + 1 / self._resistance)
        self._volts = drive.inputs[0, :, 0]
        self._pull = np.zeros(network.node_count)
        self._load = np.zeros(network.node_count)
        free = Conduction(network).voltages(self._volts[None])[0]
        aim = nudge.conductance * drive.targets[0]
        if isinstance(nudge, CurrentNudge):
            aim = aim - nudge.conductance * free[network.outputs]
        else:
            self._load[network.outputs] = nudge.conductance
        self._pull[network.outputs] = aim

    def current(self, moment: float, capacitors: FloatArray) -> FloatArray:
        """Kernel output of each edge [A]."""
        network, beta = self._network, float(np.interp(moment, *SAW.breakpoints))
        sensed = np.zeros(network.node_count)
        np.add.at(sensed, network.edges[:, 0], capacitors / self._resistance)
        np.add.at(sensed, network.edges[:, 1], -capacitors / self._resistance)
        matrix = self._matrix + np.diag(beta * self._load)
        free, inputs = network.free, network.inputs
        voltage = np.zeros(network.node_count)
        voltage[inputs] = self._volts
        known = matrix[np.ix_(free, inputs)] @ self._volts
        right = (sensed + beta * self._pull)[free] - known
        voltage[free] = np.linalg.solve(matrix[np.ix_(free, free)], right)
        result: FloatArray = (network.drops(voltage) - capacitors) / self._resistance
        return result

    def slope(self, moment: float, capacitors: FloatArray) -> FloatArray:
        """Rate of change of the capacitors' voltages [V/s]."""
        return self.current(moment, capacitors) / self._capacitance
