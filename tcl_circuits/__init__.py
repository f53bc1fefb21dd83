"""Temporal Contrastive Learning as circuits: networks from graphs, trained in ngspice or in NumPy."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tcl_circuits import engines, ep, kernels, surveys, synapse
    from tcl_circuits.circuit import memristors
    from tcl_circuits.circuit.autonomous_cell import AutonomousCell
    from tcl_circuits.circuit.builders import crossbar, lattice, random_regular, signed_inputs
    from tcl_circuits.circuit.cells import SenseCell, SeriesCell
    from tcl_circuits.circuit.drive import Drive
    from tcl_circuits.circuit.network import Network
    from tcl_circuits.circuit.network_block import to_subcircuit, write_subcircuit
    from tcl_circuits.circuit.nudge import (
        ConductanceNudge,
        CurrentNudge,
        SoftmaxNudge,
        differential,
        single_ended,
    )
    from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail
    from tcl_circuits.engines.base import simulate
    from tcl_circuits.errors import EngineError, InputError, NetworkError, TclError
    from tcl_circuits.handoff.export import export
    from tcl_circuits.protocol import Sawtooth
    from tcl_circuits.rule import HardThreshold, SoftThreshold, ideal_contrast, update_integral
    from tcl_circuits.training import tasks
    from tcl_circuits.training.estimators import TCLClassifier, TCLRegressor
    from tcl_circuits.training.pace import design_threshold
    from tcl_circuits.training.readout import edge_updates
    from tcl_circuits.training.trained import TrainedNetwork, load_run
    from tcl_circuits.training.trainer import Trainer

__version__ = "0.1.0"

__all__ = [
    "Amplifier",
    "AutonomousCell",
    "ConductanceNudge",
    "CurrentNudge",
    "DiodePair",
    "DiodeToRail",
    "Drive",
    "EngineError",
    "HardThreshold",
    "InputError",
    "Network",
    "NetworkError",
    "Sawtooth",
    "SenseCell",
    "SeriesCell",
    "SoftThreshold",
    "SoftmaxNudge",
    "TCLClassifier",
    "TCLRegressor",
    "TclError",
    "TrainedNetwork",
    "Trainer",
    "crossbar",
    "design_threshold",
    "differential",
    "edge_updates",
    "engines",
    "ep",
    "export",
    "ideal_contrast",
    "kernels",
    "lattice",
    "load_run",
    "memristors",
    "random_regular",
    "signed_inputs",
    "simulate",
    "single_ended",
    "surveys",
    "synapse",
    "tasks",
    "to_subcircuit",
    "update_integral",
    "write_subcircuit",
]

_MODULES = {
    "engines": "tcl_circuits.engines",
    "ep": "tcl_circuits.ep",
    "kernels": "tcl_circuits.kernels",
    "memristors": "tcl_circuits.circuit.memristors",
    "surveys": "tcl_circuits.surveys",
    "synapse": "tcl_circuits.synapse",
    "tasks": "tcl_circuits.training.tasks",
}
_HOMES = {
    "tcl_circuits.circuit.autonomous_cell": ("AutonomousCell",),
    "tcl_circuits.circuit.builders": ("crossbar", "lattice", "random_regular", "signed_inputs"),
    "tcl_circuits.circuit.cells": ("SenseCell", "SeriesCell"),
    "tcl_circuits.circuit.drive": ("Drive",),
    "tcl_circuits.circuit.network": ("Network",),
    "tcl_circuits.circuit.network_block": ("to_subcircuit", "write_subcircuit"),
    "tcl_circuits.circuit.nudge": (
        "ConductanceNudge",
        "CurrentNudge",
        "SoftmaxNudge",
        "differential",
        "single_ended",
    ),
    "tcl_circuits.circuit.parts": ("Amplifier", "DiodePair", "DiodeToRail"),
    "tcl_circuits.engines.base": ("simulate",),
    "tcl_circuits.errors": ("EngineError", "InputError", "NetworkError", "TclError"),
    "tcl_circuits.handoff.export": ("export",),
    "tcl_circuits.protocol": ("Sawtooth",),
    "tcl_circuits.rule": ("HardThreshold", "SoftThreshold", "ideal_contrast", "update_integral"),
    "tcl_circuits.training.estimators": ("TCLClassifier", "TCLRegressor"),
    "tcl_circuits.training.pace": ("design_threshold",),
    "tcl_circuits.training.readout": ("edge_updates",),
    "tcl_circuits.training.trained": ("TrainedNetwork", "load_run"),
    "tcl_circuits.training.trainer": ("Trainer",),
}
"""Modules and what is taken from each: loaded when it is asked for, so that a program starts at once."""
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found: Any = import_module(_MODULES[name])
    elif name in _HOME_OF:
        found = getattr(import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
