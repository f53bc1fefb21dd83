"""The update of many synapses from differences of their signals (Eq. 6), skipping what can't pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.cycle import CycleMap
from tcl_circuits.ep.layers import Array
from tcl_circuits.rule import Gate, HardThreshold

_BLOCK = 4096
"""Synapses whose kernel outputs are formed together: they fit into a core's cache."""
SIGNAL_BLOCK = 16_384
"""Synapses whose differences are formed together."""
_DENSE = 0.7
"""Share of synapses above which picking the active ones costs more than it saves."""
_STEEP = 1.5
"""Rows that reach so many times as far as half of all rows do are the fast ramp's."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a cycle map in one precision, and the largest reach among them."""

    steps: Array
    base: Array
    weights: Array
    reach: float


@dataclass(frozen=True, eq=False)
class GatedSum:
    """The update of one layer's synapses: ``sum_r weights[r] g(u[r])``.

    Parameters
    ----------
    cycle : CycleMap
        From differences between states to u.
    gate : Gate
        Threshold nonlinearity; 0 below its `theta`.
    """

    cycle: CycleMap
    gate: Gate

    @cached_property
    def has_base(self) -> bool:
        """Whether a constant signal is answered: the kernel's area is not 0."""
        return bool(np.any(self.cycle.base != 0))

    @cached_property
    def theta(self) -> float:
        """Threshold."""
        return float(getattr(self.gate, "theta", 0.0))

    def groups(self, dtype: np.dtype[Any]) -> tuple[Rows, ...]:
        """Rows of the fast ramp, which pass with small signals, and those of the slow one."""
        return self._by_precision[dtype]

    def least(self, dtype: np.dtype[Any]) -> float:
        """Threshold less what rounding may take from a bound of u."""
        return self.theta * (1 - 16 * float(np.finfo(dtype).eps))

    def __call__(self, differences: Array, first: Array | None = None) -> Array:
        """Update of each synapse, shape (synapses,).

        Parameters
        ----------
        differences : ndarray of shape (states - 1, synapses)
            Changes of the signals from state to state.
        first : ndarray of shape (synapses,), optional
            Signals in the first state; needed if the kernel's area is not 0.
        """
        count = differences.shape[1]
        update = np.zeros(count, differences.dtype)
        groups = self.groups(differences.dtype)
        if self.has_base or self.theta == 0:
            if self.has_base and first is None:
                raise ValueError("a kernel whose area is not 0 needs the signals of the first state")
            for rows in groups:
                update += self._summed(rows, differences, first)
            return update
        largest = np.abs(differences).max(axis=0)
        least = self.least(differences.dtype)
        for rows in groups:
            active = np.flatnonzero(largest >= least / rows.reach)
            if active.size > _DENSE * count:
                update += self._summed(rows, differences)
            elif active.size:
                update[active] += self._summed(rows, differences.take(active, axis=1))
        return update

    def of_input(self, x: Array, above: Array) -> Array:
        """Update of the weights from the input, whose states are constant.

        Parameters
        ----------
        x : ndarray of shape (images, inputs)
            Input states.
        above : ndarray of shape (states, images, nodes)
            States of the first layer after the input on the ramp.

        Returns
        -------
        ndarray of shape (inputs, nodes)
        """
        update = np.zeros((x.shape[1], above.shape[2]), above.dtype)
        moving = self._moving(x, above)
        if moving is None:
            return update
        left, right, seen, moved = moving
        rest = above[0][:, moved] / len(x) if self.has_base else None
        rows = max(1, SIGNAL_BLOCK // moved.size)
        found = np.empty((seen.size, moved.size), above.dtype)
        for k in range(0, seen.size, rows):
            part = left[k : k + rows]
            d = np.matmul(part, right).reshape(len(right), -1)
            first = None if rest is None else (part @ rest).ravel()
            found[k : k + rows] = self(d, first).reshape(len(part), -1)
        update[np.ix_(seen, moved)] = found
        return update

    def _moving(self, x: Array, above: Array) -> tuple[Array, Array, IntArray, IntArray] | None:
        """What of a batch can change weights from the input; None if nothing can.

        An image that is right already moves no node at all; it is the common one later in training.

        Returns
        -------
        left : ndarray of shape (seen, images)
            Input states, of images that move a node.
        right : ndarray of shape (states - 1, images, moved)
            Their share in the changes of the mean activations.
        seen, moved : ndarray of int
            Input nodes that are not 0 in all of these images, and nodes above that move.
        """
        changes = np.diff(above, axis=0) / above.shape[1]
        if self.has_base:
            images, moved = np.arange(len(x)), np.arange(above.shape[2])
        else:
            images = np.flatnonzero(changes.any(axis=(0, 2)))
            moved = np.flatnonzero(changes.any(axis=(0, 1)))
        seen = np.flatnonzero(x[images].any(axis=0))
        if not (seen.size and moved.size):
            return None
        return x[np.ix_(images, seen)].T.copy(), changes[:, images[:, None], moved], seen, moved

    def _summed(self, rows: Rows, differences: Array, first: Array | None = None) -> Array:
        """Share of some rows in the update, whether they can pass or not."""
        count = differences.shape[1]
        update = np.empty(count, differences.dtype)
        u = np.empty((len(rows.weights), min(count, _BLOCK)), differences.dtype)
        size, passed = np.empty_like(u), np.empty(u.shape, bool)
        for k in range(0, count, _BLOCK):
            part = slice(k, min(count, k + _BLOCK))
            width = part.stop - k
            if width < u.shape[1]:
                u, size, passed = (np.empty((len(u), width), a.dtype) for a in (u, size, passed))
            np.matmul(rows.steps, differences[:, part], out=u)
            if first is not None:
                u += rows.base[:, None] * first[part]
            if isinstance(self.gate, HardThreshold):
                np.abs(u, out=size)
                np.greater_equal(size, u.dtype.type(self.theta), out=passed)
                u *= passed
            else:
                u[...] = self.gate(u)
            np.matmul(rows.weights, u, out=update[part])
        return update

    @cached_property
    def _by_precision(self) -> dict[np.dtype[Any], tuple[Rows, ...]]:
        cycle = self.cycle
        steep = cycle.reach > _STEEP * np.median(cycle.reach)
        return {
            np.dtype(dtype): tuple(
                Rows(
                    cycle.steps[chosen].astype(dtype),
                    cycle.base[chosen].astype(dtype),
                    cycle.weights[chosen].astype(dtype),
                    float(cycle.reach[chosen].max()),
                )
                for chosen in (steep, ~steep)
                if np.any(chosen)
            )
            for dtype in (np.float32, np.float64)
        }
