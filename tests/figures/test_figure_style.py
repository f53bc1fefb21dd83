"""The look: units, names, reproducible files, and no traces in the user's settings."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from tcl_circuits.errors import Remark
from tcl_circuits.figures.style import house_style, log_ticks, plain_name, save, scale_for, short_name


@pytest.mark.parametrize(
    ("largest", "unit", "label", "shown"),
    [
        (1.01e-3, "s", "x (ms)", 1.01),
        (2.5e-5, "s", "x (µs)", 25.0),
        (3e-9, "A", "x (nA)", 3.0),
        (1.0, "V", "x (V)", 1.0),
        (0.9999, "V", "x (V)", 0.9999),
        (0.0, "V", "x (V)", 0.0),
        (1e-4, "S", "x (µS)", 100.0),
        (2e-3, "V2", "x (10⁻³ V²)", 2.0),
        (2.0, "V2", "x (V²)", 2.0),
        (2e-3, "", "x (10⁻³)", 2.0),
        (5.0, "", "x", 5.0),
    ],
)
def test_axes_show_engineering_units(largest: float, unit: str, label: str, shown: float) -> None:
    scale = scale_for(np.array([0.1, -1.0, np.nan]) * largest, unit)
    assert scale.label("x") == label
    assert_allclose(scale(np.array([largest])), [shown])


def test_long_names_keep_both_ends() -> None:
    assert short_name((0, 1)) == "(0,1)"
    assert plain_name((0, 1)) == "0,1"
    assert plain_name(("in", "x")) == "in,x"
    names = {short_name(f"in petal length (cm){sign}") for sign in "+-"}
    assert len(names) == 2
    assert all(len(name) == 20 for name in names)


def test_names_are_not_formulas(tmp_path: Path) -> None:
    with house_style():
        figure = Figure()
        axes = figure.subplots()
        axes.plot([0, 1], label=short_name("$\\bad{$"))
        axes.plot([0, 1], label=short_name("_hidden"))
        legend = axes.legend()
    save(figure, tmp_path / "names.png")
    assert len(legend.get_texts()) == 2


def test_characters_without_a_glyph_are_one_remark(tmp_path: Path) -> None:
    figure = Figure()
    figure.suptitle("入力 a 出力")
    with pytest.warns(Remark, match="boxes for characters that DejaVu Sans lacks") as found:
        save(figure, tmp_path / "names.png")
    assert len(found) == 1


def test_other_warnings_pass(tmp_path: Path) -> None:
    figure = Figure(layout="constrained", figsize=(0.1, 0.1))
    figure.subplots().set_title("too wide for its figure")
    with pytest.warns(UserWarning, match="constrained_layout not applied"):
        save(figure, tmp_path / "small.png")


def test_the_users_settings_are_put_back() -> None:
    with mpl.rc_context({"font.size": 33.0}):
        with house_style():
            assert mpl.rcParams["font.size"] != 33.0
        assert mpl.rcParams["font.size"] == 33.0


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    written = []
    for name in ("a", "b"):
        with house_style():
            figure = Figure()
            figure.subplots().plot([0, 1, 4])
        save(figure, tmp_path / f"{name}.{suffix}")
        written.append((tmp_path / f"{name}.{suffix}").read_bytes())
    assert written[0] == written[1]
    assert b"Matplotlib version" not in written[0]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(1.0, 100.0, {"1", "2", "5", "10"}), (2e-5, 9e-5, {"2×10⁻⁵", "5×10⁻⁵"}), (1.0, 1.5, {"1", "1.2"})],
)
def test_log_axes_have_round_numbers(low: float, high: float, expected: set[str]) -> None:
    axes = Figure().subplots()
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    log_ticks(axes.yaxis, low, high)
    labels = {axes.yaxis.get_major_formatter()(value) for value in axes.yaxis.get_majorticklocs()}
    assert expected <= labels


def test_axes_stand_on_whole_pixels_and_stay_there(tmp_path: Path) -> None:
    with house_style():
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        axes.set_ylabel("u (nA)")
    for name in ("a.png", "b.png"):
        save(figure, tmp_path / name)
        corners = axes.get_position().get_points() * figure.get_size_inches() * figure.dpi
        assert_allclose(corners, np.round(corners), atol=1e-6)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
