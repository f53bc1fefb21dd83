"""What every kernel offers."""

from __future__ import annotations

from typing import Protocol

from tcl_circuits.arrays import FloatArray
from tcl_circuits.kernels.periodic import PeriodicResponse, PeriodicSignal


class Kernel(Protocol):
    """A causal memory kernel ``K(t) = delta * dirac(t) + smooth(t)``, 0 for t < 0.

    Units: with u in the unit U, s in the unit S and times in seconds, K is in U/(S s); delta and area are in
    U/S, the first moment in U s/S.
    """

    @property
    def delta(self) -> float:
        """Weight of the delta function at t = 0."""
        ...

    @property
    def area(self) -> float:
        """Integral I of K over all times: the answer to a constant signal of 1."""
        ...

    @property
    def first_moment(self) -> float:
        """Integral of t K(t): on a slow ramp u = area * s - first_moment * ds/dt (Eq. A9)."""
        ...

    def __call__(self, t: FloatArray) -> FloatArray:
        """Smooth part at the times `t` [s], of the shape of `t`; the delta is left out."""
        ...

    def steady_response(self, signal: PeriodicSignal) -> PeriodicResponse:
        """Response u(t) to a periodic signal that has been on for ever (Eq. 3), causal and exact."""
        ...
