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
    identity = np.eye(resistance.shape[0])
    y = np.array(np.broadcast_to(y_free, (*beta.shape, y_free.shape[-1])))
    residual = -strength * (nudge.force(y, target) @ resistance.T)
    scale = 1e-14 * max(1e-300, float(np.abs(y_free).max()) + float(np.abs(residual).max()))
    for _ in range(_MOST_STEPS):
        jacobian = identity - strength[..., None] * (resistance @ nudge.force_jacobian(y, target))
        step = np.linalg.solve(jacobian, residual[..., None])[..., 0]
        y, residual = _shortened(nudge, resistance, y_free, target, strength, y, residual, step)
        if np.abs(step).max() <= scale:
            return strength * nudge.force(y, target)
        if np.abs(step).max() <= 1e3 * scale and np.abs(residual).max() <= scale:
            return strength * nudge.force(y, target)
    raise EngineError(
        f"the nudged state did not converge in {_MOST_STEPS} Newton steps "
        f"(largest residual {np.abs(residual).max():g} V); lower the nudge conductance or raise T_m"
    )


def _shortened(
    nudge: Nudge,
    resistance: FloatArray,
    y_free: FloatArray,
    target: FloatArray,
    strength: FloatArray,
    y: FloatArray,
    residual: FloatArray,
    step: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Take a Newton step, halved for those samples whose residual would grow."""
    before = np.abs(residual).max(axis=-1, keepdims=True)
    length = np.ones_like(before)
    for _ in range(12):
        trial = y - length * step
        left = trial - y_free - strength * (nudge.force(trial, target) @ resistance.T)
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
