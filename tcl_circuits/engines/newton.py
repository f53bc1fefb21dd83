"""Diodes and nudge as a problem of their own size, at the ports where they touch a linear network.

With the voltages w at the ports - those of the diodes, then the output values - and the currents q(w) into
them, ``w = w_0 + Z q(w)``: w_0 is what the network has there without them, Z its port resistance. Newton's
method with junction steps that cannot overflow solves all rows at once; rows that have converged rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines.junctions import Junctions
from tcl_circuits.errors import EngineError

_MOST_STEPS = 100
_DAMPED_AFTER = 40
_STEP = 1e-9
"""Last step over N VT; what is left after it is its square."""
_ROUNDING = 1e-13
"""Last step over the largest voltage: a step this small is rounding."""


class RowPull(Protocol):
    """Currents into the output values, row by row."""

    def rows(self, chosen: IntArray) -> RowPull:
        """The same for some of the rows."""
        ...

    def force(self, y: FloatArray) -> FloatArray:
        """Currents [A], shape (rows, values)."""
        ...

    def force_jacobian(self, y: FloatArray) -> FloatArray:
        """Derivative of the currents by y [S], shape (rows, values, values)."""
        ...


@dataclass(frozen=True, eq=False)
class NudgePull:
    """A nudge that follows the output values; targets (rows, values), strengths (rows,)."""

    nudge: Nudge
    targets: FloatArray
    beta: FloatArray

    def rows(self, chosen: IntArray) -> NudgePull:
        """The same for some of the rows."""
        return NudgePull(self.nudge, self.targets[chosen], self.beta[chosen])

    def force(self, y: FloatArray) -> FloatArray:
        """Currents [A], shape (rows, values)."""
        return self.beta[:, None] * self.nudge.force(y, self.targets)

    def force_jacobian(self, y: FloatArray) -> FloatArray:
        """Derivative of the currents by y [S], shape (rows, values, values)."""
        return self.beta[:, None, None] * self.nudge.force_jacobian(y, self.targets)


@dataclass(frozen=True, eq=False)
class HeldPull:
    """Currents that do not follow the output values, shape (rows, values)."""

    currents: FloatArray

    def rows(self, chosen: IntArray) -> HeldPull:
        """The same for some of the rows."""
        return HeldPull(self.currents[chosen])

    def force(self, y: FloatArray) -> FloatArray:
        """Currents [A], shape (rows, values)."""
        return self.currents

    def force_jacobian(self, y: FloatArray) -> FloatArray:
        """Nothing."""
        return np.zeros((*y.shape, y.shape[-1]))


@dataclass(frozen=True, eq=False)
class Convergence:
    """How a search went.

    Parameters
    ----------
    iterations : ndarray of int, shape (rows,)
        Newton steps of each row.
    step : ndarray of shape (rows,)
        Its last step [V].
    """

    iterations: IntArray
    step: FloatArray


@dataclass(frozen=True, eq=False)
class PortState:
    """A solution at the ports: junction voltages (rows, diodes), voltages and currents (rows, ports)."""

    junctions: FloatArray
    voltages: FloatArray
    currents: FloatArray
    convergence: Convergence


class PortSolver:
    """Newton's method at the ports of one network.

    Parameters
    ----------
    junctions : Junctions
        The diodes; their ports come first.
    resistance : ndarray of shape (ports, ports)
        Z [ohm]; the diodes' ports count in the diodes' own direction.
    names : sequence of str
        What each port is called in messages.
    """

    def __init__(self, junctions: Junctions, resistance: FloatArray, names: Sequence[str]) -> None:
        self._junctions, self._resistance, self._names = junctions, resistance, names

    def solve(
        self, given: FloatArray, pull: RowPull, guess: tuple[FloatArray, FloatArray] | None = None
    ) -> PortState:
        """Solve ``w = w_0 + Z q(w)``.

        Parameters
        ----------
        given : ndarray of shape (rows, ports)
            w_0 [V].
        pull : RowPull
            Currents into the output values.
        guess : tuple of ndarray of shape (rows, diodes) and (rows, values), optional
            Junction voltages and output values to start from; else each diode's own upper bound, and what the
            outputs have without any current.

        Raises
        ------
        EngineError
            If a row does not converge; the message names the nodes, the steps taken and what is left.
        """
        count = self._junctions.count
        diagonal = np.diag(self._resistance)[:count]
        v = self._junctions.start(given[:, :count], diagonal) if guess is None else guess[0].copy()
        y = given[:, count:] if guess is None else guess[1]
        w = np.concatenate([self._junctions.state(v)[2], y], axis=1)
        scale = np.abs(given).max(axis=1, initial=0.0)
        tolerance = np.maximum(_STEP * self._junctions.softest, _ROUNDING * scale)
        left = np.full(given.shape, np.inf)
        iterations = np.zeros(given.shape[0], dtype=np.int64)
        active = np.arange(given.shape[0])
        for k in range(_MOST_STEPS):
            part = pull if active.size == given.shape[0] else pull.rows(active)
            v[active], w[active], left[active] = self._step(
                v[active], w[active], given[active], part, 0.5 if k >= _DAMPED_AFTER else 1.0
            )
            iterations[active] += 1
            # Not "larger than": NaN never converges.
            active = active[~(left[active].max(axis=1) <= tolerance[active])]
            if active.size == 0:
                break
        if active.size:
            raise self._failure(left, active)
        currents = np.concatenate([-self._junctions.state(v)[0], pull.force(w[:, count:])], axis=1)
        return PortState(v, w, currents, Convergence(iterations, left.max(axis=1)))

    def _step(
        self, v: FloatArray, w: FloatArray, given: FloatArray, pull: RowPull, length: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """One Newton step: junction voltages, port voltages, and how far each port moved."""
        count, ports = self._junctions.count, given.shape[1]
        state = self._junctions.state(v)
        current, conductance, x = state
        at = np.concatenate([x, w[:, count:]], axis=1)
        slope = np.zeros((v.shape[0], ports, ports))
        places = np.arange(count)
        slope[:, places, places] = -conductance
        slope[:, count:, count:] = pull.force_jacobian(w[:, count:])
        flow = np.concatenate([-current, pull.force(w[:, count:])], axis=1)
        flow -= np.einsum("rij,rj->ri", slope, at)
        matrix = np.eye(ports) - self._resistance @ slope
        try:
            found = np.linalg.solve(matrix, (given + flow @ self._resistance.T)[..., None])[..., 0]
        except np.linalg.LinAlgError:
            found = np.full_like(given, np.nan)
        aim = at + length * (found - at)
        stepped = self._junctions.step(v, state, aim[:, :count])
        # A junction has arrived when it rests, at the voltage that the network has for it.
        apart = np.abs(self._junctions.state(stepped)[2] - aim[:, :count])
        moved = np.maximum(np.abs(stepped - v), apart)
        return stepped, aim, np.concatenate([moved, np.abs(aim - at)[:, count:]], axis=1)

    def _failure(self, left: FloatArray, active: IntArray) -> EngineError:
        worst = np.nan_to_num(left[active], nan=np.inf).max(axis=0)
        order = [k for k in np.argsort(-worst).tolist() if worst[k] > 0][:4]
        names = ", ".join(dict.fromkeys(self._names[k] for k in order))
        return EngineError(
            f"the voltages at {names} did not converge in {_MOST_STEPS} Newton steps ({active.size} of "
            f"{left.shape[0]} cases; the last step is still {worst.max():g} V); give these nodes a "
            "conducting path, narrow the range of conductances, or weaken amplifiers and nudge"
        )
