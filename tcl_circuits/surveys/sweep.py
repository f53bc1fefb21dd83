"""A design map: how well a task's circuit finds the gradient, and learns, over its design's four numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tcl_circuits import checks
from tcl_circuits.circuit.cells import SenseCell
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines import Reference
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.jobs import JobsError, Store, Workers, run_jobs
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training import tasks
from tcl_circuits.training.trainer import Trainer

AXES: dict[str, str] = {
    "ratio": "ratio of the ramps tau_s/tau_f",
    "theta": "threshold theta in A_max C/tau_s",
    "memory": "kernel time R C/tau_f",
    "g_range": "conductance range G_max/G_min",
}
"""The axes of a design map, all without unit, and what each is."""

MEASURES: dict[str, str] = {
    "cosine": "cosine of the first epoch's update with minus the exact gradient",
    "initial_loss": "training loss before training",
    "final_loss": "training loss after training",
    "test_loss": "test loss after training",
    "test_error": "share of test samples in the wrong class after training",
}
"""What is found at a point; losses are in V2, or nat for classes."""

_BOUNDS = dict(zip(MEASURES, [(-1 - 1e-9, 1 + 1e-9), *[(0, checks.MOST)] * 3, (0, 1)], strict=True))
"""Least and largest value of each measure."""


@dataclass(frozen=True)
class Grid:
    """Values of each axis; the map is over all their combinations.

    Parameters
    ----------
    ratio : sequence of float
        ``tau_s/tau_f``, each above 1; tau_f stays.
    theta : sequence of float
        Threshold in units of ``A_max C/tau_s``, not negative; 1 is where the slow ramp of the largest
        contrast falls below it, `ratio` where nothing passes any more (Eq. 12).
    memory : sequence of float
        ``tau_K/tau_f`` with tau_K = R C, positive; C stays.
    g_range : sequence of float
        ``G_max/G_min``, above 1, about the geometric middle of the task's own bounds. The start is
        squeezed or stretched with them (on a logarithmic scale).

    Raises
    ------
    InputError
        If an axis has no value, the same value twice, or one outside its domain.
    """

    ratio: Sequence[float] = (10.0, 30.0, 100.0, 300.0, 1000.0)
    theta: Sequence[float] = (0.5, 1.0, 2.0, 5.0, 10.0)
    memory: Sequence[float] = (0.01, 0.1, 1.0)
    g_range: Sequence[float] = (10.0, 100.0)

    def __post_init__(self) -> None:
        for axis in AXES:
            values = tuple(_valid(axis, value) for value in getattr(self, axis))
            if not values:
                raise InputError(f"sweep: the axis {axis} has no values; give at least one {AXES[axis]}")
            if len(set(values)) < len(values):
                raise InputError(f"sweep: the axis {axis} has a value twice: {_listed(values)}")
            object.__setattr__(self, axis, tuple(sorted(values)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each axis."""
        return tuple(len(getattr(self, field.name)) for field in fields(self))

    def points(self) -> list[dict[str, float]]:
        """Every combination, the last axis running fastest."""
        values = [getattr(self, axis) for axis in AXES]
        return [dict(zip(AXES, chosen, strict=True)) for chosen in itertools.product(*values)]


