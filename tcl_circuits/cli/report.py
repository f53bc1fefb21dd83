"""``report``: a run directory or a bundle as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcl_circuits.cli.app import app, output


@app.command()
def report(
    source: Annotated[Path, typer.Argument(help="What train, simulate or export left.")],
    out: Annotated[
        Path | None, typer.Option(help="The file; by default report.html in a run, or beside a bundle.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Take the place of a file that is there.")] = False,
) -> None:
    """Write one HTML file that shows a run or a bundle, and needs no network."""
    from tcl_circuits.commands import report as command

    output.print(f"report: {command.report(source, out, force)}")
