"""The thresholded update of layered circuits compiled by numba: the extra ``tcl-circuits[fast]``.

Pixel by pixel, so that the sums of a pixel stay in the cache, and at each image only the nodes that can pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.layered.circuit import Array
from tcl_circuits.layered.compiled import compiled
from tcl_circuits.layered.update import NumpyUpdater, RampIntegral, moves

_DENSE = 0.4
"""Share of nodes above which all of an image's are gated where they are."""


class CompiledUpdater(NumpyUpdater):
    """The sums, compiled; those of a lagging branch are formed in NumPy."""

    def of_inputs(
        self, integral: RampIntegral, x: Array, volts: float, low: Sequence[FloatArray]
    ) -> tuple[Array, Array]:
        """See :class:`~tcl_circuits.layered.update.Updater`."""
        if integral.tau_k > 0:
            return super().of_inputs(integral, x, volts, low)
        number = x.dtype.type
        plus = np.zeros((x.shape[1], low[0].shape[1]), x.dtype)
        minus = np.zeros_like(plus)
        lit = np.ascontiguousarray((x * number(volts)).T)
        brightest = lit.max(axis=0)
        for before, after in pairwise(low):
            a, c = (part.astype(x.dtype) for part in moves(before, after))
            _inputs(lit, brightest, a, c, number(integral.least), number(integral.most), plus, minus)
        return plus, minus

    def of_inner(
        self, integral: RampIntegral, sources: Sequence[FloatArray], outputs: Sequence[FloatArray]
    ) -> FloatArray:
        """See :class:`~tcl_circuits.layered.update.Updater`."""
        if integral.tau_k > 0:
            return super().of_inner(integral, sources, outputs)
        update = np.zeros((sources[0].shape[1], outputs[0].shape[1]))
        for (z, z_after), (o, o_after) in zip(pairwise(sources), pairwise(outputs), strict=True):
            _inner(z_after - z, z_after + z, o_after - o, o_after + o, integral.least, integral.most, update)
        return update

    def largest_inner(
        self, sources: tuple[FloatArray, FloatArray], outputs: tuple[FloatArray, FloatArray]
    ) -> float:
        """See :class:`~tcl_circuits.layered.update.Updater`."""
        (z, z_after), (o, o_after) = sources, outputs
        return float(_largest(z_after - z, z_after + z, o_after - o, o_after + o))


@compiled
def _inputs(
    lit: Array, brightest: Array, a: Array, c: Array, least: Any, most: Any, plus: Array, minus: Array
) -> None:
    """Add the updates of all pixels; `lit` holds V x, of shape (pixels, images)."""
    pixels, images = lit.shape
    nodes = a.shape[1]
    zero = least - least
    dark = np.empty_like(a)
    shared = np.zeros(nodes, a.dtype)
    counts = np.zeros(images, np.int64)
    places = np.empty((images, nodes), np.int64)
    near, far, base = np.empty_like(a), np.empty_like(a), np.empty_like(a)
    up, down = np.empty(nodes, a.dtype), np.empty(nodes, a.dtype)
    for n in range(images):
        _dark(a[n], c[n], least, most, zero, dark[n], shared)
        counts[n] = _pack(a[n], c[n], dark[n], brightest[n], least, places[n], near[n], far[n], base[n])
    for i in range(pixels):
        above, below = plus[i], minus[i]
        for n in range(images):
            v, count = lit[i, n], counts[n]
            if v == zero or count == 0:
                continue
            if count > _DENSE * nodes:
                _add_dense(v, a[n], c[n], dark[n], least, most, zero, above, below)
            else:
                _gate_pair(v, near[n], far[n], base[n], count, least, most, zero, up, down)
                for m in range(count):
                    above[places[n, m]] += up[m]
                    below[places[n, m]] += down[m]
        for j in range(nodes):
            above[j] += shared[j]
            below[j] += shared[j]


@compiled
def _dark(a: Array, c: Array, least: Any, most: Any, zero: Any, dark: Array, shared: Array) -> None:
    """Updates of an image's dark pixels."""
    for j in range(a.size):
        size = abs(c[j])
        dark[j] = c[j] if (size >= least) & (size < most) else zero
        shared[j] += dark[j]


@compiled
def _pack(
    a: Array,
    c: Array,
    dark: Array,
    v: Any,
    least: Any,
    places: IntArray,
    near: Array,
    far: Array,
    base: Array,
) -> int:
    """Copy the nodes of an image that can pass at any of its pixels; how many there are."""
    count = 0
    for j in range(a.size):
        places[count], near[count], far[count], base[count] = j, a[j], c[j], dark[j]
        count += abs(c[j]) + v * abs(a[j]) >= least
    return count


@compiled
def _add_dense(
    v: Any, a: Array, c: Array, dark: Array, least: Any, most: Any, zero: Any, above: Array, below: Array
) -> None:
    """Add an image's updates of one pixel, less what is shared with dark ones."""
    for j in range(a.size):
        down, up = c[j] - v * a[j], c[j] + v * a[j]
        size_down, size_up = abs(down), abs(up)
        above[j] += (down if (size_down >= least) & (size_down < most) else zero) - dark[j]
        below[j] += (up if (size_up >= least) & (size_up < most) else zero) - dark[j]


@compiled
def _gate_pair(
    v: Any,
    a: Array,
    c: Array,
    dark: Array,
    count: int,
    least: Any,
    most: Any,
    zero: Any,
    above: Array,
    below: Array,
) -> None:
    """The same for the first `count` nodes, into arrays of their own."""
    for j in range(count):
        down, up = c[j] - v * a[j], c[j] + v * a[j]
        size_down, size_up = abs(down), abs(up)
        above[j] = (down if (size_down >= least) & (size_down < most) else zero) - dark[j]
        below[j] = (up if (size_up >= least) & (size_up < most) else zero) - dark[j]


@compiled
def _inner(
    dz: FloatArray,
    sz: FloatArray,
    do: FloatArray,
    so: FloatArray,
    least: float,
    most: float,
    update: FloatArray,
) -> None:
    """Add the updates of the conductances to the outputs."""
    for n in range(dz.shape[0]):
        change, total = do[n], so[n]
        for j in range(dz.shape[1]):
            row, move, both = update[j], dz[n, j], sz[n, j]
            for k in range(change.size):
                d = 0.5 * (move - change[k]) * (both - total[k])
                size = abs(d)
                row[k] += d if (size >= least) & (size < most) else 0.0


@compiled
def _largest(dz: FloatArray, sz: FloatArray, do: FloatArray, so: FloatArray) -> float:
    """Largest contrast."""
    top = np.zeros(do.shape[1])
    for n in range(dz.shape[0]):
        change, total = do[n], so[n]
        for j in range(dz.shape[1]):
            move, both = dz[n, j], sz[n, j]
            for k in range(change.size):
                top[k] = max(top[k], abs(0.5 * (move - change[k]) * (both - total[k])))
    return float(top.max())
