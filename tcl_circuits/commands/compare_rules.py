"""``tcl-circuits compare-rules``: the field's rules on one circuit, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from tcl_circuits.commands.job_store import claim_store
from tcl_circuits.commands.output import resumable, write_csv, write_json
from tcl_circuits.errors import TclError
from tcl_circuits.figures.rules import draw_rules
from tcl_circuits.figures.style import save
from tcl_circuits.jobs import Store, open_workers
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules import RULES
from tcl_circuits.surveys.rules.comparison import RATES, RuleRow, RuleStudy, compare, is_attempt, passes
from tcl_circuits.training import tasks

REMARKS = (
    "Each rule's rate is the one of the grid with the least mean loss on a quarter of the training samples, "
    "held out (where there are fewer than 12, on all of them); it then trains on all of them.",
    "Accuracies, factors and losses are of test samples, means over the last quarter of the epochs.",
    "Energy is that of the direct currents, power times circuit time; sense branches add less than "
    "a millionth of it.",
    "The network relaxes in a tenth of tau_f: settling takes 5 of these times, a gated rise 100, an "
    "oscillation 20 periods.",
    "A write is a conductance changed by a cycle, or, on levels, brought to another level; those of "
    "continual EP count each of four steps of its rise.",
)
"""What the numbers mean."""


@dataclass(frozen=True)
class RulesRequest:
    """What to compare, and where to leave it; fields are the options of the command line."""

    task: str
    rules: tuple[str, ...] = RULES
    imperfections: Path | None = None
    seeds: int = 3
    seed: int = 0
    epochs: int | None = None
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))
    executor: str = "local"
    workers: int | None = None
    out: Path | None = None
    resume: bool = False
    force: bool = False

    def study(self) -> RuleStudy:
        """The study asked for; an InputError if it can't be."""
        return RuleStudy(
            self.task,
            self.rules,
            self.seeds,
            self.seed,
            self.epochs,
            read_imperfections(self.imperfections),
            self.saw,
        )


@dataclass(frozen=True, eq=False)
class RulesResult:
    """What a comparison came to: its directory, its rows, and rules.json."""

    out: Path
    rows: tuple[RuleRow, ...]
    content: Mapping[str, Any]


def read_imperfections(path: Path | None) -> Imperfections:
    """Read --imperfections: a file, the word ``real``, or nothing, which is ideal."""
    if path is None:
        return Imperfections()
    if str(path) == "real" and not path.exists():
        return Imperfections.real()
    return Imperfections.read(path)


def specimens(count: int) -> str:
    """So many specimens, for titles."""
    return "1 specimen" if count == 1 else f"{count} specimens"


def compare_rules(request: RulesRequest, progress: Callable[[int, int], None] | None = None) -> RulesResult:
    """Tune, train and test every rule, and leave rules.csv, rules.json, rules.png and runs.jsonl.

    Parameters
    ----------
    request : RulesRequest
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
    kind = "ideal" if study.imperfections == Imperfections() else "imperfect"
    out = request.out or Path("runs") / f"rules-{request.task}-{kind}-seed{request.seed}"
    with (
        open_workers(request.executor, request.workers) as workers,
        claim_store(out, request.force, request.resume) as path,
    ):
        with resumable(path), Store(path, study.description(), is_attempt) as store:
            rows = tuple(compare(study, workers, store, progress))
        if all(row.loss is None for row in rows):
            raise TclError("no rule came to an end at any rate; are the imperfections what you mean?")
        content = _content(study, rows)
        write_csv(out / "rules.csv", pd.DataFrame([asdict(row) for row in rows]))
        title = f"Rules on {study.task}, {kind} parts, {specimens(study.seeds)}"
        save(draw_rules(rows, title, content["baseline"]), out / "rules.png")
        write_json(out / "rules.json", content)
    return RulesResult(out, rows, content)


def _content(study: RuleStudy, rows: tuple[RuleRow, ...]) -> dict[str, Any]:
    baseline = tasks.load(study.task, study.seed).baseline
    return {
        "task": study.task,
        "epochs": passes(study.task, study.epochs),
        "seeds": list(study.all_seeds),
        "tau_f_s": study.saw.tau_f,
        "tau_s_s": study.saw.tau_s,
        "polarity": study.saw.polarity,
        "rates_S": list(RATES),
        "imperfections": asdict(study.imperfections),
        "baseline": None if baseline is None else baseline.accuracy,
        "baseline_name": None if baseline is None else baseline.name,
        "rules": [asdict(row) for row in rows],
        "remarks": list(REMARKS),
        "versions": {package: version(package) for package in ("tcl-circuits", "numpy", "scipy")},
    }
