"""Rules side by side, and the Monte Carlo: tuning, seeds, workers, and what is kept."""

from __future__ import annotations

import json
import math
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import tcl_circuits as tcl
from tcl_circuits.jobs import JobsError, LocalWorkers, Store
from tcl_circuits.surveys.axes import AXES
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.robustness import RobustnessStudy, endure
from tcl_circuits.surveys.rules import comparison
from tcl_circuits.surveys.rules.comparison import RATES, RuleStudy, attempt, best_rate, compare, is_attempt
from tcl_circuits.surveys.rules.training import Plan, train, train_on
from tcl_circuits.training.table import Table

QUICK = RuleStudy("regression", ("tcl", "adjoint"), seeds=1, epochs=1)
SAW = tcl.Sawtooth(1e-5, 1e-3)


def mean_accuracy(
    rule: str, imperfections: Imperfections, rate: float, ratio: float = 100.0, task: str = "iris"
) -> float:
    saw = tcl.Sawtooth(1e-5, ratio * 1e-5)
    found = [train(Plan(task, rule, rate, 12, seed, imperfections, saw)).accuracy for seed in range(3)]
    return sum(accuracy for accuracy in found if accuracy is not None) / 3


def test_the_best_rate() -> None:
    nan, inf = float("nan"), float("inf")
    assert best_rate({1e-8: [3.0, 1.0], 1e-7: [1.0, 1.0], 1e-6: [0.0, nan], 1e-5: [inf, 0.0]}) == 1e-7
    assert best_rate({1e-7: [1.0], 1e-8: [1.0]}) == 1e-8
    assert best_rate({1e-8: [nan], 1e-7: [inf]}) is None


def test_a_rule_that_always_fails_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(plan: Plan) -> dict[str, Any]:
        return {"fault": "no state"} if plan.rule == "adjoint" else attempt(plan)

    monkeypatch.setattr(comparison, "attempt", failing)
    temporal, adjoint = compare(QUICK)
    assert temporal.failed == 0
    assert (adjoint.rate, adjoint.loss, adjoint.failed) == (None, None, 1)


def test_rates_are_half_decades() -> None:
    for low, high in pairwise(RATES):
        assert math.log10(high / low) == pytest.approx(0.5)


def test_each_rule_has_a_row_with_all_that_is_asked() -> None:
    told: list[tuple[int, int]] = []
    rows = compare(QUICK, progress=lambda done, of: told.append((done, of)))
    assert [row.rule for row in rows] == ["tcl", "adjoint"]
    assert told[-1] == (16, 16)
    assert all(of == 16 for _, of in told)
    for row in rows:
        assert row.rate in RATES
        assert row.accuracy is None
        assert row.factor is not None
        assert row.factor > 1
        assert row.failed == 0
    temporal, adjoint = rows
    assert temporal.time is not None
    assert adjoint.time is not None
    assert temporal.time == pytest.approx(40 * SAW.period)
    assert temporal.time > 100 * adjoint.time


def test_any_number_of_workers_gives_the_same_numbers_and_a_store_keeps_them(tmp_path: Path) -> None:
    alone = compare(QUICK)
    crew = LocalWorkers(2)
    path = tmp_path / "runs.jsonl"
    try:
        with Store(path, QUICK.description(), is_attempt) as store:
            assert compare(QUICK, crew, store) == alone
    finally:
        crew.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:10]) + b'{"key": "cut')
    told: list[int] = []
    with Store(path, QUICK.description(), is_attempt) as store:
        assert compare(QUICK, store=store, progress=lambda done, of: told.append(done)) == alone
    assert told[0] == 9
    other = RuleStudy("regression", ("tcl",), seeds=1, epochs=2)
    with pytest.raises(tcl.InputError, match="epochs was 1, is 2"), Store(path, other.description()):
        pass


def test_what_is_no_result_of_a_run() -> None:
    good = attempt(QUICK.plan("adjoint", 1e-6, 0, validate=False))
    assert is_attempt(good)
    assert is_attempt({"fault": "no state"})
    faults: list[dict[str, Any]] = [
        {"accuracy": 1.5},
        {"loss": 0.0},
        {"loss": math.nan},
        {"start_loss": "much"},
        {"cycles": None},
        {"time": -1.0},
        {"energy": math.inf},
        {"writes": True},
        {"more": 1.0},
        {"fault": "no state"},
    ]
    for fault in faults:
        assert not is_attempt({**good, **fault})
    others: list[Any] = [{}, [], None, 1.0, "loss", {"fault": 1}]
    for other in others:
        assert not is_attempt(other)


