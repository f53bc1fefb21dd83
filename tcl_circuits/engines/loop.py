"""A nudge that follows the outputs of a circuit with memory: its currents, by collocation.

Time is cut into pieces that grow away from the corners. On each the currents are a polynomial that obeys
the nudge at Radau's points; the modes under it are exact. Radau's points damp what is too fast for a piece,
so that no loop is too strong. Pieces are halved where neighbours do not meet.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.polynomial import legendre

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines.grid import Schedule, TimeFunction
from tcl_circuits.engines.linear import LinearModel
from tcl_circuits.engines.modes import Polynomials, decay_integrals
from tcl_circuits.engines.quasistatic import solve_ports

_POINTS = 8
"""Radau's points in a piece, so also the coefficients of its polynomial."""
_MOST_PASSES = 12


def _radau(points: int) -> FloatArray:
    """Radau's points in 0..1, the last of them 1."""
    series = np.zeros(points + 1)
    series[-2:] = -1.0, 1.0
    found: FloatArray = 0.5 * (1 + np.sort(legendre.legroots(series).real))
    found[-1] = 1.0
    return found


_RADAU = _radau(_POINTS)
_ORDERS = np.array([factorial(n) for n in range(_POINTS)])
_DERIVATIVES = np.linalg.inv(np.vander(_RADAU, increasing=True) / _ORDERS)
"""Derivatives (order, points) at the start of a unit piece, from values at the points."""


