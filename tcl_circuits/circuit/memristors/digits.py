"""Numbers in the text of a model."""

from __future__ import annotations

from tcl_circuits.units import spice_number

_DIGITS = 12
"""Significant digits: beyond them machines differ, and the same model is to give the same bytes."""


def number(value: float) -> str:
    """Print a value for an expression."""
    return spice_number(float(f"{value:.{_DIGITS}g}"))