class Dying(ProcessPoolExecutor):
    """An executor that breaks after some jobs."""

    def __init__(self, jobs: int) -> None:
        super().__init__(1)
        self._left = jobs

    def submit(self, *args: Any, **keywords: Any) -> Future[Any]:
        """Do a job at once, or be broken."""
        self._left -= 1
        if self._left < 0:
            raise BrokenProcessPool("a process died")
        future: Future[Any] = Future()
        future.set_result(args[0](*args[1:]))
        return future


def test_an_executor_that_dies_is_one_error_and_keeps_what_is_done(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    with Store(path, QUICK.description(), is_attempt) as store, pytest.raises(JobsError, match="missing"):
        compare(QUICK, Dying(5), store)
    with Store(path, QUICK.description(), is_attempt) as store:
        assert 1 <= len(store.results) <= 5
        assert compare(QUICK, store=store) == compare(QUICK)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"task": "irisses"}, "there is no task 'irisses'"),
        ({"rules": ("magic",)}, "there is no rule 'magic'"),
        ({"rules": ()}, "at least one rule"),
        ({"seeds": 0}, "seeds = 0"),
    ],
)
def test_studies_that_cannot_be(values: dict[str, Any], message: str) -> None:
    with pytest.raises(tcl.InputError, match=message):
        RuleStudy(**{"task": "iris", **values})


def test_without_stochastic_rounding_coarse_levels_stop_learning() -> None:
    """32 levels are 3 uS apart; writes of .2 uS get nowhere when rounded to the nearest."""

    def factor(own: Imperfections) -> float:
        return train(Plan("regression", "tcl", 2e-7, 15, 0, own, SAW)).factor

    assert factor(Imperfections()) > 10
    assert factor(Imperfections(levels=32)) < 1.1
    assert factor(Imperfections(levels=32, stochastic_rounding=True)) > 10


def test_robustness_has_every_imperfection_that_the_rule_knows() -> None:
    study = RobustnessStudy("regression", samples=1, epochs=1)
    found = endure(study)
    assert found.measure == "factor"
    names = [row.imperfection for row in found.rows]
    assert names[0] == "none"
    assert set(names[1:]) == {axis.name for axis in AXES if axis.rules is None or "tcl" in axis.rules}
    assert "twin_mismatch" not in names
    base = found.rows[0]
    assert base.score is not None
    assert found.bar == pytest.approx(0.5 * base.score)
    assert base.good == 1.0
    json.dumps(found.as_json())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"samples": 0}, "samples = 0"),
        ({"bar": -0.1}, "bar"),
        ({"bar": 2.0}, "at most 1"),
        ({"rule": "magic"}, "no rule"),
    ],
)
def test_monte_carlos_that_cannot_be(values: dict[str, Any], message: str) -> None:
    with pytest.raises(tcl.InputError, match=message):
        RobustnessStudy(**{"task": "iris", **values})


@pytest.mark.slow
def test_real_parts_on_iris() -> None:
    real = Imperfections.real()
    assert mean_accuracy("tcl", real, 2e-6) >= 0.94
    assert mean_accuracy("twins", Imperfections(twin_mismatch=0.1), 2e-7) <= 0.6
    assert mean_accuracy("contrast", Imperfections(static_offset=1e-3), 2e-7) < 0.85
    assert mean_accuracy("continual", real, 6.3e-6) >= 0.94


@pytest.mark.slow
def test_an_input_offset_is_worse_the_slower_the_ramp() -> None:
    """It must stay below the slow ramp's threshold, 2 tau_f/tau_s of full scale."""
    offset = Imperfections(input_offset=0.03)
    slow, quick = (mean_accuracy("tcl", offset, 2e-6, ratio) for ratio in (100.0, 30.0))
    assert slow < quick - 0.03


@pytest.mark.slow
def test_spread_of_everything_costs_little() -> None:
    ideal, spread = (mean_accuracy("tcl", own, 2e-6) for own in (Imperfections(), Imperfections.spread(0.2)))
    assert spread > ideal - 0.02


@pytest.mark.slow
def test_spread_of_everything_costs_little_on_digits() -> None:
    """A linear crossbar of 2,480 edges, two passes."""
    data = load_digits()
    moves = data.data.std(axis=0) > 0
    table = Table(
        features=data.data[:, moves].astype(float),
        feature_names=tuple(f"p{k}" for k in np.flatnonzero(moves)),
        target=data.target.astype(np.int64),
        classes=tuple("0123456789"),
        target_name="digit",
        source="scikit-learn",
        dropped=(),
    )
    task = tcl.tasks.from_table(table, 0)
    ideal, spread = (
        train_on(task, Plan("digits", "tcl", 4e-7, 2, 0, own, SAW)).accuracy
        for own in (Imperfections(), Imperfections.spread(0.2))
    )
    assert ideal is not None
    assert spread is not None
    assert ideal > 0.94
    assert spread > ideal - 0.02
