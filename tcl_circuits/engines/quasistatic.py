"""Networks that follow their drive at once: the nudge as a small problem at the output ports.

Without capacitance at the nodes the voltages are a function of the inputs and of beta alone, and the
nudge acts on the outputs only: ``y = y_free + beta Z f(y)`` with the port resistance Z, of the size of the
output values.
"""

from __future__ import annotations

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
    problem = _PortProblem(nudge, resistance, y_free, target, strength)
    y = problem.solve(np.array(np.broadcast_to(y_free, (*beta.shape, y_free.shape[-1]))))
    return strength * nudge.force(y, target)


class _PortProblem:
    """``y - y_free - beta Z f(y) = 0``, the stationary point of a convex energy, by damped Newton steps."""

    def __init__(
        self,
        nudge: Nudge,
        resistance: FloatArray,
        y_free: FloatArray,
        target: FloatArray,
        strength: FloatArray,
    ) -> None:
        self._nudge, self._resistance = nudge, resistance
        self._y_free, self._target, self._strength = y_free, target, strength

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
        pull: FloatArray = self._nudge.force(y, self._target) @ self._resistance.T
        return y - self._y_free - self._strength * pull

    def _jacobian(self, y: FloatArray) -> FloatArray:
        slope: FloatArray = self._resistance @ self._nudge.force_jacobian(y, self._target)
        return np.eye(slope.shape[-1]) - self._strength[..., None] * slope

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
