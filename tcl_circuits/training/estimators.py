"""Trained networks as scikit-learn estimators: in pipelines, cross-validation and grid searches."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell, SenseCell
from tcl_circuits.engines import Engine, Ngspice, Reference
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.encoding import Classes, Values
from tcl_circuits.training.table import Table
from tcl_circuits.training.table_task import of_all_rows
from tcl_circuits.training.trained import TrainedNetwork
from tcl_circuits.training.trainer import Trainer


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share: their parameters, and training on all rows."""

    def __init__(
        self,
        engine: str = "reference",
        rule: str = "tcl",
        cell: Cell | None = None,
        epochs: int | None = None,
        seed: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.engine = engine
        self.rule = rule
        self.cell = cell
        self.epochs = epochs
        self.seed = seed
        self.n_jobs = n_jobs

    def _train(self, x: FloatArray, target: FloatArray | IntArray, classes: tuple[str, ...] | None) -> None:
        names = tuple(f"x{k}" for k in range(x.shape[1]))
        task = of_all_rows(Table(x, names, target, classes, "y", type(self).__name__), self.seed)
        cell = SenseCell() if self.cell is None else self.cell
        with closing(self._engine()) as engine:
            trainer = Trainer(task.network, cell, Sawtooth(1e-5, 1e-3), engine, self.rule, self.seed)
            trainer.fit(task, self.epochs)
        assert task.encoding is not None
        self.trained_ = TrainedNetwork(trainer.network, cell, task.encoding)

    def _outputs(self, X: Any) -> FloatArray:
        """Output values of rows (rows, values) [V]."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        with closing(self._engine()) as engine:
            return self.trained_.outputs(rows, engine)

    def _engine(self) -> Engine:
        if self.engine == "reference":
            return Reference()
        if self.engine == "ngspice":
            return Ngspice(workers=self.n_jobs)
        raise InputError(f"engine = {self.engine!r} is none of reference, ngspice")


class TCLClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A crossbar of trainable conductances with a softmax nudge, as a scikit-learn classifier.

    Features are standardised, limited to 4 standard deviations and given as voltages of both signs; the
    class is that of the largest output, and its probability the softmax of the output voltages.

    Parameters
    ----------
    engine : {"reference", "ngspice"}
        Solver of the circuit.
    rule : {"tcl", "contrast", "gradient"}
        Learning rule.
    cell : Cell, optional
        Edge cell; by default a sense cell.
    epochs : int, optional
        Passes through the rows; by default 40.
    seed : int
        Seed of the initial conductances and of the rows' order.
    n_jobs : int
        Processes of ngspice.

    Attributes
    ----------
    trained_ : TrainedNetwork
        The network, once fitted.
    n_features_in_ : int
        Number of features.
    classes_ : ndarray of shape (classes,)
        The classes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TCLClassifier(epochs=4).fit(X[::3], y[::3])
    >>> bool(model.score(X, y) > 0.8)
    True
    """

    classes_: Any

    def fit(self, X: Any, y: Any) -> TCLClassifier:
        """Train on every row.

        Parameters
        ----------
        X : array_like of shape (rows, features)
            Features, finite.
        y : array_like of shape (rows,)
            Classes, two or more.

        Raises
        ------
        InputError, EngineError
            If there is one class only, or a simulation fails.
        """
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, places = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(f"y holds one class, {self.classes_[0]}; give rows of at least two classes")
        self._train(rows, places.astype(np.int64), tuple(f"class {k}" for k in range(len(self.classes_))))
        return self

    def predict(self, X: Any) -> Any:
        """Class of each row."""
        y = self._outputs(X)
        return self.classes_[y.argmax(axis=1)]

    def predict_proba(self, X: Any) -> FloatArray:
        """Probability of each class, shape (rows, classes)."""
        y, answer = self._outputs(X), self.trained_.encoding.answer
        assert isinstance(answer, Classes)
        return answer.probabilities(y)


class TCLRegressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A crossbar of trainable conductances with a conductance nudge, as a scikit-learn regressor.

    Features are standardised, limited to 4 standard deviations and given as voltages of both signs; the
    value is .1 V of the output for each standard deviation of y.

    Parameters
    ----------
    engine : {"reference", "ngspice"}
        Solver of the circuit.
    rule : {"tcl", "contrast", "gradient"}
        Learning rule.
    cell : Cell, optional
        Edge cell; by default a sense cell.
    epochs : int, optional
        Passes through the rows; by default 100.
    seed : int
        Seed of the initial conductances and of the rows' order.
    n_jobs : int
        Processes of ngspice.

    Attributes
    ----------
    trained_ : TrainedNetwork
        The network, once fitted.
    n_features_in_ : int
        Number of features.
    """

    def fit(self, X: Any, y: Any) -> TCLRegressor:
        """Train on every row.

        Parameters
        ----------
        X : array_like of shape (rows, features)
            Features, finite.
        y : array_like of shape (rows,)
            Values, not all the same.

        Raises
        ------
        InputError, EngineError
            If all values are the same, or a simulation fails.
        """
        rows, values = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        self._train(rows, values.astype(np.float64), None)
        return self

    def predict(self, X: Any) -> FloatArray:
        """Value of each row, in the unit of y."""
        y, answer = self._outputs(X), self.trained_.encoding.answer
        assert isinstance(answer, Values)
        return answer.values(y)
