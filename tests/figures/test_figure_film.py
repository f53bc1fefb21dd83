"""Films of runs, and spring lattices before and after."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import GifImagePlugin, Image

from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.moments import Moments, moments
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.errors import InputError
from tcl_circuits.figures.film import draw_strip, write_film
from tcl_circuits.figures.film_panels import Answers, Plane, Shares, Simplex, answers_of
from tcl_circuits.figures.springs import draw_springs
from tcl_circuits.figures.style import save


def trajectory(name: str, periods: int = 5) -> xr.Dataset:
    """Conductances that drift from where a task begins."""
    network = tasks.load(name).task.network
    drift = np.linspace(1, 1.5, periods)[:, None] ** np.linspace(-1, 1, network.edge_count)
    return xr.Dataset(
        {"conductance": (("time", "edge"), network.conductance * drift)},
        coords={"time": 1e-3 * np.arange(1, periods + 1), "cycle": ("time", np.arange(periods))},
    )


def shown(name: str) -> Moments:
    return moments(tasks.load(name), trajectory(name))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("iris", Simplex), ("setosa", Shares), ("xor", Plane), ("regression", Answers), ("springs", Answers)],
)
def test_each_task_has_its_panel(name: str, kind: type) -> None:
    found = shown(name)
    assert isinstance(answers_of(found), kind)
    assert found.conductance.shape == (5, found.network.edge_count)
    assert found.output.shape[1] == len(found.target)
    assert np.isnan(found.right).all() == (kind is Answers)


def test_the_planes_corners_are_the_samples() -> None:
    found = shown("xor")
    assert found.plane is not None
    # Rows along the second input, as the samples (-1, -1), (-1, 1), (1, -1), (1, 1) are not.
    corners = found.plane[:, [0, -1, 0, -1], [0, 0, -1, -1]]
    np.testing.assert_allclose(corners, found.output[..., 0], atol=1e-9)


def test_moments_begin_and_end_with_the_run() -> None:
    learned, data = tasks.load("regression"), trajectory("regression", 200)
    found = moments(learned, data, count=12)
    assert found.time.size <= 12
    assert (found.time[0], found.time[-1]) == (data["time"][0], data["time"][-1])
    assert np.all(np.diff(found.time) > 0)
    assert np.diff(found.time)[0] < np.diff(found.time)[-1], "most happens in the beginning"


def test_a_run_without_a_moment_is_told() -> None:
    learned, data = tasks.load("regression"), trajectory("regression")
    with pytest.raises(InputError, match="nothing to show"):
        moments(learned, data.isel(time=slice(0)))
    with pytest.raises(InputError, match="has 16 edges, the task 60"):
        moments(tasks.load("iris"), data)


@pytest.mark.parametrize("name", ["xor", "springs"])
def test_strip_and_film_are_written(tmp_path: Path, name: str) -> None:
    found = shown(name)
    figure = draw_strip(found, 3, "title")
    # Two rows of pictures and a colour bar.
    assert len(figure.axes) == 2 * 3 + 1
    save(figure, tmp_path / "film.png")
    write_film(found, tmp_path / "film.gif", "title")
    with Image.open(tmp_path / "film.gif") as film:
        assert isinstance(film, GifImagePlugin.GifImageFile)
        assert film.n_frames == 5
        pictures = []
        for k in range(film.n_frames):
            film.seek(k)
            pictures.append(np.asarray(film.convert("RGB"), dtype=int))
        assert film.info["duration"] > 1000, "the last picture stays"
    assert all(np.any(a != b) for a, b in pairwise(pictures))
    again = tmp_path / "again.gif"
    write_film(found, again, "title")
    assert again.read_bytes() == (tmp_path / "film.gif").read_bytes()


def test_a_single_moment_is_a_film_too(tmp_path: Path) -> None:
    found = moments(tasks.load("regression"), trajectory("regression", 1))
    save(draw_strip(found), tmp_path / "film.png")
    write_film(found, tmp_path / "film.gif")
    assert (tmp_path / "film.gif").stat().st_size > 1000


def test_springs_before_and_after(tmp_path: Path) -> None:
    before = tasks.load("springs").task.network
    assert isinstance(before, SpringNetwork)
    after = before.with_conductance(before.conductance * np.linspace(0.5, 2, before.edge_count))
    assert isinstance(after, SpringNetwork)
    figure = draw_springs(before, after, "title")
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["Before", "After", "Change"]
    save(figure, tmp_path / "springs.png")
    other = replace(before.springs, bonds=before.springs.bonds[:-1])
    with pytest.raises(InputError, match="other bonds"):
        draw_springs(SpringNetwork.of(other, before.conductance[:-1], before.bounds), after)
