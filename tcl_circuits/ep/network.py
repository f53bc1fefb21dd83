"""A layered network with an energy (Eq. 9): input, hidden layers, output; symmetric weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.layers import Array, State, input_fields, neighbours, resting
from tcl_circuits.ep.relax import GaussSeidel, Relaxation
from tcl_circuits.errors import InputError

_CHUNK = 500
"""Images that relax together in a prediction: enough for fast matrix products, few enough for the cache."""


@dataclass(frozen=True, eq=False)
class Network:
    """Weights and biases of a layered network; each layer is coupled to the next one only.

    Its nodes have states x, held at the image in the input layer, and activations ``clip(x, 0, 1)``. The
    states are kept within [0, 1], where an activation is the state itself.

    Parameters
    ----------
    weights : tuple of ndarray of shape (nodes, nodes of the next layer)
        From the input on.
    biases : tuple of ndarray of shape (nodes,)
        Of each layer after the input; the input has none.

    Raises
    ------
    InputError
        If shapes or precisions don't fit together, or a number is not finite.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(np.asarray(weight) for weight in self.weights))
        object.__setattr__(self, "biases", tuple(np.asarray(bias) for bias in self.biases))
        _check(self.weights, self.biases)

    @classmethod
    def create(cls, sizes: Sequence[int], seed: int = 0, dtype: DTypeLike = np.float32) -> Network:
        """Make a network with random weights: Glorot and Bengio's, halved (Appendix D); biases 0.

        Parameters
        ----------
        sizes : sequence of int
            Nodes of the layers, from input to output; (784, 500, 10) is the paper's.
        seed : int
            Seed of the weights.
        dtype : dtype
            float32 or float64.
        """
        sizes = tuple(sizes)
        if len(sizes) < 2 or not all(isinstance(n, int | np.integer) and n > 0 for n in sizes):
            raise InputError(f"EP network: sizes = {sizes!r} must be at least two whole numbers above 0")
        rng = np.random.default_rng(seed)
        weights = []
        for n, m in pairwise(sizes):
            limit = 0.5 * np.sqrt(6 / (n + m))
            weights.append(rng.uniform(-limit, limit, (n, m)).astype(dtype))
        return cls(tuple(weights), tuple(np.zeros(m, dtype) for m in sizes[1:]))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Nodes of the layers, from input to output."""
        return (self.weights[0].shape[0], *(bias.size for bias in self.biases))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of weights and states."""
        return self.weights[0].dtype

    @property
    def inner(self) -> tuple[Array, ...]:
        """Weights between the layers after the input."""
        return self.weights[1:]

    def fields(self, x: Array) -> State:
        """Forces of input and biases on the layers; `x` of shape (images, inputs)."""
        return input_fields(self.weights, self.biases, x)

    def energy(self, x: Array, state: State) -> Array:
        """Energy E (Eq. 9) of each image's state, shape (images,)."""
        total: Array = 0.5 * np.sum(x * x, axis=-1)
        below = x
        for weight, bias, layer in zip(self.weights, self.biases, state, strict=True):
            total = total + np.sum(layer * (0.5 * layer - bias - below @ weight), axis=-1)
            below = layer
        return total

    def energy_gradient(self, x: Array, state: State) -> State:
        """Slopes dE/dx of each layer after the input, with the activations equal to the states."""
        fields = self.fields(x)
        slopes = []
        for n, layer in enumerate(state):
            acting = neighbours(self.inner, state, n)
            slopes.append(layer - fields[n] - (0 if acting is None else acting))
        return tuple(slopes)

    def settle(self, x: Array, iterations: int = 20, relaxation: Relaxation | None = None) -> State:
        """Relax from the state of all zeros to the free state.

        Parameters
        ----------
        x : ndarray of shape (images, inputs)
            Input states.
        iterations : int
            Iterations of the relaxation.
        relaxation : Relaxation, optional
            Gauss-Seidel sweeps unless told otherwise.

        Raises
        ------
        InputError
            If `x` doesn't fit the input layer.
        """
        x = self._checked_input(x)
        start = resting(self.sizes, len(x), self.dtype)
        return (relaxation or GaussSeidel()).relax(self.inner, self.fields(x), start, iterations)

    def predict(self, x: Array, iterations: int = 20, relaxation: Relaxation | None = None) -> IntArray:
        """Class of each image: the output node that is most active in the free state, shape (images,)."""
        x = self._checked_input(x)
        parts = [x[k : k + _CHUNK] for k in range(0, len(x), _CHUNK)]
        found = [self.settle(part, iterations, relaxation)[-1].argmax(axis=1) for part in parts]
        return np.concatenate([np.zeros(0, np.int64), *found])

    def _checked_input(self, x: Array) -> Array:
        x = np.asarray(x, self.dtype)
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise InputError(
                f"EP network: input of shape {x.shape} must be (images, {self.sizes[0]}), "
                "a row for each image and a column for each input node"
            )
        return x


def _check(weights: tuple[Array, ...], biases: tuple[Array, ...]) -> None:
    if not weights or len(weights) != len(biases):
        raise InputError(
            f"EP network: {len(weights)} weight matrices and {len(biases)} bias vectors; "
            "give one of each for every layer after the input"
        )
    for n, (weight, bias) in enumerate(zip(weights, biases, strict=True), 1):
        before = weights[n - 2].shape[1] if n > 1 else weight.shape[0]
        if weight.ndim != 2 or bias.shape != weight.shape[1:] or weight.shape[0] != before:
            raise InputError(
                f"EP network: weights of shape {weight.shape} and biases of shape {bias.shape} do not make "
                f"layer {n} on a layer of {before} nodes"
            )
        for name, array in ((f"weights into layer {n}", weight), (f"biases of layer {n}", bias)):
            if array.dtype not in (np.float32, np.float64) or array.dtype != weights[0].dtype:
                raise InputError(f"EP network: {name} are {array.dtype}; all must be float32, or all float64")
            if not _all_finite(array):
                bad = np.argwhere(~np.isfinite(array))[0].tolist()
                raise InputError(
                    f"EP network: {name} hold {array[tuple(bad)]} at {bad}; every number must be finite. "
                    "If training made it so, lower the learning rates"
                )


def _all_finite(array: Array) -> bool:
    """Whether no number is infinite or NaN; the sum of the squares tells without a second array."""
    flat = array.ravel()
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.dot(flat, flat))) or bool(np.all(np.isfinite(array)))
