"""The temporal update compiled by numba: the extra ``tcl-circuits[fast]``.

The same sums as in :mod:`tcl_circuits.ep.gating`, pixel by pixel: images in which it is 0 cost nothing, and
what is worked on stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np

from tcl_circuits import compiling
from tcl_circuits.arrays import IntArray
from tcl_circuits.ep.cycle import CycleMap
from tcl_circuits.ep.gating import GatedSum, Rows
from tcl_circuits.ep.layers import Array
from tcl_circuits.ep.ramp import Restarted
from tcl_circuits.kernels import sine
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold

_F = TypeVar("_F", bound=Callable[..., Any])
_Banded: TypeAlias = tuple[Array, Array, IntArray, IntArray, Any]
"""Rows, their weights, first and one past the last difference that each answers to, least difference."""
_Space: TypeAlias = tuple[Array, Array, Array, Array, Array]
"""Differences of a pixel, largest of them, partial outputs, updates, differences packed for either group."""

_LINE = 16
"""Nodes are padded to a multiple of this: a cache line of float32, two of float64."""
_PACK = 512
"""Synapses of several pixels that are gated together, where few of each can pass."""
_DENSE = 0.3
"""Share of synapses above which all of a pixel's are gated where they are."""


@dataclass(frozen=True, eq=False)
class CompiledSum(GatedSum):
    """A gated sum, compiled; one with another threshold than the hard one, or an area, is done in NumPy."""

    @cached_property
    def possible(self) -> bool:
        """Whether this can be compiled."""
        hard = isinstance(self.gate, HardThreshold) and self.theta > 0
        return hard and not self.has_base and len(self.groups(np.dtype(np.float64))) == 2

    def __call__(self, differences: Array, first: Array | None = None) -> Array:
        """See :meth:`tcl_circuits.ep.gating.GatedSum.__call__`."""
        if not self.possible:
            return super().__call__(differences, first)
        update = np.empty(differences.shape[1], differences.dtype)
        fast, slow = self._bands[differences.dtype]
        _gate_all(np.ascontiguousarray(differences), fast, slow, self._theta(differences), update)
        return update

    def of_input(self, x: Array, above: Array) -> Array:
        """See :meth:`tcl_circuits.ep.gating.GatedSum.of_input`."""
        if not self.possible:
            return super().of_input(x, above)
        update = np.zeros((x.shape[1], above.shape[2]), above.dtype)
        moving = self._moving(x, above)
        if moving is None:
            return update
        left, changes, seen, moved = moving
        steps, images = changes.shape[:2]
        width = -(-moved.size // _LINE) * _LINE
        right = _aligned((images, steps, width), above.dtype)
        right[:, :, : moved.size] = changes.transpose(1, 0, 2)
        fast, slow = self._bands[above.dtype]
        space = _workspace(steps, width, above.dtype)
        _accumulate(left, right, fast, slow, self._theta(above), seen, moved, space, update)
        return update

    def _theta(self, like: Array) -> Any:
        """Threshold in the precision of an array."""
        return like.dtype.type(self.theta)

    @cached_property
    def _bands(self) -> dict[np.dtype[Any], tuple[_Banded, _Banded]]:
        found = {}
        for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
            fast, slow = (_banded(rows, self.least(dtype)) for rows in self.groups(dtype))
            found[dtype] = (fast, slow)
        return found


def warm_up(dtype: np.dtype[Any]) -> None:
    """Compile for a precision, or load what is compiled, so that no batch has to wait for it."""
    rule = CompiledSum(CycleMap.of(Sawtooth(0.1, 0.9), sine(), Restarted()), HardThreshold(1e-6))
    rule.of_input(np.ones((1, 1), dtype), np.linspace(0, 1, 9).astype(dtype).reshape(9, 1, 1))
    rule(np.ones((8, 1), dtype))


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros that begin with a cache line: a vector that crosses two costs double."""
    size = int(np.prod(shape))
    room = np.zeros(size + _LINE, dtype)
    begin = -room.ctypes.data % 64 // dtype.itemsize
    aligned: Array = room[begin : begin + size].reshape(shape)
    return aligned


def _workspace(steps: int, width: int, dtype: np.dtype[Any]) -> _Space:
    """Arrays for :func:`_accumulate`."""
    room = _PACK + width
    return (
        _aligned((steps, width), dtype),
        _aligned((width,), dtype),
        _aligned((room,), dtype),
        _aligned((room,), dtype),
        _aligned((2, steps, room), dtype),
    )


def _banded(rows: Rows, least: float) -> _Banded:
    """Rows with the range of differences that each answers to."""
    answered = rows.steps != 0
    starts = answered.argmax(axis=1)
    stops = answered.shape[1] - answered[:, ::-1].argmax(axis=1)
    return rows.steps, rows.weights, starts, stops, rows.steps.dtype.type(least / rows.reach)


def _compiled(function: _F) -> _F:
    """See :func:`tcl_circuits.compiling.compiled`."""
    # NaN and infinity can't occur: states lie in [0, 1]. No sum is reordered, but for a fused product.
    return compiling.compiled(function, {"nnan", "ninf", "nsz", "contract"})


@_compiled
def _accumulate(
    left: Array,
    right: Array,
    fast: _Banded,
    slow: _Banded,
    theta: Any,
    seen: IntArray,
    moved: IntArray,
    space: _Space,
    update: Array,
) -> None:
    """Add the updates of all pixels; `left` of shape (pixels, images), `right` (images, steps, nodes)."""
    d, largest, u, total, packed = space
    images, steps, width = right.shape
    flat, line = right.reshape(images, steps * width), d.reshape(steps * width)
    nodes = moved.size
    active, filled = np.empty(width + 1, np.int64), np.zeros(2, np.int64)
    places = np.empty((2, _PACK + width), np.int64)
    target = update.reshape(update.size)
    for pixel in range(seen.size):
        _differences(left[pixel], flat, line)
        _largest(d, largest)
        begin = seen[pixel] * update.shape[1]
        for group in range(2):
            rows = fast if group == 0 else slow
            count = _count(largest, rows[4])
            if count > _DENSE * nodes:
                _gate(d, width, rows, theta, u, total)
                for n in range(nodes):
                    target[begin + moved[n]] += total[n]
            elif count > 0:
                _pack(d, largest, rows[4], active, packed[group], filled[group])
                for n in range(count):
                    places[group, filled[group] + n] = begin + moved[active[n]]
                filled[group] += count
            if filled[group] >= _PACK or (pixel == seen.size - 1 and filled[group] > 0):
                _gate(packed[group], filled[group], rows, theta, u, total)
                for n in range(filled[group]):
                    target[places[group, n]] += total[n]
                filled[group] = 0


@_compiled
def _gate_all(d: Array, fast: _Banded, slow: _Banded, theta: Any, update: Array) -> None:
    """Update of synapses whose differences are known, shape (steps, synapses)."""
    count = d.shape[1]
    largest, u, total = np.empty_like(d[0]), np.empty_like(d[0]), np.empty_like(d[0])
    _largest(d, largest)
    update[:] = theta - theta
    for group in range(2):
        rows = fast if group == 0 else slow
        if _count(largest, rows[4]) > 0:
            _gate(d, count, rows, theta, u, total)
            for n in range(count):
                update[n] += total[n]


@_compiled
def _differences(pixel: Array, flat: Array, line: Array) -> None:
    """``line = sum over images of pixel times flat``, four images at a time."""
    zero = pixel[0] - pixel[0]
    line[:] = zero
    lit = np.flatnonzero(pixel)
    for k in range(0, lit.size - lit.size % 4, 4):
        a, b, c, d = lit[k], lit[k + 1], lit[k + 2], lit[k + 3]
        xa, xb, xc, xd = pixel[a], pixel[b], pixel[c], pixel[d]
        fa, fb, fc, fd = flat[a], flat[b], flat[c], flat[d]
        for n in range(line.size):
            line[n] += xa * fa[n] + xb * fb[n] + xc * fc[n] + xd * fd[n]
    for k in range(lit.size - lit.size % 4, lit.size):
        x, f = pixel[lit[k]], flat[lit[k]]
        for n in range(line.size):
            line[n] += x * f[n]


@_compiled
def _largest(d: Array, largest: Array) -> None:
    """Largest absolute difference of each synapse."""
    for n in range(largest.size):
        largest[n] = abs(d[0, n])
    for k in range(1, d.shape[0]):
        row = d[k]
        for n in range(largest.size):
            largest[n] = max(largest[n], abs(row[n]))


@_compiled
def _count(largest: Array, least: Any) -> int:
    """How many synapses can pass."""
    count = 0
    for n in range(largest.size):
        count += largest[n] >= least
    return count


@_compiled
def _pack(d: Array, largest: Array, least: Any, active: IntArray, packed: Array, begin: int) -> None:
    """Copy the differences of the synapses that can pass behind those already packed."""
    count = 0
    for n in range(largest.size):
        active[count] = n
        count += largest[n] >= least
    for k in range(d.shape[0]):
        row, into = d[k], packed[k]
        for n in range(count):
            into[begin + n] = row[active[n]]


@_compiled
def _gate(d: Array, count: int, rows: _Banded, theta: Any, u: Array, total: Array) -> None:
    """``total = sum_r weights[r] g(u[r])``."""
    steps, weights, starts, stops, _ = rows
    total[:count] = theta - theta
    for r in range(weights.size):
        row, k, stop = steps[r], starts[r], stops[r]
        if stop - k <= 2:
            _gate_two(d, count, row, k, stop, weights[r], theta, total)
            continue
        u[:count] = theta - theta
        while stop - k > 4:
            a, b, c, e = row[k], row[k + 1], row[k + 2], row[k + 3]
            da, db, dc, de = d[k], d[k + 1], d[k + 2], d[k + 3]
            for n in range(count):
                u[n] += a * da[n] + b * db[n] + c * dc[n] + e * de[n]
            k += 4
        _gate_four(d, count, row, k, stop, weights[r], theta, u, total)


@_compiled
def _gate_two(
    d: Array, count: int, row: Array, k: int, stop: int, weight: Any, theta: Any, total: Array
) -> None:
    """Add ``weight g(u)`` of a row that answers to one difference or two."""
    zero = theta - theta
    second = min(k + 1, d.shape[0] - 1)
    a, b = row[k], row[second] if k + 1 < stop else zero
    da, db = d[k], d[second]
    for n in range(count):
        value = a * da[n] + b * db[n]
        gated = weight * value
        total[n] += gated if abs(value) >= theta else zero


@_compiled
def _gate_four(
    d: Array, count: int, row: Array, k: int, stop: int, weight: Any, theta: Any, u: Array, total: Array
) -> None:
    """Add ``weight g(u)`` of a row, of which `u` holds what its last four differences or less do not."""
    zero = theta - theta
    last = d.shape[0] - 1
    second, third, fourth = min(k + 1, last), min(k + 2, last), min(k + 3, last)
    a = row[k]
    b = row[second] if k + 1 < stop else zero
    c = row[third] if k + 2 < stop else zero
    e = row[fourth] if k + 3 < stop else zero
    da, db, dc, de = d[k], d[second], d[third], d[fourth]
    for n in range(count):
        value = u[n] + a * da[n] + b * db[n] + c * dc[n] + e * de[n]
        gated = weight * value
        total[n] += gated if abs(value) >= theta else zero
