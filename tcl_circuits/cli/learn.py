"""``learn-in-circuit``: one transient trains a network."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import (
    ForceOption,
    JsonOption,
    OutOption,
    SeedOption,
    TauFOption,
)
from tcl_circuits.units import engineering, parse_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tcl_circuits.autonomous.run import Progress as Reached


@app.command("learn-in-circuit")
def learn_in_circuit(
    task: Annotated[
        str,
        typer.Argument(
            help="regression, allostery, setosa, iris, xor, xor-single, springs, springs-product "
            "or springs-strain."
        ),
    ],
    polarity: Annotated[str, typer.Option(help="inverted or standard.")] = "inverted",
    cycles: Annotated[int | None, typer.Option(help="Learning cycles.", min=0)] = None,
    gain: Annotated[float | None, typer.Option(help="lambda_max of the untrained network.")] = None,
    threshold: Annotated[float | None, typer.Option(help="In units of A_max tau_K/tau_s.")] = None,
    kind: Annotated[str, typer.Option(help="dead_zone, hard, soft or vteam.")] = "dead_zone",
    alpha: Annotated[float, typer.Option(help="Exponent of a vteam threshold.")] = 3.0,
    detector: Annotated[bool, typer.Option("--detector", help="A peak detector sets the threshold.")] = False,
    lag: Annotated[bool, typer.Option(help="Let the conductance lag behind its state.")] = True,
    tau_f: TauFOption = "10us",
    tau_s: Annotated[str | None, typer.Option(help="Slow ramp; by default the task's ratio.")] = None,
    gate_hold: Annotated[str, typer.Option(help="Gate open from the fast ramp's start on.")] = "15us",
    settle: Annotated[str, typer.Option(help="From the inputs' switch to the nudge.")] = "20us",
    rest: Annotated[str, typer.Option(help="From the gate's closing to the next switch.")] = "0s",
    look_every: Annotated[
        int | None, typer.Option(help="Cycles between looks at all samples.", min=1)
    ] = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on after the last whole period; not to the digit what a whole run gives."
        ),
    ] = False,
    force: ForceOption = False,
    force_unstable: Annotated[
        bool, typer.Option("--force-unstable", help="Run where the standard sawtooth may run away.")
    ] = False,
    time_limit: Annotated[float | None, typer.Option(help="Longest wall-clock time, in seconds.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let a circuit learn by itself in one ngspice transient, and leave files and pictures."""
    from tcl_circuits.autonomous.plan import Request
    from tcl_circuits.commands import learn as command

    run = Request(
        polarity=polarity,  # type: ignore[arg-type]
        cycles=cycles,
        gain=gain,
        threshold=threshold,
        kind=kind,  # type: ignore[arg-type]
        alpha=alpha,
        detector=detector,
        lag=lag,
        tau_f=parse_quantity(tau_f, "s", "--tau-f"),
        tau_s=None if tau_s is None else parse_quantity(tau_s, "s", "--tau-s"),
        gate_hold=parse_quantity(gate_hold, "s", "--gate-hold"),
        settle=parse_quantity(settle, "s", "--settle"),
        rest=parse_quantity(rest, "s", "--rest"),
        look_every=look_every,
        seed=seed,
    )
    request = command.LearnRequest(task, run, out, resume, force, force_unstable, time_limit)
    with _bar() as report:
        result = command.learn(request, messages.print, report)
    if as_json:
        print_json(dict(result.summary))
        return
    summary = result.summary
    output.print(
        f"loss {summary['initial_loss']:.4g} -> {summary['final_loss']:.4g} in {summary['cycles']} cycles, "
        f"{engineering(summary['circuit_time_s'], 's')} of circuit time, {summary['cpu_s']:.1f} s of CPU"
    )
    beside = (
        "" if summary["baseline"] is None else f"   {summary['baseline_name']}: {summary['baseline']:.4g}"
    )
    for name in ("test_accuracy", "train_accuracy", "test_loss"):
        if summary[name] is not None:
            output.print(f"{name.replace('_', ' ')} {summary[name]:.4g}{beside}")
            break
    output.print(
        f"pictures: {result.out}/loss.png, conductances.png, waveforms.png, film.gif; trajectories: "
        f"{result.out}/trajectories.nc; netlist: {result.out}/netlist.cir"
    )


@contextmanager
def _bar() -> Iterator[Callable[[Reached], None]]:
    """Progress bar in circuit time."""
    columns = (
        TextColumn("learning"),
        BarColumn(),
        TextColumn(
            "{task.fields[time]} of {task.fields[length]}, cycle {task.fields[cycle]}  "
            "loss {task.fields[loss]}"
        ),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=messages)
    line = bar.add_task("", total=None, time="-", length="-", cycle="-", loss="-")

    def report(at: Reached) -> None:
        bar.start()
        bar.update(
            line,
            total=at.length,
            completed=at.time,
            time=engineering(at.time, "s"),
            length=engineering(at.length, "s"),
            cycle=f"{at.cycle}/{at.cycles}",
            loss="-" if at.loss != at.loss else f"{at.loss:.3g}",
        )

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
