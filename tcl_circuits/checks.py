"""Numbers that a caller gives: each is what its place needs, or one error says which one is not.

A text is never read as a number, and nothing that is not finite gets in.
"""

from __future__ import annotations

from numbers import Real
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError


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


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a real number that a float can hold; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True
