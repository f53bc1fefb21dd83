"""``train``: a network on a task or on a table of the user's."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import (
    CellOption,
    CheckOption,
    ClassesOption,
    DropOption,
    EngineOption,
    FeaturesOption,
    ForceOption,
    JsonOption,
    MissingOption,
    OutOption,
    PolarityOption,
    SeedOption,
    TargetOption,
    TauFOption,
    TauSOption,
)
from tcl_circuits.commands.options import names, sawtooth
from tcl_circuits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tcl_circuits.commands.train import TrainResult
    from tcl_circuits.training.trainer import Progress as TrainingProgress


_FOR_NETWORKS = (
    *("target", "features", "drop", "missing", "graph", "classes", "engine", "signal_", "cell", "workers"),
    *("chirp", "tau_f", "tau_s", "polarity"),
)
_FOR_LAYERED = ("hidden", "shift", "compiled")
_PICTURES = ("loss.png", "network.png", "features.png", "waveforms.png", "waveforms_trained.png")


@app.command()
def train(
    ctx: typer.Context,
    task: Annotated[str | None, typer.Argument(help="A task; see `tcl-circuits tasks`.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A CSV table of yours; for mnist, fashion-mnist a folder of IDX files."),
    ] = None,
    target: TargetOption = None,
    graph: Annotated[Path | None, typer.Option(help="A network for it (GraphML or node-link JSON).")] = None,
    classes: ClassesOption = False,
    features: FeaturesOption = None,
    drop: DropOption = None,
    missing: MissingOption = "refuse",
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
    check: CheckOption = 0,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    hidden: Annotated[int | None, typer.Option(help="Hidden nodes of a layered circuit.", min=1)] = None,
    shift: Annotated[int, typer.Option(help="Move images by up to so many pixels (layered).", min=0)] = 0,
    compiled: Annotated[
        bool | None, typer.Option(help="Use numba (layered); by default if it is installed.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a network or a layered circuit on a task, or on your own table; leave files and pictures."""
    from tcl_circuits.layered.tasks import TASKS

    if task in TASKS:
        _refuse(ctx, _FOR_NETWORKS, f"belongs to networks, and {task} is a layered circuit")
        from tcl_circuits.commands.train_layered import LayeredRequest, train_layered

        layered = LayeredRequest(
            task, data, hidden, rule, epochs, seed, shift, compiled, out, resume, force, check
        )
        with _training_bar() as report:
            found = train_layered(layered, report)
        _print_result(found, as_json)
        return
    _refuse(ctx, _FOR_LAYERED, f"belongs to layered circuits: {', '.join(TASKS)}")
    from tcl_circuits.commands import train as command
    from tcl_circuits.commands.given_table import GivenTable

    request = command.TrainRequest(
        task=task,
        table=GivenTable.of(
            data,
            target=target,
            classes=classes,
            features=names(features),
            drop=names(drop) or (),
            missing=missing,
        ),
        graph=graph,
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
        check=check,
        saw=sawtooth(tau_f, tau_s, polarity),
    )
    with _training_bar() as report:
        result = command.train(request, messages.print, report)
    _print_result(result, as_json)


def _refuse(ctx: typer.Context, options: tuple[str, ...], why: str) -> None:
    """Refuse options that were given but mean nothing here."""
    for name in options:
        source = ctx.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InputError(f"--{name.rstrip('_').replace('_', '-')} {why}; leave it out")


def _print_result(result: TrainResult, as_json: bool) -> None:
    """Say what a run came to."""
    if as_json:
        print_json(dict(result.summary))
        return
    summary = result.summary
    output.print(
        f"loss {summary['initial_loss']:.4g} -> {summary['final_loss']:.4g} in {summary['epochs']} epochs, "
        f"{summary['cycles']} cycles in the engine {summary['engine']}, {summary['cpu_s']:.1f} s of CPU"
    )
    output.print(_score_line(summary))
    if summary["check"] is not None:
        output.print(_check_line(summary["check"]))
    pictures = [name for name in _PICTURES if (result.out / name).exists()]
    output.print(f"pictures: {result.out}/{', '.join(pictures)}; netlist: {result.out}/netlist.cir")


def _score_line(summary: Mapping[str, Any]) -> str:
    name = summary["baseline_name"] or "no baseline"
    beside = "" if summary["baseline"] is None else f"   {name}: {summary['baseline']:.4g}"
    if summary["test_accuracy"] is not None:
        return f"test accuracy {summary['test_accuracy']:.4g}{beside}"
    return f"test loss {summary['test_loss']:.4g}{beside}"


def _check_line(check: Mapping[str, Any]) -> str:
    samples, share = check["samples"], check["agreement"]
    agreed = "" if share is None else f", {round(share * samples)} of {samples} predictions the same"
    return (
        f"checked in ngspice on {samples} test inputs: outputs within "
        f"{check['output_max_difference_V']:.2g} V{agreed}"
    )


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
    bar = Progress(*columns, console=messages)
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
