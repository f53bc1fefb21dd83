"""Nudges that follow the outputs of circuits with memory, against an ODE of the capacitors' charges."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from tcl_circuits import (
    ConductanceNudge,
    Drive,
    EngineError,
    Network,
    Sawtooth,
    SenseCell,
    SoftmaxNudge,
    lattice,
    single_ended,
)
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.drive import timeline
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines import Reference
from tcl_circuits.engines.grid import Schedule
from tcl_circuits.engines.modes import Polynomials, decay_integrals
from tcl_circuits.engines.quasistatic import solve_ports

SAW = Sawtooth(1e-5, 1e-3)
MSE = ConductanceNudge(1e-5, single_ended(2))
SOFTMAX = SoftmaxNudge(1e-5, 0.1, single_ended(2))


def three_by_three() -> Network:
    return lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (2, 1)], seed=1)


def held(nudge: Nudge) -> Drive:
    return Drive.hold([1.0, -0.5], nudge, [0.0, 1.0])


class Charges:
    """Linear sense cells under any nudge of single outputs, as an ODE of the capacitors' voltages.

    Nothing is shared with the engine but the conductances: the nudge's currents are found at every moment
    by Newton steps at the output nodes.
    """

    def __init__(self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive) -> None:
        self.network, self.cell, self.saw, self.drive = network, cell, saw, drive
        self.r, self.c = cell.resistance(network.conductance), cell.capacitance(network.conductance)
        self.matrix = laplacian(network, network.conductance + 1 / self.r)
        free, outputs = network.free, network.outputs
        self.inverse = np.zeros_like(self.matrix)
        self.inverse[np.ix_(free, free)] = np.linalg.inv(self.matrix[np.ix_(free, free)])
        self.seen = self.inverse[np.ix_(outputs, outputs)]
        self.drops = network.drops(np.eye(network.node_count)).T

    def inputs(self, t: float) -> np.ndarray:
        return np.array([np.interp(t, self.drive.times, row) for row in self.drive.inputs[0]])

    def currents(self, t: float, capacitors: np.ndarray) -> np.ndarray:
        """Sense currents of the edges."""
        network = self.network
        volts = np.zeros(network.node_count)
        volts[network.inputs] = self.inputs(t)
        volts += self.inverse @ (self.drops.T @ (capacitors / self.r) - self.matrix @ volts)
        volts += self.inverse[:, network.outputs] @ self.nudged(t, volts[network.outputs])
        result: np.ndarray = (network.drops(volts) - capacitors) / self.r
        return result

    def nudged(self, t: float, y_free: np.ndarray) -> np.ndarray:
        nudge, target = self.drive.nudge, self.drive.targets[0]
        assert nudge is not None
        beta, y = np.interp(t, *self.saw.breakpoints), y_free

        def off(y: np.ndarray) -> np.ndarray:
            found: np.ndarray = y - y_free - beta * self.seen @ nudge.force(y, target)
            return found

        for _ in range(60):
            step = np.linalg.solve(np.eye(2) - beta * self.seen @ nudge.force_jacobian(y, target), off(y))
            while np.abs(off(y - step)).max() > np.abs(off(y)).max() + 1e-14:
                step = 0.5 * step
            y = y - step
            if np.abs(step).max() < 1e-14:
                break
        result: np.ndarray = beta * nudge.force(y, target)
        return result

    def u(self, time: np.ndarray) -> np.ndarray:
        """Kernel outputs (edges, time) from rest."""
        network = self.network
        rest, volts = laplacian(network, network.conductance), np.zeros(network.node_count)
        volts[network.inputs] = self.inputs(time[0])
        free = network.free
        volts[free] = np.linalg.solve(rest[np.ix_(free, free)], -(rest @ volts)[free])
        rest_drops = network.drops(volts)
        state, found = np.zeros_like(rest_drops), [np.zeros_like(rest_drops)]
        for left, right in pairwise(timeline(network, self.cell, self.saw, self.drive).corners.tolist()):
            inside = time[(time > left) & (time <= right)]
            done = solve_ivp(
                lambda t, x: self.currents(t, rest_drops + x) / self.c,
                (left, right),
                state,
                "DOP853",
                inside,
                rtol=1e-12,
                atol=1e-16,
            )
            found += [self.currents(t, rest_drops + x) for t, x in zip(done.t, done.y.T, strict=True)]
            state = done.y[:, -1]
        return np.array(found).T


def assert_as_the_ode(network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive, within: float) -> None:
    found = Reference().run(network, cell, saw, drive)[0]
    exact = Charges(network, cell, saw, drive).u(found.time)
    np.testing.assert_allclose(found.u, exact, rtol=0, atol=within * np.abs(exact).max())


@pytest.mark.parametrize("nudge", [MSE, SOFTMAX], ids=["conductance", "softmax"])
@pytest.mark.parametrize("spread", [False, True], ids=["one tau", "tau of each edge"])
def test_linear_sense_network_against_an_ode_of_the_charges(nudge: Nudge, spread: bool) -> None:
    network = three_by_three()
    c = 1e-12 * np.random.default_rng(0).uniform(0.8, 1.2, network.edge_count) if spread else 1e-12
    assert_as_the_ode(network, SenseCell("linear", c=c), SAW, held(nudge), 2e-8)


@pytest.mark.parametrize("nudge", [MSE, SOFTMAX], ids=["conductance", "softmax"])
def test_inputs_may_move_under_the_nudge(nudge: Nudge) -> None:
    volts = [[0.2, 1.0, 0.4], [0.0, -0.5, -0.1]]
    drive = Drive.ramps([-2e-5, 4e-6, 3e-4], volts, nudge, [0.0, 1.0])
    assert_as_the_ode(three_by_three(), SenseCell("linear"), SAW, drive, 2e-8)


def test_inverted_sawtooth_and_its_tail() -> None:
    saw = replace(SAW, polarity="inverted")
    assert_as_the_ode(three_by_three(), SenseCell("linear"), saw, held(MSE), 2e-8)


@pytest.mark.parametrize("gain", [10.0, 300.0])
def test_strong_nudges_are_resolved(gain: float) -> None:
    network = three_by_three()
    strength = gain * float(network.conductance.mean())
    for nudge in (ConductanceNudge(strength, single_ended(2)), SoftmaxNudge(strength, 0.3, single_ended(2))):
        assert_as_the_ode(network, SenseCell("linear"), Sawtooth(1e-5, 1e-4), held(nudge), 5e-8)


def test_the_strongest_nudge_stays_stable_and_pins_the_outputs() -> None:
    nudge = ConductanceNudge(1e3, single_ended(2))
    for capacitance in (0.0, 1e-14, 1e-12):
        network = replace(three_by_three(), node_capacitance=capacitance)
        found = Reference().run(network, SenseCell("linear"), SAW, held(nudge))[0]
        inside = (found.time > 1e-7) & (found.time < 0.99 * SAW.period)
        np.testing.assert_allclose(found.voltage[network.outputs[0]][inside], 0.0, atol=1e-4)
        np.testing.assert_allclose(found.voltage[network.outputs[1]][inside], 1.0, atol=1e-4)


def test_node_capacitances_against_an_ode() -> None:
    network = replace(three_by_three(), node_capacitance=2e-13)
    drive, free = held(SOFTMAX), network.free
    found = Reference().run(network, SenseCell("power"), SAW, drive)[0]
    matrix, outputs = laplacian(network, network.conductance), network.outputs

    def slope(t: float, volts: np.ndarray) -> np.ndarray:
        pushed = -matrix @ volts
        pushed[outputs] += np.interp(t, *SAW.breakpoints) * SOFTMAX.force(volts[outputs], drive.targets[0])
        result = np.zeros_like(volts)
        result[free] = pushed[free] / 2e-13
        return result

    state = found.voltage[:, 0]
    np.testing.assert_allclose((matrix @ state)[free], 0.0, atol=1e-18)
    for left, right in pairwise(SAW.breakpoints[0].tolist()):
        inside = (found.time > left) & (found.time <= right)
        done = solve_ivp(slope, (left, right), state, "Radau", found.time[inside], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.voltage[:, inside], done.y, atol=3e-8)
        state = done.y[:, -1]


@pytest.mark.parametrize("nudge", [MSE, SOFTMAX], ids=["conductance", "softmax"])
def test_resolution_changes_nothing_that_shows(nudge: Nudge) -> None:
    network, cell = three_by_three(), SenseCell("linear")
    coarse, fine = (Reference(resolution=r).run(network, cell, SAW, held(nudge))[0] for r in (0.5, 5))
    shared, at, there = np.intersect1d(coarse.time, fine.time, return_indices=True)
    assert shared.size > 5
    np.testing.assert_allclose(coarse.u[:, at], fine.u[:, there], atol=3e-7 * np.abs(fine.u).max())


def test_samples_of_a_batch_are_as_they_are_alone() -> None:
    network, cell = three_by_three(), SenseCell("linear")
    rng = np.random.default_rng(0)
    for nudge in (MSE, SOFTMAX):
        drive = Drive.hold(rng.uniform(-1, 1, (5, 2)), nudge, np.eye(2)[[0, 1, 0, 0, 1]])
        together = Reference().run(network, cell, SAW, drive)
        for k in range(5):
            alone = Reference().run(network, cell, SAW, drive.sample(k))[0]
            np.testing.assert_allclose(together[k].u, alone.u, atol=3e-8 * np.abs(alone.u).max())


def test_pieces_grow_from_the_corners_where_there_is_a_nudge() -> None:
    corners = np.array([-1e-3, 0.0, 1e-5, 1e-3, 2e-3])
    edges = Schedule(corners, SAW.strength, 1e-6, 1.0).pieces()
    assert np.isin(corners[:3], edges).all()
    assert edges[1] == 0.0
    steps = np.diff(edges)
    assert (steps > 0).all()
    assert steps[1] < 1.1e-6
    finer = Schedule(corners, SAW.strength, 1e-6, 4.0).pieces()
    assert finer.size > 3 * edges.size


@pytest.mark.parametrize("rate", [0.0, 1e-9, 0.3, 0.999, 1.0, 7.0, 300.0, 1e7])
def test_decay_integrals_are_integrals(rate: float) -> None:
    span, order = 0.9, 8
    found = decay_integrals(np.array([rate]), np.array([span]), order)[:, 0, 0]
    assert found[0] == np.exp(-rate * span)
    for n in range(order):
        factorial = float(np.prod(np.arange(1, n + 1)))
        near = max(0.0, span - 50 / max(rate, 1e-3))
        exact = quad(
            lambda x, n=n, f=factorial: np.exp(-rate * (span - x)) * x**n / f, near, span, epsrel=1e-13
        )[0]
        assert found[1 + n] == pytest.approx(exact, rel=1e-12)


def test_lines_through_corners() -> None:
    corners, values = np.array([0.0, 1.0, 3.0]), np.array([[[0.0], [2.0], [1.0]]])
    lines = Polynomials.lines(corners, values)
    np.testing.assert_array_equal(lines.derivatives[0, :, :, 0], [[0.0, 2.0], [2.0, -0.5]])


class Repulsive:
    """A pull without a stable state."""

    def force(self, y: np.ndarray) -> np.ndarray:
        result: np.ndarray = 1.0 + y**2
        return result

    def force_jacobian(self, y: np.ndarray) -> np.ndarray:
        result: np.ndarray = 2 * y[..., None] * np.eye(y.shape[-1])
        return result


def test_no_solution_is_an_error() -> None:
    with pytest.raises(EngineError, match="did not converge"):
        solve_ports(Repulsive(), np.eye(1), np.array([[1.0]]), np.array([[1.0]]))
