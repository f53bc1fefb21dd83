"""Surveys: the same circuit at many settings, and what it costs."""

from tcl_circuits.surveys.sweep import AXES, MEASURES, Grid, SweepError, sweep

__all__ = ["AXES", "MEASURES", "Grid", "SweepError", "sweep"]
