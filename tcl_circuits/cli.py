"""The command line: parses, calls, prints."""

from __future__ import annotations

import io
import json
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from tcl_circuits.commands.options import names, sawtooth, shortened, volts_of
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.units import engineering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tcl_circuits.training.trainer import Progress as TrainingProgress


class _Commands(typer.core.TyperGroup):
    """The commands, with what they raise turned into an exit code and one message."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            kept = "; the checkpoint is kept: go on with --resume" * (ctx.invoked_subcommand == "train")
            _console.print(f"interrupted{kept}")
            raise typer.Exit(130) from None
        except TclError as fault:
            _console.print(f"tcl-circuits: {fault}")
            raise typer.Exit(fault.exit_code) from None
        except OSError as fault:
            place = "" if fault.filename is None else f"{fault.filename}: "
            _console.print(f"tcl-circuits: {place}{fault.strerror or fault}; what was reached is kept")
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Commands,
    help="Temporal Contrastive Learning as circuits: networks from graphs, trained in ngspice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Names of a user's nodes and files are text, never markup.
_console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
_output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

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
NodesOption = Annotated[str | None, typer.Option(help="Node names, separated by commas.")]
VoltsOption = Annotated[str | None, typer.Option(help="Voltages, separated by commas.")]


def _print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """What is installed, and a one-edge transient checked against Eq. 25; exit 0 usable, 1 not."""
    from tcl_circuits.commands.doctor import examine, rows

    report = examine()
    if as_json:
        _print_json(report)
    else:
        table = Table(show_header=False, box=None)
        for name, found in rows(report):
            table.add_row(name, found)
        _output.print(table)
        _output.print("ngspice is usable" if report["usable"] else f"not usable: {report['remedy']}")
    raise typer.Exit(0 if report["usable"] else 1)


@app.command("tasks")
def list_tasks() -> None:
    """The tasks there are, a line each."""
    from tcl_circuits.training import tasks

    table = Table(show_header=False, box=None)
    for name in tasks.names():
        table.add_row(name, tasks.load(name).description)
    table.add_row("--data FILE.csv", "a table of yours: numeric features, --target COLUMN to learn")
    _output.print(table)


@app.command()
def cells() -> None:
    """The edge cells there are: equations and default parts, each as a .subckt."""
    from tcl_circuits.circuit.cells import SenseCell, SeriesCell
    from tcl_circuits.circuit.netlist import subcircuit_text

    for cell in (SenseCell("power"), SenseCell("abs"), SenseCell("linear"), SeriesCell()):
        block = cell.subcircuit(1e-5)
        _output.print(subcircuit_text(block), markup=False)


@app.command()
def train(
    task: Annotated[str | None, typer.Argument(help="A task; see `tcl-circuits tasks`.")] = None,
    data: Annotated[Path | None, typer.Option(help="A CSV table of yours.")] = None,
    target: Annotated[str | None, typer.Option(help="Its column to learn.")] = None,
    graph: Annotated[Path | None, typer.Option(help="A network for it (GraphML or node-link JSON).")] = None,
    classes: Annotated[bool, typer.Option("--classes", help="Take a numeric target as classes.")] = False,
    engine: EngineOption = "auto",
    rule: Annotated[str, typer.Option(help="tcl, contrast (explicit memory) or gradient (adjoint).")] = "tcl",
    signal_: Annotated[str, typer.Option("--signal", help="power, abs or linear.")] = "power",
    cell: CellOption = "sense",
    epochs: Annotated[int | None, typer.Option(help="Passes through the samples.", min=0)] = None,
    seed: SeedOption = 0,
    workers: Annotated[int, typer.Option(help="ngspice processes.", min=1)] = 1,
    out: OutOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
    force: ForceOption = False,
    chirp: Annotated[bool | None, typer.Option(help="Sawtooth and threshold follow the loss.")] = None,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    as_json: JsonOption = False,
) -> None:
    """Train a network on a task or on your own table, and leave files and pictures."""
    from tcl_circuits.commands import train as command

    saw = sawtooth(tau_f, tau_s, polarity)
    request = command.TrainRequest(
        task=task,
        data=data,
        target=target,
        graph=graph,
        classes=classes,
        engine=engine,
        rule=rule,
        signal=signal_,  # type: ignore[arg-type]
        cell=cell,
        epochs=epochs,
        seed=seed,
        workers=workers,
        out=out,
        resume=resume,
        force=force,
        chirp=chirp,
        saw=saw,
    )
    with _training_bar() as report:
        result = command.train(request, _console.print, report)
    if as_json:
        _print_json(dict(result.summary))
        return
    summary = result.summary
    _output.print(
        f"loss {summary['initial_loss']:.4g} -> {summary['final_loss']:.4g} in {summary['epochs']} epochs, "
        f"{summary['cycles']} cycles in {summary['engine']}, {summary['cpu_s']:.1f} s of CPU"
    )
    _output.print(_score_line(summary))
    _output.print(
        f"pictures: {result.out}/loss.png, network.png, waveforms.png; netlist: {result.out}/netlist.cir"
    )


def _score_line(summary: Mapping[str, Any]) -> str:
    name = summary["baseline_name"] or "no baseline"
    beside = "" if summary["baseline"] is None else f"   {name}: {summary['baseline']:.4g}"
    if summary["test_accuracy"] is not None:
        return f"test accuracy {summary['test_accuracy']:.4g}{beside}"
    return f"test loss {summary['test_loss']:.4g}{beside}"


@contextmanager
def _training_bar() -> Iterator[Callable[[TrainingProgress], None]]:
    """Progress bar over epochs with loss, test accuracy and time left."""
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs  loss {task.fields[loss]}  {task.fields[accuracy]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=_console)
    line = bar.add_task("", total=None, loss="-", accuracy="")

    def report(at: TrainingProgress) -> None:
        bar.start()
        accuracy = "" if at.test_accuracy != at.test_accuracy else f"test {at.test_accuracy:.3f}"
        bar.update(
            line, total=at.epochs, completed=round(at.epoch, 2), loss=f"{at.loss:.3g}", accuracy=accuracy
        )

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()


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
        _console.print(remark)
    table = Table("edge", "conductance", "charge", "update")
    largest = result.edges["update"].abs().sort_values(ascending=False).index[:10]
    for row in result.edges.loc[largest].itertuples():
        table.add_row(
            shortened(str(row.edge)),
            engineering(float(row.conductance_S), "S"),  # type: ignore[arg-type]
            engineering(float(row.charge_C), "C"),  # type: ignore[arg-type]
            f"{row.update:.3g}",
        )
    _output.print(table)
    _output.print(
        f"{len(result.edges)} edges; {result.out}/edges.csv, waveforms.nc, netlist.cir, waveforms.png"
    )


@app.command()
def compare(
    subject: Annotated[str, typer.Argument(help="A task, or a graph file.")],
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
    """Run the same cycles in two engines and say how far they differ."""
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
        _print_json(dict(result.comparison))
        return
    found = result.comparison
    _output.print(f"{found['edges']} edges, {found['samples']} samples, {' against '.join(chosen)}")
    _output.print(f"largest difference of u: {found['waveform_max_error']:.2g} of the largest u")
    if found["update_cosine"] is not None:
        cosine, difference = found["update_cosine"], found["update_relative_l2"]
        _output.print(f"updates: cosine {cosine:.6f}, relative difference {difference:.2g}")
    _output.print(f"files: {result.out}/comparison.json, comparison.png")


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
