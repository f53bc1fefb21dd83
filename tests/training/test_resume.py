"""A run that was interrupted and resumed is, to the last bit, the run that was not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tcl_circuits import InputError, Sawtooth, SenseCell, Trainer
from tcl_circuits.engines import Engine, Ngspice, Reference
from tcl_circuits.errors import EngineError
from tcl_circuits.fitting import Checkpoint
from tcl_circuits.training.course import Course
from tcl_circuits.training.tasks import load
from tcl_circuits.training.trainer import Progress

RUNS = {
    # task, engine, rule, epochs, batches before the interruption
    "chirp, sequential": ("allostery", "reference", "tcl", 3, 37),
    "chirp, batches": ("regression", "reference", "tcl", 4, 23),
    "no chirp": ("iris", "reference", "tcl", 2, 30),
    "explicit contrast": ("regression", "reference", "contrast", 2, 5),
    "gradient": ("regression", "reference", "gradient", 2, 11),
    "at the end of an epoch": ("regression", "reference", "tcl", 3, 20),
    "in the first batch": ("regression", "reference", "tcl", 2, 0),
    "ngspice, chirp": ("regression", "ngspice", "tcl", 2, 13),
    "ngspice, no chirp": ("iris", "ngspice", "tcl", 1, 9),
}
SAW = Sawtooth(1e-5, 1e-3)


def after(batches: int, fault: type[BaseException]) -> Callable[[Progress], None]:
    """A progress report that fails after a number of batches."""
    seen: list[Progress] = []

    def report(at: Progress) -> None:
        seen.append(at)
        if len(seen) > batches:
            raise fault

    return report


def trainer(task_name: str, engine: Engine, rule: str = "tcl", seed: int = 1) -> Trainer:
    return Trainer(load(task_name, seed=1).network, SenseCell(), SAW, engine, rule, seed)


def same_course(one: Course | None, other: Course | None) -> None:
    assert one is not None
    assert other is not None
    for item in fields(Course):
        assert (
            np.asarray(getattr(one, item.name)).tobytes() == np.asarray(getattr(other, item.name)).tobytes()
        )


def engine_named(name: str, ngspice: Ngspice) -> Engine:
    return ngspice if name == "ngspice" else Reference()


@pytest.mark.parametrize("fault", [KeyboardInterrupt, EngineError, MemoryError])
@pytest.mark.parametrize("name", RUNS)
def test_a_resumed_run_is_the_whole_run(
    ngspice: Ngspice, tmp_path: Path, name: str, fault: type[BaseException]
) -> None:
    task_name, engine_name, rule, epochs, batches = RUNS[name]
    engine, task, path = engine_named(engine_name, ngspice), load(task_name, seed=1), tmp_path / "c.npz"
    whole = trainer(task_name, engine, rule)
    history = whole.fit(task, epochs)
    broken = trainer(task_name, engine, rule)
    with pytest.raises(fault):
        broken.fit(task, epochs, checkpoint=path, progress=after(batches, fault))
    saved = Checkpoint.load(path, Course).course
    assert broken.course is not None
    assert (saved.epoch, saved.batch) == (broken.course.epoch, broken.course.batch)
    if engine_name == "ngspice":
        ngspice.close()  # the resumed run loads its circuit anew, with other conductances in it
    resumed = trainer(task_name, engine, rule)
    again = resumed.fit(task, epochs, checkpoint=path, resume=True)
    assert_frame_equal(again, history, check_exact=True)
    same_course(resumed.course, whole.course)
    same_course(Checkpoint.load(path, Course).course, whole.course)
    assert resumed.network.conductance.tobytes() == whole.network.conductance.tobytes()


def test_what_was_reached_is_in_the_trainer_too() -> None:
    broken = trainer("regression", Reference())
    with pytest.raises(KeyboardInterrupt):
        broken.fit(load("regression", seed=1), 3, progress=after(14, KeyboardInterrupt))
    assert broken.course is not None
    assert (broken.course.epoch, broken.course.batch) == (1, 5)
    assert broken.network.conductance.tobytes() == broken.course.conductance.tobytes()


def test_a_finished_run_can_go_on_or_stay(tmp_path: Path) -> None:
    task, path = load("allostery", seed=1), tmp_path / "c.npz"
    short = trainer("allostery", Reference()).fit(task, 1, checkpoint=path)
    assert_frame_equal(trainer("allostery", Reference()).fit(task, 1, checkpoint=path, resume=True), short)
    longer = trainer("allostery", Reference()).fit(task, 2, checkpoint=path, resume=True)
    assert_frame_equal(longer, trainer("allostery", Reference()).fit(task, 2), check_exact=True)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of regression with seed 1 after an epoch of two."""
    path = tmp_path_factory.mktemp("begun") / "c.npz"
    with pytest.raises(KeyboardInterrupt):
        trainer("regression", Reference()).fit(
            load("regression", seed=1), 2, checkpoint=path, progress=after(9, KeyboardInterrupt)
        )
    return path


