"""``tcl-circuits robustness``: how much of each imperfection a rule bears."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from tcl_circuits.commands.compare_rules import read_imperfections, specimens
from tcl_circuits.commands.job_store import claim_store
from tcl_circuits.commands.output import resumable, write_csv, write_json
from tcl_circuits.figures.robustness import draw_robustness
from tcl_circuits.figures.style import save
from tcl_circuits.jobs import Store, open_workers
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.robustness import Robustness, RobustnessStudy, endure
from tcl_circuits.surveys.rules.comparison import is_attempt, passes


@dataclass(frozen=True)
class RobustnessRequest:
    """What to try, and where to leave it; fields are the options of the command line."""

    task: str
    rule: str = "tcl"
    imperfections: Path | None = None
    samples: int = 10
    seed: int = 0
    epochs: int | None = None
    bar: float | None = None
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))
    executor: str = "local"
    workers: int | None = None
    out: Path | None = None
    resume: bool = False
    force: bool = False

    def study(self) -> RobustnessStudy:
        """The study asked for; an InputError if it can't be."""
        return RobustnessStudy(
            self.task,
            self.rule,
            self.samples,
            self.seed,
            self.epochs,
            read_imperfections(self.imperfections),
            self.saw,
            self.bar,
        )


@dataclass(frozen=True, eq=False)
class RobustnessResult:
    """What a Monte Carlo came to: its directory, its rows and robustness.json."""

    out: Path
    found: Robustness
    content: Mapping[str, Any]


def robustness(
    request: RobustnessRequest, progress: Callable[[int, int], None] | None = None
) -> RobustnessResult:
    """Run the Monte Carlo, and leave robustness.csv, robustness.json, robustness.png and runs.jsonl.

    Parameters
    ----------
    request : RobustnessRequest
        What the user asked for.
    progress : callable, optional
        Told how many runs are done, and of how many.

    Raises
    ------
    InputError
        Before anything runs, if the request can't be fulfilled.
    JobsError
        If workers die for good; the runs that are done are kept.
    """
    study = request.study()
    out = request.out or Path("runs") / f"robustness-{request.task}-{request.rule}-seed{request.seed}"
    with (
        open_workers(request.executor, request.workers) as workers,
        claim_store(out, request.force, request.resume) as path,
    ):
        with resumable(path), Store(path, study.description(), is_attempt) as store:
            found = endure(study, workers, store, progress)
        content: dict[str, Any] = {
            "task": study.task,
            "rule": study.rule,
            "samples": study.samples,
            "seed": study.seed,
            "epochs": passes(study.task, study.epochs),
            "tau_f_s": study.saw.tau_f,
            "tau_s_s": study.saw.tau_s,
            "base": asdict(study.base),
            **found.as_json(),
            "versions": {package: version(package) for package in ("tcl-circuits", "numpy", "scipy")},
        }
        write_csv(out / "robustness.csv", pd.DataFrame([asdict(row) for row in found.rows]))
        title = f"{study.rule} on {study.task}: {specimens(study.samples)} a point"
        save(draw_robustness(found, title), out / "robustness.png")
        write_json(out / "robustness.json", content)
    return RobustnessResult(out, found, content)
