"""Where a periodic response lies beyond a level: its monotone stretches, and the crossings on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.periodic import PeriodicResponse

_STEP = 0.5
"""Spacing of the search for extremes where a transient lives, over its absolute rate."""
_FADED = 40.0
"""Memory times after which a transient is below the last digit."""
_CURVED_CELLS = 4
"""Parts into which a piece with a curved polynomial is divided for the search."""
_LOST = 1e-13
"""A value so much smaller than at the next node is the rounding of 0."""
_MOST_NODES = 4_000_000
_MOST_STEPS = 200
_SEARCH_STEPS = (3, 3, 12)
"""Steps towards zeros of the third to the first derivative: a node near the first two is enough."""
_CLOSE = 1e-9
"""A step of Newton's this small against the bracket is the last: the next would be its square."""
_ULP = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class LevelSets:
    """A periodic response cut into cells on each of which it only rises or only falls.

    Made by :meth:`of`. Nodes are kept in the order of time, the ends of the pieces among them; a cell lies
    between two neighbouring nodes of one piece.

    Parameters
    ----------
    response, slope, integral : PeriodicResponse
        The response, its derivative, and its integral from t = 0.
    piece, x : ndarray of shape (nodes,)
        Piece of each node, and its time after the beginning of the piece [s].
    values, sums : ndarray of shape (nodes,)
        The response and its integral at the nodes.
    cells : ndarray of shape (cells,)
        First nodes of the cells.
    """

    response: PeriodicResponse
    slope: PeriodicResponse
    integral: PeriodicResponse
    piece: IntArray
    x: FloatArray
    values: FloatArray
    sums: FloatArray
    cells: IntArray

    @classmethod
    def of(cls, response: PeriodicResponse) -> LevelSets:
        """Cut `response` at its extremes.

        Between two neighbouring zeros of a function lies one of its derivative: zeros of the third derivative
        are sought first and made nodes, then those of the second among them, then those of the first.
        """
        derivatives = [response.derivative()]
        for _ in range(3):
            derivatives.append(derivatives[-1].derivative())
        piece, x = _search_nodes(response)
        for function, slope, steps in zip(derivatives[2::-1], derivatives[:0:-1], _SEARCH_STEPS, strict=True):
            piece, x = _with_zeros(function, slope, piece, x, steps)
        integral = response.antiderivative()
        cells = np.flatnonzero(piece[1:] == piece[:-1])
        values, sums = response.at(piece, x), integral.at(piece, x)
        return cls(response, derivatives[0], integral, piece, x, values, sums, cells)

    @property
    def lowest(self) -> float:
        """Smallest value over a cycle."""
        return float(self.values.min())

    @property
    def highest(self) -> float:
        """Largest value over a cycle."""
        return float(self.values.max())

    def beyond(self, levels: FloatArray, upwards: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        """Time spent beyond levels in a cycle, and the integral of the response over that time.

        Parameters
        ----------
        levels : ndarray of shape (levels,)
            Levels; infinite ones are allowed.
        upwards : ndarray of bool, shape (levels,)
            Whether beyond a level is above it; below it otherwise.

        Returns
        -------
        durations, integrals : ndarray of shape (levels,)
        """
        over = (self.values > levels[:, None]) == upwards[:, None]
        first, last = over[:, self.cells], over[:, self.cells + 1]
        lengths, charges = np.diff(self.x)[self.cells], np.diff(self.sums)[self.cells]
        whole = (first & last).astype(float)
        durations, integrals = whole @ lengths, whole @ charges
        level, cell = np.nonzero(first != last)
        start = self.cells[cell]
        piece, low, high = self.piece[start], self.x[start], self.x[start + 1]
        ends = self.values[start] - levels[level], self.values[start + 1] - levels[level]
        found = bracketed_roots(self.response, self.slope, piece, (low, high), ends, levels[level])
        reached = self.integral.at(piece, found)
        leaves = first[level, cell]
        length = np.where(leaves, found - low, high - found)
        charge = np.where(leaves, reached - self.sums[start], self.sums[start + 1] - reached)
        durations += np.bincount(level, length, levels.size)
        integrals += np.bincount(level, charge, levels.size)
        return durations, integrals


def bracketed_roots(
    function: PeriodicResponse,
    slope: PeriodicResponse,
    piece: IntArray,
    bracket: tuple[FloatArray, FloatArray],
    ends: tuple[FloatArray, FloatArray],
    targets: FloatArray,
    steps: int = _MOST_STEPS,
) -> FloatArray:
    """Times at which a function passes targets, by Newton's method kept within brackets.

    Parameters
    ----------
    function, slope : PeriodicResponse
        The function and its derivative.
    piece : ndarray of shape (roots,)
        Piece on which each root is sought.
    bracket : pair of ndarray of shape (roots,)
        Times after the beginning of the piece [s], between which the function passes the target.
    ends : pair of ndarray of shape (roots,)
        The function less the target there, of opposite signs.
    targets : ndarray of shape (roots,)
        Values to be passed.
    steps : int
        Largest number of steps; some fewer find a time that is good enough to divide a cell.

    Returns
    -------
    ndarray of shape (roots,)
        Times after the beginning of the piece [s].
    """
    (low, high), (left, right) = bracket, ends
    close, exact = _CLOSE * (high - low), 2 * _ULP * np.maximum(high - low, high)
    x = low + (high - low) * (left / (left - right))
    last, done = high - low, np.zeros(x.shape, dtype=bool)
    for _ in range(steps):
        value = function.at(piece, x) - targets
        as_left = (value > 0) == (left > 0)
        low, high = np.where(as_left, x, low), np.where(as_left, high, x)
        # Newton's step, unless it leaves the bracket or does not halve the one before.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            following = x - value / slope.at(piece, x)
        size = np.abs(following - x)
        newton = (following >= low) & (following <= high) & (size <= np.maximum(0.5 * last, close))
        following = np.where(newton, following, 0.5 * (low + high))
        last = np.abs(following - x)
        x = np.where(done, x, following)
        done |= last <= np.where(newton, close, exact)
        if done.all():
            break
    return x


def _search_nodes(response: PeriodicResponse) -> tuple[IntArray, FloatArray]:
    """Nodes dense enough that no function of the response's kind turns twice unseen between them."""
    pieces = response.durations.size
    count = _CURVED_CELLS if response.polynomial.shape[1] > 2 else 1
    fractions = np.linspace(0.0, 1.0, count + 1)
    found_piece = [np.repeat(np.arange(pieces), count + 1)]
    found_x = [np.outer(response.durations, fractions).ravel()]
    total = 0
    for p in range(pieces if response.rates.size else 0):
        living = np.any(response.transients[p] != 0, axis=1)
        x = _transient_nodes(response.rates[living], float(response.durations[p]), total)
        total += x.size
        found_x.append(x)
        found_piece.append(np.full(x.size, p))
    piece, x = np.concatenate(found_piece), np.concatenate(found_x)
    order = np.lexsort((x, piece))
    return piece[order], x[order]


def _transient_nodes(rates: NDArray[np.inexact], duration: float, so_far: int) -> FloatArray:
    """Nodes within a piece, each spaced after the fastest transient that is still alive."""
    start, found = 0.0, [np.empty(0)]
    for rate in rates[np.argsort(-np.abs(rates))]:
        end = min(duration, _FADED / rate.real) if rate.real > 0 else duration
        count = int(np.ceil(max(end - start, 0.0) * abs(rate) / _STEP))
        so_far += count
        if so_far > _MOST_NODES:
            raise InputError(
                f"response: it may turn more than {_MOST_NODES} times within a period of the sawtooth; "
                "take a shorter period or a kernel that rings less"
            )
        if count:
            found.append(start + (end - start) * np.arange(1, count + 1) / count)
            start = end
    nodes = np.concatenate(found)
    return nodes[nodes < duration]


def _with_zeros(
    function: PeriodicResponse, slope: PeriodicResponse, piece: IntArray, x: FloatArray, steps: int
) -> tuple[IntArray, FloatArray]:
    """The nodes, and between them the zeros of a function that its signs show."""
    values = function.at(piece, x)
    left, right = values[:-1], values[1:]
    # Opposite signs; but where only rounding is left of the function at a node, that is its zero.
    passes = np.abs(left + right) < (1 - _LOST) * np.abs(left - right)
    start = np.flatnonzero(passes & (piece[1:] == piece[:-1]))
    if start.size == 0:
        return piece, x
    stop, zero = start + 1, np.zeros(start.size)
    bracket, ends = (x[start], x[stop]), (values[start], values[stop])
    found = bracketed_roots(function, slope, piece[start], bracket, ends, zero, steps)
    return np.insert(piece, stop, piece[start]), np.insert(x, stop, found)
