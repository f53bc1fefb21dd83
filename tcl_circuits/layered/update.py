"""The thresholded update (Eq. 6) of every conductance of a layered circuit, without a tensor of signals.

A cell feeds ``s = dV^2/2`` to a capacitor and a resistor; the kernel output is ``C ds/dt`` where the memory
time is short. The voltages at rest are taken at the ends of K equal parts of the ramp, between which s is
linear: a difference d of s then gives C d K/tau_f on the fast ramp and -C d K/tau_s on the slow one, each
constant and each thresholded. Everything here is divided by C: updates in V^2, thresholds in V^2/s.

In the input layer s = (h -+ v)^2/2 changes by ``d = c -+ v a`` with a = h' - h, c = (h'^2 - h^2)/2, v = V
x: all pixels that are 0 share c, so that only lit ones cost anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, cast

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import not_negative
from tcl_circuits.errors import InputError
from tcl_circuits.layered.circuit import Array
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import HardThreshold


@dataclass(frozen=True)
class RampIntegral:
    """Integral of the thresholded kernel output over a cycle, as a function of a difference of s.

    Parameters
    ----------
    saw : Sawtooth
        Protocol.
    theta : float
        Threshold, divided by the sense capacitance [V^2/s].
    segments : int
        K, the parts of each ramp.
    tau_k : float
        Memory time of the sense branch [s]. 0 is the limit of a fast branch. Otherwise one segment is
        taken, and a branch that has settled at the end of each ramp, in the steady state of a periodic
        sawtooth.
    """

    saw: Sawtooth
    theta: float
    segments: int = 1
    tau_k: float = 0.0

    def __post_init__(self) -> None:
        not_negative("RampIntegral", "theta", self.theta)
        not_negative("RampIntegral", "tau_k", self.tau_k)
        if self.segments < 1:
            raise InputError(f"RampIntegral: segments = {self.segments} must be at least 1")
        if self.tau_k > 0 and self.segments > 1:
            raise InputError("RampIntegral: a memory time above 0 needs segments = 1, a ramp of one slope")

    @property
    def least(self) -> float:
        """Smallest difference of a segment that passes on the fast ramp [V^2]."""
        return self.theta * self.saw.tau_f / self.segments

    @property
    def most(self) -> float:
        """Difference of a segment from which the slow ramp passes too, and cancels it [V^2]."""
        return self.theta * self.saw.tau_s / self.segments

    def __call__(self, d: Array) -> Array:
        """Update of a segment's differences `d` [V^2], of their shape."""
        if self.tau_k > 0:
            return self._lagging(d)
        gate = HardThreshold(self.theta)
        passed: Array = np.zeros_like(d)
        for duration, sign in ((self.saw.tau_f, 1), (self.saw.tau_s, -1)):
            part = duration / self.segments
            passed += part * gate(cast("FloatArray", d * (sign / part)))
        return passed

    def _lagging(self, d: Array) -> Array:
        """Closed form for a first-order branch, which lags by tau_k at each corner.

        u goes from -r_s to r_f on the fast ramp and back on the slow one, exponentially. What passes is the
        charge of the ramp less what is missing at the corners.
        """
        size, theta = np.abs(d).astype(np.float64), self.theta
        fast, slow = size / self.saw.tau_f, size / self.saw.tau_s
        with np.errstate(invalid="ignore", divide="ignore"):
            missing = fast * np.log((fast + slow) / (fast - theta))
            missing += slow * np.log((fast + slow) / (slow + theta))
            left = slow * np.log((slow + theta) / (slow - theta))
            left -= fast * np.log((fast + theta) / (fast - theta))
        one = size - self.tau_k * missing
        found = np.where(slow > theta, self.tau_k * left, np.where(fast > theta, one, 0.0))
        signed: Array = (np.sign(d) * found).astype(d.dtype)
        return signed


