"""The temporal update of layered weights: Eq. 6 for every synapse, without a tensor of all signals.

A synapse's signal is the mean over the images of a product of two activations. Kernel and threshold see only
its differences between the states of a ramp (:class:`~tcl_circuits.ep.cycle.CycleMap`), which are formed from
differences of activations, not of products: so rounding stays small in float32 too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.ep.gating import SIGNAL_BLOCK, GatedSum
from tcl_circuits.ep.layers import Array, State


def inner_update(rule: GatedSum, below: Array, above: Array) -> Array:
    """Update of the weights between two layers that both move, shape (nodes below, nodes above).

    Parameters
    ----------
    rule : GatedSum
        Of this layer.
    below, above : ndarray of shape (states, images, nodes)
        States of the two layers on the ramp.
    """
    images, nodes = above.shape[1:]
    below_moves, above_moves = np.diff(below, axis=0), np.diff(above, axis=0) / images
    moving = np.flatnonzero(below_moves.any(axis=(0, 2)) | above_moves.any(axis=(0, 2)))
    # a' b' - a b = (a' - a) b' + a (b' - b), both products at once.
    left = np.concatenate([below_moves[:, moving], below[:-1, moving]], axis=1)
    right = np.concatenate([above[1:, moving] / images, above_moves[:, moving]], axis=1)
    update = np.zeros((below.shape[2], nodes), above.dtype)
    rows = max(1, SIGNAL_BLOCK // nodes)
    for k in range(0, below.shape[2], rows):
        part = slice(k, k + rows)
        d = np.matmul(left[:, :, part].transpose(0, 2, 1), right)
        first = (below[0][:, part].T @ above[0] / images).ravel() if rule.has_base else None
        update[part] = rule(d.reshape(len(d), -1), first).reshape(-1, nodes)
    return update


def bias_update(rule: GatedSum, states: Array) -> Array:
    """Update of the biases of a layer, whose signals are its mean activations, shape (nodes,).

    Parameters
    ----------
    rule : GatedSum
        Of this layer.
    states : ndarray of shape (states, images, nodes)
        States of the layer on the ramp.
    """
    return rule(np.diff(states, axis=0).mean(axis=1), states[0].mean(axis=0))


@dataclass(frozen=True, eq=False)
class TemporalUpdate:
    """The update of a whole network.

    Parameters
    ----------
    weights, biases : tuple of GatedSum
        Of each layer after the input.
    """

    weights: tuple[GatedSum, ...]
    biases: tuple[GatedSum, ...]

    def __call__(self, x: Array, states: State) -> tuple[State, State]:
        """Integrals of Eq. 6 for weights and biases.

        Parameters
        ----------
        x : ndarray of shape (images, inputs)
            Input states.
        states : tuple of ndarray of shape (states, images, nodes)
            States of the layers after the input on the ramp.
        """
        first = self.weights[0].of_input(x, states[0])
        rest = [inner_update(rule, states[n], states[n + 1]) for n, rule in enumerate(self.weights[1:])]
        return (first, *rest), tuple(
            bias_update(rule, layer) for rule, layer in zip(self.biases, states, strict=True)
        )
