"""Many Markov ladders: dissipation against the error of the update (Fig. 6B)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from tcl_circuits.errors import InputError
from tcl_circuits.kernels import ExponentialKernel
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.studies.base import Row, Setting
from tcl_circuits.synapse import optimal_threshold, published_threshold, update_curve
from tcl_circuits.synapse.markov import Ladder

_ORDER_ONE = 10
_GROUP = 50
_CROSSING = 0.05
"""Update at which the published range begins (Appendix I.3)."""
_PACE = 5.0
"""Markov time that passes in one unit of the sawtooth's time, as published."""


@dataclass(frozen=True)
class DissipationStudy:
    """Dissipation of random ladders, and offset of the update that their kernels give (Fig. 6B).

    Published: the kernel cut off at Markov time 5, and the threshold of Eq. F12. Whole: the whole kernel, and
    the threshold that drops the slow ramp. The offset is that of the best line from where the update passes
    .05 (Appendix I.3).
    """

    amplitude_max: float = 50.0
    mean: float = 10.0
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(3.0, 15.0))
    name: ClassVar[str] = "6b"
    points: ClassVar[int] = 5000

    def settings(self, points: int, seed: int) -> list[Setting]:
        """Draw (gamma, step, rate factor): of 50 ladders 10 with a gamma of order one, 40 down to 1e-25."""
        rng = np.random.default_rng(seed)
        found: list[Setting] = []
        for k in range(points):
            plain = k % _GROUP < _ORDER_ONE
            gamma = float(rng.uniform(0, 1)) if plain else float(10.0 ** rng.uniform(-25, 0))
            found.append((gamma, float(rng.integers(5, 250)), float(rng.integers(1, 100))))
        return found

    def rows(self, setting: Setting) -> list[Row]:
        """Area and offset of the truncated and of the whole kernel; NaN where there is none."""
        gamma, step, factor = setting
        ladder = Ladder(gamma=gamma, rate_factor=factor)
        shared = {
            "gamma": gamma,
            "step": step,
            "rate_factor": factor,
            "dissipation": ladder.dissipation(),
        }
        found = []
        for way in ("truncated", "whole"):
            try:
                kern = (
                    ladder.truncated_kernel(step) if way == "truncated" else ladder.kernel(step, pace=_PACE)
                )
                area, offset = kern.area, self._offset(kern, way)
            except InputError:
                area, offset = np.nan, np.nan
            found.append({**shared, "area": area, "offset": offset, "kernel": way})
        return found

    def _offset(self, kern: ExponentialKernel, way: str) -> float:
        choose = published_threshold if way == "truncated" else optimal_threshold
        # What is below 0 passes everything, as 0 does.
        theta = max(0.0, choose(kern, self.saw, amplitude_max=self.amplitude_max, mean=self.mean))
        curve = update_curve(
            kern, self.saw, amplitude_max=self.amplitude_max, mean=self.mean, threshold=theta
        )
        return curve.line_offset(curve.first_beyond(_CROSSING))

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """How area and offset fall with dissipation (rank correlations), and how many ladders never learn."""
        found: dict[str, float] = {}
        for way, part in table.groupby("kernel", sort=False):
            known = part.dropna()
            sigma = known["dissipation"]
            found[f"{way}: rank correlation of |area|"] = _rank(sigma, known["area"].abs())
            found[f"{way}: rank correlation of |offset|"] = _rank(sigma, known["offset"].abs())
            found[f"{way}: median |offset|/mean"] = float(known["offset"].abs().median() / self.mean)
            found[f"{way}: ladders that never learn"] = float(len(part) - len(known))
        return found

    def parameters(self) -> dict[str, Any]:
        """Protocol."""
        return {
            "amplitude_max": self.amplitude_max,
            "mean": self.mean,
            "tau_f": self.saw.tau_f,
            "tau_s": self.saw.tau_s,
            "pace": _PACE,
        }


def _rank(a: pd.Series[float], b: pd.Series[float]) -> float:
    return float(spearmanr(a, b).statistic) if len(a) > 2 else float("nan")
