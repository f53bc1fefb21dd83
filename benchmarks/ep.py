"""The EP network on the paper's images: the temporal update against the published method and explicit EP."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
from scipy.interpolate import interp1d
from scipy.ndimage import convolve1d
from tables import Table, Value, at_least, at_most

from tcl_circuits.ep import Network, Settings, Trainer, data
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.layers import Array, State
from tcl_circuits.ep.rules import can_compile, make_rule
from tcl_circuits.ep.run import Plan, Run

BATCHES, TURN = 60, 10
SIZES = (784, 500, 10)
WANTED_SPEED = {"tcl, NumPy": 70.0, "tcl, compiled": 200.0}
WANTED_FIRST = {"tcl, NumPy": 8.0, "tcl, compiled": 4.0}
WANTED_LATER = {"tcl, NumPy": 4.0, "tcl, compiled": 2.0}
WANTED_MINUTES, WANTED_MB = 10.0, 400.0

MEMORY = """
from pathlib import Path
from tempfile import TemporaryDirectory
from tcl_circuits import ep
with TemporaryDirectory() as folder:
    trainer = ep.Trainer(ep.Network.create((784, 500, 10)), compiled={compiled})
    trainer.fit(ep.data.mnist_12k(), 2, Path(folder) / "checkpoint.npz")
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


def ep(quick: bool) -> list[Table]:
    """Tables of a batch, of epochs, and of memory."""
    digits = data.mnist_12k()
    return [batches(digits, 20 if quick else BATCHES), epochs(digits, 2 if quick else 35), memory()]


