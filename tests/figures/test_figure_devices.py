"""The picture of a memristor's loops shows what was computed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from tcl_circuits.circuit.memristors import named_memristor, simulate_device
from tcl_circuits.figures.devices import LoopCurves, draw_loops
from tcl_circuits.figures.style import save


def curves(name: str, factors: tuple[int, ...] = (1, 3)) -> list[LoopCurves]:
    model = named_memristor(name)
    sines = [replace(model.test, frequency=factor * model.test.frequency) for factor in factors]
    return [LoopCurves(sine.frequency, simulate_device(model, sine), None) for sine in sines]


def test_the_last_period_and_the_whole_state() -> None:
    shown = curves("threshold")
    left, right = draw_loops(shown, "title").axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("voltage (V)", "current (µA)")
    assert right.get_ylabel() == "state G (µS)"
    data = shown[0].numpy
    late = data["time"].to_numpy() >= data["time"].to_numpy()[-1] / 2 - 1e-12
    loop = left.lines[0]
    assert_allclose(np.asarray(loop.get_ydata(), dtype=float), data["current"].to_numpy()[late] * 1e6)
    assert_allclose(
        np.asarray(right.lines[1].get_ydata(), dtype=float), shown[1].numpy["state"].to_numpy() * 1e6
    )
    assert float(np.max(np.asarray(right.lines[0].get_xdata()))) == 2.0


def test_ngspice_is_drawn_over_it_and_told() -> None:
    one = curves("yakopcic", (1,))[0]
    both = LoopCurves(one.frequency, one.numpy, one.numpy)
    left, right = draw_loops([both]).axes
    legend = left.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["100 Hz", "ngspice"]
    # A state without a unit is shown as it is.
    assert right.get_ylabel() == "state x"


def test_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(draw_loops(curves("conical_channel", (1,)), "cone"), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
