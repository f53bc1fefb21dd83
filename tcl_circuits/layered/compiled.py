"""Solver and update of layered circuits compiled by numba: the extra ``tcl-circuits[fast]``.

The same steps as in :mod:`tcl_circuits.layered.solve` and :mod:`tcl_circuits.layered.update`, image by
image, in loops short enough for the compiler to turn into vector instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from tcl_circuits import compiling
from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE
from tcl_circuits.layered.circuit import HiddenLayer
from tcl_circuits.layered.solve import FULL_STEP, Batch, HiddenNodes, NumpySolver, Point, not_at_rest

_F = TypeVar("_F", bound=Callable[..., Any])
_LOG2E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93145751953125e-1, 1.42860682030941723212e-6
_MAGIC = 6755399441055744.0
"""1.5 times 2^52: added to a number, leaves its nearest integer in the last bits."""


def compiled(function: _F) -> _F:
    """See :func:`tcl_circuits.compiling.compiled`."""
    # Not "nnan": a NaN has to reach the check at the end of a sweep.
    return compiling.compiled(function, {"nsz", "contract", "arcp"})


@dataclass(frozen=True)
class CompiledSolver(NumpySolver):
    """The solver, compiled; circuits without hidden nodes are solved in NumPy."""

    def _layered(self, batch: Batch, hidden: HiddenLayer, beta: float, start: Point | None) -> Point:
        nodes = HiddenNodes.of(batch.circuit, hidden)
        w = hidden.conductance.astype(np.float64)
        fixed, inner = batch.currents / hidden.back, np.ascontiguousarray(w[:-2])
        images, count, outs = len(fixed), fixed.shape[1], w.shape[1]
        if start is None:
            v, outputs = nodes.start(fixed), np.zeros((images, outs))
        else:
            v, outputs = start.junction.copy(), start.outputs.copy()
        z = np.empty((images, count))
        reached = _settle(
            fixed,
            inner,
            np.ascontiguousarray(inner.T),
            hidden.rail * (w[-2] - w[-1]),
            1 / batch.circuit.output_load,
            nodes.load,
            nodes.factor,
            np.array(
                [
                    2 * hidden.diodes.saturation,
                    hidden.diodes.ohms,
                    1 / THERMAL_VOLTAGE,
                    beta,
                    batch.circuit.temperature,
                    self.tolerance,
                ]
            ),
            batch.labels,
            self.most_sweeps,
            v,
            z,
            outputs,
        )
        sweeps, step, image = int(reached[0]), float(reached[1]), int(reached[2])
        if not step <= self.tolerance:
            raise not_at_rest(step, sweeps, f"image {image}")
        return Point(z / hidden.forward, z, v, outputs, sweeps, step)


@compiled
def _settle(
    fixed: FloatArray,
    inner: FloatArray,
    across: FloatArray,
    bias: FloatArray,
    ease: FloatArray,
    load: FloatArray,
    factor: FloatArray,
    numbers: FloatArray,
    labels: IntArray,
    most_sweeps: int,
    v: FloatArray,
    z: FloatArray,
    outputs: FloatArray,
) -> tuple[int, float, int]:
    """Settle every image; most sweeps, the largest last step, and whose it was."""
    images, count = fixed.shape
    most, worst, where = 0, 0.0, 0
    room = np.empty((3, count))
    bits = np.empty(count, np.int64)
    unforced, force = np.empty(bias.size), np.zeros(bias.size // 2)
    beta, temperature, tolerance = numbers[3], numbers[4], numbers[5]
    for n in range(images):
        step, sweep = np.inf, 0
        while sweep < most_sweeps and not step <= tolerance:
            sweep += 1
            _gather(fixed[n], across, outputs[n], room[0])
            step = _hidden_step(v[n], z[n], room[0], load, factor, numbers, room[1], room[2], bits)
            _gather(bias, inner, z[n], unforced)
            for k in range(bias.size):
                unforced[k] *= ease[k]
            if beta > 0:
                _force(outputs[n], unforced, ease, beta, temperature, labels[n], force)
            change = _output_step(outputs[n], unforced, ease, force)
            # Not max(): a NaN must not be passed over.
            if not change <= step:
                step = change
        most = max(most, sweep)
        if worst == worst and not step <= worst:  # the first that is no number stays
            worst, where = step, n
    return most, worst, where


@compiled
def _gather(fixed: FloatArray, rows: FloatArray, volts: FloatArray, total: FloatArray) -> None:
    """``total = fixed + sum over rows of volts times row``."""
    for j in range(total.size):
        total[j] = fixed[j]
    for k in range(volts.size):
        height, row = volts[k], rows[k]
        for j in range(total.size):
            total[j] += row[j] * height


@compiled
def _hidden_step(
    v: FloatArray,
    z: FloatArray,
    current: FloatArray,
    load: FloatArray,
    factor: FloatArray,
    numbers: FloatArray,
    grow: FloatArray,
    moved: FloatArray,
    bits: IntArray,
) -> float:
    """One Newton step at the hidden nodes of an image; the largest change."""
    twice, series, beat = numbers[0], numbers[1], numbers[2]
    _exp(v, beat, grow, bits)
    largest = 0.0
    for j in range(v.size):
        shrunk = 1 / grow[j]
        amps, slant = 0.5 * twice * (grow[j] - shrunk), 0.5 * twice * beat * (grow[j] + shrunk)
        full = load[j] + factor[j] * slant
        change = (load[j] * v[j] + factor[j] * amps - current[j]) / full
        bound = abs(current[j]) / load[j]
        after = min(max(v[j] - change, -bound), bound)
        moved[j] = abs(after - v[j])
        v[j] = after
    for j in range(v.size):
        largest = max(largest, moved[j])
    _exp(v, beat, grow, bits)
    for j in range(v.size):
        z[j] = v[j] + series * 0.5 * twice * (grow[j] - 1 / grow[j])
    return largest


@compiled
def _exp(v: FloatArray, beat: float, grow: FloatArray, bits: IntArray) -> None:
    """``grow = exp(v beat)``, within 4e-16 of its size; arguments beyond 700 count as 700.

    Reduction to ``2^n exp(r)`` and the Taylor polynomial of degree 13.
    """
    for j in range(v.size):
        x = min(max(v[j] * beat, -700.0), 700.0)
        whole = (x * _LOG2E + _MAGIC) - _MAGIC
        r = (x - whole * _LN2_HIGH) - whole * _LN2_LOW
        bits[j] = (np.int64(whole) + 1023) << 52
        p = 1.6059043836821613e-10
        p = p * r + 2.08767569878681e-09
        p = p * r + 2.505210838544172e-08
        p = p * r + 2.755731922398589e-07
        p = p * r + 2.7557319223985893e-06
        p = p * r + 2.48015873015873e-05
        p = p * r + 1.984126984126984e-04
        p = p * r + 1.388888888888889e-03
        p = p * r + 8.333333333333333e-03
        p = p * r + 4.1666666666666664e-02
        p = p * r + 1.6666666666666666e-01
        p = p * r + 0.5
        p = p * r + 1.0
        grow[j] = p * r + 1.0
    power = bits.view(np.float64)
    for j in range(v.size):
        grow[j] *= power[j]


@compiled
def _force(
    outputs: FloatArray,
    unforced: FloatArray,
    ease: FloatArray,
    beta: float,
    temperature: float,
    label: int,
    force: FloatArray,
) -> None:
    """Currents of the nudge after one Newton step of the output values."""
    classes = force.size
    y, p, w, u = np.empty(classes), np.empty(classes), np.empty(classes), np.empty(classes)
    for k in range(classes):
        y[k] = outputs[k] - outputs[k + classes]
    _softmax(y, temperature, p)
    above, below = 0.0, 1.0
    for k in range(classes):
        q = ease[k] + ease[k + classes]
        target = 1.0 if k == label else 0.0
        wrong = y[k] - (unforced[k] - unforced[k + classes]) + beta * q * temperature * (p[k] - target)
        diagonal = 1 + beta * q * p[k]
        w[k], u[k] = wrong / diagonal, beta * q * p[k] / diagonal
        above += p[k] * w[k]
        below -= p[k] * u[k]
    common = -above / below
    low, high = np.inf, -np.inf
    for k in range(classes):
        w[k] = u[k] * common - w[k]
        low, high = min(low, w[k]), max(high, w[k])
    spread = (high - low) / temperature
    share = np.log1p(spread) / spread if spread > FULL_STEP else 1.0
    for k in range(classes):
        after = y[k] + share * w[k]
        force[k] = (after - (unforced[k] - unforced[k + classes])) / (ease[k] + ease[k + classes])


@compiled
def _softmax(y: FloatArray, temperature: float, p: FloatArray) -> None:
    top = y[0]
    for k in range(1, y.size):
        top = max(top, y[k])
    total = 0.0
    for k in range(y.size):
        p[k] = np.exp((y[k] - top) / temperature)
        total += p[k]
    for k in range(y.size):
        p[k] /= total


@compiled
def _output_step(outputs: FloatArray, unforced: FloatArray, ease: FloatArray, force: FloatArray) -> float:
    """Move the outputs to where the nudge's currents put them; the largest change."""
    classes = force.size
    largest = 0.0
    for k in range(classes):
        high = unforced[k] + force[k] * ease[k]
        low = unforced[k + classes] - force[k] * ease[k + classes]
        change = max(abs(high - outputs[k]), abs(low - outputs[k + classes]))
        if not change <= largest:
            largest = change
        outputs[k], outputs[k + classes] = high, low
    return largest
