"""Pictures of the paper's studies: what is drawn is what was computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tcl_circuits.figures.studies import draw_study, save
from tcl_circuits.studies import STUDIES, run_study

PANELS = {"4b": 1, "4c": 2, "5b": 1, "5c": 2, "6b": 2, "8": 1}


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_a_picture(name: str, tmp_path: Path) -> None:
    result = run_study(STUDIES[name], points=20)
    figure = draw_study(result)
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert len(panels) == PANELS[name]
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in panels)
    for path in (tmp_path / "a.png", tmp_path / "b.png"):
        save(draw_study(result), path)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("name", ["4c", "5c", "6b"])
@pytest.mark.parametrize(("points", "seed"), [(2, 0), (2, 1), (20, 0)])
def test_panels_share_a_colour_scale_even_where_one_is_empty(name: str, points: int, seed: int) -> None:
    figure = draw_study(run_study(STUDIES[name], points=points, seed=seed))
    clouds = [axes.collections[0] for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert len({cloud.get_clim() for cloud in clouds}) == 1


def test_the_curve_is_the_table() -> None:
    result = run_study(STUDIES["4b"], points=20)
    exact = result.table[result.table["method"] == "exact"]
    drawn = next(line for line in draw_study(result).axes[0].lines if line.get_label() == "exact")
    np.testing.assert_array_equal(np.asarray(drawn.get_ydata()), exact["update"])
