"""What a cycle of a circuit costs: time, energy by part, and how far its threshold stands above noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines import Engine, Reference
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.energy import CycleEnergy, WriteEnergy, WriteStage, cycle_energy, write_energy
from tcl_circuits.surveys.noise import ROOM, SenseNoise
from tcl_circuits.synapse.cost import Cost, NetworkSize, TemporalContrast
from tcl_circuits.training.pace import largest_contrast, step_gain
from tcl_circuits.training.rules import TemporalContrast as TemporalRule
from tcl_circuits.training.task import Task

ENOUGH = 4.0
"""Noise voltages that a threshold should stand above: at 4 the largest contrast loses 5 % to noise."""


@dataclass(frozen=True)
class Margin:
    """The threshold voltage against thermal noise, at the edge where it stands lowest.

    Parameters
    ----------
    theta : float
        Threshold of V(u) = R u [V].
    noise : float
        sqrt(kT/C) of V(u) [V].
    capacitance : float
        Sense capacitance C [F].
    least_contrast : float
        Smallest contrast that passes the threshold, ``A_min = theta tau_f/tau_K`` [unit of the signal].
    """

    theta: float
    noise: float
    capacitance: float
    least_contrast: float

    @property
    def sigmas(self) -> float:
        """Threshold in noise voltages, n."""
        return self.theta / self.noise

    @property
    def enough(self) -> bool:
        """Whether n is at least 4."""
        return self.sigmas >= ENOUGH

    def needed_capacitance(self, sigmas: float = ENOUGH) -> float:
        """Sense capacitance [F] at which the threshold stands so high, R C held.

        ``C = n^2 kT (tau_f/tau_K)^2/A_min^2``: 9 kT (...) for n = 3. The sense branch's energy
        grows with it.
        """
        return self.capacitance * (checks.positive("Margin", "sigmas", sigmas) / self.sigmas) ** 2

    def needed_gain(self, sigmas: float = ENOUGH) -> float:
        """Gain of the signal, before the sense branch, that does the same.

        Behind the branch a gain would raise the noise too, and help against the threshold element's own
        offset alone.
        """
        return checks.positive("Margin", "sigmas", sigmas) / self.sigmas


@dataclass(frozen=True)
class CycleCost:
    """What a training cycle costs.

    Parameters
    ----------
    time : float
        Circuit time, ``tau_f + tau_s`` [s].
    energy : CycleEnergy
        Of the conductances and sense branches.
    write : WriteEnergy
        Of the writes.
    margin : Margin or None
        Threshold against noise; None without a threshold.
    principle : Cost
        Appendix C's estimate for synapses of integral feedback: ``sigma N (tau_f + tau_s)/tau_M`` kT.
    """

    time: float
    energy: CycleEnergy
    write: WriteEnergy
    margin: Margin | None
    principle: Cost

    @property
    def total(self) -> float:
        """Energy of conductances, diodes, sense branches and writes [J]."""
        return self.energy.dc + self.energy.diodes + self.energy.sense + self.write.dissipated


@dataclass(frozen=True)
class Assumptions:
    """What the waveforms do not tell.

    Parameters
    ----------
    stage : WriteStage
        What writes.
    temperature : float
        Temperature [K].
    dissipation : float
        sigma of Appendix C [kT per unit of Markov time].
    markov_time : float, optional
        tau_M of Appendix C [s]; by default the longest kernel time R C.
    """

    stage: WriteStage = field(default_factory=WriteStage)
    temperature: float = ROOM
    dissipation: float = 10.0
    markov_time: float | None = None

    def __post_init__(self) -> None:
        checks.positive("Assumptions", "temperature", self.temperature)
        checks.positive("Assumptions", "dissipation", self.dissipation)
        if self.markov_time is not None:
            checks.positive("Assumptions", "markov_time", self.markov_time)


@dataclass(frozen=True)
class Learning:
    """How a cycle writes.

    Parameters
    ----------
    slope : float
        Threshold as a rate of change of the signal [unit of the signal per s].
    gain : float
        Change of conductance of a cycle for a contrast of 1 [S per unit of the signal].
    """

    slope: float
    gain: float

    def __post_init__(self) -> None:
        checks.not_negative("Learning", "slope", self.slope)
        checks.positive("Learning", "gain", self.gain)


def designed(task: Task, cell: Cell, saw: Sawtooth, threshold: float = 2.0, seed: int = 0) -> Learning:
    """How the first epoch of a task's recipe writes with the temporal rule.

    Parameters
    ----------
    task, cell, saw
        What is trained, before training.
    threshold : float
        In units of ``A_max/tau_s``, as the trainer has it.
    seed : int
        Seed of the samples' order.
    """
    checks.not_negative("designed", "threshold", threshold)
    whole = task.present(task.train, np.arange(len(task.train)), cell, saw)
    whole.check(task.network)
    order = np.random.default_rng([seed, 0]).permutation(len(task.train))
    amplitude = largest_contrast(task.network, cell, whole)
    gain = step_gain(task.network, cell, whole, order, task.recipe, "tcl")
    return Learning(threshold * amplitude / saw.tau_s, gain / task.recipe.batch)


def cost(
    task: Task,
    cell: Cell,
    saw: Sawtooth,
    network: Network | None = None,
    learning: Learning | None = None,
    engine: Engine | None = None,
    assumptions: Assumptions | None = None,
) -> CycleCost:
    """Cost of a training cycle, mean over a task's training samples, from its waveforms.

    Parameters
    ----------
    task, cell, saw
        What is trained.
    network : Network, optional
        Where training is; by default the task's own network, where it starts.
    learning : Learning, optional
        Threshold and gain; by default :func:`designed`.
    engine : Engine, optional
        Solver; by default the exact one, eight times as fine as in training.
    assumptions : Assumptions, optional
        What the waveforms do not tell.

    Raises
    ------
    InputError
        If the parts do not fit together.
    EngineError
        If a simulation fails.
    """
    at = network or task.network
    if at.edge_count != task.network.edge_count:
        raise InputError(
            f"cost: the network has {at.edge_count} edges, that of the task {task.name} "
            f"{task.network.edge_count}"
        )
    how = learning or designed(task, cell, saw)
    taken = assumptions or Assumptions()
    drive = task.present(task.train, np.arange(len(task.train)), cell, saw)
    transients = (engine or Reference(resolution=8)).run(at, cell, saw, drive)
    gate = TemporalRule(how.slope).gate(at, cell)
    kernel_time = float((cell.resistance(at.conductance) * cell.capacitance(at.conductance)).max())
    feedback = TemporalContrast(saw, taken.markov_time or kernel_time, taken.dissipation, taken.temperature)
    return CycleCost(
        time=saw.period,
        energy=cycle_energy(at, cell, saw, drive, transients),
        write=write_energy(at, cell, saw, transients, gate, how.gain, taken.stage),
        margin=_margin(at, cell, saw, np.asarray(gate.theta), taken.temperature) if how.slope > 0 else None,
        principle=feedback.per_cycle(NetworkSize(at.node_count, at.edge_count)),
    )


def _margin(network: Network, cell: Cell, saw: Sawtooth, theta: FloatArray, temperature: float) -> Margin:
    r, c = cell.resistance(network.conductance), cell.capacitance(network.conductance)
    noise = np.array(
        [SenseNoise(a, b, temperature).sigma for a, b in zip(r.tolist(), c.tolist(), strict=True)]
    )
    lowest = int(np.argmin(r * theta / noise))
    volts = float(r[lowest] * theta[lowest])
    tau = float(r[lowest] * c[lowest])
    return Margin(volts, float(noise[lowest]), float(c[lowest]), volts * saw.tau_f / tau)
