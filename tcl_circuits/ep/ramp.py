"""The nudge's ramp up and down in small steps, and the states of the network on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.relax import Pull, Relaxation
from tcl_circuits.errors import InputError


@dataclass(frozen=True, eq=False)
class Nudging:
    """The free state of a batch, and what nudges it.

    Parameters
    ----------
    relaxation : Relaxation
        How the network relaxes.
    inner, fields : sequence of ndarray
        See :meth:`~tcl_circuits.ep.relax.Relaxation.relax`.
    free : tuple of ndarray of shape (images, nodes)
        Free state.
    target : ndarray of shape (images, outputs)
        Wanted outputs.
    factor : float
        Force on the outputs per beta and error: 2 for the cost ``|y - target|^2``, 1 for its half.
    """

    relaxation: Relaxation
    inner: Sequence[Array]
    fields: Sequence[Array]
    free: State
    target: Array
    factor: float

    def under(self, beta: float, iterations: int, start: State | None = None) -> State:
        """State after some iterations under a nudge `beta`, from the free state unless told otherwise."""
        strength = np.asarray(self.factor * beta, self.target.dtype)
        begin = self.free if start is None else start
        return self.relaxation.relax(self.inner, self.fields, begin, iterations, Pull(strength, self.target))

    def under_each(self, betas: FloatArray, iterations: int) -> State:
        """States under several nudges, each from the free state; shapes (betas, images, nodes)."""
        strength = (self.factor * betas).astype(self.target.dtype)[:, None, None]
        # What is the same under all nudges, such as the first step of a hidden layer, is done once.
        reached = self.relaxation.relax(
            self.inner, self.fields, self.free, iterations, Pull(strength, self.target)
        )
        shape = (betas.size, *self.target.shape[:1])
        return tuple(np.broadcast_to(layer, (*shape, layer.shape[-1])) for layer in reached)


class Ramp(Protocol):
    """A discretized nudge: from free to nudged and back."""

    @property
    def corners(self) -> tuple[int, int]:
        """Points on the way up and on the way down; they share the top one."""
        ...

    @property
    def path(self) -> IntArray:
        """Which state each point of the cycle has, shape (points,), from free to free."""
        ...

    @property
    def levels(self) -> FloatArray:
        """Nudge of each state, as a share of the largest one, shape (states,)."""
        ...

    def states(self, nudging: Nudging, beta: float, iterations: int) -> State:
        """States that `path` counts, for the largest nudge `beta`; shapes (states, images, nodes)."""
        ...


@dataclass(frozen=True)
class Restarted:
    """The ramp as the published code has it: each nudge starts from the free state, down mirrors up.

    Parameters
    ----------
    points : int
        Values of the nudge from 0 to the largest one.
    """

    points: int = 9

    def __post_init__(self) -> None:
        _check("Restarted", "points", self.points, 2)

    @property
    def corners(self) -> tuple[int, int]:
        """See :class:`Ramp`."""
        return self.points, self.points

    @property
    def path(self) -> IntArray:
        """Up through all states and down again."""
        up = np.arange(self.points)
        return np.concatenate([up, up[-2::-1]])

    @property
    def levels(self) -> FloatArray:
        """See :class:`Ramp`."""
        return np.linspace(0, 1, self.points)

    def states(self, nudging: Nudging, beta: float, iterations: int) -> State:
        """See :meth:`Ramp.states`."""
        return nudging.under_each(beta * self.levels, iterations)


@dataclass(frozen=True)
class Continuous:
    """The ramp as the text has it: each nudge goes on from the state of the one before, up and down.

    Parameters
    ----------
    pieces : int
        Steps of the nudge on either way; the text has 9. It counts 20 points, the top one and the bottom
        one twice; a cycle here has 19.
    """

    pieces: int = 9

    def __post_init__(self) -> None:
        _check("Continuous", "pieces", self.pieces, 1)

    @property
    def corners(self) -> tuple[int, int]:
        """See :class:`Ramp`."""
        return self.pieces + 1, self.pieces + 1

    @property
    def path(self) -> IntArray:
        """Every point has a state of its own."""
        return np.arange(2 * self.pieces + 1)

    @property
    def levels(self) -> FloatArray:
        """See :class:`Ramp`."""
        up = np.linspace(0, 1, self.pieces + 1)
        return np.concatenate([up, up[-2::-1]])

    def states(self, nudging: Nudging, beta: float, iterations: int) -> State:
        """See :meth:`Ramp.states`."""
        state, passed = nudging.free, []
        for value in (beta * self.levels).tolist():
            state = nudging.under(value, iterations, state)
            passed.append(state)
        return tuple(np.stack(layer) for layer in zip(*passed, strict=True))


def _check(owner: str, name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{owner} ramp: {name} = {value!r} must be a whole number of at least {least}")
