"""``tcl-circuits sweep``: a design map as tables and heat maps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tcl_circuits.commands.job_store import claim_store
from tcl_circuits.commands.options import axis_of, spaced
from tcl_circuits.commands.output import resumable, write_csv, write_json, write_netcdf
from tcl_circuits.errors import InputError
from tcl_circuits.figures.design_map import draw_design_map
from tcl_circuits.figures.style import save
from tcl_circuits.jobs import open_workers
from tcl_circuits.surveys import AXES, Grid, SweepError
from tcl_circuits.surveys import sweep as survey
from tcl_circuits.training import tasks


@dataclass(frozen=True)
class SweepRequest:
    """What to sweep, how, and where to leave it; fields are the options of the command line."""

    task: str
    axes: Mapping[str, str | None]
    points: int | None = None
    epochs: int = 10
    seed: int = 0
    tau_f: float = 1e-5
    executor: str = "local"
    workers: int | None = None
    out: Path | None = None
    resume: bool = False
    force: bool = False

    def grid(self) -> Grid:
        """Values of the axes: as given, else `points` values over the usual range, else the usual ones.

        Raises
        ------
        InputError
            If a value makes no sense.
        """
        if self.points is not None and self.points < 1:
            raise InputError(f"--points {self.points} must be at least 1")
        usual = Grid()
        return Grid(**{axis: self._values(axis, getattr(usual, axis)) for axis in AXES})

    def _values(self, axis: str, usual: tuple[float, ...]) -> list[float]:
        given = self.axes.get(axis)
        if given is not None:
            return axis_of(given, f"--{axis.replace('_', '-')}")
        if self.points is None:
            return list(usual)
        if self.points == 1:
            return [usual[len(usual) // 2]]
        return spaced(usual[0], usual[-1], self.points)


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What a sweep came to: its directory, the map, its best point, and how many points it has."""

    out: Path
    data: xr.Dataset
    best: Mapping[str, float] | None
    points: int


def sweep(request: SweepRequest, progress: Callable[[int, int], None] | None = None) -> SweepResult:
    """Sweep, and leave sweep.csv, sweep.nc, sweep.json, cosine.png, error.png and runs.jsonl.

    Parameters
    ----------
    request : SweepRequest
        What the user asked for.
    progress : callable, optional
        Told how many points are done, and of how many.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled.
    SweepError
        If points have no result; the files hold the others.
    """
    grid = request.grid()
    if request.task not in tasks.names():
        raise InputError(f"there is no task {request.task!r}; there are {', '.join(tasks.names())}")
    out = request.out or Path("runs") / f"sweep-{request.task}-seed{request.seed}"
    with (
        open_workers(request.executor, request.workers) as workers,
        claim_store(out, request.force, request.resume) as store,
    ):
        try:
            with resumable(store):
                data = survey(
                    request.task,
                    grid,
                    request.epochs,
                    request.seed,
                    request.tau_f,
                    workers,
                    store,
                    progress,
                )
        except SweepError as fault:
            _leave(out, request, fault.data, str(fault))
            raise
        best = _leave(out, request, data, None)
    return SweepResult(out, data, best, math.prod(grid.shape))


def _leave(
    out: Path, request: SweepRequest, data: xr.Dataset, fault: str | None
) -> Mapping[str, float] | None:
    """Write a map's files, and return its best point."""
    table = data.to_dataframe().reset_index()
    write_csv(out / "sweep.csv", table)
    write_netcdf(out / "sweep.nc", data)
    measure = "test_error" if bool(np.isfinite(data["test_error"]).any()) else "test_loss"
    best = None
    if bool(np.isfinite(data[measure]).any()):
        # Of points of one error, the one with the least loss.
        row = table.sort_values([measure, "test_loss"], kind="stable").iloc[0]
        best = {str(name): float(value) for name, value in row.items() if math.isfinite(value)}
    content: dict[str, Any] = {
        "task": request.task,
        "epochs": request.epochs,
        "seed": request.seed,
        "tau_f_s": request.tau_f,
        "axes": {
            axis: {"meaning": meaning, "values": data[axis].to_numpy().tolist()}
            for axis, meaning in AXES.items()
        },
        "points": len(table),
        "found": int(np.isfinite(data["final_loss"]).sum()),
        "fault": fault,
        "best": best,
        "best_measure": measure,
        "versions": {package: version(package) for package in ("tcl-circuits", "numpy", "scipy")},
    }
    write_json(out / "sweep.json", content)
    save(draw_design_map(data, "cosine"), out / "cosine.png")
    save(draw_design_map(data, measure), out / "error.png")
    return best