def resume(path: Path, other: Trainer, **changes: object) -> pd.DataFrame:
    task = load("regression", seed=1)
    recipe = replace(task.recipe, **changes)  # type: ignore[arg-type]
    return other.fit(task, 2, recipe, checkpoint=path, resume=True)


def test_the_untrained_state_is_kept_before_anything_runs(tmp_path: Path) -> None:
    """So that whatever comes, --resume finds a checkpoint; and a disk that is full is known at once."""
    task, path = load("regression", seed=1), tmp_path / "c.npz"
    untrained = trainer("regression", Reference())
    untrained.fit(task, 0, checkpoint=path)
    same_course(Checkpoint.load(path, Course).course, untrained.course)
    with pytest.raises(OSError, match="No such file"):
        trainer("regression", Reference()).fit(task, 1, checkpoint=tmp_path / "nowhere" / "c.npz")


class TestOtherRuns:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"seed": 2}, "seed was 1, is 2"),
            ({"rule": "contrast"}, "rule was 'tcl', is 'contrast'"),
            ({"threshold": 3.0}, "threshold was 2.0, is 3.0"),
            ({"chirp": False}, "chirp was True, is False"),
        ],
    )
    def test_a_trainer_with_other_settings(self, begun: Path, change: dict[str, object], named: str) -> None:
        settings: dict[str, object] = {"rule": "tcl", "seed": 1, **change}
        network = load("regression", seed=1).network
        other = Trainer(network, SenseCell(), SAW, Reference(), **settings)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=f"belongs to another run: .*{named}"):
            resume(begun, other)

    @pytest.mark.parametrize(
        ("change", "named"), [({"batch": 8}, "batch was 4, is 8"), ({"rate": 1e-6}, "rate")]
    )
    def test_another_recipe(self, begun: Path, change: dict[str, object], named: str) -> None:
        with pytest.raises(InputError, match=named):
            resume(begun, trainer("regression", Reference()), **change)

    def test_another_circuit(self, begun: Path, ngspice: Ngspice) -> None:
        network = load("regression", seed=1).network
        for cell, saw, engine, named in (
            (SenseCell("abs"), SAW, Reference(), "signal was 'power', is 'abs'"),
            (SenseCell(), Sawtooth(1e-6, 1e-3), Reference(), "tau_f was 1e-05, is 1e-06"),
            (SenseCell(), Sawtooth(1e-5, 1e-3, "inverted"), Reference(), "polarity"),
            (SenseCell(), SAW, ngspice, "engine was 'reference', is 'ngspice'"),
        ):
            with pytest.raises(InputError, match=named):
                resume(begun, Trainer(network, cell, saw, engine, seed=1))
        with pytest.raises(InputError, match="amplitude"):
            resume(begun, Trainer(load("regression", seed=2).network, SenseCell(), SAW, Reference(), seed=1))

    def test_another_task(self, begun: Path) -> None:
        other = trainer("allostery", Reference())
        with pytest.raises(InputError, match="task was 'regression', is 'allostery'"):
            other.fit(load("allostery", seed=1), 2, checkpoint=begun, resume=True)

    def test_another_end_of_a_rate_that_falls(self, begun: Path) -> None:
        with pytest.raises(InputError, match="epochs was 2, is 3"):
            trainer("regression", Reference()).fit(
                load("regression", seed=1), 3, checkpoint=begun, resume=True
            )

    def test_none_of_them_harms_the_checkpoint(self, begun: Path) -> None:
        resume(begun, trainer("regression", Reference()))

    def test_no_checkpoint_named(self) -> None:
        with pytest.raises(InputError, match="name the checkpoint"):
            trainer("regression", Reference()).fit(load("regression", seed=1), 1, resume=True)
