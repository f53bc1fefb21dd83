"""Training curves: every finite value, from epoch 0 on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from numpy.testing import assert_allclose

from tcl_circuits.figures.training import draw_loss, save


def history(epochs: int = 11, accuracy: bool = True) -> pd.DataFrame:
    epoch = np.arange(epochs)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "loss": 1.1 * np.exp(-epoch / 5),
            "test_loss": np.where(epoch % 2 == 0, 1.2 * np.exp(-epoch / 5), np.nan),
            "test_accuracy": 1 - 0.7 * np.exp(-epoch / 5) if accuracy else np.nan,
        }
    )


def labels(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def test_lines_are_the_history() -> None:
    table = history()
    figure = draw_loss(table, 0.9, "logistic regression", "V2")
    loss, accuracy = figure.axes
    assert loss.get_yscale() == "log"
    assert_allclose(np.asarray(loss.lines[0].get_xdata()), table["epoch"])
    assert_allclose(np.asarray(loss.lines[0].get_ydata()), table["loss"])
    assert_allclose(np.asarray(loss.lines[1].get_xdata()), table["epoch"][::2])
    assert_allclose(np.asarray(accuracy.lines[0].get_ydata()), 100 * table["test_accuracy"])
    assert_allclose(np.asarray(accuracy.lines[1].get_ydata()), 90)
    assert labels(loss) == ["training", "test"]
    assert labels(accuracy) == ["test", "logistic regression"]
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("Loss (V²)", "Test accuracy (%)")
    assert loss.get_xlabel() == accuracy.get_xlabel() == "Epoch"


def test_without_accuracies_there_is_one_panel_and_the_baseline_is_a_loss() -> None:
    figure = draw_loss(history(accuracy=False), 0.2, "linear regression", "V2")
    assert len(figure.axes) == 1
    assert_allclose(np.asarray(figure.axes[0].lines[-1].get_ydata()), 0.2)
    assert labels(figure.axes[0]) == ["training", "test", "linear regression"]


@pytest.mark.parametrize("level", [1e-31, 0.0])
def test_a_baseline_out_of_reach_does_not_flatten_the_curves(level: float) -> None:
    axes = draw_loss(history(accuracy=False), level, "linear regression").axes[0]
    assert axes.get_ylim()[0] > 1e-2
    assert labels(axes)[-1] == f"linear regression ({level:.2g})"


@pytest.mark.parametrize(
    "table",
    [
        history(1),
        history(200),
        history().assign(loss=0.0, test_loss=np.nan),
        history()[["epoch", "loss"]],
        history().assign(test_accuracy=None),
        history().iloc[:0],
    ],
    ids=["one epoch", "many epochs", "loss zero", "loss alone", "None", "empty"],
)
def test_odd_histories_are_drawn(table: pd.DataFrame, tmp_path: Path) -> None:
    save(draw_loss(table, title="odd"), tmp_path / "odd.png")


def test_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(draw_loss(history(), 0.9), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
