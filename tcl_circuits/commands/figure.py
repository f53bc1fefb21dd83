"""``tcl-circuits figure``: the paper's figures as csv, json and png."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from tcl_circuits.commands.figure_3b import EPOCHS, error_curves
from tcl_circuits.commands.output import claim, write_csv, write_json
from tcl_circuits.errors import InputError
from tcl_circuits.figures.studies import draw_study
from tcl_circuits.figures.style import save
from tcl_circuits.studies import STUDIES, StudyResult, all_cores, run_study

TRAINING = "3b"
_MANY = 200
"""Settings from which several processes are worth their start."""


@dataclass(frozen=True)
class FigureRequest:
    """Which figure, and where to leave it; fields are the options of the command line."""

    figure: str
    points: int | None = None
    seed: int = 0
    out: Path | None = None
    force: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Numbers of the figures.

        Raises
        ------
        InputError
            If there is no such figure.
        """
        names = (TRAINING, *STUDIES)
        if self.figure == "all":
            return names
        if self.figure not in names:
            raise InputError(f"there is no figure {self.figure!r}; there are {', '.join(names)} and all")
        return (self.figure,)


@dataclass(frozen=True)
class FigureResult:
    """A figure that was made: its directory, its number, its headline numbers (None where there is none)."""

    out: Path
    name: str
    headline: Mapping[str, float | None]


def figure(
    request: FigureRequest, progress: Callable[[str, int, int], None] | None = None
) -> list[FigureResult]:
    """Compute figures, and leave ID.csv, ID.json and ID.png of each.

    Parameters
    ----------
    request : FigureRequest
        What the user asked for.
    progress : callable, optional
        Told the figure's number, the settings done, and how many there are.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled.
    """
    names = request.names
    if request.points is not None and request.points < 2:
        raise InputError(f"--points {request.points} must be at least 2")
    with claim(request.out or Path("runs") / f"figure-{request.figure}", request.force) as out:
        counts = {name: request.points or STUDIES[name].points for name in names if name in STUDIES}
        results = []
        with all_cores() if max(counts.values(), default=0) >= _MANY else nullcontext() as executor:
            for name in names:
                told = None if progress is None else partial(progress, name)
                if name == TRAINING:
                    curves = error_curves(request.points, request.seed, told)
                    made = _Made(curves.table, curves.headline, curves.parameters, curves.draw)
                else:
                    many = executor if counts[name] >= _MANY else None
                    found = run_study(STUDIES[name], counts[name], request.seed, many, told)
                    made = _Made(found.table, found.headline, found.parameters, partial(_draw, found))
                results.append(_leave(out, name, request, made))
    return results


@dataclass(frozen=True, eq=False)
class _Made:
    """What a figure consists of."""

    table: pd.DataFrame
    headline: Mapping[str, float]
    parameters: Mapping[str, Any]
    draw: Callable[[Path], None]


def _draw(found: StudyResult, path: Path) -> None:
    save(draw_study(found), path)


def _leave(out: Path, name: str, request: FigureRequest, made: _Made) -> FigureResult:
    headline = {key: value if math.isfinite(value) else None for key, value in made.headline.items()}
    write_csv(out / f"{name}.csv", made.table)
    content: dict[str, Any] = {
        "figure": name,
        "points": request.points or _usual_points(name),
        "seed": request.seed,
        "parameters": dict(made.parameters),
        "headline": headline,
        "versions": {package: version(package) for package in ("tcl-circuits", "numpy", "scipy")},
    }
    write_json(out / f"{name}.json", content)
    made.draw(out / f"{name}.png")
    return FigureResult(out, name, headline)


def _usual_points(name: str) -> int:
    return EPOCHS if name == TRAINING else STUDIES[name].points
