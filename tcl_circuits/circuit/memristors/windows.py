"""Window functions: what slows a state down towards its bounds, for NumPy and for behavioural sources.

x runs from 0 to 1. Joglekar and Wolf, Eur. J. Phys. 30, 661 (2009): ``F = 1 - (2x - 1)^(2p)``, which holds a
state that has arrived at a bound. Biolek, Biolek, Biolkova, Radioengineering 18, 210 (2009):
``F = 1 - (x - stp(-i))^(2p)``, which looks at the direction of motion and lets it go.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError

Window = Literal["none", "joglekar", "biolek"]

WINDOW_CITATIONS: dict[Window, tuple[str, ...]] = {
    "none": (),
    "joglekar": ("Joglekar and Wolf, Eur. J. Phys. 30, 661 (2009)",),
    "biolek": ("Biolek et al., Radioengineering 18, 210 (2009)",),
}


def check_window(owner: str, window: object, p: object) -> None:
    """Raise an InputError unless the window exists and its exponent p is a whole number from 1 to 20."""
    if window not in get_args(Window):
        raise InputError(f"{owner}: window {window!r} must be one of {', '.join(get_args(Window))}")
    if not isinstance(p, int) or isinstance(p, bool) or not 1 <= p <= 20:
        raise InputError(f"{owner}: p = {p!r} must be a whole number from 1 to 20")


def window_value(window: Window, p: int, x: FloatArray, motion: FloatArray) -> FloatArray:
    """F(x) for a state that moves with the sign of `motion`."""
    if window == "none":
        return np.ones(np.broadcast_shapes(np.shape(x), np.shape(motion)))
    place = 2 * x - 1 if window == "joglekar" else np.where(motion >= 0, x, x - 1)
    result: FloatArray = 1 - place ** (2 * p)
    return result


def window_text(window: Window, p: int, x: str, motion: str) -> str:
    """The same as an expression. The jump of Biolek's is where the motion it multiplies is zero."""
    if window == "none":
        return "1"
    place = f"(2*{x}-1)" if window == "joglekar" else f"({x}-u(-({motion})))"
    return f"(1-pow(abs({place}),{2 * p}))"
