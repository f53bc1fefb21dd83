"""Pictures of the EP network: the numbers that are drawn are those that were given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from numpy.testing import assert_allclose

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.figures.ep import draw_errors, draw_features, draw_recall, draw_rules, draw_synapse, save


def history(epochs: int = 35) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    errors = {
        "train_error": 14.4 * np.exp(-(epoch - 1) / 3),
        "test_error": 4.5 + 6 * np.exp(-(epoch - 1) / 3),
    }
    return pd.DataFrame({"epoch": epoch, **errors, "cpu_s": np.full(epochs, 6.0)})


def labels(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


class TestErrors:
    def test_train_is_grey_and_test_is_dashed_black(self) -> None:
        table = history()
        (axes,) = draw_errors(table).axes
        train, test = axes.lines
        assert_allclose(np.asarray(train.get_ydata()), table["train_error"])
        assert_allclose(np.asarray(test.get_ydata()), table["test_error"])
        assert (train.get_linestyle(), test.get_linestyle()) == ("-", "--")
        assert train.get_color() == "#8c8c8c"
        assert test.get_color() == "black"
        assert labels(axes) == ["train, 0.00 % at the end", "test, 4.50 % at the end"]
        assert axes.get_ylim()[0] == 0
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "Classification error (%)")

    @pytest.mark.parametrize("epochs", [0, 1, 500])
    def test_any_length(self, epochs: int, tmp_path: Path) -> None:
        save(draw_errors(history(epochs), "MNIST $12k$"), tmp_path / "errors.png")


class TestRules:
    def test_over_epochs_and_over_time(self) -> None:
        tables = {"tcl": history(), "contrast": history(20).assign(cpu_s=np.arange(20) + 1.0)}
        left, right = draw_rules(tables).axes
        for line, name in zip(left.lines, tables, strict=True):
            assert_allclose(np.asarray(line.get_xdata()), tables[name]["epoch"])
            assert_allclose(np.asarray(line.get_ydata()), tables[name]["test_error"])
        assert_allclose(np.asarray(right.lines[0].get_xdata()), 6 * np.arange(1, 36), err_msg="times add up")
        assert_allclose(np.asarray(right.lines[1].get_xdata()), np.cumsum(np.arange(20) + 1))

    @pytest.mark.parametrize("table", [history(1), history(0), history().assign(test_error=0.0, cpu_s=0.0)])
    def test_odd_histories(self, table: pd.DataFrame, tmp_path: Path) -> None:
        save(draw_rules(dict.fromkeys("abcdefg", table)), tmp_path / "rules.png")


class TestFeatures:
    def test_the_strongest_first(self) -> None:
        change = np.zeros((6, 4))
        change[:, 1], change[:, 3] = 0.1, np.arange(6.0)
        mosaic = np.asarray(draw_features(change, (2, 3), rows=1, columns=2).axes[0].images[0].get_array())
        assert mosaic.shape == (2, 7)
        assert_allclose(mosaic[:, :3], np.arange(6.0).reshape(2, 3))
        assert_allclose(mosaic[:, 4:], 0.1)
        assert np.isnan(mosaic[:, 3].astype(float)).all()

    def test_colours_have_their_middle_at_zero(self) -> None:
        picture = draw_features(np.random.default_rng(0).normal(1, 1, (64, 30)), (8, 8)).axes[0].images[0]
        low, high = picture.get_clim()
        assert low is not None
        assert high == pytest.approx(-low)

    @pytest.mark.parametrize("hidden", [1, 3, 45, 500])
    def test_any_number_of_units(self, hidden: int, tmp_path: Path) -> None:
        save(draw_features(np.zeros((64, hidden)), (8, 8)), tmp_path / "features.png")

    def test_other_images(self) -> None:
        with pytest.raises(InputError, match="weights of 64 pixels are no images of 28 x 28"):
            draw_features(np.zeros((64, 5)), (28, 28))


class TestRecall:
    def test_patterns_side_by_side(self) -> None:
        stored = np.linspace(0, 1, 12).reshape(2, 6)
        figure = draw_recall([("stored", stored), ("cue", 1 - stored)], (2, 3), "two")
        first, second = figure.axes
        assert (first.get_ylabel(), second.get_ylabel()) == ("stored", "cue")
        mosaic = np.asarray(first.images[0].get_array())
        assert_allclose(mosaic[:, :3], stored[0].reshape(2, 3))
        assert_allclose(mosaic[:, 4:], stored[1].reshape(2, 3))
        assert first.images[0].get_clim() == (0, 1)


class TestSynapse:
    TIME = np.arange(100) / 100

    def signal(self) -> FloatArray:
        return 0.3 + 1e-3 * np.interp(self.TIME, [0, 0.1, 1], [0, 1, 0])

    def test_signal_kernel_output_and_threshold(self) -> None:
        u = np.where(self.TIME < 0.1, 5e-6, -5e-7)
        above, below = draw_synapse(self.TIME, self.signal(), u, 1.2e-6, (0, 0.1)).axes
        assert above.get_ylabel() == "Signal s − s(free) (10⁻³)"
        assert np.asarray(above.lines[-1].get_ydata()).max() == pytest.approx(1.0)
        assert below.get_ylabel() == "Kernel output u (10⁻⁶)"
        dashed = [line for line in below.lines if line.get_linestyle() == "--"]
        assert_allclose([np.asarray(line.get_ydata())[0] for line in dashed], [1.2, -1.2])
        (filled,) = below.collections
        assert np.concatenate([path.vertices for path in filled.get_paths()])[:, 0].max() <= 0.1

    @pytest.mark.parametrize("theta", [0.0, 1.0])
    def test_thresholds_that_pass_everything_or_nothing(self, theta: float, tmp_path: Path) -> None:
        save(
            draw_synapse(self.TIME, self.signal(), np.sin(self.TIME), theta, (0, 0.1)),
            tmp_path / "synapse.png",
        )
        save(draw_synapse(self.TIME, 0 * self.TIME, 0 * self.TIME, theta, (0, 0.1)), tmp_path / "synapse.png")


def test_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(draw_errors(history()), tmp_path / f"{name}-errors.png")
        save(draw_features(np.eye(64)[:, :20], (8, 8)), tmp_path / f"{name}-features.png")
    for picture in ("errors", "features"):
        assert (tmp_path / f"a-{picture}.png").read_bytes() == (tmp_path / f"b-{picture}.png").read_bytes()
