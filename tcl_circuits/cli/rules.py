"""``compare-rules`` and ``robustness``: what a rule is worth on real parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from tcl_circuits.cli.app import app, output, print_json
from tcl_circuits.cli.options import (
    ExecutorOption,
    ForceOption,
    JobWorkersOption,
    JsonOption,
    OutOption,
    PolarityOption,
    ResumeJobsOption,
    SeedOption,
    TauFOption,
    TauSOption,
)
from tcl_circuits.cli.sweep import jobs_bar
from tcl_circuits.commands.options import names, sawtooth
from tcl_circuits.units import engineering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tcl_circuits.surveys.robustness import Robustness
    from tcl_circuits.surveys.rules.comparison import RuleRow

TaskArgument = Annotated[str, typer.Argument(help="A task; see `tcl-circuits tasks`.")]
ImperfectionsOption = Annotated[
    Path | None, typer.Option(help="TOML file of what parts are like, or `real`; ideal by default.")
]
EpochsOption = Annotated[
    int | None, typer.Option(help="Passes through the samples; 12 for classes, 60 for values.", min=1)
]


@app.command()
def compare_rules(
    task: TaskArgument,
    imperfections: ImperfectionsOption = None,
    rules: Annotated[str | None, typer.Option(help="Rules, separated by commas; all by default.")] = None,
    seeds: Annotated[int, typer.Option(help="Specimens of the circuit.", min=1)] = 3,
    epochs: EpochsOption = None,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    seed: SeedOption = 0,
    executor: ExecutorOption = "local",
    workers: JobWorkersOption = None,
    out: OutOption = None,
    resume: ResumeJobsOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare the field's contrastive rules on one circuit: accuracy, time, energy, writes and needs."""
    from tcl_circuits.commands import compare_rules as command
    from tcl_circuits.surveys.rules import RULES

    chosen = names(rules)
    request = command.RulesRequest(
        task=task,
        rules=RULES if chosen is None else tuple(chosen),
        imperfections=imperfections,
        seeds=seeds,
        seed=seed,
        epochs=epochs,
        saw=sawtooth(tau_f, tau_s, polarity),
        executor=executor,
        workers=workers,
        out=out,
        resume=resume,
        force=force,
    )
    with jobs_bar("runs") as report:
        result = command.compare_rules(request, report)
    if as_json:
        print_json(dict(result.content))
        return
    output.print(_rules_table(result.rows))
    output.print(_needs_table(result.rows))
    for remark in command.REMARKS:
        output.print(f"- {remark}")
    output.print(f"picture: {result.out}/rules.png; tables: {result.out}/rules.csv, rules.json")


@app.command()
def robustness(
    task: TaskArgument,
    rule: Annotated[str, typer.Option(help="A rule of compare-rules.")] = "tcl",
    imperfections: ImperfectionsOption = None,
    samples: Annotated[int, typer.Option(help="Specimens of each point.", min=1)] = 10,
    bar: Annotated[float | None, typer.Option(help="Accuracy, or loss factor, that counts as good.")] = None,
    epochs: EpochsOption = None,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    seed: SeedOption = 0,
    executor: ExecutorOption = "local",
    workers: JobWorkersOption = None,
    out: OutOption = None,
    resume: ResumeJobsOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try each imperfection at several levels, others as in --imperfections: accuracy and yield."""
    from tcl_circuits.commands import robustness as command

    request = command.RobustnessRequest(
        task=task,
        rule=rule,
        imperfections=imperfections,
        samples=samples,
        seed=seed,
        epochs=epochs,
        bar=bar,
        saw=sawtooth(tau_f, tau_s, polarity),
        executor=executor,
        workers=workers,
        out=out,
        resume=resume,
        force=force,
    )
    with jobs_bar("runs") as report:
        result = command.robustness(request, report)
    if as_json:
        print_json(dict(result.content))
        return
    output.print(_robustness_table(result.found))
    output.print(
        f"yield: share of specimens with {result.found.measure} >= {result.found.bar:.3g}; rate "
        f"{engineering(result.found.rate, 'S')}, tuned without what is varied"
    )
    output.print(
        f"picture: {result.out}/robustness.png; tables: {result.out}/robustness.csv, robustness.json"
    )


def _rules_table(rows: Sequence[RuleRow]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    classes = any(row.accuracy is not None for row in rows)
    heads = ("rule", "accuracy" if classes else "factor", "rate", "cycles", "time", "energy", "writes")
    for head in heads:
        table.add_column(head, justify="left" if head == "rule" else "right", no_wrap=True)
    for row in rows:
        reached = row.accuracy if classes else row.factor
        table.add_row(
            row.rule,
            "failed" if reached is None else f"{reached:.3f}" if classes else f"{reached:.3g}",
            "" if row.rate is None else engineering(row.rate, "S"),
            "" if row.cycles is None else str(row.cycles),
            "" if row.time is None else engineering(row.time, "s"),
            "" if row.energy is None else engineering(row.energy, "J"),
            "" if row.writes is None else f"{row.writes:.2g}",
        )
    return table


def _needs_table(rows: Sequence[RuleRow]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("rule", "words", "devices", "an edge keeps", "sent to all edges"):
        table.add_column(head, justify="right" if head in ("words", "devices") else "left")
    for row in rows:
        table.add_row(row.rule, str(row.words), str(row.devices), row.memory, row.signals)
    return table


def _robustness_table(found: Robustness) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("imperfection", "value", "unit", found.measure, "worst", "yield"):
        table.add_column(head, justify="left" if head in ("imperfection", "unit") else "right")
    for row in found.rows:
        table.add_row(
            row.imperfection,
            "" if row.imperfection == "none" else f"{row.value:g}",
            row.unit,
            "failed" if row.score is None else f"{row.score:.3g}",
            "" if row.score_min is None else f"{row.score_min:.3g}",
            f"{row.good:.0%}",
        )
    return table
