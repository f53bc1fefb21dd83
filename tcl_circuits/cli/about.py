"""``doctor``, ``tasks`` and ``cells``: what there is."""

from __future__ import annotations

import typer
from rich.table import Table

from tcl_circuits.cli.app import app, output, print_json
from tcl_circuits.cli.options import JsonOption


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """What is installed, and a one-edge transient checked against Eq. 25; exit 0 usable, 1 not."""
    from tcl_circuits.commands.doctor import examine, rows

    report = examine()
    if as_json:
        print_json(report)
    else:
        table = Table(show_header=False, box=None)
        for name, found in rows(report):
            table.add_row(name, found)
        output.print(table)
        output.print("ngspice is usable" if report["usable"] else f"not usable: {report['remedy']}")
    raise typer.Exit(0 if report["usable"] else 1)


@app.command("tasks")
def list_tasks() -> None:
    """The tasks there are, a line each."""
    from tcl_circuits.layered.tasks import TASKS
    from tcl_circuits.training import tasks

    table = Table(show_header=False, box=None)
    for name in tasks.names():
        table.add_row(name, tasks.load(name).description)
    for layered in TASKS.values():
        table.add_row(layered.name, layered.description)
    table.add_row("--data FILE.csv", "a table of yours: numeric features, --target COLUMN to learn")
    output.print(table)


@app.command()
def cells() -> None:
    """The edge cells there are: equations and default parts, each as a .subckt."""
    from tcl_circuits.circuit.autonomous_cell import AutonomousCell
    from tcl_circuits.circuit.autonomous_elements import subcircuit
    from tcl_circuits.circuit.cells import SenseCell, SeriesCell
    from tcl_circuits.circuit.netlist import subcircuit_text

    alone = AutonomousCell(transconductance=1e-5, theta=1e-3)
    for cell in (SenseCell("power"), SenseCell("abs"), SenseCell("linear"), SeriesCell()):
        output.print(subcircuit_text(cell.subcircuit(1e-5)))
    output.print(subcircuit_text(subcircuit(alone, 1e-5)))
