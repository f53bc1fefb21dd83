"""The same circuit as state equations, solved without a circuit simulator.

The network has no capacitance here: its voltages are a function of the conductances, the inputs and the nudge
at each moment, found by Newton's method at the nodes. What is left are the states x, w and v of each edge
(:mod:`tcl_circuits.circuit.autonomous_cell`), and the threshold where a detector sets it, integrated with an
adaptive Runge-Kutta method from corner to corner of the sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous.design import Design, States
from tcl_circuits.autonomous.timing import pulse_value
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.parts import Amplifier
from tcl_circuits.engines.junctions import Junctions
from tcl_circuits.errors import EngineError, InputError

_MOST_STEPS = 40
_SMALLEST = 1e-12


class StateEquations:
    """An autonomous run.

    Parameters
    ----------
    design : Design
        The run.
    rtol : float
        Relative error of the integration.
    """

    def __init__(self, design: Design, rtol: float = 1e-6) -> None:
        self._design, self._rtol = design, rtol
        network = design.network
        self._reads = np.zeros((design.train.targets.shape[1], network.node_count))
        self._reads[:, network.outputs] = design.nudge.outputs.matrix(network.outputs.size)
        self._free, self._inputs = network.free, network.inputs
        self._incidence = network.drops(np.eye(network.node_count)).T
        self._voltage = np.zeros(network.node_count)
        if any(isinstance(part, Amplifier) for part in network.parts):
            raise InputError("the state equations know diodes, and no amplifiers")
        self._junctions = Junctions(network)
        self._across = np.zeros(self._junctions.count)
        self._at_diodes = np.zeros((self._junctions.count, network.node_count))
        self._at_diodes[np.arange(self._junctions.count), self._junctions.nodes] = 1.0
        timing = design.schedule.timing
        self._pulses = timing.nudge_pulse("v", "p"), timing.gate_pulse("v", "p")

    def run(self, states: States, start: int = 0, periods: int | None = None) -> Iterator[States]:
        """States at the end of each period.

        Parameters
        ----------
        states : States
            Where period `start` begins.
        start, periods : int
            First period, and how many; by default all that are left.
        """
        schedule = self._design.schedule
        stop = len(schedule.periods) if periods is None else start + periods
        for p in range(start, stop):
            states = self._period(p, states)
            yield states

    def conductance(self, v: FloatArray, held: FloatArray) -> FloatArray:
        """Conductance of each edge [S] from v and from the v at the period's start [V]."""
        return self._design.cell.slope * v

    def _period(self, p: int, states: States) -> States:
        design, timing = self._design, self._design.schedule.timing
        period = design.schedule.periods[p]
        begins = [period.wait + k * design.schedule.look_time for k in range(len(period.samples))]
        corners = {t for begin in begins for t in (begin, begin + timing.switch)} | set(timing.corners)
        y = np.concatenate([states.x, states.w, states.v, [states.theta]])
        levels = np.vstack([states.inputs, design.inputs[list(period.samples)]])
        target = design.targets[period.samples[0]] if period.learns else states.targets
        for begin, end in _spans(corners):
            # Beyond a corner a source belongs to the next piece: look at it from within.
            presented = int(np.searchsorted(begins, 0.5 * (begin + end)))
            course = _Course(
                begin,
                end,
                [self._inputs_at(t, begins, levels, presented) for t in (begin, end)],
                [self._strengths(t, p) for t in (begin, end)],
                [self._switched(t, states.targets, target) for t in (begin, end)],
            )
            y = self._integrate(course, y, states.v)
        x, w, v = np.split(y[:-1], 3)
        return States(w, v, x, self._voltage, float(y[-1]), levels[-1], target)

    def _inputs_at(self, t: float, begins: list[float], levels: FloatArray, presented: int) -> FloatArray:
        if presented == 0:
            return np.asarray(levels[0])
        share = min(1.0, (t - begins[presented - 1]) / self._design.schedule.timing.switch)
        result: FloatArray = levels[presented - 1] + share * (levels[presented] - levels[presented - 1])
        return result

    def _strengths(self, t: float, p: int) -> FloatArray:
        """Nudge, gate, and the source that is 1 in learning periods, at a time of period `p`."""
        periods = self._design.schedule.periods
        before, now = (np.array(float(periods[k].learns)) for k in (max(0, p - 1), p))
        learns = self._switched(t, before, now)
        return np.array([*(pulse_value(pulse, t) for pulse in self._pulses), 1.0]) * learns

    def _switched(self, t: float, before: FloatArray, now: FloatArray) -> FloatArray:
        """What changes with the period's beginning, as the inputs do."""
        share = min(1.0, t / self._design.schedule.timing.switch)
        result: FloatArray = before + share * (now - before)
        return result

    def _integrate(self, course: _Course, y: FloatArray, held: FloatArray) -> FloatArray:
        cell, nudge, detector = self._design.cell, self._design.nudge, self._design.detector

        def slope(t: float, y: FloatArray) -> FloatArray:
            theta, (x, w, v) = float(y[-1]), np.split(y[:-1], 3)
            inputs, (beta, gate, learns), target = course.at(t)
            # Without a lag v is w.
            follows = v if cell.lag else w
            voltage = self.voltages(self.conductance(follows, held), x, inputs, beta, target)
            u, drops = self._design.sense(voltage) - x, self._design.network.drops(voltage)
            leak = (w - v) / cell.lag_resistance if cell.lag else np.zeros_like(w)
            dw = (
                cell.write_current(u, gate, theta, drops) + cell.bound_current(w) - leak
            ) / cell.state_capacitance
            dv = leak / cell.lag_capacitance if cell.lag else dw
            dtheta = (
                0.0
                if detector is None
                else detector.drift(theta, nudge.error(self._reads @ voltage, target), learns)
            )
            return np.concatenate([u / cell.tau, dw, dv, [dtheta]])

        from scipy.integrate import solve_ivp

        found = solve_ivp(
            slope,
            (course.begin, course.end),
            y,
            rtol=self._rtol,
            atol=self._rtol * 1e-3,
            first_step=(course.end - course.begin) / 50,
        )
        if not found.success:
            raise EngineError(f"the state equations stopped at {found.t[-1]:g} s: {found.message}")
        result: FloatArray = found.y[:, -1]
        return result

    def voltages(
        self, conductance: FloatArray, x: FloatArray, inputs: FloatArray, beta: float, target: FloatArray
    ) -> FloatArray:
        """Node voltages, by Newton's method from those found last.

        Nodes and the junctions of the diodes are searched together, each junction by a step that can't go too
        far; the engines have diodes as ports of the linear network instead.

        Parameters
        ----------
        conductance, x : ndarray of shape (edges,)
            Conductances [S], and voltages of the sense capacitors, which matter where branches lie across the
            edges [V].
        inputs, target : ndarray
            Input voltages (inputs,) [V] and targets (values,).
        beta : float
            Strength of the nudge.

        Returns
        -------
        ndarray of shape (nodes,)
            Volts.

        Raises
        ------
        EngineError
            If it does not converge.
        """
        design, free, reads, diodes = self._design, self._free, self._reads, self._junctions
        load = 1.0 / design.cell.r if design.cell.loads else 0.0
        matrix = laplacian(design.network, conductance + load)
        held = load * (x @ self._incidence)
        voltage, across = self._voltage.copy(), self._across
        voltage[self._inputs] = inputs
        for _ in range(_MOST_STEPS):
            y = reads @ voltage
            state = diodes.state(across)
            current, steepness, at = state
            leaving = diodes.sign * (current + steepness * (diodes.across(voltage) - at))
            missing = matrix @ voltage - held - beta * reads.T @ design.nudge.force(y, target)
            missing += self._at_diodes.T @ leaving
            slope = matrix - beta * reads.T @ design.nudge.force_jacobian(y, target) @ reads
            slope += (self._at_diodes.T * steepness) @ self._at_diodes
            step = np.linalg.solve(slope[np.ix_(free, free)], missing[free])
            voltage[free] -= step
            before, across = across, diodes.step(across, state, diodes.across(voltage))
            if max(np.abs(step).max(), np.abs(across - before).max(initial=0.0)) <= _SMALLEST:
                self._voltage, self._across = voltage, across
                return voltage
        raise EngineError(f"the voltages did not converge in {_MOST_STEPS} Newton steps")


