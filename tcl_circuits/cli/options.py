"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EngineOption = Annotated[str, typer.Option(help="auto, ngspice or reference (exact, NumPy).")]
SignalOption = Annotated[str, typer.Option(help="Synaptic signal: power, abs or linear.")]
CellOption = Annotated[str, typer.Option(help="Edge cell: sense or series.")]
SeedOption = Annotated[int, typer.Option(help="Seed of every draw.", min=0, max=2**32 - 1)]
OutOption = Annotated[Path | None, typer.Option(help="Directory for the files; by default under runs/.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Write into a directory that holds files.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
TauFOption = Annotated[str, typer.Option(help="Fast ramp, e.g. 10us.")]
TauSOption = Annotated[str, typer.Option(help="Slow ramp, e.g. 1ms.")]
PolarityOption = Annotated[str, typer.Option(help="standard or inverted.")]
CheckOption = Annotated[
    int, typer.Option(help="Simulate the trained netlist in ngspice on so many test inputs.", min=0)
]
NodesOption = Annotated[str | None, typer.Option(help="Node names, separated by commas.")]
VoltsOption = Annotated[str | None, typer.Option(help="Voltages, separated by commas.")]
TargetOption = Annotated[str | None, typer.Option(help="The table's column to learn.")]
ClassesOption = Annotated[bool, typer.Option("--classes", help="Take a numeric target as classes.")]
FeaturesOption = Annotated[
    str | None, typer.Option(help="Columns to learn from, separated by commas; by default all others.")
]
DropOption = Annotated[str | None, typer.Option(help="Columns to leave out, separated by commas.")]
MissingOption = Annotated[str, typer.Option(help="Rows without a value: refuse the table, or drop them.")]
ExecutorOption = Annotated[
    str, typer.Option(help="local, dask (a cluster of this machine's cores) or dask:ADDRESS.")
]
JobWorkersOption = Annotated[
    int | None, typer.Option("--workers", help="Processes; by default one for each core.", min=1)
]
ResumeJobsOption = Annotated[bool, typer.Option("--resume", help="Do what is missing in --out.")]
