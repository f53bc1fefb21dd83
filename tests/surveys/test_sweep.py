"""Design maps: physics in them, same numbers whoever computes, points that are kept and resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import tcl_circuits as tcl
from tcl_circuits.errors import InputError
from tcl_circuits.figures.design_map import draw_design_map
from tcl_circuits.jobs import LocalWorkers
from tcl_circuits.surveys import AXES, Grid, SweepError, sweep
from tcl_circuits.surveys.sweep import MEASURES, is_point, ranged

SMALL = Grid(ratio=(10, 100), theta=(2, 20), memory=(0.1,), g_range=(10, 100))


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    return sweep("regression", SMALL, epochs=1)


class TestMap:
    def test_is_labelled(self, found: xr.Dataset) -> None:
        assert found["cosine"].dims == tuple(AXES)
        assert found["cosine"].shape == (2, 2, 1, 2)
        assert found["test_loss"].attrs["units"] == "V2"
        assert all(found[axis].attrs["units"] == "1" for axis in AXES)
        assert found.attrs["task"] == "regression"

    def test_a_point_is_that_training(self, found: xr.Dataset) -> None:
        task = tcl.tasks.load("regression")
        trainer = tcl.Trainer(
            task.network, tcl.SenseCell(), tcl.Sawtooth(1e-5, 1e-3), tcl.engines.Reference(), threshold=2
        )
        history = trainer.fit(task, 1)
        point = found.sel(ratio=100, theta=2, memory=0.1, g_range=100)
        assert trainer.course is not None
        assert trainer.course.cosine is not None
        assert float(point["cosine"]) == pytest.approx(trainer.course.cosine, rel=1e-9)
        assert float(point["test_loss"]) == pytest.approx(history["test_loss"].iloc[-1], rel=1e-9)

    def test_a_longer_slow_ramp_is_better(self, found: xr.Dataset) -> None:
        cosine = found["cosine"].sel(theta=2)
        assert np.all(cosine.sel(ratio=100) > cosine.sel(ratio=10))
        assert np.all(cosine.sel(ratio=100) > 0.95)

    def test_a_threshold_that_nothing_passes(self, found: xr.Dataset) -> None:
        """Eq. 12: above tau_s/tau_f no contrast passes; there is no update, and no loss is lost."""
        silent = found.sel(ratio=10, theta=20)
        assert np.all(np.isnan(silent["cosine"]))
        assert np.array_equal(silent["initial_loss"], silent["final_loss"])

    def test_regression_has_no_classes(self, found: xr.Dataset) -> None:
        assert np.all(np.isnan(found["test_error"]))

    def test_same_on_two_workers_and_from_a_store(self, found: xr.Dataset, tmp_path: Path) -> None:
        workers = LocalWorkers(2)
        store = tmp_path / "points.jsonl"
        part = replace(SMALL, ratio=(10,))
        sweep("regression", part, epochs=1, store=store)
        told: list[int] = []
        try:
            there = sweep(
                "regression",
                SMALL,
                epochs=1,
                workers=workers,
                store=store,
                progress=lambda done, _: told.append(done),
            )
        finally:
            workers.close()
        assert told == [4, 5, 6, 7, 8]
        assert there.identical(found)

    def test_a_store_of_another_sweep(self, tmp_path: Path) -> None:
        point = Grid((100,), (2,), (0.1,), (100,))
        sweep("regression", point, epochs=1, store=tmp_path / "s")
        with pytest.raises(InputError, match=r"another run: epochs was 1, is 2; seed was 0, is 1"):
            sweep("regression", point, epochs=2, seed=1, store=tmp_path / "s")


def test_what_is_no_point() -> None:
    good = dict.fromkeys(MEASURES, 0.5)
    assert is_point(good)
    assert is_point({**good, "cosine": float("nan"), "test_error": float("nan")})
    for fault in (
        {"cosine": -1.1},
        {"final_loss": -1e-9},
        {"test_loss": float("inf")},
        {"test_error": 2},
        {"test_loss": 10**400},
        {"test_error": None},
        {"initial_loss": "0.5"},
        {"more": 0.5},
    ):
        assert not is_point({**good, **fault})
    assert not is_point({"cosine": 0.5})
    assert not is_point([0.5] * 5)


def test_range_keeps_the_middle() -> None:
    network = tcl.tasks.load("regression").network
    narrow = ranged(network, 10.0)
    assert narrow.bounds == pytest.approx((10**-5.5, 10**-4.5))
    places = np.log(network.conductance / 1e-5) / np.log(100), np.log(narrow.conductance / 1e-5) / np.log(10)
    assert places[0] == pytest.approx(places[1])
    assert ranged(network, 100.0).conductance == pytest.approx(network.conductance)


class TestBadInput:
    @pytest.mark.parametrize(
        ("axis", "values", "said"),
        [
            ("ratio", (1.0,), "must be above 1"),
            ("ratio", (), "has no values"),
            ("theta", (-1.0,), "not negative"),
            ("theta", (float("nan"),), "finite"),
            ("theta", (2, 2.0), "twice"),
            ("memory", (0.0,), "must be above 0"),
            ("memory", ("0.1",), "must be finite"),
            ("g_range", (1,), "must be above 1"),
            ("g_range", (float("inf"),), "finite"),
        ],
    )
    def test_values(self, axis: str, values: tuple[float, ...], said: str) -> None:
        with pytest.raises(InputError, match=said) as caught:
            Grid(**{axis: values})
        assert axis in str(caught.value)

    def test_task_and_epochs(self) -> None:
        with pytest.raises(InputError, match="there is no task 'nope'"):
            sweep("nope")
        with pytest.raises(InputError, match="epochs = 0"):
            sweep("regression", epochs=0)
        with pytest.raises(InputError, match="tau_f"):
            sweep("regression", tau_f=-1)

    def test_points_that_fail_leave_the_others(self) -> None:
        """A range that double precision can't solve is a fault of its point alone."""
        grid = Grid((100,), (2,), (0.1,), (100, 1e250))
        with pytest.raises(SweepError, match=r"1 of 2 jobs have no result(.|\n)*g_range=1e\+250") as caught:
            sweep("regression", grid, epochs=1)
        data = caught.value.data
        assert np.isfinite(data["cosine"].sel(g_range=100)).all()
        assert np.isnan(data["cosine"].sel(g_range=1e250)).all()

    def test_pictures(self, found: xr.Dataset) -> None:
        for bad in ("nope", "initial_loss"):
            with pytest.raises(InputError, match="a design map has"):
                draw_design_map(found, bad)
        with pytest.raises(InputError, match="a design map has"):
            draw_design_map(found.isel(ratio=0), "cosine")


def test_picture(found: xr.Dataset) -> None:
    figure = draw_design_map(found, "cosine")
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 2
    texts = [text.get_text() for axes in panels for text in axes.texts]
    assert texts.count("–") == 2
    assert f"{float(found['cosine'].sel(ratio=100, theta=2, memory=0.1, g_range=100)):.3f}"[1:] in texts
    assert {axes.get_title(loc="left") for axes in panels} == {
        f"Gmax/Gmin = {g}, RC/τf = 0.1" for g in (10, 100)
    }


def test_classes() -> None:
    point = sweep("iris", Grid((30,), (2,), (0.1,), (100,)), epochs=1)
    assert 0 <= float(point["test_error"].squeeze()) < 0.6
    assert point["final_loss"].attrs["units"] == "nat"


def test_public_name() -> None:
    assert tcl.surveys.sweep is sweep
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        tcl.nonsense  # noqa: B018
