"""The offset of a kernel as Fig. 6B reads it (Appendix I.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tcl_circuits import checks
from tcl_circuits.kernels import Kernel
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.synapse.curve import update_curve
from tcl_circuits.synapse.quasistatic import optimal_threshold, published_threshold

__all__ = ["LineOffset"]

_POINTS = 400


@dataclass(frozen=True)
class LineOffset:
    """Offset by a straight line: of the update curve, from where updates exceed a level, extended to 0.

    The defaults are those of Fig. 6B. Its kernels have a first moment of -1, and are squeezed as
    :meth:`tcl_circuits.synapse.markov.Ladder.truncated_kernel` squeezes them.

    Parameters
    ----------
    saw : Sawtooth
        Protocol.
    amplitude_max : float
        Largest amplitude of the curve.
    mean : float
        Mean of the free and the nudged signal.
    level : float
        Size of the update beyond which the line begins, as a share of `amplitude_max`. Where no update is as
        large, it begins at the first update.

    Raises
    ------
    InputError
        If `amplitude_max` or `level` is not positive, or `mean` not finite.
    """

    saw: Sawtooth = field(default_factory=lambda: Sawtooth(tau_f=3.0, tau_s=15.0))
    amplitude_max: float = 50.0
    mean: float = 10.0
    level: float = 0.05

    def __post_init__(self) -> None:
        checks.positive("LineOffset", "amplitude_max", self.amplitude_max)
        checks.finite("LineOffset", "mean", self.mean)
        checks.positive("LineOffset", "level", self.level)

    def published(self, kern: Kernel) -> float:
        """Offset with the paper's threshold (Eq. F12), which lets nothing be suppressed where it is negative.

        For small areas that threshold is below abs(u) on the slow ramp, and the offset is another one, of
        another sign even, than :meth:`separated`.
        """
        threshold = published_threshold(kern, self.saw, amplitude_max=self.amplitude_max, mean=self.mean)
        return self.at_threshold(kern, max(threshold, 0.0))

    def separated(self, kern: Kernel) -> float:
        """Offset with the threshold that suppresses all of the slow ramp at the largest amplitude."""
        threshold = optimal_threshold(kern, self.saw, amplitude_max=self.amplitude_max, mean=self.mean)
        return self.at_threshold(kern, threshold)

    def at_threshold(self, kern: Kernel, threshold: float) -> float:
        """Offset with a given threshold.

        Returns
        -------
        float
            In the unit of the update. NaN if fewer than two amplitudes have an update for the line to go
            through.
        """
        curve = update_curve(
            kern,
            self.saw,
            amplitude_max=self.amplitude_max,
            mean=self.mean,
            threshold=threshold,
            points=_POINTS,
        )
        begin = curve.first_beyond(self.level * self.amplitude_max)
        return curve.offset_by_onset if math.isnan(begin) else curve.line_offset(begin)
