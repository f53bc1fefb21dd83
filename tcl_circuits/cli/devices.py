"""``devices``: the memristor models, and the hysteresis loop of one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import ForceOption, JsonOption, OutOption
from tcl_circuits.units import engineering


@app.command()
def devices(
    name: Annotated[str | None, typer.Argument(help="A model; without one, all are listed.")] = None,
    out: OutOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """The memristor models; of one its hysteresis loop at three frequencies in NumPy and ngspice."""
    if name is None:
        if out is not None:
            from tcl_circuits.errors import InputError

            raise InputError(f"--out {out}: name a model; the list leaves no files")
        _list(as_json)
        return
    from tcl_circuits.commands.devices import device_loops

    found = device_loops(name, out, force)
    for remark in found.remarks:
        messages.print(remark)
    if as_json:
        print_json(
            {"model": name, "amplitude_V": found.amplitude, "loops": [asdict(row) for row in found.rows]}
        )
        return
    table = Table("frequency", "lobes", "at 0 V", "state moves", "ngspice: current", "state")
    for row in found.rows:
        errors = ["-" if error is None else f"{error:.1e}" for error in (row.current_error, row.state_error)]
        figures = (engineering(row.lobes, "W"), f"{row.pinch:.1e}", f"{row.swing:.1%}")
        table.add_row(engineering(row.frequency, "Hz"), *figures, *errors)
    output.print(table)
    output.print(
        f"sine of {engineering(found.amplitude, 'V')}; files: {found.out}/loop.png, loop.csv, {name}.subckt"
    )


def _list(as_json: bool) -> None:
    from tcl_circuits.circuit.memristors import MODELS, named_memristor

    models = [named_memristor(name) for name in MODELS]
    if as_json:
        print_json([{"name": one.name, "model": one.title, "citation": one.citation} for one in models])
        return
    table = Table(show_header=False, box=None)
    for one in models:
        table.add_row(one.name, one.title)
        table.add_row("", one.citation)
    output.print(table)
