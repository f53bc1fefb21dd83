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

from tcl_circuits.commands.output import claim, write_json
from tcl_circuits.errors import InputError
from tcl_circuits.figures.studies import draw_study
from tcl_circuits.figures.style import save
from tcl_circuits.studies import STUDIES, StudyResult, all_cores, run_study

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
        if self.figure == "all":
            return tuple(STUDIES)
        if self.figure not in STUDIES:
            raise InputError(f"there is no figure {self.figure!r}; there are {', '.join(STUDIES)} and all")
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
    out = claim(request.out or Path("runs") / f"figure-{request.figure}", request.force)
    counts = {name: request.points or STUDIES[name].points for name in names}
    results = []
    with all_cores() if max(counts.values()) >= _MANY else nullcontext() as executor:
        for name in names:
            found = run_study(
                STUDIES[name],
                counts[name],
                request.seed,
                executor if counts[name] >= _MANY else None,
                None if progress is None else partial(progress, name),
            )
            headline = {key: value if math.isfinite(value) else None for key, value in found.headline.items()}
            _leave(out, found, headline)
            results.append(FigureResult(out, name, headline))
    return results


def _leave(out: Path, found: StudyResult, headline: Mapping[str, float | None]) -> None:
    found.table.to_csv(out / f"{found.name}.csv", index=False)
    content: dict[str, Any] = {
        "figure": found.name,
        "points": found.points,
        "seed": found.seed,
        "parameters": dict(found.parameters),
        "headline": headline,
        "versions": {name: version(name) for name in ("tcl-circuits", "numpy", "scipy")},
    }
    write_json(out / f"{found.name}.json", content)
    save(draw_study(found), out / f"{found.name}.png")
