"""Modes under ports that are polynomials piece by piece in time: exact, however fast the modes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import factorial, prod

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.engines.linear import LinearModel

_TERMS = 18


@dataclass(frozen=True, eq=False)
class Polynomials:
    """Signals that are polynomials between the edges of pieces.

    Parameters
    ----------
    edges : ndarray of shape (pieces + 1,)
        Increasing times [s].
    derivatives : ndarray of shape (samples, pieces, order, channels)
        Value and derivatives [unit/s^n] at the start of each piece.
    """

    edges: FloatArray
    derivatives: FloatArray

    @classmethod
    def lines(cls, corners: FloatArray, values: FloatArray) -> Polynomials:
        """Lines between corners; values of shape (samples, corners, channels)."""
        slopes = np.diff(values, axis=1) / np.diff(corners)[:, None]
        return cls(corners, np.stack([values[:, :-1], slopes], axis=2))


def decay_integrals(rates: FloatArray, spans: FloatArray, order: int) -> FloatArray:
    """Decay over time spans, and what modes gain from the forcings ``x^n/n!`` over them.

    Parameters
    ----------
    rates : ndarray of shape (modes,)
        Decay rates [1/s], also near zero.
    spans : ndarray of shape (spans,)
        Lengths h [s].
    order : int
        Number of forcings, n = 0 .. order - 1.

    Returns
    -------
    ndarray of shape (order + 1, modes, spans)
        ``exp(-rate h)``, then the integrals of ``exp(-rate (h - x)) x^n/n!`` over 0..h [s^(n+1)].
    """
    found = _phi(rates[:, None] * spans, order)
    power = np.ones_like(spans)
    for n in range(1, order + 1):
        power = power * spans
        found[n] *= power
    return found


def _phi(x: FloatArray, order: int) -> FloatArray:
    """``phi_0 = exp(-x)``, ``phi_(n+1) = (1/n! - phi_n)/x``; upwards where that is stable, else downwards."""
    found = np.empty((order + 1, *x.shape))
    np.exp(-x, out=found[0])
    per_x = 1.0 / np.maximum(x, 1.0)
    for n in range(order):
        np.subtract(1 / factorial(n), found[n], out=found[n + 1])
        found[n + 1] *= per_x
    small = x < 1.0
    near = x[small]
    highest = np.full_like(near, 1 / factorial(order + _TERMS))
    for k in reversed(range(_TERMS)):
        highest = 1 / factorial(order + k) - near * highest
    for n in range(order, 0, -1):
        found[n][small] = highest
        highest = 1 / factorial(n - 1) - near * highest
    return found


def _places(edges: FloatArray, time: FloatArray) -> tuple[IntArray, FloatArray]:
    """Number of the piece that each time lies in, and its distance from the piece's start [s]."""
    piece = np.clip(np.searchsorted(edges, time, side="left") - 1, 0, edges.size - 2)
    return piece, time - edges[piece]


def coordinates_along(
    model: LinearModel, ports: Polynomials, start: FloatArray, time: FloatArray
) -> FloatArray:
    """Coordinates of a circuit - its modes, then its ports - along a time grid.

    Parameters
    ----------
    model : LinearModel
        The circuit.
    ports : Polynomials
        Its ports.
    start : ndarray of shape (samples, modes)
        States at the first edge.
    time : ndarray of shape (time,)
        Increasing times from the first edge to the last [s].

    Returns
    -------
    ndarray of shape (modes + ports, samples, time)
        States and ports on the grid.
    """
    edges, derivatives = ports.edges, ports.derivatives
    samples, pieces, order, channels = derivatives.shape
    modes = model.rates.size
    piece, distance = _places(edges, time)
    bounds = np.searchsorted(piece, np.arange(pieces + 1)).tolist()
    tables = decay_integrals(model.rates, np.concatenate([distance, np.diff(edges)]), order).swapaxes(0, 1)
    powers = np.array([distance**n / factorial(n) for n in range(order)])
    terms = np.empty((pieces, order + 1, samples, modes))
    terms[:, 1:] = _forcing(model, derivatives).transpose(1, 2, 0, 3)
    terms[0, 0] = start
    by_channel = derivatives.transpose(1, 3, 0, 2)
    result = np.empty((modes + channels, samples, time.size))
    for k, (first, last) in enumerate(pairwise(bounds)):
        inside = slice(first, last)
        np.matmul(terms[k].T, tables[:, :, inside], out=result[:modes, :, inside])
        np.matmul(by_channel[k], powers[:, inside], out=result[modes:, :, inside])
        if k + 1 < pieces:
            np.einsum("nsm,mn->sm", terms[k], tables[:, :, time.size + k], out=terms[k + 1, 0])
    return result


def _forcing(model: LinearModel, derivatives: FloatArray) -> FloatArray:
    """Derivatives (..., order, modes) of ``F w + F' w'`` from those of the ports w (..., order, ports)."""
    *axes, channels = derivatives.shape
    rows = derivatives.reshape(prod(axes), channels)
    found: FloatArray = (rows @ model.drive.T).reshape(*axes, model.rates.size)
    if model.slope_drive.any():
        found[..., :-1, :] += derivatives[..., 1:, :] @ model.slope_drive.T
    return found