def _valid(axis: str, value: float) -> float:
    number = checks.not_negative("sweep", axis, value)
    least = {"ratio": 1.0, "theta": -1.0, "memory": 0.0, "g_range": 1.0}[axis]
    if number <= least:
        raise InputError(f"sweep: {axis} = {value!r} must be above {least:g} ({AXES[axis]})")
    return number


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def sweep(
    task: str,
    grid: Grid | None = None,
    epochs: int = 10,
    seed: int = 0,
    tau_f: float = 1e-5,
    workers: Workers | Executor | None = None,
    store: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Train a task's circuit at every point of a grid, in the exact engine.

    Parameters
    ----------
    task : str
        A task's name.
    grid : Grid, optional
        Where.
    epochs : int
        Length of each training; 1 is enough for the cosine.
    seed : int
        Seed of the task and of the samples' order, the same at every point.
    tau_f : float
        Fast ramp [s].
    workers : Workers or concurrent.futures.Executor, optional
        Who computes; by default this process. The numbers are the same whoever does.
    store : Path, optional
        File that keeps each point as it is found. A later call with the same task, epochs, seed and tau_f
        computes what is missing from it only, and may have other points.
    progress : callable, optional
        Told how many points are done, and of how many.

    Returns
    -------
    xarray.Dataset
        The variables of :data:`MEASURES` over the axes of :data:`AXES`, NaN where there is none (a threshold
        that nothing passes has no cosine, a regression no error of classes). ``attrs`` say what they are of.

    Raises
    ------
    InputError
        If the task, a value or the store can't be used; nothing has been run.
    SweepError
        If points have no result; what was found is in the error's ``data``, and in the store.
    """
    wanted = grid or Grid()
    if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
        raise InputError(f"sweep: epochs = {epochs!r} must be a whole number, at least 1")
    loss_units = "V2" if tasks.load(task, seed).classes is None else "nat"
    shared = {"task": task, "epochs": epochs, "seed": seed, "tau_f": checks.positive("sweep", "tau_f", tau_f)}
    items = {_key(point): {**shared, **point} for point in wanted.points()}
    try:
        if store is None:
            found = run_jobs(train_point, items, workers, progress=progress).complete()
        else:
            about = {"survey": "sweep", **shared, "version": version("tcl-circuits")}
            with Store(store, about, is_point) as kept:
                found = run_jobs(train_point, items, workers, kept, progress).complete()
    except JobsError as error:
        raise SweepError(str(error), _design_map(wanted, error.outcome.results, shared, loss_units)) from None
    return _design_map(wanted, found, shared, loss_units)


class SweepError(TclError):
    """Points of a sweep have no result.

    Parameters
    ----------
    message : str
        Which, and why.
    data : xarray.Dataset
        The map, NaN at those points.
    """

    def __init__(self, message: str, data: xr.Dataset) -> None:
        self.data = data
        super().__init__(message)


def _design_map(
    grid: Grid, results: Mapping[str, Any], shared: Mapping[str, Any], loss_units: str
) -> xr.Dataset:
    """Results of points by key as a labelled map, NaN where there is none."""
    rows = [results.get(_key(point), {}) for point in grid.points()]
    measures = {
        name: (
            tuple(AXES),
            np.array([row.get(name, np.nan) for row in rows], dtype=float).reshape(grid.shape),
            {"long_name": meaning, "units": loss_units if name.endswith("loss") else "1"},
        )
        for name, meaning in MEASURES.items()
    }
    axes = {
        axis: (axis, list(getattr(grid, axis)), {"long_name": meaning, "units": "1"})
        for axis, meaning in AXES.items()
    }
    return xr.Dataset(measures, coords=axes, attrs={**shared, "loss_units": loss_units})


def _key(point: Mapping[str, float]) -> str:
    return " ".join(f"{axis}={point[axis]!r}" for axis in AXES)


def train_point(item: Mapping[str, Any]) -> dict[str, float]:
    """Train at one point; an item holds task, seed, epochs, tau_f and a value for each axis."""
    task = tasks.load(item["task"], item["seed"])
    network = ranged(task.network, item["g_range"])
    cell = SenseCell()
    cell = replace(cell, r=item["memory"] * item["tau_f"] / float(cell.c))
    saw = Sawtooth(item["tau_f"], item["ratio"] * item["tau_f"])
    trainer = Trainer(network, cell, saw, Reference(), seed=item["seed"], threshold=item["theta"])
    history = trainer.fit(task, item["epochs"])
    assert trainer.course is not None
    cosine, last = trainer.course.cosine, history.iloc[-1]
    return {
        "cosine": float("nan") if cosine is None else cosine,
        "initial_loss": float(history["loss"].iloc[0]),
        "final_loss": float(last["loss"]),
        "test_loss": float(last["test_loss"]),
        "test_error": 1 - float(last["test_accuracy"]),
    }


def is_point(found: Any) -> bool:
    """Whether a JSON value may be what :func:`train_point` returns."""
    return checks.are_numbers(found, _BOUNDS, unknown=True)


def ranged(network: Network, g_range: float) -> Network:
    """Return the network with bounds of another ratio about the same geometric middle.

    Conductances keep their places between the bounds, on a logarithmic scale.
    """
    low, high = np.log(network.bounds)
    half = np.log(g_range) / 2
    middle = (low + high) / 2
    stretched = middle + (np.log(network.conductance) - middle) * half / ((high - low) / 2)
    changed = network.with_conductance(np.clip(np.exp(stretched), *np.exp([middle - half, middle + half])))
    return replace(changed, bounds=(float(np.exp(middle - half)), float(np.exp(middle + half))))
