"""Engines: real ngspice, and the exact NumPy path."""

from tcl_circuits.engines.base import Engine, Transient, simulate, waveforms
from tcl_circuits.engines.device import simulate_device_ngspice
from tcl_circuits.engines.ngspice import Ngspice
from tcl_circuits.engines.reference import Reference

__all__ = ["Engine", "Ngspice", "Reference", "Transient", "simulate", "simulate_device_ngspice", "waveforms"]
