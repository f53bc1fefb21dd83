"""What circuits that learn by themselves reach: numbers that runs of full length are held to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from autonomous_cases import planned, ran

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.design import Design
from tcl_circuits.autonomous.equations import HostUpdated, StateEquations
from tcl_circuits.autonomous.plan import Plan
from tcl_circuits.autonomous.results import energies, history
from tcl_circuits.autonomous.run import Run
from tcl_circuits.autonomous.stability import unit_feedback
from tcl_circuits.errors import EngineError

slow = pytest.mark.slow


def learned(place: Path, name: str, seed: int = 0, **wanted: Any) -> tuple[Run, pd.DataFrame]:
    """A task's run to its end, and what it showed in its looks."""
    run = ran(place, planned(name, seed, **wanted))
    return run, history(run, run.records(), tasks.load(name, seed))


def fall(past: pd.DataFrame) -> float:
    """How many times smaller the loss has become."""
    return float(past["loss"].iloc[0] / past["loss"].iloc[-1])


def change(run: Run) -> FloatArray:
    """Change of the learned states over a run [S]."""
    last = run.records().of_kind("end").rows[-1, run.columns.w]
    return run.design.cell.slope * last - run.design.network.conductance


def host_change(design: Design) -> FloatArray:
    """The same with conductances that a host sets after each cycle."""
    *_, last = HostUpdated(design, 1e-5).run(design.start())
    return design.cell.slope * last.w - design.network.conductance


def fault_of(run: Run) -> str:
    """What a run says if it can't go to its end."""
    try:
        run.go()
    except EngineError as fault:
        return str(fault)
    return ""


def cosine(one: FloatArray, two: FloatArray) -> float:
    return float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))


@slow
@pytest.mark.parametrize(
    ("wanted", "least"), [({}, 300), ({"threshold": 2.0}, 300), ({"detector": True}, 1000)]
)
def test_regression_of_sixty_epochs(tmp_path: Path, wanted: dict[str, Any], least: float) -> None:
    run, past = learned(tmp_path, "regression", **wanted)
    assert run.design.schedule.cycles == 480
    assert run.design.network.edge_count == 16
    assert fall(past) >= least
    assert abs(energies(run.records())["relative_error"]) < 0.01
    bounds = run.design.cell.bounds
    reached = run.design.cell.slope * run.records().rows[:, run.columns.v]
    assert reached.min() > bounds[0] * 0.999
    assert reached.max() < bounds[1] * 1.001


@slow
def test_regression_without_lag(tmp_path: Path) -> None:
    task = tasks.load("regression").task
    unit, _ = unit_feedback(task.network, task.train.inputs, "power")
    run, past = learned(tmp_path, "regression", lag=False, gain=30e-6 * unit, threshold=2.0)
    assert run.design.cell.gain == pytest.approx(30e-6)
    assert fall(past) >= 12


@slow
@pytest.mark.parametrize("polarity", ["inverted", "standard"])
@pytest.mark.parametrize("lag", [True, False])
def test_at_small_gain_the_sum_is_the_hosts(tmp_path: Path, polarity: str, lag: bool) -> None:
    run, _ = learned(tmp_path, "regression", polarity=polarity, gain=0.3, lag=lag, cycles=32)
    assert cosine(change(run), host_change(run.design)) >= 0.95


@slow
@pytest.mark.parametrize("gain", [0.3, 0.9, 1.2, 2.0, 4.0])
def test_inverted_with_lag_is_faithful_to_four(tmp_path: Path, gain: float) -> None:
    run, past = learned(tmp_path, "regression", gain=gain, cycles=32)
    assert cosine(change(run), host_change(run.design)) >= 0.98
    assert fall(past) > 5


@slow
def test_inverted_stays_bounded_without_lag(tmp_path: Path) -> None:
    for k, gain in enumerate((1.2, 2.0, 6.0)):
        (tmp_path / str(k)).mkdir()
        _, past = learned(tmp_path / str(k), "regression", gain=gain, lag=False, cycles=32)
        assert fall(past) > 5


@slow
def test_standard_runs_away_at_twelve(tmp_path: Path) -> None:
    found: Plan = planned("regression", polarity="standard", lag=False, gain=12.0, cycles=64, force=True)
    run = Run(found.design, tmp_path, {})
    with pytest.raises(EngineError, match="likely the network runs away"):
        run.go()


@slow
@pytest.mark.parametrize("polarity", ["inverted", "standard"])
@pytest.mark.parametrize("kind", ["dead_zone", "hard", "soft", "vteam"])
def test_ten_cycles_follow_the_state_equations(tmp_path: Path, polarity: str, kind: str) -> None:
    run = ran(tmp_path, planned("regression", polarity=polarity, kind=kind, cycles=10, look_every=10))
    design = run.design
    expected = design.cell.slope * np.array([s.v for s in StateEquations(design).run(design.start())])
    simulated = design.cell.slope * run.records().of_kind("end").rows[:, run.columns.v]
    np.testing.assert_allclose(simulated, expected, rtol=0.01)


