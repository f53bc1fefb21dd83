"""Exact gradient of the cross-entropy by the conductances of a layered circuit: the adjoint."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.layered.circuit import Array, HiddenLayer
from tcl_circuits.layered.solve import Batch, HiddenNodes, Point


def loss_gradient(batch: Batch, x: Array, free: Point) -> tuple[FloatArray, ...]:
    """Mean gradient over a batch, in the order of :attr:`LayeredCircuit.conductances` [nat/S].

    With the residuals r of Kirchhoff's law at the nodes, whose Jacobian H is symmetric, ``lambda = -H^-1
    dL/dV`` and ``dL/dG = lambda . dr/dG``.

    Parameters
    ----------
    batch : Batch
        Circuit and classes.
    x : ndarray of shape (images, pixels + 1)
        Pixels with bias.
    free : Point
        Voltages without a nudge.
    """
    circuit, images = batch.circuit, len(x)
    slope = circuit.nudge(1.0).loss_gradient(free.values, batch.target)
    pull = np.concatenate([slope, -slope], axis=1) / images
    if circuit.hidden is None:
        return _of_inputs(x, circuit.volts, free.low, -pull / circuit.first_load)
    at_outputs, at_hidden = _adjoint(batch, circuit.hidden, free, pull)
    plus, minus = _of_inputs(x, circuit.volts, free.low, at_hidden / circuit.hidden.back)
    rails = np.zeros((images, 2))
    ends = np.concatenate([at_hidden, rails], axis=1)
    sources = free.sources(circuit.hidden.rail)
    # (lambda_z - lambda_o)(z - o), summed over the images
    inner = (
        (ends * sources).sum(axis=0)[:, None]
        - ends.T @ free.outputs
        - sources.T @ at_outputs
        + (at_outputs * free.outputs).sum(axis=0)
    )
    return plus, minus, inner


def _adjoint(
    batch: Batch, hidden: HiddenLayer, free: Point, pull: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Adjoint voltages of outputs and hidden nodes; hidden nodes are eliminated, being each on its own."""
    nodes = HiddenNodes.of(batch.circuit, hidden)
    slope = hidden.diodes.slope(free.junction)
    total = nodes.load + slope / (1 + hidden.diodes.ohms * slope)
    w = hidden.conductance[:-2].astype(np.float64)
    coupled = np.einsum("nj,jk,jl->nkl", 1 / total, w, w, optimize=True)
    matrix = np.diag(batch.circuit.output_load) - coupled
    at_outputs = np.linalg.solve(matrix, -pull[:, :, None])[:, :, 0]
    return at_outputs, at_outputs @ w.T / total


def _of_inputs(x: Array, volts: float, low: FloatArray, adjoint: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum over the images of ``lambda (h -+ V x)``."""
    shared = (adjoint * low).sum(axis=0)
    swing = volts * (x.T.astype(np.float64) @ adjoint)
    return shared - swing, shared + swing
