"""The imperfections as one set: its domain, its file, and the specimens drawn from it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits.errors import InputError
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules.parts import Parts


def test_every_field_has_a_unit_and_is_ideal_by_default() -> None:
    ideal = Imperfections()
    for each in fields(Imperfections):
        assert each.metadata["unit"]
        assert not getattr(ideal, each.name)


@pytest.mark.parametrize("made", [Imperfections(), Imperfections.real(), Imperfections.spread(0.2)])
def test_a_file_gives_the_set_back(made: Imperfections, tmp_path: Path) -> None:
    path = tmp_path / "parts.toml"
    path.write_text(made.toml())
    assert Imperfections.read(path) == made


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"conductance_spread": -0.1}, "conductance_spread = -0.1 must be finite and not negative"),
        ({"threshold_spread": float("nan")}, "threshold_spread"),
        ({"gain_spread": float("inf")}, "gain_spread"),
        ({"gain_spread": "much"}, "gain_spread"),
        ({"levels": 1}, "levels = 1 must be 0 .* or at least 2"),
        ({"levels": -32}, "levels"),
        ({"levels": 32.5}, "whole number"),
        ({"levels": True}, "whole number"),
        ({"stochastic_rounding": 1}, "true or false"),
        ({"leak": 1.5}, "at most 1"),
        ({"memory_bits": 64}, "at most 32"),
        ({"conductance_low": 1e-4, "conductance_high": 1e-5}, "conductance_low"),
        ({"conductance_sprad": 0.1}, "there is no imperfection 'conductance_sprad'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Imperfections.of(values)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        Imperfections.read(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("levels = = 3")
    with pytest.raises(InputError, match="is not TOML"):
        Imperfections.read(bad)
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        Imperfections.read(bad)
    bad.write_text("[parts]\nlevels = 32\n")
    with pytest.raises(InputError, match="no imperfection 'parts'"):
        Imperfections.read(bad)


def test_ideal_parts_are_exact() -> None:
    parts = Parts.draw(Imperfections(), 7, seed=3)
    for name in ("conductance", "capacitance", "resistance", "threshold", "gain", "twin"):
        np.testing.assert_array_equal(getattr(parts, name), 1.0)
    for name in ("asymmetry", "input_offset", "static_offset", "reference_offset"):
        np.testing.assert_array_equal(getattr(parts, name), 0.0)


@given(spread=st.floats(0.01, 0.6), seed=st.integers(0, 1000))
def test_spreads_are_positive_with_mean_one(spread: float, seed: int) -> None:
    parts = Parts.draw(Imperfections.spread(spread), 4000, seed)
    for factors in (parts.conductance, parts.threshold, parts.gain):
        assert factors.min() > 0
        assert factors.mean() == pytest.approx(1, abs=6 * spread / np.sqrt(4000))
        assert factors.std() == pytest.approx(spread, rel=0.25)


def test_one_kind_of_part_does_not_move_another() -> None:
    alone = Parts.draw(Imperfections(threshold_spread=0.2), 50, 1)
    together = Parts.draw(Imperfections.real(), 50, 1)
    np.testing.assert_array_equal(alone.threshold, together.threshold)
    other = Parts.draw(Imperfections(threshold_spread=0.2), 50, 2)
    assert np.abs(other.threshold - alone.threshold).max() > 0.01
