"""``tcl-circuits ep --compare``: every rule on the same images from the same start, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from tcl_circuits import ep
from tcl_circuits.commands.ep import EpRequest, EpResult, train_ep
from tcl_circuits.commands.ep_costs import ASSUMPTIONS, NEEDS, cost_of
from tcl_circuits.commands.output import claim, write_csv, write_json
from tcl_circuits.ep.data import Digits
from tcl_circuits.ep.rules import make_rule
from tcl_circuits.ep.run import Progress
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.figures.ep import draw_rules, save


@dataclass(frozen=True)
class EpComparison:
    """What a comparison came to: its directory, a row for each rule, and what their costs assume."""

    out: Path
    rows: Sequence[Mapping[str, Any]]
    assumptions: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {"assumptions": dict(self.assumptions), "rules": [dict(row) for row in self.rows]}


def compare_rules(
    request: EpRequest,
    notify: Callable[[str], None] = print,
    progress_of: Callable[[str], Callable[[Progress], None]] | None = None,
) -> EpComparison:
    """Train with every rule, each in a directory of its own, and leave comparison.json, .csv and .png.

    Parameters
    ----------
    request : EpRequest
        What the user asked for; its rule is not used. With `resume`, rules that are done are not trained
        again, and the one under way goes on.
    notify : callable
        Told a line where the user should know something at once.
    progress_of : callable, optional
        Makes from a rule's name what is told of each of its batches.

    Raises
    ------
    InputError, KeyboardInterrupt
        As :func:`~tcl_circuits.commands.ep.train_ep`. A rule whose training fails has no errors in its row.
    """
    data = ep.data.load(request.data, request.seed, request.classes)
    with claim(_place(request), request.force, request.resume) as out:
        rows, histories = [], {}
        for rule in ep.RULES:
            place = out / rule
            resume = request.resume and (place / "checkpoint.npz").exists()
            each = replace(request, rule=rule, out=place, resume=resume)
            result = _trained(each, data, notify, None if progress_of is None else progress_of(rule))
            rows.append(_row(each, data, None if result is None else result.summary))
            if result is not None:
                histories[rule] = result.history
        found = EpComparison(out, rows, ASSUMPTIONS)
        write_csv(out / "comparison.csv", pd.DataFrame(rows))
        save(draw_rules(histories, f"Rules from the same start on {data.name}"), out / "comparison.png")
        write_json(out / "comparison.json", found.as_json())
    return found


def _trained(
    request: EpRequest,
    data: Digits,
    notify: Callable[[str], None],
    progress: Callable[[Progress], None] | None,
) -> EpResult | None:
    """Result of a rule; None, and a line to the user, if its training fails."""
    try:
        return train_ep(request, notify, progress, data)
    except InputError:
        raise
    except TclError as fault:
        notify(f"rule {request.rule} failed: {fault}")
        return None


def _place(request: EpRequest) -> Path:
    label = f"ep-{Path(request.data).name}-rules-{request.settings}-seed{request.seed}"
    return request.out or Path("runs") / label


def _row(request: EpRequest, data: Digits, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    settings = ep.Settings.named(request.settings)
    sizes = (data.pixels, *request.hidden, data.classes)
    update = make_rule(request.rule, settings, len(sizes) - 1).iterations
    cost = cost_of(request.rule, sizes, settings)
    each = settings.free_iterations + update
    reached = summary or dict.fromkeys(("train_error", "test_error", "cpu_s"))
    return {
        "rule": request.rule,
        "train_error": reached["train_error"],
        "test_error": reached["test_error"],
        "iterations_per_update": each,
        "iterations": None if summary is None else each * summary["epochs"] * len(data.train_x),
        "cpu_s": reached["cpu_s"],
        "time_tau_relax": cost.time,
        "energy_kT": cost.in_kt(),
        "needs": NEEDS[request.rule],
    }
