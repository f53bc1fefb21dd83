"""Pictures of circuits that learn by themselves: what they draw is what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.testing import assert_allclose

from tcl_circuits.figures.autonomous import draw_circuit_loss, draw_conductances, draw_learning_cycles
from tcl_circuits.figures.style import save


def history(rows: int = 5, accuracy: bool = True) -> pd.DataFrame:
    k = np.arange(rows)
    return pd.DataFrame(
        {
            "circuit_time_s": 0.1 * k,
            "loss": 10.0**-k,
            "test_loss": 2 * 10.0**-k,
            "accuracy": 1 - 0.5**k if accuracy else np.nan,
            "test_accuracy": 1 - 0.6**k if accuracy else np.nan,
        }
    )


def conductances(edges: int = 8, times: int = 4) -> xr.Dataset:
    values = 1e-5 * (1 + np.outer(np.arange(times), np.arange(edges)) / 10)
    return xr.Dataset(
        {"conductance": (("time", "edge"), values)},
        coords={"time": 1e-3 * np.arange(times), "edge": [f"(0, {e})--(1, {e})" for e in range(edges)]},
    )


def cycles() -> xr.Dataset:
    time = np.linspace(0.5, 0.501, 101)
    wave = np.sin(np.linspace(0, 6, 101))
    return xr.Dataset(
        {
            "beta": ("time", np.linspace(0, 1, 101)),
            "gate": ("time", np.linspace(0, 1, 101)),
            "voltage": (("node", "time"), np.array([wave, 0.1 * wave])),
            "u": (("edge", "time"), np.array([1e-3 * wave, 2e-3 * wave])),
            "w": (("edge", "time"), np.array([wave, 1 + wave])),
        },
        coords={
            "time": time,
            "node": ["$in$", "out"],
            "role": ("node", ["input", "output"]),
            "edge": ["_a", "b"],
        },
        attrs={"theta_V": 1e-3, "fast_start_s": 0.5005, "fast_stop_s": 0.5006},
    )


def test_losses_and_accuracies_are_the_history() -> None:
    table = history()
    loss, accuracy = draw_circuit_loss(table, 0.9, "logistic regression", "V2").axes
    assert loss.get_ylabel() == "Loss measured in the circuit (V²)"
    assert_allclose(np.asarray(loss.lines[0].get_ydata()), table["loss"])
    assert_allclose(np.asarray(loss.lines[0].get_xdata()), 1e3 * table["circuit_time_s"])
    assert_allclose(np.asarray(accuracy.lines[1].get_ydata()), 100 * table["test_accuracy"])
    assert loss.get_xlabel() == "Circuit time (ms)"
    assert len(draw_circuit_loss(history(accuracy=False)).axes) == 1


def test_a_history_of_one_look_can_be_drawn(tmp_path: Path) -> None:
    alone = history(1, accuracy=False)
    alone["test_loss"] = np.nan
    save(draw_circuit_loss(alone), tmp_path / "loss.png")
    save(draw_conductances(conductances(2, 1)), tmp_path / "g.png")


def test_edges_that_change_most_have_names() -> None:
    figure = draw_conductances(conductances())
    (axes,) = figure.axes
    assert len(axes.lines) == 8
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[0] == "(0,7)--(1,7)"
    assert len(names) == 6


def test_cycles_show_the_fast_ramp_beside(tmp_path: Path) -> None:
    figure = draw_learning_cycles(cycles(), "title")
    assert len(figure.axes) == 8
    shown = np.asarray(figure.axes[1].lines[0].get_xdata())
    assert shown.min() >= -51
    assert shown.max() <= 251
    save(figure, tmp_path / "waves.png")
    assert (tmp_path / "waves.png").stat().st_size > 20_000
