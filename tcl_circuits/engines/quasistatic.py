"""Networks that follow their drive at once: the nudge as a small problem at the output ports.

Without capacitance at the nodes the voltages are a function of the inputs and of beta alone, and the
nudge acts on the outputs only: ``y = y_free + beta Z f(y)`` with the port resistance Z, of the size of the
output values.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.errors import EngineError

_MOST_STEPS = 60
_MOST_HALVINGS = 12
_SMALLEST = 1e-13


def port_currents(
    nudge: Nudge, resistance: FloatArray, y_free: FloatArray, target: FloatArray, beta: FloatArray
) -> FloatArray:
    """Solve ``I = beta f(y_free + Z I)`` for the nudge currents.

    Parameters
    ----------
    nudge : Nudge
        Gives the force f.
    resistance : ndarray of shape (values, values)
        Port resistance Z [ohm]: output values for unit currents into them.
    y_free, target : ndarray of shape (..., values)
        Output values without nudge, and targets.
    beta : ndarray of shape (...)
        Nudge strengths.

    Returns
    -------
    ndarray of shape (..., values)
        Currents [A].

    Raises
    ------
    EngineError
        If Newton's method does not converge.
    """
    strength = beta[..., None]
    if not nudge.closed_loop:
        return strength * nudge.force(y_free, target)
    pull = _Scaled(nudge, target, strength)
    y_free = np.broadcast_to(y_free, (*beta.shape, y_free.shape[-1]))
    return pull.force(solve_ports(pull, resistance, y_free, y_free))


class Pull(Protocol):
    """Currents that follow the output values y."""

    def force(self, y: FloatArray) -> FloatArray:
        """Currents [A], shape (..., values)."""
        ...

    def force_jacobian(self, y: FloatArray) -> FloatArray:
        """Derivative of the currents by y [S], shape (..., values, values)."""
        ...


class _Scaled:
    """A nudge's pull towards given targets at given strengths."""

    def __init__(self, nudge: Nudge, target: FloatArray, strength: FloatArray) -> None:
        self._nudge, self._target, self._strength = nudge, target, strength

    def force(self, y: FloatArray) -> FloatArray:
        return self._strength * self._nudge.force(y, self._target)

    def force_jacobian(self, y: FloatArray) -> FloatArray:
        return self._strength[..., None] * self._nudge.force_jacobian(y, self._target)


def solve_ports(pull: Pull, resistance: FloatArray, y_free: FloatArray, guess: FloatArray) -> FloatArray:
    """Solve ``y = y_free + Z f(y)`` for the output values.

    Parameters
    ----------
    pull : Pull
        Gives the currents f.
    resistance : ndarray of shape (values, values)
        Port resistance Z [ohm].
    y_free, guess : ndarray of shape (..., values)
        Output values without the currents, and where the search starts.

    Returns
    -------
    ndarray of shape (..., values)
        Output values.

    Raises
    ------
    EngineError
        If Newton's method does not converge.
    """
    return _PortProblem(pull, resistance, y_free).solve(np.array(guess))


class _PortProblem:
    """``y - y_free - Z f(y) = 0``, near the stationary point of a convex energy, by damped Newton steps."""

    def __init__(self, pull: Pull, resistance: FloatArray, y_free: FloatArray) -> None:
        self._pull, self._resistance, self._y_free = pull, resistance, y_free

    def solve(self, y: FloatArray) -> FloatArray:
        residual = self._residual(y)
        small = _SMALLEST * max(1e-300, float(np.abs(y).max() + np.abs(residual).max()))
        for _ in range(_MOST_STEPS):
            step = np.asarray(
                np.linalg.solve(self._jacobian(y), residual[..., None])[..., 0], dtype=np.float64
            )
            y, residual = self._shortened(y, residual, step)
            if np.abs(step).max() <= small:
                return y
        raise EngineError(
            f"the nudged state did not converge in {_MOST_STEPS} Newton steps "
            f"(largest residual {np.abs(residual).max():g} V); lower the nudge conductance or raise T_m"
        )

    def _residual(self, y: FloatArray) -> FloatArray:
        found: FloatArray = y - self._y_free - self._pull.force(y) @ self._resistance.T
        return found

    def _jacobian(self, y: FloatArray) -> FloatArray:
        slope: FloatArray = self._resistance @ self._pull.force_jacobian(y)
        return np.eye(slope.shape[-1]) - slope

    def _shortened(
        self, y: FloatArray, residual: FloatArray, step: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Take a step, halved for those samples whose residual would grow."""
        before = np.abs(residual).max(axis=-1, keepdims=True)
        length = np.ones_like(before)
        for _ in range(_MOST_HALVINGS):
            trial = y - length * step
            left = self._residual(trial)
            grown = np.abs(left).max(axis=-1, keepdims=True) > 1.5 * before + 1e-15
            if not grown.any():
                break
            length = np.where(grown, 0.5 * length, length)
        return trial, left


class Ports:
    """The output ports of a conduction problem, in output values.

    Parameters
    ----------
    conduction : Conduction
        The solved network.
    nudge : Nudge
        The nudge at its outputs.

    Attributes
    ----------
    selection : ndarray of shape (values, outputs)
        y = selection @ output voltages.
    response : ndarray of shape (nodes, values)
        Node voltages for unit currents into the output values [ohm].
    resistance : ndarray of shape (values, values)
        Output values for unit currents into them [ohm].
    """

    def __init__(self, conduction: Conduction, nudge: Nudge) -> None:
        self.nudge = nudge
        outputs = conduction.network.outputs
        self.selection = nudge.outputs.matrix(outputs.size)
        self.response = conduction.output_response @ self.selection.T
        self.resistance = self.selection @ self.response[outputs]
        self._outputs = outputs

    def values(self, voltages: FloatArray) -> FloatArray:
        """Output values y of shape (..., values) from node voltages of shape (..., nodes)."""
        return voltages[..., self._outputs] @ self.selection.T

    def nudged(self, free: FloatArray, target: FloatArray, beta: FloatArray) -> FloatArray:
        """Voltages under nudge.

        Parameters
        ----------
        free : ndarray of shape (samples, nodes)
            Free voltages [V].
        target : ndarray of shape (samples, values)
            Targets.
        beta : ndarray of shape (points,)
            Nudge strengths.

        Returns
        -------
        ndarray of shape (samples, points, nodes)
            Volts.
        """
        samples, points = free.shape[0], beta.size
        currents = port_currents(
            self.nudge,
            self.resistance,
            self.values(free)[:, None, :],
            target[:, None, :],
            np.broadcast_to(beta, (samples, points)),
        )
        return free[:, None, :] + currents @ self.response.T
