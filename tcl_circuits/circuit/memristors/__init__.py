"""Memristor models: each a NumPy state equation and a netlist subcircuit that agree."""

from collections.abc import Callable

from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.conical import ConicalChannel
from tcl_circuits.circuit.memristors.excitation import Excitation, Ramps, Sine
from tcl_circuits.circuit.memristors.hp_drift import IonDrift
from tcl_circuits.circuit.memristors.loop import Loop, measure_loop
from tcl_circuits.circuit.memristors.response import simulate_device
from tcl_circuits.circuit.memristors.team import TEAM
from tcl_circuits.circuit.memristors.threshold import ThresholdElement
from tcl_circuits.circuit.memristors.vteam import VTEAM
from tcl_circuits.circuit.memristors.writing import PulseLaw, write
from tcl_circuits.circuit.memristors.yakopcic import Yakopcic
from tcl_circuits.errors import InputError

MODELS: dict[str, Callable[[], Memristor]] = {
    "threshold": ThresholdElement,
    "vteam": VTEAM,
    "team": TEAM,
    "ion_drift": lambda: IonDrift(window="none"),
    "ion_drift_joglekar": lambda: IonDrift(window="joglekar"),
    "ion_drift_biolek": lambda: IonDrift(window="biolek"),
    "yakopcic": Yakopcic,
    "conical_channel": ConicalChannel,
}
"""What makes each model with its default parameters, by name."""


def named_memristor(name: str) -> Memristor:
    """Make the model of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in MODELS:
        raise InputError(f"there is no memristor {name!r}; there are {', '.join(MODELS)}")
    return MODELS[name]()


__all__ = [
    "MODELS",
    "TEAM",
    "VTEAM",
    "ConicalChannel",
    "Excitation",
    "IonDrift",
    "Loop",
    "Memristor",
    "PulseLaw",
    "Ramps",
    "Sine",
    "ThresholdElement",
    "Yakopcic",
    "measure_loop",
    "named_memristor",
    "simulate_device",
    "write",
]
