"""Voltages of a layered circuit at rest, for a batch of images: block Gauss-Seidel.

The unknown of a hidden node is the junction voltage v of its diodes, ``z = v + R i(v)``. With its
neighbours held, ``S_h v + a i(v) = J``, where ``S_h = S_1/(A B) + sum W``, ``a = 1 + S_h R`` and J is the
current that flows in. The start ``min(|J|/S_h, V_T asinh(|J|/(2 a I)))`` lies beyond the root, so that
Newton's steps descend to it and can't overflow. Outputs follow in closed form but for the softmax of the
nudge, whose Jacobian is diagonal plus rank one. A sweep is one Newton step at every hidden node, then one
at the outputs; there a step of spread d, in units of T_m, is shortened to ln(1 + d), which makes Newton's
method converge from anywhere (Sun and Tran-Dinh, Math. Program. 178, 145 (2019), for functions such as
log-sum-exp).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.layered.circuit import HiddenLayer, LayeredCircuit

FULL_STEP = 0.5
"""Spread of a Newton step of the outputs, in units of T_m, up to which it is taken whole."""


@dataclass(frozen=True, eq=False)
class Point:
    """Voltages of a batch at one strength of the nudge.

    Parameters
    ----------
    low : ndarray of shape (images, nodes)
        First layer, where the inputs' conductances end: low sides of hidden nodes, or outputs [V].
    high : ndarray of shape (images, hidden)
        High sides of the hidden nodes [V].
    junction : ndarray of shape (images, hidden)
        Voltages across their diodes, without the series resistor [V].
    outputs : ndarray of shape (images, 2 classes)
        All positive outputs, then all negative ones [V].
    sweeps : int
        Sweeps until the last image came to rest.
    step : float
        Largest change of a voltage in the last sweep [V].
    """

    low: FloatArray
    high: FloatArray
    junction: FloatArray
    outputs: FloatArray
    sweeps: int
    step: float

    @property
    def values(self) -> FloatArray:
        """Output values y, shape (images, classes) [V]."""
        classes = self.outputs.shape[1] // 2
        return self.outputs[:, :classes] - self.outputs[:, classes:]

    def sources(self, rail: float) -> FloatArray:
        """What drives the outputs: high sides, +rail, -rail, shape (images, hidden + 2) [V]."""
        rails = np.broadcast_to([rail, -rail], (len(self.high), 2))
        return np.concatenate([self.high, rails], axis=1)


@dataclass(frozen=True, eq=False)
class Batch:
    """What a batch's voltages follow from, for one circuit.

    Parameters
    ----------
    circuit : LayeredCircuit
        The circuit.
    currents : ndarray of shape (images, nodes)
        Currents of the inputs (:meth:`LayeredCircuit.currents`) [A].
    labels : ndarray of shape (images,)
        Classes to nudge to.
    """

    circuit: LayeredCircuit
    currents: FloatArray
    labels: IntArray

    @cached_property
    def target(self) -> FloatArray:
        """One-hot rows, shape (images, classes)."""
        return np.eye(self.circuit.classes)[self.labels]


class Solver(Protocol):
    """Finds voltages at rest."""

    def settle(self, batch: Batch, beta: float, start: Point | None = None) -> Point:
        """Voltages under a nudge of conductance `beta` [S], beginning at other voltages if given.

        Raises
        ------
        TclError
            If they do not come to rest; the message names the image and the node that moved most.
        """
        ...


@dataclass(frozen=True)
class NumpySolver:
    """The solver in NumPy.

    Parameters
    ----------
    tolerance : float
        A batch is at rest once no voltage changes by more in a sweep [V].
    most_sweeps : int
        How many sweeps to try.
    """

    tolerance: float = 1e-9
    most_sweeps: int = 200

    def __post_init__(self) -> None:
        positive("solver", "tolerance", self.tolerance)
        if self.most_sweeps < 1:
            raise InputError(f"solver: most_sweeps = {self.most_sweeps} must be at least 1")

    def settle(self, batch: Batch, beta: float, start: Point | None = None) -> Point:
        """See :class:`Solver`."""
        not_negative("solver", "beta", beta)
        hidden = batch.circuit.hidden
        if hidden is None:
            return self._direct(batch, beta, start)
        return self._layered(batch, hidden, beta, start)

    def _direct(self, batch: Batch, beta: float, start: Point | None) -> Point:
        """Outputs driven by the inputs themselves."""
        load = batch.circuit.first_load
        outputs = batch.currents / load if start is None else start.outputs
        nudged = _Outputs(batch, load, beta)
        for sweep in range(1, self.most_sweeps + 1):
            after = nudged.step(batch.currents / load, outputs)
            step, outputs = _largest(after - outputs), after
            if step <= self.tolerance:
                none = np.zeros((len(outputs), 0))
                return Point(outputs, none, none, outputs, sweep, step)
        raise not_at_rest(step, self.most_sweeps, "an output")

    def _layered(self, batch: Batch, hidden: HiddenLayer, beta: float, start: Point | None) -> Point:
        nodes = HiddenNodes.of(batch.circuit, hidden)
        w = hidden.conductance.astype(np.float64)
        fixed, inner = batch.currents / hidden.back, w[:-2]
        bias = hidden.rail * (w[-2] - w[-1])
        load = batch.circuit.output_load
        nudged = _Outputs(batch, load, beta)
        outputs = np.zeros((len(fixed), load.size)) if start is None else start.outputs
        v = nodes.start(fixed) if start is None else start.junction
        for sweep in range(1, self.most_sweeps + 1):
            before_v, before = v, outputs
            v = nodes.step(v, fixed + outputs @ inner.T)
            z = v + hidden.diodes.ohms * hidden.diodes.current(v)
            outputs = nudged.step((z @ inner + bias) / load, outputs)
            step = max(_largest(v - before_v), _largest(outputs - before))
            if step <= self.tolerance:
                return Point(z / hidden.forward, z, v, outputs, sweep, step)
        image, node = np.unravel_index(np.argmax(np.abs(v - before_v)), v.shape)
        raise not_at_rest(step, self.most_sweeps, f"hidden node {node} of image {image}")


@dataclass(frozen=True, eq=False)
class HiddenNodes:
    """Equation of the hidden nodes, ``S_h v + a i(v) = J``.

    Parameters
    ----------
    load : ndarray of shape (hidden,)
        S_h, everything at a high side but its diodes [S].
    factor : ndarray of shape (hidden,)
        a.
    hidden : HiddenLayer
        Whose nodes these are.
    """

    load: FloatArray
    factor: FloatArray
    hidden: HiddenLayer

    @classmethod
    def of(cls, circuit: LayeredCircuit, hidden: HiddenLayer) -> HiddenNodes:
        """Equation for the conductances of a circuit."""
        beyond = np.sum(hidden.conductance[:-2], axis=1, dtype=np.float64)
        load = circuit.first_load / (hidden.forward * hidden.back) + beyond
        return cls(load, 1 + load * hidden.diodes.ohms, hidden)

    def start(self, current: FloatArray) -> FloatArray:
        """Bound of the junction voltages from which Newton's steps descend, shape of `current` (A)."""
        size = np.abs(current)
        shut = 2 * self.factor * self.hidden.diodes.saturation
        bound = np.minimum(size / self.load, THERMAL_VOLTAGE * np.arcsinh(size / shut))
        return np.copysign(bound, current)

    def step(self, v: FloatArray, current: FloatArray) -> FloatArray:
        """Junction voltages after one Newton step, kept within their bound."""
        diodes = self.hidden.diodes
        wrong = self.load * v + self.factor * diodes.current(v) - current
        bound = np.abs(self.start(current))
        after: FloatArray = np.clip(v - wrong / (self.load + self.factor * diodes.slope(v)), -bound, bound)
        return after


