"""Values that parts are sold in: the E24 and E96 series of IEC 60063."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError

Series = Literal["E24", "E96"]

_E24 = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)
_SERIES: dict[str, tuple[str, ...]] = {
    "E24": tuple(f"{tens / 10:.1f}" for tens in _E24),
    "E96": tuple(f"{10 ** (step / 96):.2f}" for step in range(96)),
}


def nearest(value: float, series: Series) -> float:
    """Return the value of a series that differs from a value by the smallest factor.

    Parameters
    ----------
    value : float
        Any positive number, in any unit.
    series : {"E24", "E96"}
        E24 is sold with a tolerance of 5 %, E96 of 1 %.

    Raises
    ------
    InputError
        If the value is not positive and finite, or there is no such series.

    Examples
    --------
    >>> nearest(4800.0, "E24"), nearest(4800.0, "E96")
    (4700.0, 4750.0)
    """
    if series not in _SERIES:
        raise InputError(f"there is no series {series!r}; there are {' and '.join(_SERIES)}")
    if not 0 < value < float("inf"):
        raise InputError(f"{value!r} has no standard value; give a positive, finite number")
    decade = int(f"{value:e}".partition("e")[2])
    near = [
        float(f"{digits}e{decade + shift}")
        for shift in (-1, 0, 1)
        for digits in _SERIES[series]
        if abs(decade + shift) < 300
    ]
    above = bisect_right(near, value)
    low, high = near[max(above - 1, 0)], near[min(above, len(near) - 1)]
    return low if value / low <= high / value else high


def nearest_values(values: FloatArray, series: Series) -> FloatArray:
    """Apply :func:`nearest` to each value of an array."""
    flat = [nearest(float(value), series) for value in np.ravel(values)]
    return np.array(flat, dtype=float).reshape(np.shape(values))
