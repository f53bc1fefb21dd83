"""What every learning rule works with: a settled batch, signals, and steps along a direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.ramp import Nudging
from tcl_circuits.ep.settings import Settings, spread

Directions = tuple[State, State]
"""Of the weights and of the biases."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A batch, with the network settled freely on it.

    Parameters
    ----------
    network : Network
        Before the update.
    x : ndarray of shape (images, inputs)
        Input states.
    target : ndarray of shape (images, outputs)
        Wanted outputs, 0 or 1.
    fields, free : tuple of ndarray
        Forces of the input, and the free state.
    beta : float
        Nudge of this batch, with its sign.
    rng : numpy.random.Generator
        For rules that draw something; a function of seed, epoch and batch.
    """

    network: Network
    x: Array
    target: Array
    fields: State
    free: State
    beta: float
    rng: np.random.Generator


class Rule(Protocol):
    """Changes a network after a batch."""

    def step(self, shown: Shown) -> Network:
        """Network after the update."""
        ...

    @property
    def iterations(self) -> int:
        """Iterations of each image that an update takes, after those to the free state."""
        ...


@dataclass(frozen=True, eq=False)
class Frame:
    """What all rules share.

    Parameters
    ----------
    settings : Settings
        Settings of the run.
    rates : tuple of float
        Steps of each layer's weights and biases along an estimate of the cost's downward slope. At full
        learning rates every rule steps as far as the temporal one does in its pass band.
    """

    settings: Settings
    rates: tuple[float, ...]

    @classmethod
    def of(cls, settings: Settings, layers: int, share: float = 1.0) -> Frame:
        """Frame for a network of so many layers after the input, with a share of the learning rates."""
        scale = share * 0.5 * settings.gain * settings.cycle().slope
        return cls(settings, tuple(scale * rate for rate in spread(settings.rates, layers, "rates")))

    def nudging(self, shown: Shown, network: Network | None = None) -> Nudging:
        """Nudge of a batch; of another network than the one that settled, if there is one."""
        acting = network or shown.network
        fields = shown.fields if network is None else network.fields(shown.x)
        s = self.settings
        return Nudging(s.relaxation, acting.inner, fields, shown.free, shown.target, s.factor)

    def moved(self, network: Network, directions: Directions, factor: float) -> Network:
        """Network after a step of `factor` times its rates along the directions, which are used up."""
        weights, biases = (
            tuple(
                _added(old, direction, factor * rate)
                for old, direction, rate in zip(before, part, self.rates, strict=True)
            )
            for before, part in zip((network.weights, network.biases), directions, strict=True)
        )
        return Network(weights, biases)


def signals(x: Array, state: State, weights: FloatArray | None = None) -> Directions:
    """Mean signals of all synapses in a state: products of activations, and activations.

    Parameters
    ----------
    x : ndarray of shape (images, inputs)
        Input states.
    state : tuple of ndarray of shape (images, nodes)
        States of the layers after the input.
    weights : ndarray of shape (images,), optional
        Factors on the images' shares; 1 unless given.
    """
    images = len(x)
    share = _shares(images, weights, x)
    scaled = [layer * share for layer in state]
    products = tuple(a.T @ b for a, b in zip((x, *state[:-1]), scaled, strict=True))
    return products, tuple(layer.sum(axis=0) for layer in scaled)


def contrasts(x: Array, before: State, after: State, weights: FloatArray | None = None) -> Directions:
    """Changes of the mean signals between two states, formed from changes of activations.

    Parameters
    ----------
    x : ndarray of shape (images, inputs)
        Input states.
    before, after : tuple of ndarray of shape (images, nodes)
        States of the layers after the input.
    weights : ndarray of shape (images,), optional
        Factors on the images' shares; 1 unless given.
    """
    share = _shares(len(x), weights, x)
    change = [(b - a) * share for a, b in zip(before, after, strict=True)]
    inner = (change[n - 1].T @ after[n] + before[n - 1].T @ change[n] for n in range(1, len(before)))
    return (x.T @ change[0], *inner), tuple(part.sum(axis=0) for part in change)


def _shares(images: int, weights: FloatArray | None, like: Array) -> Array:
    """Share of each image in a mean, shape (images, 1), in the precision of an array."""
    given = np.ones(images) if weights is None else weights
    return (given[:, None] / images).astype(like.dtype)


def _added(old: Array, direction: Array, factor: float) -> Array:
    """``old + factor direction``, in the place of the direction: a large array less for each batch."""
    direction *= direction.dtype.type(factor)
    direction += old
    return direction
