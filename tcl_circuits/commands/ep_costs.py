"""What an update by each rule would cost in a physical network, after Appendix C.

Times are in units of the time tau_relax in which the network settles. The energies are those of Appendix C:
integral feedback for TCL, Landauer's bound for what is stored elsewhere. A rule that stores nothing pays
nothing in this account; what it needs instead is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from tcl_circuits.ep.settings import Settings
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.synapse.cost import Cost, Hardware, LocalMemory, NetworkSize, SharedMemory, TemporalContrast

_HARDWARE = Hardware(relaxation_time=1.0, fetch_time=1.0, bits=8.0)
_DISSIPATION = 10.0
_PHASES = 8.0

ASSUMPTIONS: Mapping[str, str | float] = MappingProxyType(
    {
        "unit of time": "tau_relax, in which the network settles",
        "tau_f": "tau_relax for each point of the ramp",
        "tau_M": "tau_f, as tau_K in Fig. 3",
        "dissipation_kT_per_tau_M": _DISSIPATION,
        "tau_fetch": _HARDWARE.fetch_time,
        "bits_per_stored_state": _HARDWARE.bits,
        "oscillation": "8 tau_relax",
    }
)
"""What the times and energies take for granted."""

NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "tcl": "integral feedback in every synapse",
        "contrast": "a memory of the free state",
        "continual": "learning switched off in the free phase",
        "hebbian": "the rule's sign switched with the phase",
        "hebbian-random": "the rule's sign switched with the phase",
        "oscillating": "the nudge's sine in every synapse",
        "backprop": "a computer",
    }
)
"""What each rule asks of the hardware."""


def cost_of(rule: str, sizes: Sequence[int], settings: Settings) -> Cost:
    """Time [tau_relax] and energy [J at 300 K] of one update.

    Parameters
    ----------
    rule : str
        One of :data:`~tcl_circuits.ep.rules.RULES`.
    sizes : sequence of int
        Nodes of the layers; those of the input are held and never stored.
    settings : Settings
        Sawtooth and ramp.
    """
    size = NetworkSize(
        nodes=sum(sizes[1:]),
        synapses=sum((below + 1) * above for below, above in pairwise(sizes)),
    )
    if rule == "tcl":
        tau_f = settings.ramp.levels.size * _HARDWARE.relaxation_time
        saw = Sawtooth(tau_f, tau_f * settings.saw.ratio)
        return TemporalContrast(saw, markov_time=tau_f, dissipation=_DISSIPATION).per_cycle(size)
    if rule == "contrast":
        return LocalMemory(_HARDWARE).per_cycle(size)
    if rule == "backprop":
        return SharedMemory(_HARDWARE).per_cycle(size)
    relaxations = {"continual": 2.0, "hebbian": 2.0, "hebbian-random": 1.0, "oscillating": _PHASES}
    return Cost(relaxations[rule] * _HARDWARE.relaxation_time, 0.0)
