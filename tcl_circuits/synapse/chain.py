"""Markov chains in continuous time: steady state without subtractions, and the modes of relaxation.

Generators are stacks of matrices R with ``dp/dt = R p`` (Eq. H1): ``R[..., i, j]`` is the rate from state j
to state i, each column sums to zero, and every state can be reached from every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray

__all__ = ["ModalArray", "Modes", "relaxation_modes", "steady_states"]

ModalArray: TypeAlias = NDArray[np.float64] | NDArray[np.complex128]


def steady_states(generators: FloatArray) -> FloatArray:
    """Steady-state occupancies, by state reduction (Grassmann, Taksar and Heyman 1985).

    States are taken out of the chain one after another. Only rates are added, multiplied and divided, so each
    occupancy has full relative precision however many orders of magnitude lie between the rates.

    Parameters
    ----------
    generators : ndarray of shape (..., states, states)
        Generators; their diagonals are not read.

    Returns
    -------
    ndarray of shape (..., states)
        Occupancies, each row of sum 1.
    """
    rates = generators.copy()
    states = rates.shape[-1]
    for k in range(states - 1, 0, -1):
        # Jumps into state k go on at once to where k would have jumped.
        share = rates[..., k, :k] / rates[..., :k, k].sum(axis=-1, keepdims=True)
        rates[..., k, :k] = share
        rates[..., :k, :k] += rates[..., :k, k, None] * share[..., None, :]
    occupancy = np.zeros(rates.shape[:-1])
    occupancy[..., 0] = 1.0
    for k in range(1, states):
        occupancy[..., k] = (rates[..., k, :k] * occupancy[..., :k]).sum(axis=-1)
    return np.asarray(occupancy / occupancy.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Modes:
    """A readout that relaxes: ``f(t) = c . exp(R t) v = sum of weights exp(-rates t)``.

    Parameters
    ----------
    rates : ndarray of shape (..., states - 1)
        Rates of relaxation [1/time], with positive real parts; complex ones come in conjugate pairs.
    weights : ndarray of shape (..., states - 1)
        Their weights in the readout.
    precision : ndarray of shape (...)
        Estimate, from the conditions of the decomposition, of the error of f over the sum of
        abs(weights); infinite or NaN where it failed.
    """

    rates: ModalArray
    weights: ModalArray
    precision: FloatArray


def relaxation_modes(generators: FloatArray, source: FloatArray, readout: FloatArray) -> Modes:
    """Decompose ``readout . exp(R t) source`` into exponentials.

    Parameters
    ----------
    generators : ndarray of shape (..., states, states)
        Generators R.
    source : ndarray of shape (..., states)
        What is out of the steady state at t = 0: of sum 0.
    readout : ndarray of shape (states,)
        Weight of each state in what is read.

    Returns
    -------
    Modes
        The steady state's own mode, of rate 0, is left out: it has no part in a source of sum 0.
    """
    scale = np.sqrt(steady_states(generators))
    # With p = scale^2, scale is the left and the right null vector of scale^-1 R scale, which is symmetric
    # in detailed balance. A reflection that takes it to the first axis leaves the other modes to the rest.
    balanced = generators * scale[..., None, :] / scale[..., :, None]
    basis = _complement(scale)
    inner = np.swapaxes(basis, -1, -2) @ balanced @ basis
    eigenvalues, vectors = np.linalg.eig(inner)
    inverse = _inverses(vectors)
    started = (inverse @ (np.swapaxes(basis, -1, -2) @ (source / scale)[..., None]))[..., 0]
    read = (((readout * scale)[..., None, :] @ basis) @ vectors)[..., 0, :]
    return Modes(-eigenvalues, read * started, _precision(eigenvalues, vectors, inverse))


def _complement(axis: FloatArray) -> FloatArray:
    """Orthonormal basis (..., n, n - 1) of what is at right angles to a positive unit vector (..., n)."""
    mirror = axis.copy()
    mirror[..., 0] += 1.0
    reflection = np.eye(axis.shape[-1]) - mirror[..., :, None] * mirror[..., None, :] / mirror[..., :1, None]
    return reflection[..., :, 1:]


def _inverses(vectors: ModalArray) -> ModalArray:
    """Inverse of each matrix of a stack; NaN for those that have none, whose modes are no basis."""
    try:
        return cast("ModalArray", np.linalg.inv(vectors))
    except np.linalg.LinAlgError:
        if vectors.ndim == 2:
            return np.full_like(vectors, np.nan)
        return np.array([_inverses(each) for each in vectors])


def _precision(eigenvalues: ModalArray, vectors: ModalArray, inverse: ModalArray) -> FloatArray:
    """Rounding error of the decomposition: of the largest rate, as the smallest rate feels it."""
    condition = np.linalg.norm(vectors, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    size = np.abs(eigenvalues)
    slowest = np.maximum(size.min(axis=-1), np.finfo(float).tiny)
    with np.errstate(over="ignore"):
        bound = np.finfo(float).eps * condition / vectors.shape[-1] * (size.max(axis=-1) / slowest)
    # A rate that is lost in rounding need not decay.
    return np.where(eigenvalues.real.max(axis=-1) < 0, bound, np.inf)
