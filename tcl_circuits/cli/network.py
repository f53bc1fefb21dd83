"""``simulate`` and ``compare``: one cycle of a network, in one engine or in two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.handoff import compare_two
from tcl_circuits.cli.options import (
    CellOption,
    EngineOption,
    ForceOption,
    JsonOption,
    NodesOption,
    OutOption,
    PolarityOption,
    SeedOption,
    TauFOption,
    TauSOption,
    VoltsOption,
)
from tcl_circuits.commands.options import names, sawtooth, shortened, volts_of
from tcl_circuits.errors import InputError
from tcl_circuits.units import engineering


@app.command()
def simulate(
    graph: Annotated[Path, typer.Argument(help="GraphML or node-link JSON.")],
    inputs: NodesOption = None,
    outputs: NodesOption = None,
    ground: Annotated[str | None, typer.Option(help="The node at 0 V.")] = None,
    volts: VoltsOption = None,
    targets: VoltsOption = None,
    engine: EngineOption = "auto",
    signal_: Annotated[str, typer.Option("--signal", help="power, abs or linear.")] = "power",
    cell: CellOption = "sense",
    seed: SeedOption = 0,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    out: OutOption = None,
    force: ForceOption = False,
) -> None:
    """Simulate one sawtooth cycle of a network from a file."""
    from tcl_circuits.commands import simulate as command
    from tcl_circuits.commands.graph import GraphDrive

    request = command.SimulateRequest(
        graph=graph,
        inputs=names(inputs),
        outputs=names(outputs),
        ground=ground,
        drive=GraphDrive(volts_of(volts, "--volts"), volts_of(targets, "--targets")),
        engine=engine,
        signal=signal_,  # type: ignore[arg-type]
        cell=cell,
        seed=seed,
        out=out,
        force=force,
        saw=sawtooth(tau_f, tau_s, polarity),
    )
    result = command.simulate(request)
    for remark in result.remarks:
        messages.print(remark)
    table = Table("edge", "conductance", "charge", "update")
    largest = result.edges["update"].abs().sort_values(ascending=False).index[:10]
    for row in result.edges.loc[largest].itertuples():
        table.add_row(
            shortened(str(row.edge)),
            engineering(float(row.conductance_S), "S"),  # type: ignore[arg-type]
            engineering(float(row.charge_C), "C"),  # type: ignore[arg-type]
            f"{row.update:.3g}",
        )
    output.print(table)
    output.print(
        f"{len(result.edges)} edges; {result.out}/edges.csv, waveforms.nc, netlist.cir, waveforms.png"
    )


@app.command()
def compare(
    subject: Annotated[str, typer.Argument(help="A task or a graph file; or a bundle, beside another.")],
    other: Annotated[str | None, typer.Argument(help="Another bundle, run, graph or netlist.")] = None,
    engines: Annotated[str, typer.Option(help="Two engines.")] = "ngspice,reference",
    inputs: NodesOption = None,
    outputs: NodesOption = None,
    ground: Annotated[str | None, typer.Option(help="The node at 0 V.")] = None,
    volts: VoltsOption = None,
    targets: VoltsOption = None,
    signal_: Annotated[str, typer.Option("--signal", help="power, abs or linear.")] = "power",
    cell: CellOption = "sense",
    reltol: Annotated[float, typer.Option(help="ngspice's relative tolerance.")] = 1e-5,
    seed: SeedOption = 0,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    out: OutOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run the same cycles in two engines, or read two bundles, and say how far they differ."""
    if other is not None:
        compare_two(Path(subject), Path(other), out, force, as_json)
        return
    from tcl_circuits.commands import compare as command
    from tcl_circuits.commands.graph import GraphDrive

    chosen = names(engines) or []
    if len(chosen) != 2:
        raise InputError(f"--engines {engines!r}: name two, separated by a comma")
    request = command.CompareRequest(
        subject=subject,
        inputs=names(inputs),
        outputs=names(outputs),
        ground=ground,
        drive=GraphDrive(volts_of(volts, "--volts"), volts_of(targets, "--targets")),
        engines=(chosen[0], chosen[1]),
        signal=signal_,  # type: ignore[arg-type]
        cell=cell,
        reltol=reltol,
        seed=seed,
        out=out,
        force=force,
        saw=sawtooth(tau_f, tau_s, polarity),
    )
    result = command.compare(request)
    if as_json:
        print_json(dict(result.comparison))
        return
    found = result.comparison
    output.print(f"{found['edges']} edges, {found['samples']} samples, {' against '.join(chosen)}")
    output.print(f"largest difference of u: {found['waveform_max_error']:.2g} of the largest u")
    if found["update_cosine"] is not None:
        cosine, difference = found["update_cosine"], found["update_relative_l2"]
        output.print(f"updates: cosine {cosine:.6f}, relative difference {difference:.2g}")
    output.print(f"files: {result.out}/comparison.json, comparison.png")
