"""``board``: a network as a KiCad netlist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcl_circuits.cli.app import app, output


@app.command()
def board(
    source: Annotated[Path, typer.Argument(help="A run directory, a bundle, or a graph file.")],
    kind: Annotated[str, typer.Option("--parts", help="potentiometers or sockets.")] = "potentiometers",
    out: Annotated[Path | None, typer.Option(help="The file; by default NAME-PARTS.net.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Take the place of a file that is there.")] = False,
) -> None:
    """Write a KiCad netlist of at most 100 edges: digital potentiometers, or sockets for memristors."""
    from tcl_circuits.commands import board as command

    path = command.board(source, kind, out, force)
    output.print(f"netlist: {path}; in KiCad's board editor: File > Import > Netlist")
