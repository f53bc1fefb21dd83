"""``sweep``: a design map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import (
    ExecutorOption,
    ForceOption,
    JobWorkersOption,
    JsonOption,
    OutOption,
    ResumeJobsOption,
    SeedOption,
    TauFOption,
)

_AXIS = "10,30,100 or LOW:HIGH:COUNT"


@app.command()
def sweep(
    task: Annotated[str, typer.Argument(help="A task; see `tcl-circuits tasks`.")],
    ratio: Annotated[str | None, typer.Option(help="tau_s/tau_f.", metavar=_AXIS)] = None,
    theta: Annotated[str | None, typer.Option(help="Threshold in A_max C/tau_s.", metavar=_AXIS)] = None,
    memory: Annotated[str | None, typer.Option(help="R C/tau_f.", metavar=_AXIS)] = None,
    g_range: Annotated[str | None, typer.Option(help="G_max/G_min.", metavar=_AXIS)] = None,
    points: Annotated[int | None, typer.Option(help="Values of each axis that is not given.", min=1)] = None,
    epochs: Annotated[int, typer.Option(help="Length of each training.", min=1)] = 10,
    tau_f: TauFOption = "10us",
    seed: SeedOption = 0,
    executor: ExecutorOption = "local",
    workers: JobWorkersOption = None,
    out: OutOption = None,
    resume: ResumeJobsOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Map a design: cosine to the gradient and final error over ramps, threshold, R C and range of G."""
    from tcl_circuits.commands import sweep as command
    from tcl_circuits.units import parse_quantity

    request = command.SweepRequest(
        task=task,
        axes={"ratio": ratio, "theta": theta, "memory": memory, "g_range": g_range},
        points=points,
        epochs=epochs,
        seed=seed,
        tau_f=parse_quantity(tau_f, "s", "--tau-f"),
        executor=executor,
        workers=workers,
        out=out,
        resume=resume,
        force=force,
    )
    with jobs_bar("points") as report:
        result = command.sweep(request, report)
    if as_json:
        print_json(None if result.best is None else dict(result.best))
        return
    if result.best is not None:
        table = Table("best point", "value", title=f"{task}, {result.points} points", title_justify="left")
        for name, value in result.best.items():
            table.add_row(name, f"{value:.4g}")
        output.print(table)
    output.print(f"maps: {result.out}/cosine.png, error.png; tables: {result.out}/sweep.csv, sweep.nc")


@contextmanager
def jobs_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Progress bar over jobs."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(what),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=messages)
    line = bar.add_task("", total=None)

    def report(done: int, of: int) -> None:
        bar.start()
        bar.update(line, total=of, completed=done)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
