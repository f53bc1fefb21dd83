"""The paper's images: the published run of Fig. 3B, and the settings that test best."""

from __future__ import annotations

import numpy as np
import pytest

from tcl_circuits.ep import Network, Trainer, data

pytestmark = pytest.mark.slow


def test_the_published_run() -> None:
    """Three seeds of 45 epochs.

    Held for each: errors after epochs 1, 10 and 35, and at most one image of the 10,000 wrong by epoch 45.
    Not held for each: none wrong by then. Measured in nine runs of these seeds: seven come to 0 % by epoch
    45; seed 1 with numba, at epoch 47. Rounding decides on the last image.
    """
    at_35, least = [], []
    for seed in (0, 1, 2):
        trainer = Trainer(Network.create((784, 500, 10), seed=seed), seed=seed)
        history = trainer.fit(data.mnist_12k(), 45).set_index("epoch")
        train, test = history.train_error, history.test_error
        assert 13 <= train[1] <= 16
        assert test[1] <= 13
        assert train[10] <= 2
        assert test[10] <= 6.5
        assert train[35] <= 0.1
        assert history.cpu_s[:35].sum() <= 600
        at_35.append(test[35])
        least.append(train.min())
    assert np.mean(at_35) <= 5.0
    assert max(least) <= 0.01
    assert least.count(0) >= 1


def test_the_best_settings() -> None:
    errors = []
    for seed in (0, 1, 2):
        trainer = Trainer(Network.create((784, 500, 10), seed=seed), settings="best", seed=seed)
        errors.append(trainer.fit(data.mnist_12k(), 25).test_error.iloc[-1])
    assert max(errors) <= 3.7


def test_a_deeper_network_learns() -> None:
    trainer = Trainer(Network.create((784, 500, 500, 10)), settings="best")
    history = trainer.fit(data.mnist_12k(), 3)
    assert history.test_error.iloc[-1] < 15
