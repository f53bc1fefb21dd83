"""Numbers that a caller gives: each is what its place needs, or one error says which one is not.

A text is never read as a number, and nothing that is not finite gets in.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from numbers import Real
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError

LEAST, MOST = math.ulp(0.0), sys.float_info.max
"""The least positive number and the largest finite one."""


def positive(owner: str, name: str, value: object) -> float:
    """Return a positive, finite number as a float, or raise InputError."""
    if not (is_number(value) and np.isfinite(value) and value > 0):
        raise InputError(f"{owner}: {name} = {value!r} must be positive and finite")
    return float(value)


def not_negative(owner: str, name: str, value: object) -> float:
    """Return a finite number >= 0 as a float, or raise InputError."""
    if not (is_number(value) and np.isfinite(value) and value >= 0):
        raise InputError(f"{owner}: {name} = {value!r} must be finite and not negative")
    return float(value)


def finite(owner: str, name: str, value: object) -> float:
    """Return a finite number as a float, or raise InputError."""
    if not (is_number(value) and np.isfinite(value)):
        raise InputError(f"{owner}: {name} = {value!r} must be a finite number")
    return float(value)


def finite_array(owner: str, name: str, value: ArrayLike) -> FloatArray:
    """Return finite numbers of any shape as an array of floats, or raise InputError."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise InputError(f"{owner}: {name} = {value!r} must be a number or an array of numbers")
    if not np.all(np.isfinite(array)):
        bad = array[~np.isfinite(array)].flat[0]
        raise InputError(f"{owner}: {name} holds {bad}; every value must be finite")
    return array.astype(float)


def are_numbers(found: object, bounds: Mapping[str, tuple[float, float]], unknown: bool = False) -> bool:
    """Whether a JSON value has these names alone, each a number within its bounds, or NaN if `unknown`."""
    if not isinstance(found, dict) or found.keys() != bounds.keys():
        return False
    numbers = [(found[name], least, most) for name, (least, most) in bounds.items()]
    # NaN is on no side of a bound.
    return all(
        is_number(number) and (not (number < least or number > most) if unknown else least <= number <= most)
        for number, least, most in numbers
    )


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a real number that a float can hold; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True
