"""Numbers with units: SI floats inside, engineering notation at the edges.

SPICE reads ``M`` and ``m`` alike as milli and writes mega as ``MEG``; a bare ``1F`` is one femto.
Netlists therefore carry plain exponents (:func:`spice_number`), never suffixes, and text from a user is
read by :func:`parse_quantity`, which refuses what could mean two things.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, DecimalException

from tcl_circuits.errors import InputError

_EXPONENTS = {
    "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3,
    "": 0, "k": 3, "meg": 6, "g": 9, "t": 12,
}  # fmt: skip
_PRINTED = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_UNITS = {"s": "a time", "S": "a conductance", "ohm": "a resistance"}
"""Units that are taken for one another, and what they are units of."""
_QUANTITY = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-zµμ]*)\s*$")


def spice_number(value: float) -> str:
    """Print a value for a netlist: the shortest exponent form that reads back to the same float."""
    if not math.isfinite(value):
        raise InputError(f"{value} can't stand in a netlist; give a finite number")
    return repr(float(value))


def engineering(value: float, unit: str = "", digits: int = 3) -> str:
    """Print a value for people, with an SI prefix.

    Parameters
    ----------
    value : float
        In SI units.
    unit : str
        Unit symbol, put after the prefix.
    digits : int
        Significant digits.

    Examples
    --------
    >>> engineering(4700, "ohm")
    '4.7 kohm'
    >>> engineering(1e-5, "s")
    '10 us'
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".strip()
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = min(12, max(-15, 3 * math.floor(math.log10(abs(rounded)) / 3)))
    scaled = float(f"{rounded / 10.0**exponent:.{digits}g}")
    return f"{scaled:g} {_PRINTED[exponent]}{unit}".strip()


def parse_quantity(text: str, unit: str, name: str) -> float:
    """Read a user's number such as ``10u``, ``4.7k``, ``1meg``, ``10us`` or ``1e-5``.

    Parameters
    ----------
    text : str
        What the user wrote.
    unit : str
        The unit that may follow, for example ``"s"``, ``"S"``, ``"F"``, ``"ohm"``.
    name : str
        What the number is, for the error message.

    Returns
    -------
    float
        The value in SI units.

    Raises
    ------
    InputError
        If the text is no number, has an unknown suffix, or uses ``M`` (milli in SPICE, mega elsewhere).
    """
    match = _QUANTITY.match(text)
    if match is None:
        raise InputError(f"{name}: {text!r} is not a number; write for example 1e-5 or 10u{unit}")
    suffix = match.group(2)
    other = next((one for one in _UNITS if one != unit and suffix.endswith(one)), None)
    if unit in _UNITS and other and not suffix.endswith(unit):
        raise InputError(
            f"{name}: {text!r} is {_UNITS[other]}, and {_UNITS[unit]} is needed; write for example 10u{unit}"
        )
    bare = suffix[: len(suffix) - len(unit)] if unit and suffix.lower().endswith(unit.lower()) else suffix
    for prefix in (bare, suffix):
        if prefix == "M":
            raise InputError(f"{name}: {text!r} is ambiguous (SPICE reads M as milli); write m or meg")
        if prefix.lower() in _EXPONENTS:
            # Text to text, so that 10u is the same float as 1e-5.
            try:
                return float(Decimal(match.group(1)).scaleb(_EXPONENTS[prefix.lower()]))
            except DecimalException:
                raise InputError(f"{name}: {text!r} is beyond the range of numbers") from None
    raise InputError(f"{name}: unknown suffix in {text!r}; use f p n u m k meg g t and the unit {unit}")
