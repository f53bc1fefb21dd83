"""Lattices of springs in the plane, and their statics for small displacements.

The extension of a bond from point i to point j, with the unit vector n from i to j, is ``e = n (u_j - u_i)``;
its force ``k e`` pulls at both coordinates of both ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.errors import InputError

_FLOPPY = 1e-9
"""Least eigenvalue of the stiffness matrix of equal bonds, over its largest, of a lattice that is rigid."""

Coordinate = tuple[int, int]
"""A point and an axis, 0 for x and 1 for y."""


@dataclass(frozen=True, eq=False)
class SpringLattice:
    """Points in the plane, the bonds between them, and which coordinates are held, moved and read.

    Coordinates are counted x of the first point, y of the first, x of the second, ...

    Parameters
    ----------
    points : ndarray of shape (points, 2)
        Places at rest, in lattice spacings.
    bonds : ndarray of shape (bonds, 2)
        First and second point of each bond.
    fixed, driven, outputs : tuple of (point, axis)
        Coordinates that stay at rest, whose displacement is given, and that are nudged.

    Raises
    ------
    InputError
        If arrays have the wrong shape, a bond joins a point with itself or two points in one place, a
        coordinate does not exist or has two roles, or a bond does not touch a free coordinate.
    """

    points: FloatArray
    bonds: IntArray
    fixed: tuple[Coordinate, ...]
    driven: tuple[Coordinate, ...]
    outputs: tuple[Coordinate, ...]

    def __post_init__(self) -> None:
        points, bonds = np.asarray(self.points), np.asarray(self.bonds)
        if points.ndim != 2 or points.shape[1] != 2 or not np.all(np.isfinite(points)):
            raise InputError("SpringLattice: points must be finite numbers of shape (points, 2)")
        if bonds.ndim != 2 or bonds.shape[1] != 2 or not bonds.size:
            raise InputError("SpringLattice: bonds must be pairs of points, of shape (bonds, 2)")
        count = points.shape[0]
        if bonds.min() < 0 or bonds.max() >= count:
            raise InputError(f"SpringLattice: a bond names a point outside of 0 .. {count - 1}")
        for b in np.flatnonzero(self.lengths == 0).tolist():
            raise InputError(f"SpringLattice: bond {b} joins points {bonds[b].tolist()} in the same place")
        roles = [*self.fixed, *self.driven, *self.outputs]
        for point, axis in roles:
            if not (0 <= point < count and axis in (0, 1)):
                raise InputError(f"SpringLattice: there is no coordinate {axis!r} of point {point!r}")
        if len(set(roles)) != len(roles):
            raise InputError("SpringLattice: a coordinate is fixed, driven or an output more than once")

    @cached_property
    def lengths(self) -> FloatArray:
        """Length of each bond at rest, (bonds,)."""
        result: FloatArray = np.hypot(*self._spans.T)
        return result

    @cached_property
    def directions(self) -> FloatArray:
        """Unit vector of each bond from its first point to its second, (bonds, 2)."""
        result: FloatArray = self._spans / self.lengths[:, None]
        return result

    @property
    def _spans(self) -> FloatArray:
        spans: FloatArray = self.points[self.bonds[:, 1]] - self.points[self.bonds[:, 0]]
        return spans

    @cached_property
    def rigidity(self) -> FloatArray:
        """Matrix from displacements to extensions, (bonds, coordinates)."""
        found = np.zeros((self.bonds.shape[0], 2 * self.points.shape[0]))
        row = np.arange(self.bonds.shape[0])
        for axis in (0, 1):
            found[row, 2 * self.bonds[:, 1] + axis] = self.directions[:, axis]
            found[row, 2 * self.bonds[:, 0] + axis] = -self.directions[:, axis]
        return found

    @cached_property
    def free(self) -> IntArray:
        """Coordinates that are neither fixed nor driven."""
        return np.setdiff1d(np.arange(2 * self.points.shape[0]), numbers_of((*self.fixed, *self.driven)))

    def stiffness_matrix(self, stiffness: FloatArray) -> FloatArray:
        """Matrix from displacements to forces, (coordinates, coordinates), of stiffnesses (bonds,)."""
        result: FloatArray = self.rigidity.T @ (stiffness[:, None] * self.rigidity)
        return result

    def displacements(self, stiffness: FloatArray, driven: FloatArray) -> FloatArray:
        """Displacements at rest under given ones.

        Parameters
        ----------
        stiffness : ndarray of shape (bonds,)
            k of each bond.
        driven : ndarray of shape (..., driven)
            Displacements of the driven coordinates.

        Returns
        -------
        ndarray of shape (..., coordinates)
        """
        matrix, moved = self.stiffness_matrix(stiffness), numbers_of(self.driven)
        found = np.zeros((*driven.shape[:-1], matrix.shape[0]))
        found[..., moved] = driven
        force = -driven @ matrix[np.ix_(moved, self.free)]
        inner = matrix[np.ix_(self.free, self.free)]
        found[..., self.free] = np.linalg.solve(inner, force[..., None])[..., 0]
        return found

    def extensions(self, displacements: FloatArray) -> FloatArray:
        """Extensions (..., bonds) of displacements (..., coordinates)."""
        result: FloatArray = displacements @ self.rigidity.T
        return result

    def loss_gradient(
        self, stiffness: FloatArray, displacements: FloatArray, output_gradient: FloatArray
    ) -> FloatArray:
        """Exact gradient of a loss by the stiffnesses, ``-mean(e e')`` with the extensions e' of the adjoint.

        Parameters
        ----------
        stiffness : ndarray of shape (bonds,)
            k of each bond.
        displacements : ndarray of shape (samples, coordinates)
            At rest.
        output_gradient : ndarray of shape (samples, outputs)
            Derivative of each sample's loss by the outputs.
        """
        matrix = self.stiffness_matrix(stiffness)
        force = np.zeros((output_gradient.shape[0], matrix.shape[0]))
        force[:, numbers_of(self.outputs)] = output_gradient
        adjoint = np.zeros_like(force)
        inner = matrix[np.ix_(self.free, self.free)]
        adjoint[:, self.free] = np.linalg.solve(inner, force[:, self.free].T).T
        result: FloatArray = -np.mean(self.extensions(displacements) * self.extensions(adjoint), axis=0)
        return result

    def floppy_modes(self) -> int:
        """Number of ways in which the free coordinates can move without stretching a bond."""
        inner = self.rigidity[:, self.free]
        values = np.linalg.eigvalsh(inner.T @ inner)
        return int(np.sum(values <= _FLOPPY * max(values.max(initial=0.0), 1e-300)))


def numbers_of(coordinates: Sequence[Coordinate]) -> IntArray:
    """Numbers of coordinates."""
    return np.array([2 * point + axis for point, axis in coordinates], dtype=np.int64)


def crossed_lattice(
    rows: int,
    columns: int,
    fixed: Sequence[Coordinate],
    driven: Sequence[Coordinate],
    outputs: Sequence[Coordinate],
    doubled: int = 0,
    jitter: float = 0.1,
    seed: int = 0,
) -> SpringLattice:
    """Square lattice with a diagonal in every cell, of random direction, and a second one in some.

    Points are counted along the rows, from the bottom row upwards.

    Parameters
    ----------
    rows, columns : int
        Number of points.
    fixed, driven, outputs : sequence of (point, axis)
        Roles of coordinates.
    doubled : int
        Number of cells with both diagonals.
    jitter : float
        Standard deviation of the points' places, in lattice spacings.
    seed : int
        Seed of diagonals and places.
    """
    cells = (rows - 1) * (columns - 1)
    if rows < 2 or columns < 2 or not 0 <= doubled <= cells:
        raise InputError(f"crossed_lattice: {rows} x {columns} points can't have {doubled} crossed cells")
    rng = np.random.default_rng([seed, 3])
    number = np.arange(rows * columns).reshape(rows, columns)
    points = np.column_stack([number.ravel() % columns, number.ravel() // columns]).astype(float)
    points += jitter * rng.standard_normal(points.shape)
    bonds = [*zip(number[:, :-1].flat, number[:, 1:].flat, strict=True)]
    bonds += zip(number[:-1].flat, number[1:].flat, strict=True)
    rising = list(zip(number[:-1, :-1].flat, number[1:, 1:].flat, strict=True))
    falling = list(zip(number[1:, :-1].flat, number[:-1, 1:].flat, strict=True))
    both = set(rng.choice(cells, doubled, replace=False).tolist())
    for cell, up in enumerate(rng.random(cells) < 0.5):
        bonds += [rising[cell]] * bool(up or cell in both) + [falling[cell]] * bool(not up or cell in both)
    return SpringLattice(points, np.array(bonds, dtype=np.int64), tuple(fixed), tuple(driven), tuple(outputs))
