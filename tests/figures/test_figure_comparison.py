"""Comparison pictures: both engines' values, their difference in percent, update against update."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from figure_samples import INVERTED, grid, nudged, one_edge, simulated, standard
from matplotlib.collections import PathCollection
from numpy.testing import assert_allclose

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.figures.comparison import draw_comparison, save
from tcl_circuits.figures.waveforms import largest_changes

NAMES = ("reference", "ngspice")


@pytest.fixture(scope="module")
def updates() -> tuple[FloatArray, FloatArray]:
    values = np.linspace(-2e-3, 1e-3, grid().edge_count)
    return values, 1.01 * values


def test_both_engines_are_drawn(updates: tuple[FloatArray, FloatArray]) -> None:
    data, finer = standard(), simulated(grid(), nudged(grid()), resolution=3)
    figure = draw_comparison(finer, data, updates, NAMES, "V2")
    near, far, below, _, scatter = figure.axes
    chosen = largest_changes(finer, 4)
    assert len(near.lines) == len(far.lines) == 8
    for k, e in enumerate(chosen):
        line, points = near.lines[2 * k], near.lines[2 * k + 1]
        assert_allclose(np.asarray(line.get_ydata()), finer["u"].values[e] * 1e9)
        assert_allclose(np.asarray(points.get_ydata()), data["u"].values[e] * 1e9)
        assert_allclose(np.asarray(points.get_xdata()), data["time"].values * 1e6)
        assert points.get_linestyle() == "None"
    dots = next(found for found in scatter.collections if isinstance(found, PathCollection))
    assert_allclose(np.asarray(dots.get_offsets()), np.column_stack(updates) * 1e3)
    assert scatter.get_xlabel() == "Update, reference (10⁻³ V²)"
    assert scatter.get_ylabel() == "Update, ngspice (10⁻³ V²)"
    assert below.get_ylabel() == "ngspice − reference\n(% of max |u|)"
    assert [text.get_text() for text in figure.legends[0].get_texts()][:3] == [*NAMES, "all 60 edges"]


def test_the_difference_is_in_percent(updates: tuple[FloatArray, FloatArray]) -> None:
    data = standard()
    other = data.assign(u=data["u"] + 0.01 * float(np.abs(data["u"]).max()))
    below = draw_comparison(data, other, updates, NAMES).axes[2]
    for line in below.lines:
        assert_allclose(np.asarray(line.get_ydata()), 1.0)


def test_updates_without_unit_say_so(updates: tuple[FloatArray, FloatArray]) -> None:
    data = standard()
    assert draw_comparison(data, data, updates, NAMES).axes[4].get_xlabel().endswith("(10⁻³ arb. units)")


def test_one_edge_inverted_and_the_same_bytes(tmp_path: Path) -> None:
    shown = simulated(one_edge(), nudged(one_edge()), INVERTED)
    for name in ("a.png", "b.png"):
        figure = draw_comparison(shown, shown, (np.zeros(1), np.zeros(1)), NAMES, title="one edge")
        save(figure, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_does_not_fit_is_refused(updates: tuple[FloatArray, FloatArray]) -> None:
    data, other = standard(), simulated(one_edge(), nudged(one_edge()))
    with pytest.raises(InputError, match="different edges"):
        draw_comparison(data, other, updates, NAMES)
    with pytest.raises(InputError, match="updates of shape"):
        draw_comparison(data, data, (updates[0], updates[1][:3]), NAMES)
