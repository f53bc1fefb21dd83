"""An Iris epoch in the ngspice engine: CPU of a cycle and errors, at several tolerances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from accuracy import exact_transients, kernel_error, update_error
from circuits import altered
from measure import Contestant, cpu_medians, engine_clock
from rivals import Cycle, Naive
from tables import Table, at_least, at_most

from tcl_circuits import Sawtooth, SenseCell, Trainer, tasks
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.engines import Ngspice
from tcl_circuits.training.trainer import Progress

SAW = Sawtooth(1e-5, 1e-3)
WANTED_MS, WANTED_ERROR = 12.0, 2e-3
RELTOLS = (1e-4, 1e-5, 1e-6)
COMPARED = 16
WANTED_RATIO = 10.0
NAIVE_STEPS = (200, 1000)


class Epochs:
    """An engine that trains Iris epochs."""

    def __init__(self, reltol: float) -> None:
        self.engine, self.reltol = Ngspice(reltol=reltol), reltol
        self.clock = engine_clock(lambda: self.engine.pids)
        self._task, self._cell = tasks.load("iris"), SenseCell()

    def cycles(self, repeat: int) -> None:
        """An epoch's cycles alone: a network for each mini-batch, all of its samples run."""
        size = self._task.recipe.batch
        places = np.arange(len(self._task.train))
        for k, chosen in enumerate(np.split(places, places.size // size)):
            drive = self._task.present(self._task.train, chosen, self._cell, SAW)
            self.engine.run(altered(self._task.network, 1000 * repeat + k), self._cell, SAW, drive)

    def training(self) -> float:
        """CPU seconds of the second of two epochs of training, with updates and all samples settled."""
        marks: dict[float, float] = {}

        def mark(progress: Progress) -> None:
            marks[progress.epoch] = self.clock()

        Trainer(self._task.network, self._cell, SAW, self.engine).fit(self._task, epochs=2, progress=mark)
        return marks[2.0] - marks[1.0]

    def errors(self) -> tuple[float, float, float]:
        """Errors of u and of the update, largest over some samples, and the mean number of time points."""
        drive = self._task.present(self._task.train, np.arange(COMPARED), self._cell, SAW)
        found = self.engine.run(self._task.network, self._cell, SAW, drive)
        exact = exact_transients(self._task.network, self._cell, drive, SAW)
        pairs = list(zip(found, exact, strict=True))
        points = float(np.mean([each.time.size for each in found]))
        return max(kernel_error(*p) for p in pairs), max(update_error(*p) for p in pairs), points

    def plain_cycles(self, steps: int) -> list[Cycle]:
        """The epoch's cycles for the naive path, with currents for the softmax nudge."""
        network, nudge = self._task.network, self._task.nudge
        drive = self._task.present(self._task.train, np.arange(self.samples), self._cell, SAW)
        outputs = Conduction(network).voltages(drive.inputs_at_start)[:, network.outputs]
        selection = nudge.outputs.matrix(network.outputs.size)
        pulls = nudge.force(outputs @ selection.T, drive.targets) @ selection
        return [
            replace(
                Cycle.of(network, drive.sample(k), self._cell),
                pulls=pulls[k],
                current_nudge=True,
                saw=SAW,
                kernel_time=float(self._cell.c) * float(self._cell.r),
                capacitance=float(self._cell.c),
                steps=steps,
            )
            for k in range(self.samples)
        ]

    @property
    def samples(self) -> int:
        """Cycles in an epoch."""
        return len(self._task.train)


def iris(quick: bool) -> list[Table]:
    """Table over the tolerances."""
    table = Table(
        "Iris epoch in ngspice: 60 edges, power cell, softmax nudge, 100 cycles in batches of 4",
        ("reltol", "cycle ms", "with training ms", "epoch s", "points", "error of u", "of update"),
        "CPU of host and worker a cycle; with training: updates, and all 150 samples settled once an epoch.\n"
        f"Errors against the reference engine on a fine grid, largest of {COMPARED} samples.",
    )
    runs = [Epochs(reltol) for reltol in RELTOLS]
    try:
        contestants = {f"{run.reltol:g}": Contestant(run.cycles, run.clock) for run in runs}
        for run in runs:
            run.cycles(0)
        cpu = cpu_medians(contestants, 2 if quick else 5)
        for run in runs:
            seconds, epoch = cpu[f"{run.reltol:g}"] / run.samples, run.training()
            u, update, points = run.errors()
            table.add(
                run.reltol,
                at_most(1e3 * seconds, WANTED_MS),
                at_most(1e3 * epoch / run.samples, WANTED_MS),
                epoch,
                points,
                at_most(u, WANTED_ERROR),
                update,
            )
    finally:
        for run in runs:
            run.engine.close()
    return [table, _against_naive(quick)]


def _against_naive(quick: bool) -> Table:
    """Table of an epoch's cycles in the engine and in a process that builds and runs a netlist a sample."""
    table = Table(
        "Iris epoch in ngspice against a netlist a sample through PySpice",
        ("way", "cycle ms", "epoch s", "takes of the engine's"),
        "engine: circuit loaded once, a changed network every 4 cycles; host and worker. naive PySpice: one\n"
        "process; build, str, load, run with @r[i], uniform steps, nudge currents as at the start. Steps of\n"
        "200 are five kernel times long: u is off by a tenth. At 1000 they are one, and u is settled.",
    )
    engine, rival = Epochs(1e-5), Naive()
    try:
        contestants = {"engine": Contestant(engine.cycles, engine.clock)}
        for steps in NAIVE_STEPS:
            turn = partial(_run_all, rival, engine.plain_cycles(steps))
            contestants[f"naive PySpice, {steps} steps"] = Contestant(turn, rival.clock)
        cpu = cpu_medians(contestants, 2 if quick else 5)
    finally:
        engine.engine.close()
        rival.close()
    for name, seconds in cpu.items():
        ratio = None if name == "engine" else at_least(seconds / cpu["engine"], WANTED_RATIO)
        table.add(name, 1e3 * seconds / engine.samples, seconds, ratio)
    return table


def _run_all(rival: Naive, cycles: Sequence[Cycle], _: int) -> None:
    for cycle in cycles:
        rival.run(cycle)
