"""The direction in which each rule moves the conductances of a layered circuit, from one batch.

All directions have the unit and the sign of the contrast of s [V^2] between nudged and free, averaged over
the batch's images: learning goes against them. At the inputs' edges the gradient of the energy has a factor
A/B more, which the layer's own step length absorbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.layered.circuit import Array
from tcl_circuits.layered.gradient import loss_gradient
from tcl_circuits.layered.solve import Batch, Point, Solver
from tcl_circuits.layered.update import RampIntegral, Updater, largest_input, make_updater, moves
from tcl_circuits.protocol import Sawtooth

RULES = ("tcl", "contrast", "gradient")

Direction: TypeAlias = tuple[Array, ...]
"""One array for each of :attr:`LayeredCircuit.conductances`."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A batch with its free state.

    Parameters
    ----------
    batch : Batch
        Circuit, currents, classes.
    x : ndarray of shape (images, pixels + 1)
        Pixels with bias.
    free : Point
        Voltages without a nudge.
    beta : float
        Conductance of the nudge [S].
    solver : Solver
        For the nudged states.
    """

    batch: Batch
    x: Array
    free: Point
    beta: float
    solver: Solver

    def ramp(self, segments: int) -> list[Point]:
        """Voltages at the ends of equal parts of the ramp, free ones first."""
        points = [self.free]
        for k in range(1, segments + 1):
            points.append(self.solver.settle(self.batch, self.beta * k / segments, points[-1]))
        return points

    def sources(self, points: list[Point]) -> list[FloatArray]:
        """What drives the outputs at those points; nothing without hidden nodes."""
        hidden = self.batch.circuit.hidden
        return [] if hidden is None else [point.sources(hidden.rail) for point in points]


class Rule(Protocol):
    """Turns a batch into directions."""

    def direction(self, shown: Shown, amplitudes: FloatArray) -> tuple[Direction, FloatArray]:
        """Directions of a batch, and the largest contrast of each layer (NaN where it is not measured).

        Parameters
        ----------
        shown : Shown
            The batch.
        amplitudes : ndarray of shape (layers,)
            Largest contrast of each layer in recent batches [V^2]; NaN before the first.
        """
        ...


@dataclass(frozen=True)
class TemporalContrast:
    """The thresholded kernel output, integrated over a cycle.

    Parameters
    ----------
    saw : Sawtooth
        Protocol; times only set units.
    threshold : float
        theta in units of A_max/tau_s.
    segments : int
        Parts of each ramp.
    updater : Updater
        Sums over images.
    """

    saw: Sawtooth
    threshold: float
    segments: int
    updater: Updater

    def direction(self, shown: Shown, amplitudes: FloatArray) -> tuple[Direction, FloatArray]:
        """See :class:`Rule`. The first batch is gated by its own largest contrast."""
        points = shown.ramp(self.segments)
        low, outputs = [p.low for p in points], [p.outputs for p in points]
        sources, volts = shown.sources(points), shown.batch.circuit.volts
        found = [largest_input(volts, shown.x, (low[0], low[-1]))]
        if sources:
            found.append(self.updater.largest_inner((sources[0], sources[-1]), (outputs[0], outputs[-1])))
        largest = np.array(found)
        gates = [self._gate(a) for a in np.where(np.isnan(amplitudes), largest, amplitudes)]
        direction: Direction = self.updater.of_inputs(gates[0], shown.x, volts, low)
        if sources:
            direction = (*direction, self.updater.of_inner(gates[1], sources, outputs))
        return _mean(direction, len(shown.x)), largest

    def _gate(self, amplitude: float) -> RampIntegral:
        return RampIntegral(self.saw, self.threshold * float(amplitude) / self.saw.tau_s, self.segments)


@dataclass(frozen=True)
class ExplicitContrast:
    """The contrast itself, from an explicit memory of the free state."""

    def direction(self, shown: Shown, amplitudes: FloatArray) -> tuple[Direction, FloatArray]:
        """See :class:`Rule`."""
        points = shown.ramp(1)
        free, nudged = points
        x, volts = shown.x, shown.batch.circuit.volts
        a, c = moves(free.low, nudged.low)
        swing = x.T @ (volts * a).astype(x.dtype)
        shared = c.sum(axis=0).astype(x.dtype)
        direction: Direction = (shared - swing, shared + swing)
        sources = shown.sources(points)
        if sources:
            direction = (*direction, _inner_contrast(sources, [free.outputs, nudged.outputs]))
        return _mean(direction, len(x)), np.full_like(amplitudes, np.nan)


@dataclass(frozen=True)
class ExactGradient:
    """The exact gradient of the cross-entropy, in units of the contrast it is the limit of."""

    def direction(self, shown: Shown, amplitudes: FloatArray) -> tuple[Direction, FloatArray]:
        """See :class:`Rule`."""
        return gradient_direction(shown), np.full_like(amplitudes, np.nan)


def gradient_direction(shown: Shown) -> Direction:
    """Limit of the contrast for a weak nudge: ``beta T_m^2 dL/dG``, less the factor A/B at the inputs."""
    circuit = shown.batch.circuit
    scale = shown.beta * circuit.temperature**2
    gain = 1.0 if circuit.hidden is None else circuit.hidden.forward / circuit.hidden.back
    first, second, *inner = loss_gradient(shown.batch, shown.x, shown.free)
    return (first * (scale / gain), second * (scale / gain), *(part * scale for part in inner))


def _inner_contrast(sources: list[FloatArray], outputs: list[FloatArray]) -> FloatArray:
    """Sum over the images of the contrast ``((z' - o')^2 - (z - o)^2)/2``, formed from differences."""
    dz, sz = sources[1] - sources[0], sources[1] + sources[0]
    do, so = outputs[1] - outputs[0], outputs[1] + outputs[0]
    square = (dz * sz).sum(axis=0)[:, None] + (do * so).sum(axis=0)
    total: FloatArray = 0.5 * (square - dz.T @ so - sz.T @ do)
    return total


def _mean(direction: Direction, images: int) -> Direction:
    for part in direction:
        part /= part.dtype.type(images)
    return direction


def make_rule(name: str, saw: Sawtooth, threshold: float, segments: int, compile_it: bool) -> Rule:
    """Rule by its name.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    if name not in RULES:
        raise InputError(f"there is no rule {name!r} for layered circuits; there are {', '.join(RULES)}")
    if name == "contrast":
        return ExplicitContrast()
    if name == "gradient":
        return ExactGradient()
    return TemporalContrast(saw, threshold, segments, make_updater(compile_it))
