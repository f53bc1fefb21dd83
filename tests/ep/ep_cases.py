"""A small network with known answers, and the published method written plainly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import interp1d
from scipy.ndimage import convolve1d

from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.settings import Settings
from tcl_circuits.ep.steps import Shown

Numbers = NDArray[np.floating[Any]]

X = np.array([[0.9, 0.1, 0.6, 0.3], [0.2, 0.8, 0.4, 0.7]])
TARGET = np.eye(2)


def small_network() -> Network:
    """Network of 4, 3 and 2 nodes."""
    W1 = np.array([[0.31, -0.22, 0.17], [0.05, 0.44, -0.13], [-0.27, 0.09, 0.38], [0.12, -0.35, 0.26]])
    W2 = np.array([[0.42, -0.18], [-0.25, 0.33], [0.15, 0.29]])
    return Network((W1, W2), (np.array([0.05, -0.02, 0.03]), np.array([0.01, 0.04])))


def shown(
    network: Network, x: Array, target: Array, settings: Settings, beta: float | None = None, seed: int = 0
) -> Shown:
    """A batch with the network settled on it as the settings say."""
    free = network.settle(x, settings.free_iterations, settings.relaxation)
    nudge = settings.beta if beta is None else beta
    return Shown(network, x, target, network.fields(x), free, nudge, np.random.default_rng(seed))


def change(before: Network, after: Network) -> list[Array]:
    """Changes of the weights, then of the biases."""
    old, new = (*before.weights, *before.biases), (*after.weights, *after.biases)
    return [b - a for a, b in zip(old, new, strict=True)]


def relative_l2(found: Numbers, wanted: Numbers) -> float:
    """Distance as a share of the size."""
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@dataclass(frozen=True, eq=False)
class Published:
    """The published update of two layers of synapses, with full tensors of signals (Appendix D)."""

    beta: float
    thresholds: tuple[float, float, float, float]
    rates: tuple[float, float] = (0.1, 0.05)

    def states(self, net: Network, x: Numbers, target: Numbers, free: State) -> list[tuple[Numbers, Numbers]]:
        """Hidden and output states of the 17 points of a cycle."""
        (W1, W2), (b1, b2) = net.weights, net.biases
        up = []
        for beta in np.linspace(0, self.beta, 9).tolist():
            h, y = free
            for _ in range(4):
                h_next = np.clip(h + 0.5 * (-h + x @ W1 + b1 + y @ W2.T), 0, 1)
                y_next = np.clip(y + 0.5 * (-y + h @ W2 + b2 + 2 * beta * (target - y)), 0, 1)
                h, y = h_next, y_next
            up.append((h, y))
        return up + up[-2::-1]

    def update(self, net: Network, x: Numbers, target: Numbers, free: State) -> list[Numbers]:
        """Added update of W1, W2, b1 and b2."""
        cycle = self.states(net, x, target, free)
        images = len(x)
        tensors = (
            np.array([x.T @ h / images for h, _ in cycle]),
            np.array([h.T @ y / images for h, y in cycle]),
            np.array([h.mean(axis=0) for h, _ in cycle]),
            np.array([y.mean(axis=0) for _, y in cycle]),
        )
        rates = (*self.rates, *self.rates)
        return [
            1e4 / (2 * self.beta) * rate * published_integral(s, theta)
            for s, theta, rate in zip(tensors, self.thresholds, rates, strict=True)
        ]


def published_integral(s: Numbers, theta: float) -> Numbers:
    """Eq. 6 with interpolation, convolution and integration by SciPy; `s` of shape (17, ...)."""
    u = published_output(s)
    passed = np.where(np.abs(u) >= theta, u, 0)
    return np.asarray(np.trapezoid(passed, dx=0.01, axis=0), dtype=np.float64)


def published_output(s: Numbers) -> Numbers:
    """Kernel output at the 100 samples of a cycle."""
    times = np.concatenate([np.linspace(0, 0.1, 9), np.linspace(0.1, 1, 9)[1:]])
    signal = interp1d(times, s, axis=0)(np.arange(100) * 0.01)
    kernel = np.sin(2 * np.pi * np.arange(10) / 10) / 3
    return np.asarray(convolve1d(signal, kernel, axis=0, mode="wrap") / 100, dtype=np.float64)
