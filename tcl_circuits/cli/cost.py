"""``cost``: time, energy and noise of a run or a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from tcl_circuits.cli.app import app, messages, output, print_json
from tcl_circuits.cli.options import (
    CellOption,
    ForceOption,
    JsonOption,
    OutOption,
    PolarityOption,
    SeedOption,
    SignalOption,
    TauFOption,
    TauSOption,
)
from tcl_circuits.commands.options import sawtooth
from tcl_circuits.units import engineering, parse_quantity


@app.command()
def cost(
    subject: Annotated[str, typer.Argument(metavar="RUN_DIR|TASK", help="What `train` left, or a task.")],
    signal_: SignalOption = "power",
    cell: CellOption = "sense",
    seed: SeedOption = 0,
    tau_f: TauFOption = "10us",
    tau_s: TauSOption = "1ms",
    polarity: PolarityOption = "standard",
    temperature: Annotated[float, typer.Option(help="Temperature in K.")] = 300.0,
    dissipation: Annotated[float, typer.Option(help="Appendix C's sigma, kT a unit of Markov time.")] = 10.0,
    markov_time: Annotated[
        str | None, typer.Option(help="Appendix C's unit of Markov time; by default R C.")
    ] = None,
    out: OutOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Account for time, energy by part and thermal noise of a run, or of a task before it is trained."""
    from tcl_circuits.commands import cost as command
    from tcl_circuits.surveys import Assumptions

    markov = None if markov_time is None else parse_quantity(markov_time, "s", "--markov-time")
    request = command.CostRequest(
        subject=subject,
        signal=signal_,  # type: ignore[arg-type]
        cell=cell,
        seed=seed,
        assumptions=Assumptions(temperature=temperature, dissipation=dissipation, markov_time=markov),
        out=out,
        force=force,
        saw=sawtooth(tau_f, tau_s, polarity),
    )
    result = command.cost(request)
    for warning in result.warnings:
        messages.print(warning)
    if as_json:
        print_json(dict(result.cost))
        return
    output.print(_table(result.cost))
    training = result.cost["training"]
    output.print(
        f"training ({result.cost['training_is']}): {training['cycles']} cycles, "
        f"{engineering(training['circuit_time_s'], 's')} in the circuit, "
        f"{engineering(training['dc_and_sense_J'], 'J')} in conductances, diodes and sense branches"
    )
    law = result.cost["noise_laws"]["gated"]
    output.print(
        f"noise of a gated cell: eps^2 E = {law['found']:.3g} kT in a Monte Carlo, "
        f"{law['expected']:g} kT by law"
    )
    output.print(f"account: {result.out}/cost.json; picture: {result.out}/cost.png")


_ROWS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("circuit time", lambda c: engineering(c["time_s"], "s")),
    ("conductances, G dV^2", lambda c: _joules(c["dc_J"])),
    ("diodes", lambda c: _joules(c["diodes_J"])),
    ("sense branches, R u^2", lambda c: _joules(c["sense_J"])),
    ("writes", lambda c: f"{_joules(c['write_J'])} at {c['written_edges']:.3g} edges"),
    ("sources = spent, to", lambda c: f"{max(abs(value) for value in c['closure'].values()):.1e}"),
    ("Appendix C's estimate", lambda c: f"{_joules(c['appendix_c_J'])} = {c['appendix_c_kT']:.3g} kT"),
    ("threshold of V(u)", lambda c: _of_threshold(c, lambda t: engineering(t["threshold_V"], "V"))),
    ("noise sqrt(kT/C)", lambda c: _of_threshold(c, lambda t: engineering(t["noise_V"], "V"))),
    ("threshold/noise", lambda c: _of_threshold(c, lambda t: f"{t['sigmas']:.3g}")),
    (
        "C for 4, R C held",
        lambda c: _of_threshold(c, lambda t: engineering(t["capacitance_for_4_sigma_F"], "F")),
    ),
    ("or gain before it", lambda c: _of_threshold(c, lambda t: f"{t['gain_for_4_sigma']:.3g}")),
)


def _table(cost: Mapping[str, Any]) -> Table:
    table = Table(
        "a cycle", *cost["cycles"], title=f"{cost['task']}, {cost['edges']} edges", title_justify="left"
    )
    diodes = any(cycle["diodes_J"] for cycle in cost["cycles"].values())
    for name, shown in _ROWS:
        if name == "diodes" and not diodes:
            continue
        table.add_row(name, *(shown(cycle) for cycle in cost["cycles"].values()))
    return table


def _of_threshold(cycle: Mapping[str, Any], shown: Callable[[Mapping[str, Any]], str]) -> str:
    return "-" if cycle["threshold"] is None else shown(cycle["threshold"])


def _joules(value: float) -> str:
    """Below a tenth of a femtojoule there is no prefix left."""
    return engineering(value, "J") if value == 0 or abs(value) >= 1e-16 else f"{value:.3g} J"
