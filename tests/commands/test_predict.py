"""A trained network is asked about new rows: through the command line, a run's directory, and the trainer."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Tcl

import tcl_circuits
from tcl_circuits import InputError, Sawtooth, SenseCell, Trainer, load_run, tasks
from tcl_circuits.commands.given_table import GivenTable
from tcl_circuits.commands.train import TrainRequest, train
from tcl_circuits.engines import Ngspice, Reference
from tcl_circuits.errors import Remark


def clouds(rows: int, seed: int) -> pd.DataFrame:
    """Three clouds in a plane, an id and a column of noise."""
    rng = np.random.default_rng(seed)
    kind = np.arange(rows) % 3
    return pd.DataFrame(
        {
            "id": np.arange(1000, 1000 + rows),
            "x": np.round(rng.normal(kind, 0.2), 4),
            "y": np.round(50 - 10 * rng.normal(kind, 0.2), 4),
            "noise": np.round(rng.normal(size=rows), 4),
            "kind": np.array(["low", "mid", "high"])[kind],
        }
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trained")
    table = clouds(60, 0).astype(object)
    table.loc[[4, 40], "y"] = "?"
    table.to_csv(place / "learned.csv", index=False, sep=";")
    given = GivenTable(place / "learned.csv", "kind", drop=("id",), missing="drop")
    with pytest.warns(Remark, match=r"2 of 60 rows left out: missing value in y \(2\)"):
        train(
            TrainRequest(table=given, engine="reference", epochs=15, out=place / "run"), notify=lambda _: None
        )
    return place / "run"


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained run."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def test_both_engines_answer_alike_and_keep_the_columns(tcl: Tcl, tmp_path: Path, run: Path) -> None:
    new = clouds(30, 1)
    new[["noise", "y", "kind", "x", "id"]].to_csv(tmp_path / "new.csv", index=False)
    result = tcl("predict", "run", "new.csv")
    assert result.exit_code == 0, result.stderr
    (tmp_path / "printed.csv").write_text(result.stdout)
    printed = pd.read_csv(tmp_path / "printed.csv")
    told = tcl("predict", "run", "new.csv", "--engine", "ngspice", "--out", "written.csv")
    assert told.exit_code == 0, told.stderr
    written = pd.read_csv(tmp_path / "written.csv")
    names = [f"probability {name}" for name in ("high", "low", "mid")]
    assert list(printed.columns) == ["noise", "y", "kind", "x", "id", "prediction", *names]
    pd.testing.assert_frame_equal(printed[["id", "x", "y", "noise", "kind"]], new)
    assert list(written["prediction"]) == list(printed["prediction"])
    np.testing.assert_allclose(written[names], printed[names], atol=1e-6)
    np.testing.assert_allclose(printed[names].sum(axis=1), 1.0)
    right = int((printed["prediction"] == new["kind"]).sum())
    assert right >= 27
    assert f"kind: {right} of 30 right" in told.stderr


def test_a_row_without_a_value_is_refused_or_left_out(tcl: Tcl, tmp_path: Path, run: Path) -> None:
    new = clouds(6, 1).astype(object).drop(columns="kind")
    new.loc[2, "x"] = ""
    new.to_csv(tmp_path / "new.csv", index=False)
    refused = tcl("predict", "run", "new.csv")
    assert refused.exit_code == 2
    assert "row 4, column 'x': '' is no value" in refused.stderr
    assert "--missing drop" in refused.stderr
    dropped = tcl("predict", "run", "new.csv", "--missing", "drop", "--out", "answers.csv")
    assert "1 of 6 rows left out: missing value in x (1)" in dropped.stderr
    assert list(pd.read_csv(tmp_path / "answers.csv")["id"]) == [1000, 1001, 1003, 1004, 1005]


def test_what_it_refuses(tcl: Tcl, tmp_path: Path, run: Path) -> None:
    clouds(6, 1).drop(columns="y").to_csv(tmp_path / "less.csv", index=False)
    clouds(6, 1).assign(prediction=1).to_csv(tmp_path / "more.csv", index=False)
    clouds(6, 1).to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "there.csv").write_text("mine\n")
    for arguments, said in (
        (("run", "less.csv"), "no column 'y'"),
        (("run", "more.csv"), "a column 'prediction' already"),
        (("run", "new.csv", "--out", "there.csv"), "there.csv exists"),
        ((".", "new.csv"), "has no encoding.json"),
        (("run", "none.csv"), "none.csv"),
    ):
        result = tcl("predict", *arguments)
        assert result.exit_code == 2, said
        assert said in result.stderr
    assert (tmp_path / "there.csv").read_text() == "mine\n"


DAMAGE: dict[str, tuple[Any, ...]] = {
    "scale": ([1.0, 0.0, 1.0], [1.0], "x", [1.0, 1e31, 1.0]),
    "features": ([], ["x", "x", "y"], [1, 2, 3]),
    "form": ("other", None),
    "outputs": ({"plus": [0, 2, 40], "minus": [1, 3, 5]}, {"plus": [0], "minus": None}, []),
    "classes": ({"names": ["a"], "temperature": 0.05}, {"names": ["a", "b", "c"], "temperature": -1}),
    "rail": (0, True),
}


@pytest.mark.parametrize("key", DAMAGE)
def test_a_damaged_encoding_is_one_error(run: Path, key: str) -> None:
    path = run / "encoding.json"
    whole = json.loads(path.read_text())
    for value in DAMAGE[key]:
        path.write_text(json.dumps({**whole, key: value}))
        with pytest.raises(InputError, match=r"encoding\.json"):
            load_run(run)
    path.write_text(json.dumps({name: value for name, value in whole.items() if name != key}))
    with pytest.raises(InputError, match=r"encoding\.json"):
        load_run(run)


def test_values_are_in_the_unit_of_the_target(tcl: Tcl, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"mass": rng.uniform(1, 5, 60), "length": rng.uniform(0, 1, 60)})
    table["price"] = 1000 + 40 * table["mass"] - 90 * table["length"]
    table[:40].to_csv(tmp_path / "learned.csv", index=False)
    table[40:].to_csv(tmp_path / "new.csv", index=False)
    trained = tcl(
        "train", "--data", "learned.csv", "--target", "price", "--engine", "reference", "--out", "run"
    )
    assert trained.exit_code == 0, trained.stderr
    result = tcl("predict", "run", "new.csv", "--out", "answers.csv")
    assert result.exit_code == 0, result.stderr
    answers = pd.read_csv(tmp_path / "answers.csv")
    error = float(np.sqrt(np.mean((answers["prediction"] - table["price"][40:].to_numpy()) ** 2)))
    assert error < 0.1 * float(table["price"].std())
    told = re.search(r"price: root mean square error (\S+) on 20 rows", result.stderr)
    assert told is not None
    assert float(told[1]) == pytest.approx(error, abs=1e-4)


def test_trainer_and_run_answer_alike(tcl: Tcl, tmp_path: Path) -> None:
    task = tasks.load("iris", 0)
    trainer = Trainer(task.network, SenseCell(), Sawtooth(1e-5, 1e-3), Reference())
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
    with pytest.raises(InputError, match="fit a task of a table first"):
        trainer.predict(rows)
    trainer.fit(task, epochs=8)
    assert list(trainer.predict(rows)["prediction"]) == ["setosa", "virginica"]
    assert tcl("train", "iris", "--engine", "reference", "--epochs", 8, "--out", "run").exit_code == 0
    known = tcl_circuits.load_run(tmp_path / "run")
    frame = pd.DataFrame(rows, columns=list(known.encoding.features), index=["one", "other"])
    found = known.predict(frame[frame.columns[::-1]])
    assert list(found.index) == ["one", "other"]
    np.testing.assert_allclose(found.iloc[:, 1:], trainer.predict(rows).iloc[:, 1:], rtol=1e-9)
    assert known.predict(frame[:0]).shape == (0, 4)
    assert len(repr(known)) <= 200
    with pytest.raises(InputError, match="row 0: petal_width = nan is no finite number"):
        known.predict(np.array([[1.0, 2.0, 3.0, np.nan]]))
    with pytest.raises(InputError, match="no column 'petal_width'"):
        known.predict(frame.drop(columns="petal_width"))


def test_ngspice_is_asked_where_it_is_the_engine(ngspice: Ngspice) -> None:
    task = tasks.load("iris", 1)
    trainer = Trainer(task.network, SenseCell(), Sawtooth(1e-5, 1e-3), ngspice)
    trainer.fit(task, epochs=1)
    rows = np.array([[5.1, 3.5, 1.4, 0.2]])
    exact = tcl_circuits.TrainedNetwork(trainer.network, trainer.cell, task.encoding).predict(rows)  # type: ignore[arg-type]
    np.testing.assert_allclose(trainer.predict(rows).iloc[:, 1:], exact.iloc[:, 1:], atol=1e-6)
