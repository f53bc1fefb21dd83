"""The best continuous fit of three straight pieces to a curve: exact and without chance.

The paper leaves the two breaks to a random search (pwlf), which finds another fit with every seed. But where
the best breaks lie follows from lines alone (Hudson 1966): with a break inside a gap between two points, the
lines on its sides are free and meet in that gap; otherwise it lies on a point. All gaps and points are tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError

FEWEST_POINTS = 6
"""Three pieces of two points each."""
_TIED = 1e-11
"""Sums of squares closer than this part of the largest are one."""


@dataclass(frozen=True, eq=False)
class ThreePieces:
    """A continuous function of three straight pieces.

    Parameters
    ----------
    breaks : ndarray of shape (2,)
        Where the pieces meet.
    slopes, intercepts : ndarray of shape (3,)
        Slope of each piece, and its value when extended to 0.
    residual : float
        Sum of the squared deviations from the points.
    """

    breaks: FloatArray
    slopes: FloatArray
    intercepts: FloatArray
    residual: float


def fit_three_pieces(x: FloatArray, y: FloatArray) -> ThreePieces:
    """Continuous least-squares fit of three straight pieces with free breaks, the best there is.

    Of fits that are equally good the one with the largest second break is taken, so that the last piece
    claims no gap in which there are no points.

    Parameters
    ----------
    x : ndarray of shape (points,)
        Increasing abscissas, at least 6.
    y : ndarray of shape (points,)
        Ordinates.

    Raises
    ------
    InputError
        If there are fewer than 6 points or they do not increase.
    """
    if x.size < FEWEST_POINTS or x.shape != y.shape or np.any(np.diff(x) <= 0):
        raise InputError(
            f"fit of three pieces: {x.size} points must be at least {FEWEST_POINTS} and increase"
        )
    width, height = x[-1] - x[0], float(np.abs(y).max()) or 1.0
    scaled, values = (x - x[0]) / width, y / height
    mirrored = [(fit[0], 1 - fit[2], 1 - fit[1]) for fit in [_node_and_gap(1 - scaled[::-1], values[::-1])]]
    found = [_two_gaps(scaled, values), _node_and_gap(scaled, values), *mirrored, _two_nodes(scaled, values)]
    squares, first, second = (np.concatenate(parts) for parts in zip(*found, strict=True))
    best = squares <= squares.min() + _TIED * float(values @ values)
    chosen = np.flatnonzero(best)[np.lexsort((first[best], second[best]))[-1]]
    return _fit_with_breaks(x, y, x[0] + width * np.array([first[chosen], second[chosen]]))


def _fit_with_breaks(x: FloatArray, y: FloatArray, breaks: FloatArray) -> ThreePieces:
    hinges = np.maximum(x[:, None] - breaks, 0.0)
    design = np.column_stack([np.ones(x.size), x, hinges])
    weights = np.linalg.lstsq(design, y, rcond=None)[0]
    slopes = np.cumsum(weights[1:])
    intercepts = weights[0] - np.concatenate([[0.0], np.cumsum(weights[2:] * breaks)])
    return ThreePieces(breaks, slopes, intercepts, float(np.sum((design @ weights - y) ** 2)))


Candidates = tuple[FloatArray, FloatArray, FloatArray]
"""Sums of squares, first breaks and second breaks of fits."""


@dataclass(frozen=True, eq=False)
class _Lines:
    """Least-squares lines through the points a to b, for all a and b: arrays of shape (a, b)."""

    count: FloatArray
    mean_x: FloatArray
    mean_y: FloatArray
    xx: FloatArray
    xy: FloatArray
    yy: FloatArray

    @classmethod
    def of(cls, x: FloatArray, y: FloatArray) -> _Lines:
        count = np.maximum(_between(np.ones(x.size)), 1.0)
        mean_x, mean_y = _between(x) / count, _between(y) / count
        return cls(
            count,
            mean_x,
            mean_y,
            _between(x * x) - count * mean_x**2,
            _between(x * y) - count * mean_x * mean_y,
            _between(y * y) - count * mean_y**2,
        )

    @property
    def slope(self) -> FloatArray:
        found: FloatArray = self.xy / np.where(self.count > 1, self.xx, 1.0)
        return found

    @property
    def height(self) -> FloatArray:
        """Values at 0."""
        return self.mean_y - self.slope * self.mean_x

    @property
    def squares(self) -> FloatArray:
        """Sums of squared deviations."""
        return self.yy - self.slope * self.xy


def _between(values: FloatArray) -> FloatArray:
    """Sums over the points a to b, shape (a, b)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    found: FloatArray = sums[None, 1:] - sums[:-1, None]
    return found