class Loop:
    """A closed-loop nudge at the ports of a linear circuit.

    Parameters
    ----------
    model : LinearModel
        The circuit, with the nudge's currents into its output values for ports; they act by their level
        alone, not by their slope.
    reads : ndarray of shape (values, nodes)
        Output values of node voltages.
    nudge : Nudge
        The nudge.
    schedule : Schedule
        Its course.
    """

    def __init__(self, model: LinearModel, reads: FloatArray, nudge: Nudge, schedule: Schedule) -> None:
        self._model, self._nudge, self._schedule = model, nudge, schedule
        self._reads_modes = reads @ model.voltage_modes
        self._reads_ports = reads @ model.voltage_ports

    def currents(self, free: TimeFunction, targets: FloatArray) -> Polynomials:
        """Currents of the nudge.

        Parameters
        ----------
        free : callable
            Output values (samples, time, values) without nudge at times [s], or (samples, 1, values) if they
            do not change.
        targets : ndarray of shape (samples, values)
            Targets.

        Returns
        -------
        Polynomials
            Current into each output value [A].

        Raises
        ------
        EngineError
            If Newton's method does not converge.
        """
        edges = self._schedule.pieces()
        for _ in range(_MOST_PASSES):
            found, steps = self._on(edges, free, targets), np.diff(edges)
            coarse = (_gaps(found) > self._schedule.tolerance) & (steps > self._schedule.shortest)
            if not coarse.any():
                break
            edges = np.sort(np.concatenate([edges, (edges[:-1] + 0.5 * steps)[coarse]]))
        return _after_nothing(found)

    def _on(self, edges: FloatArray, free: TimeFunction, targets: FloatArray) -> Polynomials:
        """Currents on pieces that are given."""
        pieces, values = edges.size - 1, targets.shape[1]
        steps = np.diff(edges)
        times = (edges[:-1, None] + steps[:, None] * _RADAU).ravel()
        given = free(times)
        if given.shape[1] == 1:
            given = np.broadcast_to(given, (given.shape[0], times.size, values))
        given = given.reshape(-1, pieces, _POINTS * values)
        beta = self._schedule.beta(times).reshape(pieces, _POINTS)
        response, seen, kept, gained = self._tables(steps)
        found = np.empty(given.shape)
        state = np.zeros((targets.shape[0], kept.shape[1]))
        solver = (_Affine if self._nudge.affine else _Newton)(self._nudge, beta, targets, response)
        for k in range(pieces):
            found[:, k] = solver.currents(k, given[:, k] + state @ seen[k])
            state = state * kept[k] + found[:, k] @ gained[k]
        shape = (targets.shape[0], pieces, _POINTS, values)
        scale = steps[:, None] ** -np.arange(_POINTS)
        return Polynomials(edges, scale[..., None] * (_DERIVATIVES @ found.reshape(shape)))

    def _tables(self, steps: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """What a piece does to values and states; points and values are one axis, points first.

        Returns
        -------
        response : ndarray of shape (pieces, points values, points values)
            Values at the points for unit currents at the points.
        seen : ndarray of shape (pieces, modes, points values)
            Values at the points for unit states at the start.
        kept : ndarray of shape (pieces, modes)
            States at the end for unit states at the start.
        gained : ndarray of shape (pieces, points values, modes)
            States at the end for unit currents at the points.
        """
        drive, reads, rates = self._model.drive, self._reads_modes, self._model.rates
        pieces, modes, values = steps.size, rates.size, reads.shape[0]
        tables = decay_integrals(rates, (steps[:, None] * _RADAU).ravel(), _POINTS)
        tables = tables.reshape(-1, modes, pieces, _POINTS)
        decay, integrals = tables[0], tables[1:]
        integrals *= (steps ** -np.arange(_POINTS)[:, None])[:, None, :, None]
        weights = (_DERIVATIVES.T @ integrals.reshape(_POINTS, -1)).reshape(_POINTS, modes, -1)
        pairs = (reads[:, None] * drive.T).reshape(-1, modes)
        response = (pairs @ weights).reshape(_POINTS, values, values, pieces, _POINTS)
        response = response.transpose(3, 4, 1, 0, 2).reshape(pieces, _POINTS * values, -1)
        response += np.kron(np.eye(_POINTS), self._reads_ports)
        seen = decay.swapaxes(0, 1)[..., None] * reads.T[:, None, :]
        ends = weights.reshape(_POINTS, modes, pieces, -1)[..., -1].transpose(2, 0, 1)
        gained = np.ascontiguousarray(ends)[:, :, None] * np.ascontiguousarray(drive.T)
        kept = decay[:, :, -1].T
        return response, seen.reshape(pieces, modes, -1), kept, gained.reshape(pieces, -1, modes)


class _Affine:
    """Currents of a nudge whose force has the same Jacobian everywhere: one system for all samples.

    Parameters
    ----------
    nudge : Nudge
        The nudge.
    beta : ndarray of shape (pieces, points)
        Its strengths.
    targets : ndarray of shape (samples, values)
        Targets.
    response : ndarray of shape (pieces, points values, points values)
        Values at the points for unit currents at the points.
    """

    def __init__(self, nudge: Nudge, beta: FloatArray, targets: FloatArray, response: FloatArray) -> None:
        self._nudge, self._beta, self._targets = nudge, beta[:, :, None], targets[:, None, :]
        slope = nudge.force_jacobian(np.zeros(targets.shape[1]), targets[0])
        gain = (beta[:, :, None, None] * slope) @ response.reshape(*beta.shape, targets.shape[1], -1)
        self._matrices = np.eye(response.shape[-1]) - gain.reshape(response.shape)

    def currents(self, k: int, given: FloatArray) -> FloatArray:
        """Currents [A] that agree with the values ``given + response currents`` of piece `k`."""
        split = given.reshape(given.shape[0], _POINTS, -1)
        force = (self._beta[k] * self._nudge.force(split, self._targets)).reshape(given.shape)
        return np.linalg.solve(self._matrices[k], force.T).T


class _Newton:
    """Currents of any nudge, for each sample on its own; parameters as for :class:`_Affine`."""

    def __init__(self, nudge: Nudge, beta: FloatArray, targets: FloatArray, response: FloatArray) -> None:
        self._nudge, self._beta, self._targets, self._response = nudge, beta, targets, response
        self._guess: FloatArray | None = None

    def currents(self, k: int, given: FloatArray) -> FloatArray:
        """Currents [A] that agree with the values ``given + response currents`` of piece `k`."""
        pull = _Pull(self._nudge, self._beta[k], self._targets)
        y = solve_ports(pull, self._response[k], given, given if self._guess is None else self._guess)
        self._guess = np.tile(y[:, -self._targets.shape[1] :], _POINTS)
        return pull.force(y)


class _Pull:
    """A nudge at all points of a piece; points and values are one axis, points first."""

    def __init__(self, nudge: Nudge, beta: FloatArray, targets: FloatArray) -> None:
        self._nudge, self._beta, self._targets = nudge, beta, targets[:, None, :]

    def force(self, y: FloatArray) -> FloatArray:
        """Currents [A] for output values, both of shape (samples, points values)."""
        split = y.reshape(y.shape[0], _POINTS, -1)
        found: FloatArray = self._beta[:, None] * self._nudge.force(split, self._targets)
        return found.reshape(y.shape)

    def force_jacobian(self, y: FloatArray) -> FloatArray:
        """Derivative of the force by y [S], shape (samples, points values, points values)."""
        split = y.reshape(y.shape[0], _POINTS, -1)
        blocks = self._beta[:, None, None] * self._nudge.force_jacobian(split, self._targets)
        result = np.zeros((*split.shape, *split.shape[1:]))
        for k in range(_POINTS):
            result[:, k, :, k] = blocks[:, k]
        return result.reshape(*y.shape, y.shape[1])


def _after_nothing(found: Polynomials) -> Polynomials:
    """Put a piece without current first, so that the start belongs to it."""
    edges, derivatives = found.edges, found.derivatives
    earlier = np.concatenate([[2 * edges[0] - edges[1]], edges])
    return Polynomials(earlier, np.concatenate([np.zeros_like(derivatives[:, :1]), derivatives], axis=1))


def _gaps(found: Polynomials) -> FloatArray:
    """How far each piece's start is from the end of the one before, over the largest current."""
    powers = np.diff(found.edges)[:, None] ** np.arange(_POINTS) / _ORDERS
    starts = found.derivatives[:, :, 0]
    ends = np.einsum("kn,sknv->skv", powers, found.derivatives)
    before = np.concatenate([np.zeros_like(ends[:, :1]), ends[:, :-1]], axis=1)
    largest = max(float(np.abs(ends).max()), np.finfo(float).tiny)
    result: FloatArray = np.abs(starts - before).max(axis=(0, 2)) / largest
    return result
