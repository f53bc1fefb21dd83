"""``ep``: the EP network on MNIST or on images of the user's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import ForceOption, JsonOption, OutOption, SeedOption
from tcl_circuits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tcl_circuits.commands.ep import EpRequest
    from tcl_circuits.commands.ep_compare import EpComparison
    from tcl_circuits.ep.run import Progress as TrainingProgress


@app.command()
def ep(
    rule: Annotated[
        str,
        typer.Option(help="tcl, contrast, continual, hebbian, hebbian-random, oscillating or backprop."),
    ] = "tcl",
    hidden: Annotated[str, typer.Option(help="Nodes of the hidden layers, e.g. 500 or 500,500.")] = "500",
    epochs: Annotated[int, typer.Option(help="Passes through the images.", min=1)] = 35,
    seed: SeedOption = 0,
    data: Annotated[str, typer.Option(help="mnist-12k, digits, or a folder of IDX files.")] = "mnist-12k",
    classes: Annotated[int, typer.Option(help="Classes of a folder's labels.", min=2, max=256)] = 10,
    preset: Annotated[
        str | None, typer.Option(help="Settings: published (Fig. 3), best, or digits (default for digits).")
    ] = None,
    compiled: Annotated[bool | None, typer.Option(help="Use numba; by default if it is installed.")] = None,
    out: OutOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
    force: ForceOption = False,
    compare: Annotated[bool, typer.Option("--compare", help="Train with every rule, and compare.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train the EP network of Fig. 3 on MNIST or on your own images, and leave files and pictures."""
    from tcl_circuits.commands.ep import EpRequest

    request = EpRequest(
        rule=rule,
        hidden=_layers(hidden),
        epochs=epochs,
        seed=seed,
        data=data,
        classes=classes,
        preset=preset,
        compiled=compiled,
        out=out,
        resume=resume,
        force=force,
    )
    if compare:
        _compare(request, as_json)
    else:
        _train(request, as_json)


def _train(request: EpRequest, as_json: bool) -> None:
    from tcl_circuits.commands.ep import train_ep

    with _training_bars() as bar_of:
        result = train_ep(request, messages.print, bar_of(request.rule))
    if as_json:
        print_json(dict(result.summary))
        return
    summary = result.summary
    train, test, cold = (_percent(summary[name]) for name in ("train_error", "test_error", "test_error_cold"))
    output.print(
        f"train error {train}, test error {test} ({cold} from a cold start) after {summary['epochs']} epochs "
        f"of {summary['train_images']} images, {summary['cpu_s']:.1f} s of CPU"
    )
    pictures = [path.name for path in sorted(result.out.glob("*.png"))]
    output.print(f"pictures: {result.out}/{', '.join(pictures)}; weights: {result.out}/weights.npz")


def _percent(error: float | None) -> str:
    """An error for the eye; there is none without test images."""
    return "-" if error is None else f"{error:.2f} %"


def _compare(request: EpRequest, as_json: bool) -> None:
    from tcl_circuits.commands.ep_compare import compare_rules

    with _training_bars() as bar_of:
        found = compare_rules(request, messages.print, bar_of)
    if as_json:
        print_json(found.as_json())
        return
    output.print(_table(found))
    output.print("iterations: of an image for an update; time and energy of an update after Appendix C, in")
    output.print("relaxation times of the network and in kT; what they assume is in comparison.json")
    output.print(
        f"files: {found.out}/comparison.json, comparison.csv, comparison.png, and a run for each rule"
    )


def _table(found: EpComparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for head in ("rule", "train", "test", "iterations", "CPU", "time", "energy"):
        table.add_column(head, justify="left" if head == "rule" else "right", no_wrap=True)
    for row in found.rows:
        table.add_row(
            row["rule"],
            *(
                "failed" if row[part] is None else f"{row[part]:.2f} %"
                for part in ("train_error", "test_error")
            ),
            str(row["iterations_per_update"]),
            "" if row["cpu_s"] is None else f"{row['cpu_s']:.1f} s",
            f"{row['time_tau_relax']:g}",
            f"{row['energy_kT']:.2g}",
        )
    return table


def _layers(text: str) -> tuple[int, ...]:
    """Numbers of nodes separated by commas."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise InputError(
            f"--hidden {text!r}: give numbers of nodes separated by commas, such as 500 or 500,500"
        )
    return tuple(int(part) for part in parts)


class _Speed(ProgressColumn):
    """Images a second."""

    def render(self, task: Task) -> Text:
        """Speed of the last moments, as long as it is known."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} images/s")


def _text(shown: str) -> TextColumn:
    return TextColumn(shown, table_column=Column(no_wrap=True))


@contextmanager
def _training_bars() -> Iterator[Callable[[str], Callable[[TrainingProgress], None]]]:
    """Makes a progress bar for a rule: images/s, running error, time left."""
    columns = (
        _text("{task.description}"),
        BarColumn(bar_width=None),
        _text("{task.fields[epoch]}"),
        _Speed(Column(no_wrap=True)),
        _text("{task.fields[error]}"),
        TimeRemainingColumn(table_column=Column(no_wrap=True)),
        _text("left"),
    )
    bars = Progress(*columns, console=messages, speed_estimate_period=10, expand=True)

    def bar_of(rule: str) -> Callable[[TrainingProgress], None]:
        lines: list[TaskID] = []

        def report(at: TrainingProgress) -> None:
            if not lines:
                # A resumed run begins in the middle: its speed counts from there.
                total = at.images * at.epochs / at.epoch
                lines.append(bars.add_task(rule, total=total, completed=at.images, epoch="", error=""))
                bars.start()
            bars.update(
                lines[0],
                completed=at.images,
                epoch=f"epoch {min(int(at.epoch) + 1, at.epochs)}/{at.epochs}",
                error=f"error {at.error:.2f} %",
            )

        return report

    try:
        yield bar_of
    finally:
        if bars.live.is_started:
            bars.stop()