def _two_gaps(x: FloatArray, y: FloatArray) -> Candidates:
    """Both breaks inside gaps, behind the points i and j: three free lines that meet there."""
    lines, last = _Lines.of(x, y), x.size - 1
    i, j = np.triu_indices(x.size, 2)
    kept = (i >= 1) & (j <= last - 2)
    i, j = i[kept], j[kept]
    slope, height, squares = lines.slope, lines.height, lines.squares
    parts = [(np.zeros_like(i), i), (i + 1, j), (j + 1, np.full_like(j, last))]
    first = _meeting(slope, height, parts[0], parts[1])
    second = _meeting(slope, height, parts[1], parts[2])
    valid = _inside(x, i, first) & _inside(x, j, second)
    total = sum((squares[part] for part in parts), np.zeros(i.size))
    return total[valid], first[valid], second[valid]


def _node_and_gap(x: FloatArray, y: FloatArray) -> Candidates:
    """The first break on point i, the second inside the gap behind point j."""
    lines, last = _Lines.of(x, y), x.size - 1
    i, j = np.triu_indices(x.size, 1)
    kept = (i >= 1) & (j <= last - 2)
    i, j = i[kept], j[kept]
    # The hinge (x - x_i)_+ over the points up to j, and what of it no line through them can do.
    count, centre, spread = lines.count[0, j], lines.mean_x[0, j], lines.xx[0, j]
    sums = [_between(values)[i, j] for values in (np.ones(x.size), x, y, x * x, x * y)]
    knot = x[i]
    p = sums[1] - knot * sums[0]
    pp = sums[3] - 2 * knot * sums[1] + knot**2 * sums[0] - p * p / count
    px = sums[3] - knot * sums[1] - p * centre
    py = sums[4] - knot * sums[2] - p * lines.mean_y[0, j]
    free = pp - px * px / spread
    bend = (py - px * lines.xy[0, j] / spread) / free
    slope = (lines.xy[0, j] - px * bend) / spread
    at_knot = lines.mean_y[0, j] - bend * p / count + slope * (knot - centre)
    after = slope + bend
    right = j + 1, np.full_like(j, last)
    gap_slope = lines.slope[right] - after
    second = (at_knot - after * knot - lines.height[right]) / np.where(gap_slope == 0, np.inf, gap_slope)
    squares = lines.squares[0, j] - bend**2 * free + lines.squares[right]
    valid = _inside(x, j, second)
    return squares[valid], knot[valid], second[valid]


def _two_nodes(x: FloatArray, y: FloatArray) -> Candidates:
    """Both breaks on points."""
    line = np.column_stack([np.ones(x.size), x])
    basis = np.linalg.qr(line)[0]
    hinges = np.maximum(x[:, None] - x[None, 1:-1], 0.0)
    hinges -= basis @ (basis.T @ hinges)
    rest = y - basis @ (basis.T @ y)
    gram, pull = hinges.T @ hinges, hinges.T @ rest
    i, j = np.triu_indices(x.size - 2, 1)
    own, other, both = gram[i, i], gram[j, j], gram[i, j]
    explained = (pull[i] ** 2 * other - 2 * pull[i] * pull[j] * both + pull[j] ** 2 * own) / (
        own * other - both**2
    )
    return rest @ rest - explained, x[1:-1][i], x[1:-1][j]


def _meeting(
    slope: FloatArray,
    height: FloatArray,
    one: tuple[np.ndarray, np.ndarray],
    two: tuple[np.ndarray, np.ndarray],
) -> FloatArray:
    """Where two lines meet; 0 for parallel ones."""
    difference = slope[two] - slope[one]
    found: FloatArray = (height[one] - height[two]) / np.where(difference == 0, np.inf, difference)
    return found


def _inside(x: FloatArray, point: NDArray[np.intp], where: FloatArray) -> NDArray[np.bool_]:
    """Whether a break lies in the gap behind its point."""
    return (x[point] <= where) & (where <= x[point + 1])
