"""``predict``: a trained network is asked about new rows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tcl_circuits.cli.app import app, messages
from tcl_circuits.cli.options import EngineOption, MissingOption


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="What `train` left of a table.")],
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A table with the columns that the run learned from.")
    ],
    engine: EngineOption = "reference",
    missing: MissingOption = "refuse",
    out: Annotated[Path | None, typer.Option(help="CSV file to write; by default it is printed.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file --out.")] = False,
) -> None:
    """Answer for each row of a new table: its columns, the prediction, the probability of each class."""
    from tcl_circuits.commands import predict as command

    found = command.predict(command.PredictRequest(run, table, engine, missing, out, force))
    for remark in found.remarks:
        messages.print(remark)
    if out is None:
        sys.stdout.write(found.text)
    else:
        messages.print(f"{len(found.rows)} rows in {out}")
