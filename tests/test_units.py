"""Engineering notation, and the SPICE suffix traps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import InputError
from tcl_circuits.units import engineering, parse_quantity, spice_number

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_netlist_numbers_read_back_exactly(value: float) -> None:
    assert float(spice_number(value)) == value
    assert not set(spice_number(value)) - set("0123456789.e+-")


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_netlist_number_is_not_finite(value: float) -> None:
    with pytest.raises(InputError):
        spice_number(value)


@given(st.floats(1e-14, 1e12), st.booleans())
def test_printed_values_keep_three_digits(value: float, negative: bool) -> None:
    value = -value if negative else value
    mantissa, suffix = engineering(value, "S").split(" ")
    back = (
        float(mantissa)
        * 10
        ** {"f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12}[
            suffix[:-1]
        ]
    )
    assert back == pytest.approx(value, rel=6e-3)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10u", "s", 1e-5),
        ("10us", "s", 1e-5),
        ("1e-5", "s", 1e-5),
        ("4.7 kohm", "ohm", 4700.0),
        ("1meg", "ohm", 1e6),
        ("1MEG", "ohm", 1e6),
        ("2mS", "S", 2e-3),
        ("1F", "F", 1.0),
        ("1fF", "F", 1e-15),
        ("-.5V", "V", -0.5),
    ],
)
def test_suffixes(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit, "x") == value


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("10us", "S", "'10us' is a time, and a conductance is needed; write for example 10uS"),
        ("10 s", "S", "is a time"),
        ("1kohm", "S", "'1kohm' is a resistance, and a conductance is needed"),
        ("10uS", "s", "'10uS' is a conductance, and a time is needed; write for example 10us"),
        ("10uS", "ohm", "is a conductance, and a resistance is needed"),
    ],
)
def test_other_units_are_refused(text: str, unit: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_quantity(text, unit, "x")


@pytest.mark.parametrize("text", ["", "ten", "1M", "1Mohm", "1x", "1e", "nan", "1 2", "5xyz"])
def test_ambiguous_and_senseless_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="x"):
        parse_quantity(text, "ohm", "x")
