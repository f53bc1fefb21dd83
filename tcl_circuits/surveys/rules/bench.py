"""A specimen of a circuit under training: its conductances as they are, read and written one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines.diode_currents import diode_currents
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.parts import Parts

BETAS = 0.5 - 0.5 * np.cos(np.pi * np.arange(4) / 3)
"""Nudge strengths at which a ramp is solved, from free to fully nudged; between them, a cubic (Chebyshev)."""


@dataclass(frozen=True, eq=False)
class Look:
    """The network at rest under one sample, at some nudge strengths.

    Parameters
    ----------
    voltages : ndarray of shape (betas, nodes)
        Volts.
    signals : ndarray of shape (betas, edges)
        s = dV^2/2 of each edge [V^2].
    power : ndarray of shape (betas,)
        Dissipated in conductances and diodes [W].
    """

    voltages: FloatArray
    signals: FloatArray
    power: FloatArray


class Bench:
    """Conductances of one specimen, with what happens to them when they are read and written.

    Parameters
    ----------
    network : Network
        The network as designed, before training.
    nudge : Nudge
        The nudge at its outputs.
    imperfections : Imperfections
        What its parts are like.
    parts : Parts
        This specimen's own.
    gain : float
        Conductance written for a contrast of 1 V^2 [S/V^2].
    seed : int
        Seed of noise and rounding.

    Attributes
    ----------
    programmed : ndarray of shape (edges,)
        What was written, leak included [S]; the conductances are this times their own factors.
    writes : int
        Conductances changed so far; on a grid of levels, those that came to another level.
    time, energy : float
        Circuit time [s] and energy dissipated in conductances and diodes [J] so far.
    """

    def __init__(
        self,
        network: Network,
        nudge: Nudge,
        imperfections: Imperfections,
        parts: Parts,
        gain: float,
        seed: int,
    ) -> None:
        self.network, self.nudge, self.parts = network, nudge, parts
        self.imperfections, self.gain = imperfections, gain
        self.rng = np.random.default_rng([seed, 21])
        self._low = imperfections.conductance_low or network.bounds[0]
        self._high = imperfections.conductance_high or network.bounds[1]
        self.programmed = self._on_levels(np.clip(network.conductance, self._low, self._high))
        self.writes, self.time, self.energy = 0, 0.0, 0.0

    def points(self, twin: bool = False) -> OperatingPoints:
        """The network as it is read now, or its twin."""
        values = self.programmed * self.parts.conductance
        if twin:
            values = values * self.parts.twin
        noise = self.imperfections.read_noise
        if noise:
            values = values * np.exp(noise * self.rng.standard_normal(values.size) - 0.5 * noise * noise)
        return OperatingPoints(self.network.with_conductance(values))

    def look(self, inputs: FloatArray, target: FloatArray, betas: FloatArray, twin: bool = False) -> Look:
        """Voltages, signals and power under one sample.

        Parameters
        ----------
        inputs : ndarray of shape (inputs,)
            Volts.
        target : ndarray of shape (values,)
            Target of the nudge.
        betas : ndarray of shape (betas,)
            Nudge strengths.
        twin : bool
            Look at the twin network.
        """
        points = self.points(twin)
        rest = points.free(inputs[None])
        voltages = points.nudged(rest, self.nudge, target[None], betas)[0]
        drops = points.network.drops(voltages)
        signals = 0.5 * drops * drops
        return Look(voltages, signals, dissipated(points.network, voltages))

    def write(self, contrast: FloatArray) -> None:
        """Change the conductances against a contrast [V^2], shape (edges,), as the parts let it.

        An edge whose contrast is exactly 0 is not touched.
        """
        own, parts = self.imperfections, self.parts
        step = -self.gain * parts.gain * contrast
        step = step * (1 + np.sign(step) * parts.asymmetry)
        if own.update_noise:
            step = step * (1 + own.update_noise * self.rng.standard_normal(step.size))
        reached = np.clip(self.programmed + step, self._low, self._high)
        touched = step != 0
        least = 0.0
        if own.levels:
            reached = self._on_levels(reached)
            least = 0.5 * self._spacing
        reached = np.where(touched, reached, self.programmed)
        self.writes += int(np.count_nonzero(np.abs(reached - self.programmed) > least))
        self.programmed = reached

    def spend(self, time: float, power: float) -> None:
        """Count circuit time [s] at a mean power [W]."""
        self.time += time
        self.energy += time * power

    def forget(self) -> None:
        """Let the conductances leak for a cycle."""
        if self.imperfections.leak:
            self.programmed = self.programmed - self.imperfections.leak * (self.programmed - self._low)

    @property
    def _spacing(self) -> float:
        return (self._high - self._low) / (self.imperfections.levels - 1)

    def _on_levels(self, conductance: FloatArray) -> FloatArray:
        """Values rounded to levels, to the nearest or with odds that keep the mean."""
        if not self.imperfections.levels:
            return conductance
        place = (conductance - self._low) / self._spacing
        if self.imperfections.stochastic_rounding:
            # A value on a level stays there whatever rounding errors say.
            near = np.round(place)
            place = np.where(np.abs(place - near) < 1e-9, near, np.floor(place + self.rng.random(place.size)))
        else:
            place = np.round(place)
        result: FloatArray = self._low + self._spacing * place
        return result


def dissipated(network: Network, voltages: FloatArray) -> FloatArray:
    """Power in conductances and diodes [W], shape (rows,), of voltages of shape (rows, nodes)."""
    _, across, currents = diode_currents(network, voltages)
    power: FloatArray = network.drops(voltages) ** 2 @ network.conductance + np.sum(across * currents, axis=1)
    return power
