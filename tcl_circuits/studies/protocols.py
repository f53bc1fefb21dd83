"""Many sawtooths: dynamic range (Fig. 4C) and offset (Fig. 5C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.kernels import Kernel, chemotaxis
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.studies.base import Row, Setting
from tcl_circuits.studies.single import TAU_K
from tcl_circuits.synapse import UpdateCurve, published_threshold, update_curve

AMPLITUDE_MAX = 100.0
"""Largest amplitude of Appendix I."""


@dataclass(frozen=True)
class Sampling:
    """How sawtooths are drawn (Appendix I): both ramps evenly in their ranges, the slow one longer.

    Parameters
    ----------
    fast, slow : (float, float)
        Ranges of tau_f and tau_s.

    Raises
    ------
    InputError
        If a range is not one of positive times, or no slow ramp can be longer than a fast one.
    """

    fast: tuple[float, float] = (0.1, 5.0)
    slow: tuple[float, float] = (0.2, 50.0)

    def __post_init__(self) -> None:
        for name, (low, high) in (("tau_f", self.fast), ("tau_s", self.slow)):
            if not all(map(checks.is_number, (low, high))) or not 0 < low < high < np.inf:
                raise InputError(f"sampling: the range ({low}, {high}) of {name} must be positive and rise")
        if self.slow[1] <= self.fast[1]:
            raise InputError(
                f"sampling: tau_s up to {self.slow[1]:g} must reach beyond tau_f up to {self.fast[1]:g}; "
                "a slow ramp is longer than the fast one"
            )

    def draw(self, points: int, seed: int) -> list[Setting]:
        """Draw `points` pairs (tau_f, tau_s) with tau_s > tau_f."""
        rng = np.random.default_rng(seed)
        found: list[Setting] = []
        while len(found) < points:
            tau_f, tau_s = float(rng.uniform(*self.fast)), float(rng.uniform(*self.slow))
            if tau_s > tau_f:
                found.append((tau_f, tau_s))
        return found


@dataclass(frozen=True)
class DynamicRangeStudy:
    """Dynamic range of amplitudes against the ramps (Fig. 4C), kernel without area.

    The published three-piece fit beside the onset, the smallest amplitude with an update.
    """

    sampling: Sampling = Sampling()
    name: ClassVar[str] = "4c"
    points: ClassVar[int] = 1000

    def settings(self, points: int, seed: int) -> list[Setting]:
        """Sawtooths."""
        return self.sampling.draw(points, seed)

    def rows(self, setting: Setting) -> list[Row]:
        """Dynamic range and offset in both ways."""
        tau_f, tau_s = setting
        curve = update_curve(chemotaxis(TAU_K), Sawtooth(tau_f, tau_s), amplitude_max=AMPLITUDE_MAX)
        return [
            _row(setting, "published", curve.dynamic_range, curve.offset),
            _row(setting, "onset", curve.dynamic_range_by_onset, curve.offset_by_onset),
        ]

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """How near the limit of Eq. 12 the ranges come, and how often the fit finds none."""
        found: dict[str, float] = {}
        for way, part in table.groupby("method", sort=False):
            share = part["dynamic_range"] / (part["tau_s"] / part["tau_f"])
            found[f"{way}: median range over tau_s/tau_f"] = float(share.median())
            found[f"{way}: largest range over tau_s/tau_f"] = float(share.max())
            found[f"{way}: share without a range"] = float(part["dynamic_range"].isna().mean())
        return found

    def parameters(self) -> dict[str, Any]:
        """Kernel and sampling."""
        return _shared(0.0, 0.0, self.sampling)


@dataclass(frozen=True)
class OffsetStudy:
    """Offset of the update against the ramps (Fig. 5C), kernel of area .05, mean signal 25.

    Published: threshold of Eq. F12 and three-piece fit. Exact: the threshold that drops the slow ramp, and
    the line beyond the onset.
    """

    area: float = 0.05
    mean: float = 25.0
    sampling: Sampling = Sampling()
    name: ClassVar[str] = "5c"
    points: ClassVar[int] = 1000
    largest_offset: ClassVar[float] = 0.5

    def settings(self, points: int, seed: int) -> list[Setting]:
        """Sawtooths."""
        return self.sampling.draw(points, seed)

    def rows(self, setting: Setting) -> list[Row]:
        """Offset and dynamic range in both ways."""
        tau_f, tau_s = setting
        kern, saw = chemotaxis(TAU_K, self.area), Sawtooth(tau_f, tau_s)
        # What is below 0 passes everything, as 0 does.
        theta = max(0.0, published_threshold(kern, saw, amplitude_max=AMPLITUDE_MAX, mean=self.mean))
        published = self._curve(kern, saw, theta)
        exact = self._curve(kern, saw, None)
        return [
            _row(setting, "published", published.dynamic_range, published.offset),
            _row(setting, "exact", exact.dynamic_range_by_onset, exact.offset_by_onset),
        ]

    def _curve(self, kern: Kernel, saw: Sawtooth, theta: float | None) -> UpdateCurve:
        return update_curve(kern, saw, amplitude_max=AMPLITUDE_MAX, mean=self.mean, threshold=theta)

    def headline(self, table: pd.DataFrame) -> dict[str, float]:
        """How offsets follow tau_f, and how many are of the order that the paper keeps."""
        found: dict[str, float] = {}
        for way, part in table.groupby("method", sort=False):
            offset, fast = (part[name].to_numpy(dtype=float) for name in ("offset", "tau_f"))
            share = offset / self.mean
            kept = np.isfinite(share) & (share >= 0) & (share <= self.largest_offset)
            theory = self.area * fast * self.mean
            found[f"{way}: share kept (0 to .5)"] = float(kept.mean())
            found[f"{way}: correlation with tau_f"] = _correlation(fast[kept], offset[kept])
            found[f"{way}: median offset over I tau_f mean"] = _median((offset / theory)[kept])
        return found

    def parameters(self) -> dict[str, Any]:
        """Kernel and sampling."""
        return {**_shared(self.area, self.mean, self.sampling), "largest_offset": self.largest_offset}


def _row(setting: Setting, way: str, dynamic_range: float, offset: float) -> Row:
    tau_f, tau_s = setting
    return {
        "tau_f": tau_f,
        "tau_s": tau_s,
        "dynamic_range": dynamic_range,
        "offset": offset,
        "method": way,
    }


def _shared(area: float, mean: float, sampling: Sampling) -> dict[str, Any]:
    return {
        "tau_k": TAU_K,
        "area": area,
        "mean": mean,
        "amplitude_max": AMPLITUDE_MAX,
        "tau_f": list(sampling.fast),
        "tau_s": list(sampling.slow),
    }


def _median(values: FloatArray) -> float:
    return float(np.median(values)) if values.size else float("nan")


def _correlation(x: FloatArray, y: FloatArray) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if x.size > 2 else float("nan")
