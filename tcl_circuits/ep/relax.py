"""How a network finds the state of least energy: small clipped steps, or whole layers at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.checks import positive
from tcl_circuits.ep.layers import Array, State, neighbours


@dataclass(frozen=True, eq=False)
class Pull:
    """The nudge: ``strength (target - y)`` on the outputs y.

    Parameters
    ----------
    strength : ndarray, shape such that it broadcasts with the output states
        beta times 1 for the cost ``|y - target|^2/2`` of Eq. 10, times 2 for ``|y - target|^2``.
    target : ndarray of shape (images, outputs)
        Wanted outputs, 0 or 1.
    """

    strength: Array
    target: Array


class Relaxation(Protocol):
    """A way to lower the energy; states stay in [0, 1]."""

    def relax(
        self,
        inner: Sequence[Array],
        fields: Sequence[Array],
        state: State,
        iterations: int,
        pull: Pull | None = None,
    ) -> State:
        """Return the state after some iterations.

        Parameters
        ----------
        inner : sequence of ndarray
            Weights between the layers after the input.
        fields : sequence of ndarray
            Forces of input and biases, see :func:`~tcl_circuits.ep.layers.input_fields`.
        state : tuple of ndarray of shape (..., images, nodes)
            Where to begin; left as it is.
        iterations : int
            How many.
        pull : Pull, optional
            The nudge. Where it is several, of shape (nudges, 1, 1), so are the states of what it has reached:
            they grow by an axis in front.
        """
        ...


@dataclass(frozen=True)
class ClippedSteps:
    """Gradient steps of all layers at once, clipped to [0, 1]: what Appendix D does.

    Parameters
    ----------
    step : float
        Step size; the energy's curvature is 1, so that 1 would jump to a layer's own minimum.
    """

    step: float = 0.5

    def __post_init__(self) -> None:
        positive("ClippedSteps", "step", self.step)

    def relax(
        self,
        inner: Sequence[Array],
        fields: Sequence[Array],
        state: State,
        iterations: int,
        pull: Pull | None = None,
    ) -> State:
        """``x <- clip(x - step dF/dx, 0, 1)``; see :meth:`Relaxation.relax`."""
        dtype = fields[0].dtype.type
        step = dtype(self.step)
        scaled = [step * weight for weight in inner]
        push = [step * field for field in fields]
        keep: list[Array] = [np.asarray(1 - step)] * len(state)
        if pull is not None:
            strength = step * np.asarray(pull.strength, dtype)
            push[-1] = push[-1] + strength * pull.target
            keep[-1] = keep[-1] - strength
        for _ in range(iterations):
            state = tuple(
                _stepped(state[n], keep[n], push[n], neighbours(scaled, state, n)) for n in range(len(state))
            )
        return state


@dataclass(frozen=True)
class GaussSeidel:
    """One layer after the other to the exact minimum of F over it, from the output down.

    A layer's nodes don't act on each other, so that its minimum is ``clip(force/curvature, 0, 1)``. A nudge
    of strength -1 makes the curvature of the outputs 0, a stronger negative one makes it negative; the
    minimum is then at that end of [0, 1] where F is lower.
    """

    def relax(
        self,
        inner: Sequence[Array],
        fields: Sequence[Array],
        state: State,
        iterations: int,
        pull: Pull | None = None,
    ) -> State:
        """One iteration is a sweep over all layers; see :meth:`Relaxation.relax`."""
        reached = list(state)
        last = len(reached) - 1
        for _ in range(iterations):
            for n in range(last, -1, -1):
                acting = neighbours(inner, reached, n)
                force = fields[n] if acting is None else acting + fields[n]
                if n == last and pull is not None:
                    strength = np.asarray(pull.strength, force.dtype)
                    reached[n] = _minimum(force + strength * pull.target, 1 + strength, reached[n])
                else:
                    reached[n] = np.clip(np.broadcast_to(force, _shape(force, reached[n])), 0, 1)
        return tuple(reached)


def _stepped(x: Array, keep: Array, push: Array, acting: Array | None) -> Array:
    """``clip(keep x + push + acting, 0, 1)``; written into `acting` where that is no smaller."""
    moved: Array = x * keep
    if acting is not None and acting.ndim >= moved.ndim:
        moved = np.add(moved, acting, out=acting)
    elif acting is not None:
        moved += acting
    moved = moved + push if push.ndim > moved.ndim else np.add(moved, push, out=moved)
    return moved.clip(0, 1, out=moved)


def _minimum(force: Array, curvature: Array, x: Array) -> Array:
    """Where ``curvature x^2/2 - force x`` is least on [0, 1]; stays at `x` if all of [0, 1] is as low."""
    force = np.broadcast_to(force, _shape(force, x))
    curvature = np.broadcast_to(curvature, force.shape)
    convex = curvature > 0
    inside: Array = np.clip(force / np.where(convex, curvature, 1), 0, 1)
    if np.all(convex):
        return inside
    gain = force - curvature / 2
    end = np.where(gain > 0, 1, np.where(gain < 0, 0, x)).astype(force.dtype)
    return np.where(convex, inside, end)


def _shape(force: Array, x: Array) -> tuple[int, ...]:
    """Shape of states under a force that may have fewer or more axes than they had."""
    return np.broadcast_shapes(force.shape, x.shape)
