"""The training protocol: nudge on and off in an asymmetric sawtooth (Fig. 2C, Eq. 11 of the paper)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import positive
from tcl_circuits.errors import InputError

Polarity = Literal["standard", "inverted"]


@dataclass(frozen=True)
class Sawtooth:
    """An asymmetric sawtooth of the nudge strength beta between 0 (free) and 1 (nudged).

    Parameters
    ----------
    tau_f : float
        Duration of the fast ramp [s].
    tau_s : float
        Duration of the slow ramp [s]; longer than `tau_f`.
    polarity : {"standard", "inverted"}
        ``standard`` nudges fast and releases slowly, as in the paper; ``inverted`` nudges slowly and
        releases fast, which turns the feedback of a conductance that changes within the cycle from
        positive to negative. Both give the same contrast, with opposite signs of the kernel output.

    Raises
    ------
    InputError
        If a duration is not positive and finite, or ``tau_s <= tau_f``.
    """

    tau_f: float
    tau_s: float
    polarity: Polarity = "standard"

    def __post_init__(self) -> None:
        for name, value in (("tau_f", self.tau_f), ("tau_s", self.tau_s)):
            positive("Sawtooth", name, value)
        if self.tau_s <= self.tau_f:
            raise InputError(
                f"Sawtooth: tau_s = {self.tau_s:g} s must be longer than tau_f = {self.tau_f:g} s; "
                "the threshold tells the ramps apart by their speed"
            )
        if not np.isfinite(self.tau_f + self.tau_s):
            raise InputError(f"Sawtooth: tau_s = {self.tau_s:g} s makes a period that is not finite")
        if self.polarity not in get_args(Polarity):
            raise InputError(f"Sawtooth: polarity {self.polarity!r} must be 'standard' or 'inverted'")

    @property
    def period(self) -> float:
        """Duration of one cycle, ``tau_f + tau_s`` [s]."""
        return self.tau_f + self.tau_s

    @property
    def ratio(self) -> float:
        """``tau_s / tau_f``, the upper limit of the dynamic range (Eq. 12)."""
        return self.tau_s / self.tau_f

    @property
    def sign(self) -> int:
        """+1 if the thresholded kernel output has the sign of (nudged - free), -1 if the opposite one."""
        return 1 if self.polarity == "standard" else -1

    @property
    def breakpoints(self) -> tuple[FloatArray, FloatArray]:
        """Corner times [s] and values of beta over a cycle that starts free at t = 0, each of shape (3,)."""
        corner = self.tau_f if self.polarity == "standard" else self.tau_s
        return np.array([0.0, corner, self.period]), np.array([0.0, 1.0, 0.0])

    @property
    def fast_ramp(self) -> tuple[float, float]:
        """Start and end of the fast ramp within the cycle [s]."""
        return (0.0, self.tau_f) if self.polarity == "standard" else (self.tau_s, self.period)

    def strength(self, t: FloatArray) -> FloatArray:
        """Nudge strength beta of one cycle at the times `t` [s]: 0 before and after it."""
        return np.interp(t, *self.breakpoints)

    def values(self, t: FloatArray) -> FloatArray:
        """Nudge strength beta at the times `t` [s], periodic in ``tau_f + tau_s``."""
        times, values = self.breakpoints
        return np.interp(np.mod(t, self.period), times, values)

    def chirp(self, factor: float) -> Sawtooth:
        """Return the sawtooth with both ramps shortened by `factor` (0 < factor <= 1).

        Contrasts shrink as a network learns; a proportionally faster sawtooth keeps their kernel output
        above a fixed threshold.
        """
        if positive("Sawtooth.chirp", "factor", factor) > 1:
            raise InputError(f"Sawtooth.chirp: factor = {factor!r} must lie in (0, 1]")
        return replace(self, tau_f=self.tau_f * factor, tau_s=self.tau_s * factor)
