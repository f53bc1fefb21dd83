"""Temporal Contrastive Learning as circuits: networks from graphs, trained in ngspice or in NumPy."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tcl_circuits import engines, ep, kernels, synapse
from tcl_circuits.circuit import memristors
from tcl_circuits.circuit.autonomous_cell import AutonomousCell
from tcl_circuits.circuit.builders import crossbar, lattice, random_regular, signed_inputs
from tcl_circuits.circuit.cells import SenseCell, SeriesCell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
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
from tcl_circuits.training.pace import design_threshold
from tcl_circuits.training.readout import edge_updates
from tcl_circuits.training.trainer import Trainer

if TYPE_CHECKING:
    from tcl_circuits import surveys

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
    "TclError",
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
    "memristors",
    "random_regular",
    "signed_inputs",
    "simulate",
    "single_ended",
    "surveys",
    "synapse",
    "tasks",
    "update_integral",
]


def __getattr__(name: str) -> Any:
    """Load the surveys once they are asked for: no other command needs them."""
    if name == "surveys":
        return import_module("tcl_circuits.surveys")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