@slow
@pytest.mark.parametrize("name", ["allostery", "iris", "xor"])
def test_other_networks_follow_the_state_equations(tmp_path: Path, name: str) -> None:
    cycles = 10 if name == "allostery" else 3
    run = ran(tmp_path, planned(name, cycles=cycles, look_every=cycles))
    design = run.design
    expected = design.cell.slope * np.array([s.v for s in StateEquations(design).run(design.start())])
    simulated = design.cell.slope * run.records().of_kind("end").rows[:, run.columns.v]
    np.testing.assert_allclose(simulated, expected, rtol=0.01)


@slow
def test_a_power_law_beyond_the_threshold_learns_too(tmp_path: Path) -> None:
    """VTEAM's law with the powers 2 and 3: small contrasts write less than their share."""
    for alpha, least in ((2.0, 300), (3.0, 20)):
        (tmp_path / str(alpha)).mkdir()
        _, past = learned(tmp_path / str(alpha), "regression", kind="vteam", alpha=alpha, gain=12.0)
        assert fall(past) >= least
    (tmp_path / "two").mkdir()
    _, past = learned(tmp_path / "two", "setosa", 1, kind="vteam", alpha=2.0, gain=30.0)
    assert past["test_accuracy"].iloc[-1] == 1


@slow
def test_one_pattern_with_the_linear_signal(tmp_path: Path) -> None:
    run, past = learned(tmp_path, "allostery")
    assert run.design.network.edge_count >= 50
    assert run.design.cell.signal == "linear"
    assert fall(past) > 20
    assert abs(energies(run.records())["relative_error"]) < 0.01


@slow
def test_iris_learns_in_the_circuit(tmp_path: Path) -> None:
    """Seeds 10 to 15 chose the settings; these are others."""
    reached = []
    for seed in range(5):
        (tmp_path / str(seed)).mkdir()
        run, past = learned(tmp_path / str(seed), "iris", seed)
        assert run.design.schedule.cycles == 400
        reached.append(float(past["test_accuracy"].iloc[-1]))
    assert min(reached) >= 0.90
    assert np.mean(reached) >= 0.93


@slow
@pytest.mark.parametrize("name", ["iris", "xor"])
def test_what_other_networks_do_at_large_gain(tmp_path: Path, name: str) -> None:
    """The inverted sawtooth stays in its bounds and learns, with the lag and without."""
    cycles = 100 if name == "iris" else 40
    for k, gain in enumerate((0.3, 0.9, 1.2, 2.0, 4.0)):
        for lag in (True, False):
            place = tmp_path / f"{k}{lag}"
            place.mkdir()
            run, past = learned(place, name, gain=gain, lag=lag, cycles=cycles, look_every=cycles)
            assert past["loss"].iloc[-1] < past["loss"].iloc[0], f"gain {gain}, lag {lag}"
            reached = run.design.cell.slope * run.records().rows[:, run.columns.v]
            low, high = run.design.cell.bounds
            assert reached.min() > low * 0.999
            assert reached.max() < high * 1.001


@slow
def test_iris_goes_on_for_a_thousand_cycles(tmp_path: Path) -> None:
    reached = []
    for seed in range(5):
        (tmp_path / str(seed)).mkdir()
        _, past = learned(tmp_path / str(seed), "iris", seed, cycles=1000)
        reached.append(float(past["test_accuracy"].iloc[-1]))
    assert np.mean(reached) >= 0.95


@slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_species_are_told_apart(tmp_path: Path, seed: int) -> None:
    run, past = learned(tmp_path, "setosa", seed)
    assert run.design.schedule.cycles == 134
    assert past["test_accuracy"].iloc[-1] == 1


@slow
def test_exclusive_or_is_solved_on_every_seed(tmp_path: Path) -> None:
    for seed in range(5):
        (tmp_path / str(seed)).mkdir()
        run, past = learned(tmp_path / str(seed), "xor", seed)
        assert run.design.schedule.cycles == 640
        assert past["accuracy"].iloc[-1] == 1, f"seed {seed}"
        assert past["accuracy"].iloc[0] < 1
        assert abs(energies(run.records())["relative_error"]) < 0.01


@slow
def test_exclusive_or_with_one_output(tmp_path: Path) -> None:
    run, past = learned(tmp_path, "xor-single", 1)
    assert run.design.schedule.cycles == 240
    assert past["accuracy"].iloc[-1] == 1
