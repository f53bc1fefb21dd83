"""Surveys: the same circuit at many settings, and what it costs."""

from tcl_circuits.surveys.cost import Assumptions, CycleCost, Learning, Margin, cost
from tcl_circuits.surveys.energy import CycleEnergy, WriteEnergy, WriteStage, cycle_energy, write_energy
from tcl_circuits.surveys.noise import LawCheck, SenseNoise, check_laws
from tcl_circuits.surveys.sweep import AXES, MEASURES, Grid, SweepError, sweep

__all__ = [
    "AXES",
    "MEASURES",
    "Assumptions",
    "CycleCost",
    "CycleEnergy",
    "Grid",
    "LawCheck",
    "Learning",
    "Margin",
    "SenseNoise",
    "SweepError",
    "WriteEnergy",
    "WriteStage",
    "check_laws",
    "cost",
    "cycle_energy",
    "sweep",
    "write_energy",
]
