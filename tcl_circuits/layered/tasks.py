"""Ready-made tasks for layered circuits: images and their classes, all trained by one recipe."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tcl_circuits.ep.data import Digits, digits_8x8, idx_folder, mnist_12k
from tcl_circuits.errors import InputError
from tcl_circuits.training.task import Baseline


@dataclass(frozen=True)
class LayeredTask:
    """A task.

    Parameters
    ----------
    name, description : str
        For people.
    hidden, epochs : int
        Hidden nodes and passes through the images, unless the user says otherwise.
    load : callable or None
        Makes the data from a seed; None for images from a folder of the user's.
    """

    name: str
    description: str
    hidden: int
    epochs: int
    load: Callable[[int], Digits] | None

    def data(self, seed: int, folder: Path | None = None) -> Digits:
        """Images of the task, under its name.

        Parameters
        ----------
        seed : int
            Seed of the split, where the data have none of their own.
        folder : Path, optional
            Folder with IDX files, for tasks that need one and only for them.

        Raises
        ------
        InputError
            If a folder is missing, not wanted or not usable.
        """
        if self.load is not None:
            if folder is not None:
                raise InputError(f"the task {self.name} brings its own images; leave --data {folder} out")
            found = self.load(seed)
        elif folder is None:
            raise InputError(
                f"the task {self.name} needs --data DIR, a folder with the files train-images-idx3-ubyte, "
                "train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or gzipped"
            )
        else:
            found = idx_folder(folder)
        return replace(found, name=self.name)


def xor() -> Digits:
    """The four cases of exclusive or, learned and tested alike."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    y = np.array([0, 1, 1, 0])
    return Digits(x, y, x, y, "xor", None, 2)


TASKS = {
    task.name: task
    for task in (
        LayeredTask(
            "xor-layered", "exclusive or, 4 samples, 8 hidden nodes with diodes", 8, 50, lambda _: xor()
        ),
        LayeredTask("digits", "digits of 8 x 8 pixels, 50 hidden nodes with diodes", 50, 30, digits_8x8),
        LayeredTask("digits-linear", "the same digits without hidden nodes", 0, 30, digits_8x8),
        LayeredTask(
            "mnist-12k",
            "10,000 of MNIST to train on, 2,000 to test, 100 hidden nodes",
            100,
            10,
            lambda _: mnist_12k(),
        ),
        LayeredTask("mnist", "all of MNIST, 256 hidden nodes; needs --data DIR with IDX files", 256, 8, None),
        LayeredTask(
            "fashion-mnist",
            "Fashion-MNIST, 256 hidden nodes; needs --data DIR with IDX files",
            256,
            8,
            None,
        ),
    )
}
"""The tasks by name."""


def find(name: str) -> LayeredTask:
    """Task of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in TASKS:
        raise InputError(f"there is no layered task {name!r}; there are {', '.join(TASKS)}")
    return TASKS[name]


def baseline(data: Digits, hidden: int, epochs: int, seed: int) -> Baseline:
    """What scikit-learn reaches on the same images: a perceptron with as many hidden nodes and epochs.

    Without hidden nodes it is logistic regression; exclusive or gets all the epochs that it needs.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import log_loss

    name, model = _model(len(data.train_x), hidden, max(1, epochs), seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(data.train_x, data.train_y)
    shares = model.predict_proba(data.test_x)
    loss = float(log_loss(data.test_y, shares, labels=model.classes_))
    return Baseline(name, loss, float(model.score(data.test_x, data.test_y)))


def _model(images: int, hidden: int, epochs: int, seed: int) -> tuple[str, Any]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    if hidden == 0:
        return "logistic regression", LogisticRegression(max_iter=1000)
    name = f"perceptron with {hidden} hidden nodes"
    if images < 100:
        return name, MLPClassifier(
            hidden_layer_sizes=(hidden,), solver="lbfgs", max_iter=1000, random_state=seed
        )
    return name, MLPClassifier(
        hidden_layer_sizes=(hidden,), max_iter=epochs, batch_size=min(50, images), random_state=seed
    )
