"""What a cycle of learning costs in time and energy (Appendix C): TCL, explicit memory, twin circuits.

Every assumption is a parameter, in SI units. The energies are the model's estimates, not those of a
device: dissipation of integral feedback for TCL, Landauer's bound for memories that are erased.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Protocol

from tcl_circuits import checks
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth

__all__ = [
    "BOLTZMANN",
    "Cost",
    "CostModel",
    "Hardware",
    "LocalMemory",
    "NetworkSize",
    "SharedMemory",
    "TemporalContrast",
    "TwinCircuits",
    "sawtooth_for",
]

BOLTZMANN = 1.380649e-23
"""Boltzmann's constant [J/K]."""

_ROOM = 300.0


@dataclass(frozen=True)
class Cost:
    """What one cycle takes.

    Parameters
    ----------
    time : float
        Duration [s].
    energy : float
        Energy [J].
    """

    time: float
    energy: float

    def __post_init__(self) -> None:
        checks.not_negative("Cost", "time", self.time)
        checks.not_negative("Cost", "energy", self.energy)

    def in_kt(self, temperature: float = _ROOM) -> float:
        """Energy in units of kT at a temperature [K]."""
        return self.energy / (BOLTZMANN * checks.positive("Cost", "temperature", temperature))


@dataclass(frozen=True)
class NetworkSize:
    """Numbers that a network's costs grow with.

    Parameters
    ----------
    nodes : int
        Nodes N.
    synapses : int
        Synapses N_synapse: of the order of N to N^2.
    """

    nodes: int
    synapses: int

    def __post_init__(self) -> None:
        for name in ("nodes", "synapses"):
            value = getattr(self, name)
            if not (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
                raise InputError(f"NetworkSize: {name} = {value!r} must be a whole number, at least 1")


class CostModel(Protocol):
    """A way to learn by contrast, and what it costs."""

    def per_cycle(self, size: NetworkSize) -> Cost:
        """Time and energy of one cycle of free and clamped states."""
        ...


def sawtooth_for(dynamic_range: float, kernel_time: float, kernel_times_up: float = 10.0) -> Sawtooth:
    """Shortest sawtooth that tells contrasts apart over a dynamic range.

    Parameters
    ----------
    dynamic_range : float
        Largest over smallest contrast, > 1; ``tau_s/tau_f`` has to be as large (Eq. 12).
    kernel_time : float
        Memory time tau_K [s].
    kernel_times_up : float
        ``tau_f/tau_K``; Fig. 8 asks for about 10. With a range of 100 the cycle then takes 1,010 tau_K:
        Appendix C's "~ 10^3 tau_K".

    Returns
    -------
    Sawtooth
        Its period is the time cost of TCL.
    """
    if checks.positive("sawtooth_for", "dynamic_range", dynamic_range) <= 1:
        raise InputError(f"sawtooth_for: dynamic_range = {dynamic_range!r} must be above 1")
    tau_k = checks.positive("sawtooth_for", "kernel_time", kernel_time)
    tau_f = checks.positive("sawtooth_for", "kernel_times_up", kernel_times_up) * tau_k
    return Sawtooth(tau_f, dynamic_range * tau_f)


@dataclass(frozen=True)
class TemporalContrast:
    """TCL: integral feedback in every synapse dissipates as long as a cycle lasts.

    Time ``tau_f + tau_s``; energy ``sigma N_synapse (tau_f + tau_s)/tau_M`` in kT. Appendix C has
    ``10 kT N_synapse (tau_f + tau_s)``, an energy times a time: sigma is a dissipation per unit of Markov
    time, and tau_M says how long that unit lasts.

    Parameters
    ----------
    sawtooth : Sawtooth
        Protocol, for example :func:`sawtooth_for`.
    markov_time : float
        Unit tau_M of the Markov time of a synapse's feedback [s].
    dissipation : float
        sigma in kT per unit of Markov time, as :meth:`tcl_circuits.synapse.markov.Ladder.dissipation` gives
        it. The paper takes 5 to 10 for a relative error of 1e-2, read off Fig. 6B, whose error axis is a
        factor 50 lower than the figure's own definition.
    temperature : float
        Temperature [K].
    """

    sawtooth: Sawtooth
    markov_time: float
    dissipation: float = 10.0
    temperature: float = _ROOM

    def __post_init__(self) -> None:
        checks.positive("TemporalContrast", "markov_time", self.markov_time)
        checks.not_negative("TemporalContrast", "dissipation", self.dissipation)
        checks.positive("TemporalContrast", "temperature", self.temperature)

    def per_cycle(self, size: NetworkSize) -> Cost:
        """Time and energy of one sawtooth."""
        period = self.sawtooth.period
        units = size.synapses * period / self.markov_time
        return Cost(period, self.dissipation * units * BOLTZMANN * self.temperature)


@dataclass(frozen=True)
class Hardware:
    """Devices that settle into states and write them down.

    Parameters
    ----------
    relaxation_time : float
        Time tau_relax in which the network settles after its outputs are clamped or released [s].
    fetch_time : float
        Time tau_fetch in which a memory is written and read [s].
    bits : float
        Accuracy n of a stored state [bit].
    temperature : float
        Temperature [K].
    """

    relaxation_time: float
    fetch_time: float
    bits: float = 8.0
    temperature: float = _ROOM

    def __post_init__(self) -> None:
        for each in fields(self):
            checks.positive("Hardware", each.name, getattr(self, each.name))

    def erasure(self, nodes: int) -> float:
        """Landauer's bound for a memory at each of some nodes that is erased once, ``N n kT ln 2`` [J]."""
        return nodes * self.bits * BOLTZMANN * self.temperature * math.log(2)


@dataclass(frozen=True)
class LocalMemory:
    """Explicit memory at each node: ``2 tau_relax + tau_fetch`` and ``N n kT ln 2`` a cycle.

    Both states are settled one after the other; all nodes are stored and fetched at once.
    """

    hardware: Hardware

    def per_cycle(self, size: NetworkSize) -> Cost:
        """Time and energy of one free and one clamped state."""
        time = 2 * self.hardware.relaxation_time + self.hardware.fetch_time
        return Cost(time, self.hardware.erasure(size.nodes))


@dataclass(frozen=True)
class SharedMemory:
    """One memory for all nodes, as on a computer: ``2 tau_relax + N tau_fetch``, ``N n kT ln 2`` a cycle."""

    hardware: Hardware

    def per_cycle(self, size: NetworkSize) -> Cost:
        """Time and energy of one free and one clamped state."""
        time = 2 * self.hardware.relaxation_time + size.nodes * self.hardware.fetch_time
        return Cost(time, self.hardware.erasure(size.nodes))


@dataclass(frozen=True)
class TwinCircuits:
    """Two copies of the network, one for each state: ``tau_relax + tau_fetch``, ``N n kT ln 2`` a cycle.

    The copies settle side by side. Appendix C gives the energy for explicit methods as a whole; twins that
    compare in analog form and store nothing pay less than it.
    """

    hardware: Hardware

    def per_cycle(self, size: NetworkSize) -> Cost:
        """Time and energy of one pair of states."""
        time = self.hardware.relaxation_time + self.hardware.fetch_time
        return Cost(time, self.hardware.erasure(size.nodes))