def batches(digits: Digits, count: int) -> Table:
    """Table of CPU time over the first batches, the methods taking turns."""
    table = Table(
        f"EP network 784-500-10: the first {count} batches of 20 images, from free phase to new weights",
        ("method", "ms a batch", "published/it", "it/explicit EP"),
        f"CPU time, in turns of {TURN} batches. Published: every signal interpolated and convolved (App. D).",
    )
    runs: dict[str, Iterator[object]] = {"published": published(digits)}
    runs |= {name: run.courses(run.start()) for name, run in contestants(digits, 1).items()}
    spent = dict.fromkeys(runs, 0.0)
    for _ in range(count // TURN):
        for name, run in runs.items():
            spent[name] += _cpu_of(run, TURN)
    for name, seconds in spent.items():
        speed: Value = None
        if name != "published":
            speed = at_least(spent["published"] / seconds, WANTED_SPEED.get(name))
        table.add(name, 1e3 * seconds / count, speed, f"{seconds / spent['explicit EP']:.3g}x")
    return table


def epochs(digits: Digits, last: int) -> Table:
    """Table of CPU time of whole epochs, the methods taking turns."""
    shown = min(8, last)
    table = Table(
        "EP network 784-500-10: epochs of 10,000 images, with the test",
        ("method", "epoch 1, s", "it/explicit EP", f"epoch {shown}, s", "it/explicit EP", f"{last} epochs"),
        "CPU time, in turns of an epoch.",
    )
    runs = {name: run.courses(run.start()) for name, run in contestants(digits, last).items()}
    count = len(digits.train_x) // Settings().batch
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(last):
        for name, run in runs.items():
            seconds[name].append(_cpu_of(run, count))
    usual = seconds["explicit EP"]
    for name, each in seconds.items():
        first, later = each[0] / usual[0], each[shown - 1] / usual[shown - 1]
        table.add(
            name,
            each[0],
            at_most(first, WANTED_FIRST.get(name), "x"),
            each[shown - 1],
            at_most(later, WANTED_LATER.get(name) if shown == 8 else None, "x"),
            at_most(sum(each) / 60, WANTED_MINUTES if last == 35 else None, " min"),
        )
    return table


def memory() -> Table:
    """Table of the largest resident set of a process that trains two epochs and writes checkpoints (Linux).

    From the process's own status: what getrusage tells a child begins with its parent's.
    """
    table = Table("EP network, memory of a process that trains on the 12,000 images", ("method", "peak, MB"))
    for name, compiled in (("tcl, NumPy", False), ("tcl, compiled", True)):
        if compiled and not can_compile():
            continue
        code = MEMORY.format(compiled=compiled)
        found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        table.add(name, at_most(int(found.stdout) / 1e3, WANTED_MB, " MB"))
    return table


def contestants(digits: Digits, last: int) -> dict[str, Run]:
    """Runs of so many epochs by name; what is to be compiled is compiled."""
    ways = {"explicit EP": ("contrast", False), "tcl, NumPy": ("tcl", False)}
    if can_compile():
        ways["tcl, compiled"] = ("tcl", True)
        Trainer(Network.create(SIZES), compiled=True).fit(digits.first(20, 1), 1)
    settings, found = Settings(), {}
    for name, (rule, compiled) in ways.items():
        plan = Plan(rule, make_rule(rule, settings, 2, compiled), settings, 0, compiled)
        found[name] = Run(plan, Network.create(SIZES), digits, last)
    return found


def published(digits: Digits) -> Iterator[None]:
    """Train by the published method, a batch each time it is asked."""
    settings, rng = Settings(), np.random.default_rng(0)
    network = Network.create(SIZES)
    for first in range(0, len(digits.train_x), 20):
        part = slice(first, first + 20)
        x, target = digits.train_x[part], np.eye(10, dtype=np.float32)[digits.train_y[part]]
        free = network.settle(x, 20, settings.relaxation)
        beta = 0.5 if rng.random() < 0.5 else -0.5
        (dW1, dW2), (db1, db2) = published_update(network, x, target, free, beta)
        (W1, W2), (b1, b2) = network.weights, network.biases
        network = Network((W1 + dW1, W2 + dW2), (b1 + db1, b2 + db2))
        yield


def published_update(
    network: Network, x: Array, target: Array, free: State, beta: float
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Added update of weights and biases with tensors of all signals over the cycle (Appendix D)."""
    (W1, W2), (b1, b2) = network.weights, network.biases
    up = []
    for nudge in np.linspace(0, beta, 9, dtype=np.float32):
        h, y = free
        for _ in range(4):
            h, y = (
                np.clip(h + np.float32(0.5) * (-h + x @ W1 + b1 + y @ W2.T), 0, 1),
                np.clip(y + np.float32(0.5) * (-y + h @ W2 + b2 + 2 * nudge * (target - y)), 0, 1),
            )
        up.append((h, y))
    cycle = up + up[-2::-1]
    weights = (
        0.1 * _integral(np.array([x.T @ h / len(x) for h, _ in cycle]), 1.2e-6),
        0.05 * _integral(np.array([h.T @ y / len(x) for h, y in cycle]), 2e-5),
    )
    biases = (
        0.1 * _integral(np.array([h.mean(axis=0) for h, _ in cycle]), 1e-5),
        0.05 * _integral(np.array([y.mean(axis=0) for _, y in cycle]), 2e-4),
    )
    scale = 1e4 / (2 * beta)
    return (
        tuple((scale * d).astype(np.float32) for d in weights),
        tuple((scale * d).astype(np.float32) for d in biases),
    )


def _integral(signals: Array, theta: float) -> Array:
    """Eq. 6 for signals of shape (17, ...): interpolation, convolution, threshold, trapezoid rule."""
    times = np.concatenate([np.linspace(0, 0.1, 9), np.linspace(0.1, 1, 9)[1:]])
    kernel = np.sin(2 * np.pi * np.arange(10) / 10) / 3
    sampled = interp1d(times, signals, axis=0)(np.arange(100) * 0.01)
    u = convolve1d(sampled, kernel, axis=0, mode="wrap") / 100
    passed = np.where(np.abs(u) >= theta, u, 0)
    return np.asarray(np.trapezoid(passed, dx=0.01, axis=0), dtype=np.float64)


def _cpu_of(run: Iterator[object], batches: int) -> float:
    """CPU time of so many batches [s]."""
    mark = time.process_time()
    for _ in range(batches):
        next(run)
    return time.process_time() - mark