class HostUpdated(StateEquations):
    """The same with conductances that are held within a period and set to the state at its end."""

    def conductance(self, v: FloatArray, held: FloatArray) -> FloatArray:
        """Conductance of each edge [S]: that of the period's start."""
        return self._design.cell.slope * held

    def run(self, states: States, start: int = 0, periods: int | None = None) -> Iterator[States]:
        """States at the end of each period; v follows w at once."""
        stop = len(self._design.schedule.periods) if periods is None else start + periods
        for p in range(start, stop):
            found = self._period(p, states)
            states = States(
                found.w, found.w, found.x, found.voltage, found.theta, found.inputs, found.targets
            )
            yield states


class _Course:
    """Sources between two corners, linear in time: inputs, strengths and targets at either end."""

    def __init__(
        self,
        begin: float,
        end: float,
        inputs: list[FloatArray],
        strengths: list[FloatArray],
        targets: list[FloatArray],
    ) -> None:
        self.begin, self.end = begin, end
        self._ends = inputs, strengths, targets

    def at(self, t: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Input voltages; nudge, gate and whether the period learns; targets."""
        share = (t - self.begin) / (self.end - self.begin)
        inputs, strengths, targets = (first + share * (last - first) for first, last in self._ends)
        return np.asarray(inputs), np.asarray(strengths), np.asarray(targets)


def _spans(corners: set[float]) -> list[tuple[float, float]]:
    """Spans between corners that are apart by more than rounding."""
    ordered = sorted(corners)
    kept = [t for k, t in enumerate(ordered) if k == 0 or t - ordered[k - 1] > 1e-12]
    return list(pairwise(kept))
