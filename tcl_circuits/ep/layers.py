"""The arrays of a layered network, and the forces in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""float32 or float64: whatever the network is in."""

State: TypeAlias = tuple[Array, ...]
"""States of the layers after the input, each of shape (..., images, nodes), within [0, 1]."""


def input_fields(weights: Sequence[Array], biases: Sequence[Array], x: Array) -> State:
    """Forces that don't change while a network relaxes: what input and biases exert on each layer.

    Parameters
    ----------
    weights, biases : sequence of ndarray
        Of the network.
    x : ndarray of shape (images, inputs)
        Input states.

    Returns
    -------
    tuple of ndarray
        Shape (images, nodes) for the first layer after the input, (nodes,) for the rest.
    """
    return (x @ weights[0] + biases[0], *biases[1:])


def neighbours(inner: Sequence[Array], state: Sequence[Array], layer: int) -> Array | None:
    """Force on a layer by the layers beside it, input excluded; None where there is none.

    Parameters
    ----------
    inner : sequence of ndarray
        Weights between the layers after the input.
    state : sequence of ndarray
        States of these layers.
    layer : int
        Which one; 0 is the first after the input.
    """
    below = _through(state[layer - 1], inner[layer - 1]) if layer > 0 else None
    above = _through(state[layer + 1], inner[layer].T) if layer < len(state) - 1 else None
    if below is None or above is None:
        return above if below is None else below
    return np.add(below, above, out=below) if below.ndim >= above.ndim else below + above


def resting(sizes: Sequence[int], images: int, dtype: Any) -> State:
    """Return the state of all zeros, from which a network relaxes at first."""
    return tuple(np.zeros((images, nodes), dtype) for nodes in sizes[1:])


def _through(state: Array, weight: Array) -> Array:
    """Product over the last axis as one matrix product, however many axes the state has."""
    flat: Array = state.reshape(-1, weight.shape[0]) @ weight
    return flat.reshape(*state.shape[:-1], weight.shape[1])