class Updater(Protocol):
    """Sums the thresholded integrals of a batch's images, layer by layer."""

    def of_inputs(
        self, integral: RampIntegral, x: Array, volts: float, low: Sequence[FloatArray]
    ) -> tuple[Array, Array]:
        """Updates of the conductances from +V x and from -V x, each of shape (pixels + 1, nodes) [V^2].

        Parameters
        ----------
        integral : RampIntegral
            Threshold and protocol.
        x : ndarray of shape (images, pixels + 1)
            Pixels with bias; its precision is that of the sums.
        volts : float
            Voltage of a pixel that is 1 [V].
        low : sequence of ndarray of shape (images, nodes)
            Voltages of the first layer at the ends of the segments, free ones first [V].
        """
        ...

    def of_inner(
        self, integral: RampIntegral, sources: Sequence[FloatArray], outputs: Sequence[FloatArray]
    ) -> FloatArray:
        """Updates of the conductances to the outputs, shape (hidden + 2, 2 classes) [V^2].

        Parameters
        ----------
        integral : RampIntegral
            Threshold and protocol.
        sources, outputs : sequence of ndarray of shape (images, hidden + 2) and (images, 2 classes)
            Voltages at both ends, at the ends of the segments [V].
        """
        ...

    def largest_inner(
        self, sources: tuple[FloatArray, FloatArray], outputs: tuple[FloatArray, FloatArray]
    ) -> float:
        """Largest contrast of s among these conductances and a batch's images [V^2]."""
        ...


def largest_input(volts: float, x: Array, low: tuple[FloatArray, FloatArray]) -> float:
    """Largest contrast of s among the inputs' conductances and a batch's images [V^2].

    Both signs of a pixel have a conductance, so that it is ``|c| + v |a|`` at the brightest pixel.
    """
    free, nudged = low
    brightest = volts * x.max(axis=1).astype(np.float64)
    a, c = moves(free, nudged)
    return float((np.abs(c) + brightest[:, None] * np.abs(a)).max())


def moves(before: FloatArray, after: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``a = h' - h`` and ``c = (h'^2 - h^2)/2``, formed from the difference."""
    a = after - before
    return a, 0.5 * a * (after + before)


class NumpyUpdater:
    """The sums in NumPy."""

    def of_inputs(
        self, integral: RampIntegral, x: Array, volts: float, low: Sequence[FloatArray]
    ) -> tuple[Array, Array]:
        """See :class:`Updater`."""
        plus = np.zeros((x.shape[1], low[0].shape[1]), x.dtype)
        minus = np.zeros_like(plus)
        for before, after in pairwise(low):
            a, c = (part.astype(x.dtype) for part in moves(before, after))
            dark = integral(c)
            shared = dark.sum(axis=0)
            for n, image in enumerate(x):
                lit = np.flatnonzero(image)
                v = image[lit] * x.dtype.type(volts)
                if not np.any(np.abs(c[n]) + v.max(initial=0) * np.abs(a[n]) >= integral.least):
                    continue
                swing = np.multiply.outer(v, a[n])
                plus[lit] += integral(c[n] - swing) - dark[n]
                minus[lit] += integral(c[n] + swing) - dark[n]
            plus += shared
            minus += shared
        return plus, minus

    def of_inner(
        self, integral: RampIntegral, sources: Sequence[FloatArray], outputs: Sequence[FloatArray]
    ) -> FloatArray:
        """See :class:`Updater`."""
        update = np.zeros((sources[0].shape[1], outputs[0].shape[1]))
        for step in zip(pairwise(sources), pairwise(outputs), strict=True):
            update += integral(contrast_of(*step)).sum(axis=0)
        return update

    def largest_inner(
        self, sources: tuple[FloatArray, FloatArray], outputs: tuple[FloatArray, FloatArray]
    ) -> float:
        """See :class:`Updater`."""
        return float(np.abs(contrast_of(sources, outputs)).max())


def contrast_of(sources: tuple[FloatArray, FloatArray], outputs: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Contrast of ``s = dV^2/2`` for every image and conductance to the outputs [V^2].

    Parameters
    ----------
    sources, outputs : pair of ndarray of shape (images, rows) and (images, columns)
        Voltages before and after.

    Returns
    -------
    ndarray of shape (images, rows, columns)
    """
    (z, z_after), (o, o_after) = sources, outputs
    change = (z_after - z)[:, :, None] - (o_after - o)[:, None, :]
    total = (z_after + z)[:, :, None] - (o_after + o)[:, None, :]
    return 0.5 * change * total


def make_updater(compile_it: bool) -> Updater:
    """Sums compiled by numba, or in NumPy."""
    if not compile_it:
        return NumpyUpdater()
    from tcl_circuits.layered.compiled_update import CompiledUpdater

    return CompiledUpdater()
