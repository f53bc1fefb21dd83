"""Training images in their order and places, which are functions of seed, epoch and batch alone."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.data import Digits
from tcl_circuits.errors import InputError
from tcl_circuits.layered.circuit import Array, with_bias

_ORDER, _SHIFTS = 1, 2
"""Streams of random numbers, told apart in their seeds; 0 draws the circuit."""


@dataclass(frozen=True, eq=False)
class Batches:
    """Training images, batch by batch.

    Parameters
    ----------
    data : Digits
        Images.
    size : int
        Images in a batch.
    shift : int
        Most pixels by which an image is moved, in each direction.
    seed : int
        Seed of order and shifts.

    Raises
    ------
    InputError
        If what is to be shifted is no image.
    """

    data: Digits
    size: int
    shift: int
    seed: int

    def __post_init__(self) -> None:
        if self.shift > 0 and self.data.image_shape is None:
            raise InputError(f"{self.data.name}: its pixels are no image, which could be shifted")

    @property
    def count(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.data.train_x) // self.size)

    def shown(self, epoch: int, batch: int) -> tuple[Array, IntArray]:
        """Pixels with bias, and labels, of a batch."""
        chosen = self._order(epoch)[batch * self.size : (batch + 1) * self.size]
        if self.shift == 0:
            return self._whole[chosen], self.data.train_y[chosen]
        rng = np.random.default_rng([self.seed, epoch, batch, _SHIFTS])
        moved = shifted(self.data.train_x[chosen], self.data.image_shape, self.shift, rng)
        return with_bias(moved), self.data.train_y[chosen]

    def _order(self, epoch: int) -> IntArray:
        return np.random.default_rng([self.seed, epoch, _ORDER]).permutation(len(self.data.train_x))

    @cached_property
    def _whole(self) -> Array:
        return with_bias(self.data.train_x)


def shifted(x: Array, shape: tuple[int, int] | None, most: int, rng: np.random.Generator) -> Array:
    """Images, each moved by up to so many pixels in each direction; what comes in is dark.

    Parameters
    ----------
    x : ndarray of shape (images, pixels)
        Images.
    shape : (int, int)
        Their height and width.
    most : int
        Largest move.
    rng : numpy.random.Generator
        Draws the moves, all equally likely.
    """
    if shape is None:
        raise InputError("pixels that are no image can't be shifted")
    height, width = shape
    framed = np.pad(x.reshape(-1, height, width), ((0, 0), (most, most), (most, most)))
    moved = np.empty_like(x)
    for n, (down, right) in enumerate(rng.integers(0, 2 * most + 1, (len(x), 2))):
        moved[n] = framed[n, down : down + height, right : right + width].ravel()
    return moved


def checksum(data: Digits) -> int:
    """Number that tells one set of training images from another."""
    images = zlib.crc32(np.ascontiguousarray(data.train_x).data)
    return zlib.crc32(np.ascontiguousarray(data.train_y).data, images)
