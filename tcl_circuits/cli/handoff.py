"""``export`` and ``verify``: what a hardware team gets, and whether it still is what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import (
    CellOption,
    NodesOption,
    OutOption,
    PolarityOption,
    SeedOption,
    SignalOption,
    TauFOption,
    TauSOption,
    VoltsOption,
)
from tcl_circuits.commands.options import names, sawtooth, shortened, volts_of
from tcl_circuits.units import engineering, parse_quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tcl_circuits.handoff.difference import Difference
    from tcl_circuits.handoff.parts import Cost

_SHOWN = 20


@app.command()
def export(
    source: Annotated[
        Path, typer.Argument(help="A run directory, a graph file, a flat netlist of ours, or a bundle.")
    ],
    dialect: Annotated[str, typer.Option(help="ngspice, ltspice, xyce or spectre.")] = "ngspice",
    inputs: NodesOption = None,
    outputs: NodesOption = None,
    ground: Annotated[str | None, typer.Option(help="The node at 0 V.")] = None,
    volts: VoltsOption = None,
    targets: VoltsOption = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the images that a layered run learned.")
    ] = None,
    signal_: SignalOption = "power",
    cell: CellOption = "sense",
    samples: Annotated[int, typer.Option(help="Test samples of the inference bench.", min=1)] = 8,
    seed: SeedOption = 0,
    conductances: Annotated[
        Path | None, typer.Option(help="Measured conductances: csv with edge, conductance.")
    ] = None,
    standard_values: Annotated[str | None, typer.Option(help="Nearest values of E24 or E96.")] = None,
    wire: Annotated[str, typer.Option(help="Wire resistance of each edge, e.g. 10ohm.")] = "0",
    node_capacitance: Annotated[str, typer.Option(help="Capacitance of each node, e.g. 5pF.")] = "0",
    offset: Annotated[str, typer.Option(help="Standard deviation of op-amps' offsets, e.g. 1mV.")] = "0",
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    out: OutOption = None,
    force: Annotated[bool, typer.Option("--force", help="Take the place of what is there.")] = False,
) -> None:
    """Hand a network over: netlists, test benches and expected figures in one directory."""
    from tcl_circuits.commands import export as command
    from tcl_circuits.commands.graph import GraphDrive
    from tcl_circuits.handoff.parts import Parts

    request = command.ExportRequest(
        source=source,
        dialect=dialect,
        inputs=names(inputs),
        outputs=names(outputs),
        ground=ground,
        drive=GraphDrive(volts_of(volts, "--volts"), volts_of(targets, "--targets")),
        images=data,
        signal=signal_,  # type: ignore[arg-type]  # named_cell says so if it is none
        cell=cell,
        samples=samples,
        seed=seed,
        conductances=conductances,
        parts=Parts(
            standard_values,  # type: ignore[arg-type]  # Parts says so if it is none
            parse_quantity(wire, "ohm", "--wire"),
            parse_quantity(node_capacitance, "F", "--node-capacitance"),
            parse_quantity(offset, "V", "--offset"),
        ),
        out=out,
        force=force,
        saw=sawtooth(tau_f, tau_s, polarity),
    )
    result = command.export(request)
    for remark in result.remarks:
        messages.print(remark)
    if result.costs:
        _print_costs(result.costs)
    network = result.design.network
    output.print(f"{network.node_count} nodes, {network.edge_count} edges as {dialect} in {result.out}")
    output.print(f"check it with: tcl-circuits verify {result.out}")


def _print_costs(found: Sequence[Cost]) -> None:
    table = Table("parts", "outputs move", "settling", "test loss", "test accuracy")
    for one in found:
        table.add_row(
            one.parts,
            engineering(one.output_shift, "V"),
            engineering(one.settling, "s"),
            "-" if one.loss is None else f"{one.loss:.4g}",
            "-" if one.accuracy is None else f"{one.accuracy:.4g}",
        )
    output.print(table)


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="Directory of a bundle.")],
    simulator: Annotated[str, typer.Option(help="ngspice, neospice, or all that are installed.")] = "ngspice",
) -> None:
    """Check a bundle's files, run its test benches and compare; exit 0 passed, 1 not."""
    from tcl_circuits.commands import verify as command

    found = command.verify(bundle, simulator)
    for remark in found.remarks:
        messages.print(remark)
    table = Table("check", "figures", "worst / tolerance", "")
    table.add_row("files", str(found.files), "", "failed" if found.faults else "ok")
    for one in found.results:
        state = "failed" if one.faults else "ok"
        table.add_row(f"{one.bench} in {one.simulator}", str(one.figures), f"{one.worst:.2g}", state)
    output.print(table)
    faults = [*found.faults, *(fault for one in found.results for fault in one.faults)]
    for fault in faults[:_SHOWN]:
        messages.print(shortened(fault, 200))
    if len(faults) > _SHOWN:
        messages.print(f"... and {len(faults) - _SHOWN} more")
    output.print("passed" if found.passed else "failed")
    raise typer.Exit(0 if found.passed else 1)


def compare_two(first: Path, second: Path, out: Path | None, force: bool, as_json: bool) -> None:
    """Print how two bundles, runs, graphs or netlists differ."""
    from tcl_circuits.commands.compare_bundles import compare_bundles

    found = compare_bundles(first, second, out, force)
    if as_json:
        print_json(found.as_json())
        return
    _print_difference(found)
    if out is not None:
        output.print(f"file: {out}/comparison.json")


def _print_difference(found: Difference) -> None:
    for fault in found.structure:
        output.print(shortened(fault, 200))
    if found.structure:
        output.print("the two are different networks")
        return
    if found.same:
        output.print("the same network, value for value")
        return
    table = Table("edge", "A", "B", "change")
    for name, a, b in found.changed[:_SHOWN]:
        table.add_row(shortened(name), engineering(a, "S", 4), engineering(b, "S", 4), f"{b / a - 1:+.2%}")
    output.print(table)
    output.print(
        f"{len(found.changed)} edges differ: by {found.largest:.3g} of their conductance at most, "
        f"rms {found.rms:.3g}"
    )
    if found.output_shift is not None:
        output.print(f"largest change of an output: {engineering(found.output_shift, 'V')}")
