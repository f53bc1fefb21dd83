"""One protocol: the update against the amplitude (Figs. 4B and 5B), and short ramps (Fig. 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tcl_circuits.arrays import FloatArray
from tcl_circuits.kernels import Kernel, chemotaxis
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.studies.base import Row, Setting
from tcl_circuits.studies.published import dense_update
from tcl_circuits.synapse import Synapse, optimal_threshold, weight_update

TAU_K = 0.05
"""Kernel time of Appendix E, the unit of time of Figs. 4, 5 and 8 being arbitrary."""


@dataclass(frozen=True)
class UpdateCurveStudy:
    """Update against amplitude for one sawtooth (Figs. 4B and 5B).

    Parameters
    ----------
    name : str
        Number of the figure.
    area, mean : float
        Area of the kernel, and mean of the free and the nudged signal.
    amplitude_max : float
        Amplitude for which the threshold is chosen: the slow ramp passes beyond it.
    largest : float
        Largest amplitude shown.
    saw : Sawtooth
        Protocol.
    """

    name: str
    area: float = 0.0
    mean: float = 0.0
    amplitude_max: float = 30.0
    largest: float = 40.0
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(2.0, 10.0))
    points: ClassVar[int] = 161

    @property
    def kernel(self) -> Kernel:
        """Chemotaxis kernel (Eqs. E1, F13)."""
        return chemotaxis(TAU_K, self.area)

    @property
    def threshold(self) -> float:
        """Smallest threshold that drops the slow ramp up to `amplitude_max`."""
        return optimal_threshold(self.kernel, self.saw, amplitude_max=self.amplitude_max, mean=self.mean)

    def settings(self, points: int, seed: int) -> list[Setting]:
        """Amplitudes from 0 to the largest, evenly spaced."""
        return [(float(amplitude),) for amplitude in np.linspace(0.0, self.largest, points)]

    def rows(self, setting: Setting) -> list[Row]:
        """Exact and published update."""
        (amplitude,) = setting
        exact = weight_update(
            self.kernel, self.saw, amplitude=amplitude, mean=self.mean, threshold=self.threshold
        )
        dense = dense_update(self.kernel, self.saw, np.array([amplitude]), self.mean, self.threshold)
        return [
            {"amplitude": amplitude, "update": float(exact), "method": "exact"},
            {"amplitude": amplitude, "update": float(dense[0]), "method": "published"},
        ]

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """Where learning begins and ends, its slope and offset in between, and the published way's error."""
        exact, dense = (table[table["method"] == way] for way in ("exact", "published"))
        amplitude, update = (exact[name].to_numpy(dtype=float) for name in ("amplitude", "update"))
        off = np.abs(update - dense["update"].to_numpy(dtype=float))
        inside = (amplitude >= 1.5 * self.onset) & (amplitude < self.amplitude_max)
        slope, offset = _line(amplitude[inside], update[inside])
        return {
            "onset": self.onset,
            "end": self.amplitude_max,
            "slope": slope,
            "offset": offset,
            "median difference of the published way": float(np.median(off)),
        }

    @property
    def onset(self) -> float:
        """Smallest amplitude with an update."""
        return float(Synapse.of(self.kernel, self.saw).onset(self.mean, self.threshold))

    def parameters(self) -> dict[str, Any]:
        """Kernel, sawtooth, threshold."""
        return {
            "tau_k": TAU_K,
            "area": self.area,
            "mean": self.mean,
            "tau_f": self.saw.tau_f,
            "tau_s": self.saw.tau_s,
            "threshold": self.threshold,
            "onset": self.onset,
            "end": self.amplitude_max,
        }


@dataclass(frozen=True)
class ShortRampStudy:
    """Update over amplitude for short fast ramps (Fig. 8).

    As published: amplitude 20, ``tau_f + tau_s = 20``, and a threshold half way between A/tau_f and A/20.
    """

    amplitude: float = 20.0
    period: float = 20.0
    longest: float = 8.0
    name: ClassVar[str] = "8"
    points: ClassVar[int] = 80

    def settings(self, points: int, seed: int) -> list[Setting]:
        """Durations of the fast ramp, closer where they are short."""
        return [(float(tau_f),) for tau_f in np.geomspace(TAU_K, self.longest, points)]

    def rows(self, setting: Setting) -> list[Row]:
        """Exact and published ratio."""
        (tau_f,) = setting
        saw = Sawtooth(tau_f, self.period - tau_f)
        theta = 0.5 * self.amplitude * (1 / tau_f + 1 / self.period)
        kern = chemotaxis(TAU_K)
        exact = float(weight_update(kern, saw, amplitude=self.amplitude, threshold=theta))
        dense = float(dense_update(kern, saw, np.array([self.amplitude]), 0.0, theta)[0])
        return [
            {"tau_f": tau_f, "ratio": exact / self.amplitude, "method": "exact"},
            {"tau_f": tau_f, "ratio": dense / self.amplitude, "method": "published"},
        ]

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """What is left at the ends, and from which ramp on 90 % are."""
        exact = table[table["method"] == "exact"]
        tau_f, ratio = exact["tau_f"].to_numpy(dtype=float), exact["ratio"].to_numpy(dtype=float)
        good = tau_f[ratio >= 0.9]
        return {
            "ratio at the shortest": float(ratio[0]),
            "ratio at the longest": float(ratio[-1]),
            "shortest tau_f/tau_K with a ratio of .9": float(good.min() / TAU_K) if good.size else np.inf,
        }

    def parameters(self) -> dict[str, Any]:
        """Kernel and signal."""
        return {"tau_k": TAU_K, "amplitude": self.amplitude, "period": self.period}


def _line(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Slope and value at 0 of the best line; NaN where there are too few points."""
    if x.size < 2:
        return np.nan, np.nan
    slope, level = np.polyfit(x, y, 1)
    return float(slope), float(level)
