"""What a contrastive rule is: how it learns from a sample, and what it asks of the circuit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.imperfections import FULL_SCALE
from tcl_circuits.surveys.rules.bench import Bench
from tcl_circuits.synapse.cost import BOLTZMANN

RELAXATION_SHARE = 0.1
"""Relaxation time of the network tau_r, as a share of the fast ramp, which a network has to follow."""
SETTLING = 5.0
"""Relaxation times after which a network counts as settled."""


@dataclass(frozen=True)
class Needs:
    """What a rule asks of hardware beyond the conductances themselves.

    Parameters
    ----------
    memory : str
        What each edge has to keep between two moments of a cycle.
    words : int
        Signal values that each edge has to remember.
    devices : int
        Trainable conductances an edge.
    signals : str
        What is sent to all edges.
    """

    memory: str
    words: int
    devices: int
    signals: str


@dataclass(frozen=True, eq=False)
class Setting:
    """What a rule is built for.

    Parameters
    ----------
    saw : Sawtooth
        The sawtooth; tau_f sets the relaxation time of the network for all rules.
    cell : SenseCell
        Nominal sense branch.
    amplitude : float
        A_max, the largest contrast of the training samples before training [V^2].
    threshold : float
        Threshold in units of A_max/tau_s.
    resolution : float
        Factor on the number of time points of a cycle.
    """

    saw: Sawtooth
    cell: SenseCell
    amplitude: float
    threshold: float = 2.0
    resolution: float = 0.5

    @property
    def relaxation(self) -> float:
        """tau_r [s]."""
        return RELAXATION_SHARE * self.saw.tau_f


class Rule(Protocol):
    """A learning rule on a bench."""

    def follow(self, loss: float) -> None:
        """Take note of the loss, as a share of that before training; once an epoch."""
        ...

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """Show one sample (input voltages, target) and write what it teaches."""
        ...


def acquired(bench: Bench, signals: FloatArray, capacitance: float) -> FloatArray:
    """Signals (edges,) as a memory holds them: with the noise of its capacitor, in words of so many bits."""
    own = bench.imperfections
    if own.temperature:
        noise = np.sqrt(BOLTZMANN * own.temperature / capacitance)
        signals = signals + noise * bench.rng.standard_normal(signals.size)
    if own.memory_bits:
        step = FULL_SCALE / 2**own.memory_bits
        signals = step * np.round(signals / step)
    return signals