@dataclass(frozen=True, eq=False)
class _Outputs:
    """Outputs under the nudge.

    Parameters
    ----------
    batch : Batch
        Circuit and classes.
    load : ndarray of shape (2 classes,)
        Conductance at each output [S].
    beta : float
        Conductance of the nudge [S].
    """

    batch: Batch
    load: FloatArray
    beta: float

    def step(self, unforced: FloatArray, outputs: FloatArray) -> FloatArray:
        """One Newton step from `outputs`; `unforced` is where they would be without a nudge."""
        if self.beta == 0:
            return unforced
        classes, temperature = self.batch.circuit.classes, self.batch.circuit.temperature
        nudge = self.batch.circuit.nudge(self.beta)
        y = outputs[:, :classes] - outputs[:, classes:]
        y0 = unforced[:, :classes] - unforced[:, classes:]
        q = 1 / self.load[:classes] + 1 / self.load[classes:]
        p = nudge.probabilities(y)
        wrong = y - y0 + self.beta * temperature * q * (p - self.batch.target)
        diagonal = 1 + self.beta * q * p
        w, u = wrong / diagonal, self.beta * q * p / diagonal
        common = -np.sum(p * w, axis=1) / (1 - np.sum(p * u, axis=1))
        change = u * common[:, None] - w
        spread = np.ptp(change, axis=1, keepdims=True) / temperature
        change *= np.where(spread > FULL_STEP, np.log1p(spread) / np.maximum(spread, FULL_STEP), 1.0)
        # From the step itself: at rest only where Newton's method is.
        force = (y + change - y0) / q
        return unforced + np.concatenate([force, -force], axis=1) / self.load


def _largest(change: FloatArray) -> float:
    return float(np.abs(change).max(initial=0.0))


def not_at_rest(step: float, sweeps: int, what: str) -> TclError:
    """The error for a batch that does not come to rest."""
    return TclError(
        f"the layered circuit does not come to rest: {what} still moves by {step:.3g} V after "
        f"{sweeps} sweeps; look for a conductance near 0, a nudge far above the outputs' conductance, "
        "or raise most_sweeps"
    )


def make_solver(compiled: bool | None = None, tolerance: float = 1e-9) -> Solver:
    """Solver compiled by numba, or in NumPy; by default compiled if numba is installed.

    Raises
    ------
    InputError
        If numba is asked for and missing.
    """
    if compiled is None:
        compiled = can_compile()
    if not compiled:
        return NumpySolver(tolerance)
    if not can_compile():
        raise InputError(
            "numba is not installed; `pip install 'tcl-circuits[fast]'`, or leave --compiled out"
        )
    from tcl_circuits.layered.compiled import CompiledSolver

    return CompiledSolver(tolerance)


def can_compile() -> bool:
    """Whether numba is there and fits the NumPy that is; loads it, which takes a second."""
    if find_spec("numba") is None:
        return False
    try:
        import_module("tcl_circuits.layered.compiled")
    except ImportError:
        return False
    return True
