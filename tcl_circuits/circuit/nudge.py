"""Nudges: currents into the output nodes that pull them towards their targets, scaled by beta(t).

A nudge knows its force, its loss and its elements. The force at beta = 1 is minus the loss gradient times
the nudge conductance, so that the free-to-nudged contrast of dV^2/2 is the loss gradient (equilibrium
propagation). An output value y is the voltage of one node or the difference of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.elements import BehaviouralCurrent, Element, VoltageSource
from tcl_circuits.errors import InputError
from tcl_circuits.units import spice_number


@dataclass(frozen=True)
class OutputMap:
    """How output values y are read from output nodes.

    Parameters
    ----------
    plus : tuple of int
        For each value, the place of its positive node among the network's outputs.
    minus : tuple of int, optional
        For each value, the place of its negative node; none if values are single-ended.
    """

    plus: tuple[int, ...]
    minus: tuple[int, ...] | None = None

    def matrix(self, outputs: int) -> FloatArray:
        """S of shape (values, outputs) with ``y = S V_outputs``."""
        matrix = np.zeros((len(self.plus), outputs))
        matrix[np.arange(len(self.plus)), self.plus] = 1.0
        if self.minus is not None:
            matrix[np.arange(len(self.plus)), self.minus] = -1.0
        return matrix

    def values(self, outputs: FloatArray) -> FloatArray:
        """Values y (..., values) of the output nodes' voltages (..., outputs) [V]."""
        return outputs @ self.matrix(outputs.shape[-1]).T

    def ends(self, k: int, names: tuple[str, ...]) -> tuple[str, str]:
        """Node names of value `k`: positive, and negative or ``0``."""
        return names[self.plus[k]], "0" if self.minus is None else names[self.minus[k]]

    def texts(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Expressions of the values."""
        ends = [self.ends(k, names) for k in range(len(self.plus))]
        return tuple(f"V({plus})" if minus == "0" else f"V({plus},{minus})" for plus, minus in ends)


def single_ended(count: int) -> OutputMap:
    """One output node a value."""
    return OutputMap(tuple(range(count)))


def differential(count: int) -> OutputMap:
    """Two output nodes a value, in the order +, -, +, -, ..."""
    return OutputMap(tuple(range(0, 2 * count, 2)), tuple(range(1, 2 * count, 2)))


class Nudge(Protocol):
    """A nudge, seen by netlists, engines and training."""

    closed_loop: ClassVar[bool]
    """Whether the force follows the outputs during the cycle."""
    affine: ClassVar[bool]
    """Whether the force's Jacobian is the same for all outputs and targets."""

    @property
    def outputs(self) -> OutputMap:
        """How output values are read."""
        ...

    def check_targets(self, targets: FloatArray) -> None:
        """Raise an InputError if targets of shape (samples, values) make no sense for this nudge."""
        ...

    def error(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """What the force is in proportion to, shape (..., values): of voltages [V], or of probabilities."""
        ...

    def error_texts(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Expression of each value's error, of the output nodes `names` and the targets at ``t<k>``."""
        ...

    def force(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Current at beta = 1 into each output value [A], shape (..., values)."""
        ...

    def force_jacobian(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Derivative of the force by y [S], shape (..., values, values)."""
        ...

    def loss(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Loss of each sample, shape (...)."""
        ...

    def loss_gradient(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Derivative of the loss by y, shape (..., values)."""
        ...

    def elements(self, names: tuple[str, ...], target: FloatArray) -> tuple[Element, ...]:
        """Elements of the nudge on the output nodes `names`, with beta as the voltage of node ``beta``."""
        ...


def softmax(y: FloatArray, temperature: float) -> FloatArray:
    """Shares (..., values) of output values [V], ``exp(y/T_m)`` over their sum, that can't overflow."""
    scaled = y / temperature
    weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    result: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return result


def _check_conductance(owner: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{owner}: conductance = {value!r} must be positive and finite, in S")


def _targets(target: FloatArray) -> tuple[VoltageSource, ...]:
    return tuple(VoltageSource(f"vt{k}", f"t{k}", "0", float(v)) for k, v in enumerate(target))


@dataclass(frozen=True)
class _SquaredError:
    """What the nudges towards target voltages share."""

    conductance: float
    outputs: OutputMap
    affine: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _check_conductance(type(self).__name__, self.conductance)

    def check_targets(self, targets: FloatArray) -> None:
        """Accept any voltages."""

    def error(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``T - y`` [V]."""
        return target - y

    def error_texts(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """As :meth:`error`."""
        return tuple(f"(V(t{k})-{y})" for k, y in enumerate(self.outputs.texts(names)))

    def force(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``g_n (T - y)`` [A]."""
        return self.conductance * self.error(y, target)

    def loss(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Half the squared error, summed over the values [V^2]."""
        result: FloatArray = 0.5 * np.sum((y - target) ** 2, axis=-1)
        return result

    def loss_gradient(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``y - T`` [V]."""
        return y - target


@dataclass(frozen=True)
class ConductanceNudge(_SquaredError):
    """The memory-free nudge ``I = beta g_n (T - y)``: a conductance beta g_n to a source at the target.

    Parameters
    ----------
    conductance : float
        g_n [S]; half to one times a typical edge conductance.
    outputs : OutputMap
        How output values are read.
    """

    closed_loop: ClassVar[bool] = True

    def force_jacobian(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``-g_n`` on the diagonal [S]."""
        values = y.shape[-1]
        return np.broadcast_to(-self.conductance * np.eye(values), (*y.shape, values))

    def elements(self, names: tuple[str, ...], target: FloatArray) -> tuple[Element, ...]:
        """One target source and one controlled current source for each value."""
        g = spice_number(self.conductance)
        sources = []
        for k, error in enumerate(self.error_texts(names)):
            plus, minus = self.outputs.ends(k, names)
            sources.append(BehaviouralCurrent(f"bn{k}", minus, plus, f"V(beta)*{g}*{error}"))
        return (*_targets(target), *sources)


@dataclass(frozen=True)
class CurrentNudge(_SquaredError):
    """The current ``I = beta g_n (T - y_free)`` from the error of the free state, which the host holds.

    Parameters
    ----------
    conductance : float
        g_n [S].
    outputs : OutputMap
        How output values are read.
    """

    closed_loop: ClassVar[bool] = False

    def force_jacobian(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Zero: the current does not follow the outputs."""
        return np.zeros((*y.shape, y.shape[-1]))

    def elements(self, names: tuple[str, ...], target: FloatArray) -> tuple[Element, ...]:
        """One source ``bn<k>`` for each value whose current, as the voltage of ``t<k>``, the host sets.

        `target` is the current at beta = 1 in amperes here: the host has formed it from the free error.
        """
        sources = []
        for k in range(len(self.outputs.plus)):
            plus, minus = self.outputs.ends(k, names)
            sources.append(BehaviouralCurrent(f"bn{k}", minus, plus, f"V(beta)*V(t{k})"))
        return (*_targets(target), *sources)


@dataclass(frozen=True)
class SoftmaxNudge:
    """The nudge of classes, ``I_k = beta g_n T_m (Y_k - softmax(y/T_m)_k)`` with one-hot targets Y.

    Parameters
    ----------
    conductance : float
        g_n [S].
    temperature : float
        T_m [V], .05 to .1 V.
    outputs : OutputMap
        How output values are read; differential pairs can take either sign.
    """

    conductance: float
    temperature: float
    outputs: OutputMap
    closed_loop: ClassVar[bool] = True
    affine: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_conductance("SoftmaxNudge", self.conductance)
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise InputError(f"SoftmaxNudge: temperature = {self.temperature!r} must be positive, in V")

    def check_targets(self, targets: FloatArray) -> None:
        """Raise an InputError unless every row is a distribution over the classes, as one-hot rows are."""
        off = np.flatnonzero((np.abs(targets.sum(axis=1) - 1) > 1e-9) | (targets < 0).any(axis=1))
        if off.size:
            raise InputError(
                f"SoftmaxNudge: targets {targets[off[0]]} of sample {off[0]} must be one-hot: "
                "1 for the class and 0 for the others"
            )

    def probabilities(self, y: FloatArray) -> FloatArray:
        """Softmax of ``y/T_m``, shape (..., values)."""
        return softmax(y, self.temperature)

    def error(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``Y - softmax``."""
        return target - self.probabilities(y)

    def error_texts(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """As :meth:`error`.

        The softmax is written as 1/(1 + sum exp((y_j - y_k)/T_m)), which can't overflow to inf/inf.
        """
        beat, y = spice_number(1 / self.temperature), self.outputs.texts(names)
        found = []
        for k in range(len(y)):
            others = "+".join(f"exp({beat}*({y[j]}-{y[k]}))" for j in range(len(y)) if j != k)
            found.append(f"(V(t{k})-1/(1+{others or '0'}))")
        return tuple(found)

    def force(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``g_n T_m (Y - softmax)`` [A]."""
        return self.conductance * self.temperature * self.error(y, target)

    def force_jacobian(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``-g_n (diag(p) - p p^T)`` [S]."""
        p = self.probabilities(y)
        outer = p[..., :, None] * p[..., None, :]
        return -self.conductance * (p[..., :, None] * np.eye(p.shape[-1]) - outer)

    def loss(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """Cross-entropy [nat], without the factor T_m^2 of the energy it stands for."""
        scaled = y / self.temperature
        top = scaled.max(axis=-1, keepdims=True)
        log_sum = top[..., 0] + np.log(np.exp(scaled - top).sum(axis=-1))
        result: FloatArray = np.sum(target, axis=-1) * log_sum - np.sum(target * scaled, axis=-1)
        return result

    def loss_gradient(self, y: FloatArray, target: FloatArray) -> FloatArray:
        """``(softmax - Y)/T_m`` [1/V]."""
        return (self.probabilities(y) - target) / self.temperature

    def elements(self, names: tuple[str, ...], target: FloatArray) -> tuple[Element, ...]:
        """One target source and one controlled current source for each class."""
        gain = spice_number(self.conductance * self.temperature)
        sources = []
        for k, error in enumerate(self.error_texts(names)):
            plus, minus = self.outputs.ends(k, names)
            sources.append(BehaviouralCurrent(f"bn{k}", minus, plus, f"V(beta)*{gain}*{error}"))
        return (*_targets(target), *sources)
