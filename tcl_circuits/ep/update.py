"""The temporal update of layered weights: Eq. 6 for every synapse, without a tensor of all signals.

A synapse's signal is the mean over the images of a product of two activations. Kernel and threshold see only
its differences between the states of a ramp (:class:`~tcl_circuits.ep.cycle.CycleMap`), which are formed from
differences of activations, not of products: so rounding stays small in float32 too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.ep.cycle import CycleMap
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.rule import Gate, HardThreshold

_BLOCK = 16_384
"""Synapses that are worked on together: their differences fit into a core's cache."""


@dataclass(frozen=True, eq=False)
class GatedSum:
    """The update of one layer's synapses: ``sum_r weights[r] g(u[r])``.

    Parameters
    ----------
    cycle : CycleMap
        From differences between states to u.
    gate : Gate
        Threshold nonlinearity.
    """

    cycle: CycleMap
    gate: Gate

    @cached_property
    def has_base(self) -> bool:
        """Whether a constant signal is answered: the kernel's area is not 0."""
        return bool(np.any(self.cycle.base != 0))

    def __call__(self, differences: Array, first: Array | None = None) -> Array:
        """Update of each synapse, shape (synapses,).

        Parameters
        ----------
        differences : ndarray of shape (states - 1, synapses)
            Changes of the signals from state to state.
        first : ndarray of shape (synapses,), optional
            Signals in the first state; not needed for a kernel of area 0.
        """
        dtype = differences.dtype
        u = self.cycle.steps.astype(dtype) @ differences
        if self.has_base and first is not None:
            u += self.cycle.base.astype(dtype)[:, None] * first
        if isinstance(self.gate, HardThreshold):
            u *= np.abs(u) >= dtype.type(self.gate.theta)
        else:
            u = self.gate(u).astype(dtype)
        update: Array = self.cycle.weights.astype(dtype) @ u
        return update


def input_update(rule: GatedSum, x: Array, above: Array) -> Array:
    """Update of the weights from the input, whose states are constant.

    Parameters
    ----------
    rule : GatedSum
        Of this layer.
    x : ndarray of shape (images, inputs)
        Input states.
    above : ndarray of shape (states, images, nodes)
        States of the first layer after the input on the ramp.

    Returns
    -------
    ndarray of shape (inputs, nodes)
    """
    images, nodes = above.shape[1:]
    changes = np.diff(above, axis=0) / images
    update = np.zeros((x.shape[1], nodes), above.dtype)
    seen = np.flatnonzero(x.any(axis=0))
    moved = np.arange(nodes) if rule.has_base else np.flatnonzero(changes.any(axis=(0, 1)))
    if not moved.size:
        return update
    right = np.ascontiguousarray(changes[:, :, moved].transpose(1, 0, 2)).reshape(images, -1)
    rest = above[0][:, moved] / images if rule.has_base else None
    rows = max(1, _BLOCK // moved.size)
    for k in range(0, seen.size, rows):
        part = seen[k : k + rows]
        left = np.ascontiguousarray(x[:, part].T)
        d = (left @ right).reshape(part.size, len(changes), moved.size).transpose(1, 0, 2)
        flat = np.ascontiguousarray(d).reshape(len(changes), -1)
        first = None if rest is None else (left @ rest).ravel()
        update[np.ix_(part, moved)] = rule(flat, first).reshape(part.size, moved.size)
    return update


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
    # a' b' - a b = (a' - a) b' + a (b' - b), both products at once.
    left = np.concatenate([np.diff(below, axis=0), below[:-1]], axis=1)
    right = np.concatenate([above[1:], np.diff(above, axis=0)], axis=1) / images
    update = np.zeros((below.shape[2], nodes), above.dtype)
    rows = max(1, _BLOCK // nodes)
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
        first = input_update(self.weights[0], x, states[0])
        rest = [inner_update(rule, states[n], states[n + 1]) for n, rule in enumerate(self.weights[1:])]
        return (first, *rest), tuple(
            bias_update(rule, layer) for rule, layer in zip(self.biases, states, strict=True)
        )
