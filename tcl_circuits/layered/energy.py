"""Electrical power of a layered circuit."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.layered.circuit import Array, LayeredCircuit
from tcl_circuits.layered.solve import Point


def dissipated(circuit: LayeredCircuit, x: Array, point: Point) -> FloatArray:
    """Power dissipated in conductances and diodes at rest, shape (images,) [W]; amplifiers not counted.

    Parameters
    ----------
    circuit : LayeredCircuit
        The circuit.
    x : ndarray of shape (images, pixels + 1)
        Pixels with bias.
    point : Point
        Their voltages.
    """
    v = circuit.volts * x.astype(np.float64)
    plus, minus = circuit.plus.astype(np.float64), circuit.minus.astype(np.float64)
    # sum of G+ (h - v)^2 + G- (h + v)^2, opened up so that no array has a number for each edge and image
    power = (
        (point.low**2) @ circuit.first_load
        - 2 * np.sum(point.low * (v @ (plus - minus)), axis=1)
        + (v**2) @ (plus + minus).sum(axis=1)
    )
    hidden = circuit.hidden
    if hidden is not None:
        w, sources = hidden.conductance.astype(np.float64), point.sources(hidden.rail)
        power += (
            (sources**2) @ w.sum(axis=1)
            - 2 * np.sum((sources @ w) * point.outputs, axis=1)
            + (point.outputs**2) @ w.sum(axis=0)
        )
        power += np.sum(point.high * hidden.diodes.current(point.junction), axis=1)
    result: FloatArray = power
    return result
