"""The sense branches of all edges: from signals on a ramp to the kernel's output and its integral."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.engines.grid import graded_grid, response_matrices
from tcl_circuits.kernels.rc import RCKernel
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import Gate, HardThreshold, update_integral
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.bench import BETAS
from tcl_circuits.surveys.rules.parts import Parts
from tcl_circuits.surveys.rules.smeared import SmearedThreshold
from tcl_circuits.synapse.cost import BOLTZMANN

_TAIL = 8.0
_EDGES_AT_ONCE = 100


@dataclass(frozen=True, eq=False)
class Branches:
    """Sense branches with parts of their own.

    Parameters
    ----------
    r, c : ndarray of shape (edges,)
        Parts [ohm, F].
    leak : float
        Resistance across each capacitor [ohm].
    nominal : float
        Designed capacitance [F]: a charge over it is a contrast.
    offset : ndarray of shape (edges,)
        Offset of the kernel output [A].
    temperature : float
        Of the branches [K].
    softness : float
        Width of the thresholds [share of theta].
    threshold : ndarray of shape (edges,)
        Factors on the threshold.
    """

    r: FloatArray
    c: FloatArray
    leak: float
    nominal: float
    offset: FloatArray
    temperature: float
    softness: float
    threshold: FloatArray

    @classmethod
    def of(cls, cell: SenseCell, imperfections: Imperfections, parts: Parts, full_scale: float) -> Branches:
        """Branches of a specimen.

        Parameters
        ----------
        cell : SenseCell
            Nominal parts, the same for all edges.
        imperfections, parts
            The specimen.
        full_scale : float
            Largest speed of a signal, A_max/tau_f [V^2/s].
        """
        size = parts.capacitance.size
        c, r = (float(value(np.ones(1))[0]) for value in (cell.capacitance, cell.resistance))
        leak = 1 / imperfections.capacitor_leak if imperfections.capacitor_leak else np.inf
        return cls(
            r=np.full(size, r) * parts.resistance,
            c=np.full(size, c) * parts.capacitance,
            leak=leak,
            nominal=c,
            offset=c * full_scale * parts.input_offset,
            temperature=imperfections.temperature,
            softness=imperfections.threshold_softness,
            threshold=parts.threshold,
        )

    @property
    def alike(self) -> bool:
        """Whether all edges have the same parts."""
        return bool(np.ptp(self.r) == 0 and np.ptp(self.c) == 0)

    def kernels(self) -> list[RCKernel]:
        """Kernel of each edge, or one for all if they are alike."""
        chosen = slice(1) if self.alike else slice(None)
        return [RCKernel(r, c, self.leak) for r, c in zip(self.r[chosen], self.c[chosen], strict=True)]

    @property
    def noise(self) -> FloatArray:
        """Root mean square of the kernel output's noise, ``sqrt(kT/C)/R`` [A]."""
        result: FloatArray = np.sqrt(BOLTZMANN * self.temperature / self.c) / self.r
        return result

    def gate(self, theta: float) -> Gate:
        """Thresholds of all edges, whose nominal one is `theta` [A]."""
        each = theta * self.threshold
        if self.softness or self.temperature:
            return SmearedThreshold(each, self.softness * each, self.noise)
        return HardThreshold(each)


@dataclass(frozen=True, eq=False)
class Channel:
    """Response of all branches to a course of the nudge strength, from rest.

    Parameters
    ----------
    branches : Branches
        The branches.
    time : ndarray of shape (time,)
        Times from the start of the course to its end and, if asked for, after it [s].
    response : ndarray of shape (edges or 1, time, betas)
        Kernel output for a signal of 1 at one of the nudge strengths :data:`BETAS` [A/V^2].
    tau : ndarray of shape (edges or 1,)
        Memory times [s].
    """

    branches: Branches
    time: FloatArray
    response: FloatArray
    tau: FloatArray

    @classmethod
    def sawtooth(cls, branches: Branches, saw: Sawtooth, resolution: float) -> Channel:
        """Channel over one sawtooth; after an inverted one it runs on until the kernel has decayed."""
        times, strengths = saw.breakpoints
        if saw.polarity == "inverted":
            longest = max(kernel.tau for kernel in branches.kernels())
            times, strengths = np.append(times, saw.period + _TAIL * longest), np.append(strengths, 0.0)
        return cls.along(branches, times, strengths, resolution)

    @classmethod
    def along(
        cls, branches: Branches, times: FloatArray, strengths: FloatArray, resolution: float
    ) -> Channel:
        """Channel over a course of nudge strengths that is linear between corners.

        Parameters
        ----------
        branches : Branches
            The branches.
        times, strengths : ndarray of shape (corners,)
            Corners [s]; the course starts free.
        resolution : float
            Factor on the number of time points.
        """
        kernels = branches.kernels()
        tau = np.array([kernel.tau for kernel in kernels])
        time = graded_grid(times, float(tau.min()), resolution)
        basis = _lagrange(np.interp(time, times, strengths))
        gain = np.array([-kernel.first_moment for kernel in kernels])
        # A leaky branch is its DC conductance beside a high-pass without leak.
        response = np.array([kernel.area for kernel in kernels])[:, None, None] * basis
        for start in range(0, tau.size, _EDGES_AT_ONCE):
            part = slice(start, start + _EDGES_AT_ONCE)
            response[part] += response_matrices(time, times, tau[part], gain[part]) @ basis
        return cls(branches, time, response, tau)

    def kernel_output(self, signals: FloatArray) -> FloatArray:
        """Kernel outputs (edges, time) [A] of signals (betas, edges) at the strengths :data:`BETAS`."""
        if self.response.shape[0] == 1:
            u: FloatArray = (self.response[0] @ signals).T
        else:
            u = np.einsum("etk,ke->et", self.response, signals)
        return u + self.branches.offset[:, None]

    def contrast(self, signals: FloatArray, gate: Gate, rng: np.random.Generator) -> FloatArray:
        """What the gated kernel outputs amount to, as a contrast [V^2]; shape (edges,).

        Parameters
        ----------
        signals : ndarray of shape (betas, edges)
            At the strengths :data:`BETAS` [V^2].
        gate : Gate
            Threshold nonlinearity.
        rng : Generator
            Of the thermal noise: OU noise of memory tau_K adds charge of variance 2 tau_K int var(g) dt.
        """
        u = self.kernel_output(signals)
        charge = update_integral(self.time, u, gate)
        if self.branches.temperature and isinstance(gate, SmearedThreshold):
            spread = 2 * self.tau * np.trapezoid(gate.variance(u), self.time, axis=1)
            charge = charge + np.sqrt(spread) * rng.standard_normal(charge.size)
        return charge / self.branches.nominal


def _lagrange(beta: FloatArray) -> FloatArray:
    """Weights (points, betas) of the polynomial through the values at :data:`BETAS`."""
    powers = np.arange(BETAS.size)
    result: FloatArray = beta[:, None] ** powers @ np.linalg.inv(BETAS[:, None] ** powers)
    return result


def mean_over_ramp(values: FloatArray) -> float:
    """Mean over a ramp of what is known at :data:`BETAS`, shape (betas,)."""
    powers = np.arange(BETAS.size)
    weights = (1 / (powers + 1)) @ np.linalg.inv(BETAS[:, None] ** powers)
    return float(weights @ values)
