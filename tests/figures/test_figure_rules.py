"""Pictures of rules side by side and of a Monte Carlo: what they show, and what they bear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tcl_circuits.figures.robustness import draw_robustness
from tcl_circuits.figures.rules import draw_rules
from tcl_circuits.figures.style import save
from tcl_circuits.surveys.robustness import Robustness, RobustnessRow
from tcl_circuits.surveys.rules.comparison import RuleRow

ROW = RuleRow("tcl", 2e-6, 0.96, 0.01, 20.0, 0.1, 1200, 1.2, 4e-4, 0.1, 0, 1, "charge", "nothing", 0)
FAILED = replace(
    ROW,
    rule="hebbian",
    accuracy=None,
    accuracy_sd=None,
    factor=None,
    loss=None,
    cycles=None,
    time=None,
    energy=None,
    writes=None,
)
BASE = RobustnessRow("none", "", 0.0, 4, 0, 0.96, 0.01, 0.95, 1.0)


def study(*rows: RobustnessRow, measure: str = "accuracy") -> Robustness:
    return Robustness((BASE, *rows), 2e-6, 0.94, measure)


def test_rules_of_classes(tmp_path: Path) -> None:
    figure = draw_rules([ROW, replace(ROW, rule="adjoint", writes=0.0), FAILED], "Rules", 0.95)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["tcl", "adjoint", "hebbian"]
    assert figure.axes[0].get_xlabel() == "Test accuracy"
    assert "failed" in [text.get_text() for text in figure.axes[0].texts]
    assert all("(" in axes.get_xlabel() for axes in figure.axes[1:3])
    save(figure, tmp_path / "rules.png")


def test_rules_of_values(tmp_path: Path) -> None:
    figure = draw_rules([replace(ROW, accuracy=None, accuracy_sd=None)])
    assert figure.axes[0].get_xscale() == "log"
    save(figure, tmp_path / "rules.png")


@pytest.mark.parametrize("measure", ["accuracy", "factor"])
def test_robustness(measure: str, tmp_path: Path) -> None:
    bad = RobustnessRow("leak", "share a cycle", 1e-2, 4, 4, None, None, None, 0.0)
    good = replace(BASE, imperfection="leak", value=1e-3, good=0.5)
    noise = replace(BASE, imperfection="update_noise", unit="share of each write", value=0.1)
    figure = draw_robustness(study(good, bad, noise, measure=measure), "tcl on iris")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title("left") for axes in shown] == ["leak", "update noise"]
    assert [text.get_text() for text in shown[0].get_xticklabels()] == ["none", "1e-3", "0.01"]
    save(figure, tmp_path / "robustness.png")
