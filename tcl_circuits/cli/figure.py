"""``figure``: the paper's figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import ForceOption, JsonOption, OutOption, SeedOption


@app.command()
def figure(
    name: Annotated[str, typer.Argument(metavar="ID", help="3b, 4b, 4c, 5b, 5c, 6b, 8 or all.")],
    points: Annotated[
        int | None, typer.Option(help="Number of settings (3b: epochs); by default the paper's.")
    ] = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compute figures of the paper, and leave ID.csv, ID.json and ID.png of each."""
    from tcl_circuits.commands import figure as command

    with _figure_bar() as report:
        results = command.figure(command.FigureRequest(name, points, seed, out, force), report)
    if as_json:
        print_json({result.name: dict(result.headline) for result in results})
        return
    table = Table("figure", "number", "value")
    for result in results:
        for number, value in result.headline.items():
            table.add_row(result.name, number, "-" if value is None else f"{value:.5g}")
        table.add_section()
    output.print(table)
    output.print(f"csv, json and png of each: {results[0].out}")


@contextmanager
def _figure_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bar over the settings of each figure."""
    columns = (
        TextColumn("figure {task.description:3}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("settings"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages) as bar:
        lines: dict[str, object] = {}

        def report(name: str, done: int, of: int) -> None:
            if name not in lines:
                lines[name] = bar.add_task(name, total=of)
            bar.update(lines[name], completed=done)  # type: ignore[arg-type]

        yield report
