"""Many Markov ladders: dissipation against the error of the update (Fig. 6B)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from tcl_circuits.errors import InputError
from tcl_circuits.kernels import ExponentialKernel
from tcl_circuits.studies.base import Row, Setting
from tcl_circuits.synapse import Ladder, LineOffset
from tcl_circuits.synapse.markov import PUBLISHED_PACE

_ORDER_ONE = 10
_GROUP = 50


@dataclass(frozen=True)
class DissipationStudy:
    """Dissipation of random ladders, and offset of the update that their kernels give (Fig. 6B).

    Published: the kernel cut off at Markov time 5, and the threshold of Eq. F12. Whole: the whole kernel, and
    the threshold that drops the slow ramp.

    Parameters
    ----------
    line : LineOffset
        Protocol, and how the offset is read.
    """

    line: LineOffset = field(default_factory=LineOffset)
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
        return [
            {
                **shared,
                **_read(lambda: ladder.truncated_kernel(step), self.line.published),
                "kernel": "truncated",
            },
            {
                **shared,
                **_read(lambda: ladder.kernel(step, pace=PUBLISHED_PACE), self.line.separated),
                "kernel": "whole",
            },
        ]

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """How area and offset fall with dissipation (rank correlations), and how many ladders never learn."""
        found: dict[str, float] = {}
        for way, part in table.groupby("kernel", sort=False):
            known = part.dropna()
            sigma = known["dissipation"]
            found[f"{way}: rank correlation of |area|"] = _rank(sigma, known["area"].abs())
            found[f"{way}: rank correlation of |offset|"] = _rank(sigma, known["offset"].abs())
            found[f"{way}: median |offset|/mean"] = float(known["offset"].abs().median() / self.line.mean)
            found[f"{way}: ladders that never learn"] = float(len(part) - len(known))
        return found

    def parameters(self) -> dict[str, Any]:
        """Protocol."""
        return {
            "amplitude_max": self.line.amplitude_max,
            "mean": self.line.mean,
            "tau_f": self.line.saw.tau_f,
            "tau_s": self.line.saw.tau_s,
            "pace": PUBLISHED_PACE,
        }


def _read(make: Callable[[], ExponentialKernel], offset: Callable[[ExponentialKernel], float]) -> Row:
    """Area and offset of a kernel; NaN where its first moment vanishes."""
    try:
        kern = make()
    except InputError:
        return {"area": np.nan, "offset": np.nan}
    return {"area": kern.area, "offset": offset(kern)}


def _rank(a: pd.Series[float], b: pd.Series[float]) -> float:
    return float(spearmanr(a, b).statistic) if len(a) > 2 else float("nan")
