"""Waveform pictures show the data they are given, for either polarity and any network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import xarray as xr
from figure_samples import INVERTED, STANDARD, grid, inverted, nudged, one_edge, simulated, standard
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from tcl_circuits.circuit.builders import lattice
from tcl_circuits.circuit.cells import SenseCell, Signal
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import ConductanceNudge, single_ended
from tcl_circuits.errors import InputError
from tcl_circuits.figures.spans import fast_ramp, window
from tcl_circuits.figures.waveforms import draw_waveforms, edge_names, largest_changes, save
from tcl_circuits.protocol import Sawtooth


def legend_texts(figure: Figure) -> list[str]:
    found = [axes.get_legend() for axes in figure.axes]
    return [text.get_text() for legend in found if legend is not None for text in legend.get_texts()]


def curves(axes: Axes, size: int) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata()) for line in axes.lines if np.size(line.get_ydata()) == size]


@pytest.mark.parametrize(("make", "start", "stop"), [(standard, 0.0, 1e-5), (inverted, 1e-3, 1.01e-3)])
def test_the_fast_ramp_is_found(make: Callable[[], xr.Dataset], start: float, stop: float) -> None:
    shown = make()
    time, beta = shown["time"].values, shown["beta"].values
    assert_allclose(fast_ramp(time, beta), (start, stop), atol=1e-15)
    low, high = window(time, beta)
    assert low < start < stop < high
    assert high - low < 3 * (stop - start)


def test_a_span_without_nudge_is_shown_whole() -> None:
    time = np.linspace(0, 1, 5)
    assert fast_ramp(time, np.zeros(5)) == (0, 1)


@pytest.mark.parametrize("make", [standard, inverted])
def test_lines_are_the_data(make: Callable[[], xr.Dataset]) -> None:
    shown = make()
    figure = draw_waveforms(shown, theta=2e-10)
    near, far = figure.axes[6:8]
    size, chosen = shown.sizes["time"], largest_changes(shown, 6)
    u = shown["u"].values[chosen]
    assert near.get_ylabel() == "Kernel output\nu (nA)"
    assert far.get_ylabel() == "u, enlarged (pA)"
    assert_allclose(curves(near, size), u * 1e9)
    assert_allclose(curves(far, size), u * 1e12)
    assert_allclose(np.asarray(near.lines[-1].get_xdata()), shown["time"].values * 1e6)
    assert_allclose(np.asarray(far.lines[-1].get_xdata()), shown["time"].values * 1e3)
    signal = shown["signal"].values[chosen]
    assert_allclose(curves(figure.axes[4], size), (signal - signal[:, :1]) * 1e3, atol=1e-9)
    assert_allclose(curves(figure.axes[2], size), shown["voltage"].values[shown["role"] == "output"] * 1e3)


def test_axes_carry_units() -> None:
    data = standard()
    figure = draw_waveforms(data, theta=2e-10)
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert [label.split("\n")[-1] for label in labels[2::2]] == [
        "V (mV)",
        r"s − s$_{\mathrm{free}}$ (10⁻³ V²)",
        "u (nA)",
    ]
    assert [axes.get_xlabel() for axes in figure.axes[6:]] == ["Time t (µs)", "Time t (ms)"]


def test_the_largest_changes_come_first() -> None:
    data = standard()
    signal = data["signal"].values
    size = np.abs(signal - signal[:, :1]).max(axis=1)
    chosen = largest_changes(data, 5)
    assert_array_equal(size[chosen], np.sort(size)[::-1][:5])
    assert edge_names(data, chosen)[0].count("→") == 1
    with pytest.raises(InputError, match="at least 1"):
        largest_changes(data, 0)


def test_thresholds() -> None:
    data = standard()
    size = data.sizes["time"]
    one = draw_waveforms(data, theta=2e-10)
    assert "±θ = 200 pA" in legend_texts(one)
    levels = {
        float(np.asarray(line.get_ydata())[0])
        for line in one.axes[6].lines
        if np.size(line.get_ydata()) < size
    }
    assert_allclose(sorted(levels), [-0.2, 0.2])
    theta = np.linspace(1e-10, 2e-10, data.sizes["edge"])
    each = draw_waveforms(data, theta=theta, edges=4)
    levels = {
        float(np.asarray(line.get_ydata())[0])
        for line in each.axes[6].lines
        if np.size(line.get_ydata()) < size
    }
    assert_allclose(sorted(v for v in levels if v > 0), np.sort(theta[largest_changes(data, 4)]) * 1e9)
    with pytest.raises(InputError, match="theta of shape"):
        draw_waveforms(data, theta=np.ones(3))


def test_theory_lies_over_the_kernel_outputs() -> None:
    data = standard()
    theory = 1.1 * data["u"].values
    figure = draw_waveforms(data, theory=theory, edges=2)
    drawn = curves(figure.axes[6], data.sizes["time"])
    assert_allclose(drawn[2:], theory[largest_changes(data, 2)] * 1e9)
    assert "Eq. 25" in legend_texts(figure)
    with pytest.raises(InputError, match="theory of shape"):
        draw_waveforms(data, theory=theory[:3])


def test_small_changes_of_voltages_are_drawn_from_the_free_ones() -> None:
    weak = ConductanceNudge(1e-7, single_ended(3))
    figure = draw_waveforms(simulated(grid(), Drive.hold([[1.0, 0.1, -0.8]], weak, [[0.5, 0.0, -0.5]])))
    assert "free" in figure.axes[2].get_ylabel()


@pytest.mark.parametrize("saw", [STANDARD, INVERTED])
@pytest.mark.parametrize("signal", ["power", "linear"])
def test_one_edge(saw: Sawtooth, signal: Signal, tmp_path: Path) -> None:
    cell = SenseCell(signal)
    figure = draw_waveforms(simulated(one_edge(), nudged(one_edge()), saw, cell), theta=1e-12)
    save(figure, tmp_path / "one.png")
    assert {"a → b", "b"} <= set(legend_texts(figure))


def test_a_bench_without_outputs(tmp_path: Path) -> None:
    network = Network.from_graph(nx.Graph([("a", "b")]), ["a"], [], "b", conductance=1e-5)
    times, values = INVERTED.breakpoints
    figure = draw_waveforms(
        simulated(network, Drive.ramps(times, values[None]), INVERTED, SenseCell("linear"))
    )
    save(figure, tmp_path / "bench.png")
    assert {"a", "b"} <= set(legend_texts(figure))
    assert figure.axes[2].get_ylabel() == "Node\nV (V)"


def test_without_any_change(tmp_path: Path) -> None:
    figure = draw_waveforms(simulated(grid(), Drive.hold([[1.0, 1.0, 1.0]])), theta=0.0)
    save(figure, tmp_path / "still.png")


def test_many_edges_and_the_same_bytes(tmp_path: Path) -> None:
    network = lattice(11, 11, [(0, 0), (10, 10)], [(k, k) for k in range(1, 9)])
    assert network.edge_count >= 200
    shown = simulated(network, nudged(network))
    for name in ("a.png", "b.png"):
        save(draw_waveforms(shown, theta=1e-12, edges=8, title="200 edges"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
