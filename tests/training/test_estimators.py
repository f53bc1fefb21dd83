"""Networks as scikit-learn estimators: they pass its own checks, and stand beside logistic regression."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tcl_circuits import InputError, SenseCell, TCLClassifier, TCLRegressor


@pytest.mark.slow
@pytest.mark.parametrize("estimator", [TCLClassifier(epochs=8), TCLRegressor(epochs=8)])
def test_scikit_learns_own_checks(estimator: Any) -> None:
    found = check_estimator(estimator, on_fail=None, on_skip=None)
    wrong = [(each["check_name"], each["exception"]) for each in found if each["status"] == "failed"]
    assert not wrong
    skipped = {each["check_name"] for each in found if each["status"] == "skipped"}
    # It runs only where SCIPY_ARRAY_API is set.
    assert skipped <= {"check_array_api_input"}


def test_classes_keep_their_names_and_a_copy_answers_alike() -> None:
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = TCLClassifier(epochs=6, cell=SenseCell("abs")).fit(X[::2], names[::2])
    assert list(model.classes_) == ["setosa", "versicolor", "virginica"]
    assert model.score(X[1::2], names[1::2]) > 0.85
    chances = model.predict_proba(X[1::2])
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)
    assert (model.classes_[chances.argmax(axis=1)] == model.predict(X[1::2])).all()
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict_proba(X[1::2]), chances)
    assert clone(model).get_params()["epochs"] == 6
    assert not hasattr(clone(model), "trained_")


def test_both_engines_answer_alike() -> None:
    X, y = load_iris(return_X_y=True)
    exact = TCLClassifier(epochs=1).fit(X[::5], y[::5])
    real = TCLClassifier(engine="ngspice", epochs=1).fit(X[::5], y[::5])
    np.testing.assert_allclose(real.predict_proba(X), exact.predict_proba(X), atol=0.02)


def test_in_a_pipeline_and_a_search() -> None:
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), TCLClassifier(epochs=2)),
        {"tclclassifier__rule": ["tcl", "contrast"]},
        cv=2,
    )
    search.fit(X[::2], y[::2])
    assert search.best_score_ > 0.7


def test_values_are_learned_in_their_unit() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = 500 + X @ [30.0, -12.0]
    model = TCLRegressor(epochs=40).fit(X[:40], y[:40])
    assert model.score(X[40:], y[40:]) > 0.98
    with pytest.raises(InputError, match="500 in every training row"):
        TCLRegressor().fit(X, np.full(60, 500.0))


def test_what_it_refuses() -> None:
    X = np.eye(4)
    with pytest.raises(InputError, match="y holds one class, 3"):
        TCLClassifier().fit(X, [3, 3, 3, 3])
    with pytest.raises(InputError, match="engine = 'spice' is none of"):
        TCLClassifier(engine="spice").fit(X, [0, 1, 0, 1])
    with pytest.raises(InputError, match="no rule 'other'"):
        TCLClassifier(rule="other").fit(X, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="NaN"):
        TCLClassifier().fit([[np.nan], [1.0]], [0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_beside_logistic_regression(load: Any) -> None:
    X, y = load(return_X_y=True)
    found = cross_val_score(TCLClassifier(), X, y, cv=5).mean()
    beside = cross_val_score(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)), X, y, cv=5
    ).mean()
    assert found >= beside - 0.02
