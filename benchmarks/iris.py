"""An Iris epoch in the ngspice engine: CPU of a cycle and errors, at several tolerances."""

from __future__ import annotations

import numpy as np
from accuracy import exact_transients, kernel_error, update_error
from circuits import altered
from measure import Contestant, cpu_medians, engine_clock
from tables import Table, at_most

from tcl_circuits import Sawtooth, SenseCell, Trainer, tasks
from tcl_circuits.engines import Ngspice
from tcl_circuits.training.trainer import Progress

SAW = Sawtooth(1e-5, 1e-3)
WANTED_MS, WANTED_ERROR = 12.0, 2e-3
RELTOLS = (1e-4, 1e-5, 1e-6)
COMPARED = 16


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
    return [table]
