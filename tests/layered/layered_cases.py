"""Circuits that several tests share."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.layered.circuit import Diodes, HiddenLayer, LayeredCircuit

MICRO = 1e-6
X = np.array([[0.9, 0.2, 1.0], [0.1, 0.7, 1.0]])
LABELS: IntArray = np.array([0, 1])
BETA = 20 * MICRO


def worked_case() -> LayeredCircuit:
    """Two pixels, two hidden nodes, two classes; solved elsewhere, see test_layered_solve."""
    inner = np.array([[30, 12, 8, 25], [10, 28, 22, 9], [20, 15, 18, 21], [16, 19, 14, 23]]) * MICRO
    return LayeredCircuit(
        plus=np.array([[8.0, 3], [2, 9], [4, 5]]) * MICRO,
        minus=np.array([[3.0, 7], [6, 2], [5, 4]]) * MICRO,
        volts=2.0,
        temperature=0.05,
        hidden=HiddenLayer(inner, 30.0, 0.3, Diodes(0.02 * MICRO, 10.0), 0.09),
    ).check()


def drawn(seed: int, pixels: int = 6, hidden: int = 5, classes: int = 3) -> LayeredCircuit:
    """A circuit drawn from a seed; without hidden nodes if `hidden` is 0."""
    rng = np.random.default_rng(seed)
    nodes = hidden or 2 * classes
    plus, minus = rng.uniform(2, 12, (2, pixels + 1, nodes)) * MICRO
    layer = None
    if hidden:
        inner = rng.uniform(5, 40, (hidden + 2, 2 * classes)) * MICRO
        layer = HiddenLayer(inner, 30.0, 0.2, Diodes(0.05 * MICRO), 0.1)
    return LayeredCircuit(plus, minus, 1.5, 0.02, layer).check()


def images(seed: int, count: int, pixels: int = 6) -> tuple[FloatArray, IntArray]:
    """Images with bias, a third of their pixels lit, and labels of three classes."""
    rng = np.random.default_rng([seed, 1])
    x = rng.random((count, pixels + 1)) * (rng.random((count, pixels + 1)) < 0.4)
    x[:, -1] = 1
    return x, rng.integers(0, 3, count)
