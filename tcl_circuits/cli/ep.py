"""``ep``: the EP network on MNIST or on images of the user's."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import ForceOption, JsonOption, OutOption, SeedOption
from tcl_circuits.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tcl_circuits.ep.trainer import Progress as TrainingProgress


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
    preset: Annotated[str, typer.Option(help="published (Fig. 3) or best.")] = "published",
    out: OutOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in --out.")] = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train the EP network of Fig. 3 on MNIST or on your own images, and leave files and pictures."""
    from tcl_circuits.commands import ep as command

    request = command.EpRequest(
        rule=rule,
        hidden=_layers(hidden),
        epochs=epochs,
        seed=seed,
        data=data,
        classes=classes,
        preset=preset,
        out=out,
        resume=resume,
        force=force,
    )
    with _training_bar(rule) as report:
        result = command.train_ep(request, messages.print, report)
    if as_json:
        print_json(dict(result.summary))
        return
    summary = result.summary
    output.print(
        f"train error {summary['train_error']:.2f} %, test error {summary['test_error']:.2f} % after "
        f"{summary['epochs']} epochs of {summary['train_images']} images, {summary['cpu_s']:.1f} s of CPU"
    )
    pictures = [path.name for path in sorted(result.out.glob("*.png"))]
    output.print(f"pictures: {result.out}/{', '.join(pictures)}; weights: {result.out}/weights.npz")


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


@contextmanager
def _training_bar(rule: str) -> Iterator[Callable[[TrainingProgress], None]]:
    """Progress bar over the images of a run, with images/s, running error and time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[epoch]}"),
        _Speed(),
        TextColumn("{task.fields[error]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    bar = Progress(*columns, console=messages, speed_estimate_period=10)
    lines: list[TaskID] = []

    def report(at: TrainingProgress) -> None:
        if not lines:
            # A resumed run begins in the middle: its speed counts from there.
            total = at.images * at.epochs / at.epoch
            lines.append(bar.add_task(rule, total=total, completed=at.images, epoch="", error=""))
            bar.start()
        bar.update(
            lines[0],
            completed=at.images,
            epoch=f"epoch {min(int(at.epoch) + 1, at.epochs)}/{at.epochs}",
            error=f"train error {at.error:.2f} %",
        )

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
