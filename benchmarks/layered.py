"""Layered circuits on MNIST: the thresholded update against explicit contrast, the solver against ngspice."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
from measure import Contestant, cpu_medians, engine_clock
from tables import Table, at_least, at_most

from tcl_circuits.engines import Ngspice
from tcl_circuits.ep.data import Digits, mnist_12k
from tcl_circuits.layered.circuit import with_bias
from tcl_circuits.layered.netlist import BareCell, Laid
from tcl_circuits.layered.recipe import Recipe
from tcl_circuits.layered.trainer import Trainer

HIDDEN = (10, 30, 100, 300, 1000)
WANTED_RATIO, WANTED_SPEED, WANTED_MB = 1.5, 1000.0, 400.0

MEMORY = """
from pathlib import Path
from tempfile import TemporaryDirectory
from tcl_circuits.ep.data import mnist_12k
from tcl_circuits.layered.trainer import Trainer
with TemporaryDirectory() as folder:
    Trainer(mnist_12k(), 100).fit(2, Path(folder) / "checkpoint.npz")
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


def layered(quick: bool) -> list[Table]:
    """Tables of an epoch, of hidden layers of all sizes, of operating points, and of memory."""
    digits = mnist_12k()
    return [epoch(digits, quick), sizes(digits, quick), operating_points(digits, quick), memory()]


def epoch(digits: Digits, quick: bool) -> Table:
    """Table of epochs at 100 hidden nodes, the rules taking turns."""
    count = 2 if quick else 8
    table = Table(
        f"Layered circuit 784-100-10: epochs of 10,000 images of MNIST, {count} of each rule in turns",
        ("rule", "CPU s an epoch", "rule/contrast"),
        "Median CPU time, testing of 2,000 images included; one thread.",
    )
    runs = {rule: _epochs(digits, rule, 100, count + 1) for rule in ("contrast", "tcl", "gradient")}
    spent = cpu_medians(runs, count)
    for rule, seconds in spent.items():
        wanted = WANTED_RATIO if rule == "tcl" else None
        table.add(rule, seconds, at_most(seconds / spent["contrast"], wanted, "x"))
    return table


def sizes(digits: Digits, quick: bool) -> Table:
    """Table of epochs over the size of the hidden layer, with the exponent fitted."""
    few = digits.first(2000, 10) if quick else digits.first(10_000, 10)
    table = Table(
        f"Hidden layers of all sizes: an epoch of {len(few.train_x)} images, rule tcl",
        ("hidden nodes", "edges", "CPU s an epoch", "us an image"),
    )
    spent = []
    for hidden in HIDDEN:
        run = {"tcl": _epochs(few, "tcl", hidden, 4)}
        spent.append(cpu_medians(run, 2)["tcl"])
        edges = 2 * 785 * hidden + (hidden + 2) * 20
        table.add(hidden, edges, spent[-1], 1e6 * spent[-1] / len(few.train_x))
    exponent = np.polyfit(np.log(HIDDEN), np.log(spent), 1)[0]
    table.note = f"CPU time grows as the {exponent:.2f}th power of the hidden nodes."
    return table


def operating_points(digits: Digits, quick: bool) -> Table:
    """Table of free states a second: the solver against the same netlist in ngspice, loaded once."""
    trainer = Trainer(digits.first(2000, 1000), 100)
    trainer.fit(1)
    folded, x = Laid.folded(trainer.circuit), with_bias(digits.test_x[:1000])
    few = 3 if quick else 10
    volts = folded.volts(x[:few])
    with Ngspice() as engine:
        engine.settle(folded.network, BareCell(), volts[:1])
        contestants = {
            "ngspice .op": Contestant(
                lambda _: engine.settle(folded.network, BareCell(), volts), engine_clock(lambda: engine.pids)
            ),
            "layered solver": Contestant(lambda _: trainer.settle(x), time.process_time),
        }
        spent = cpu_medians(contestants, 3)
    table = Table(
        "Free states of 784-100-10 a second, inputs folded into Thevenin sources",
        ("solver", "images a second", "solver/ngspice"),
        "ngspice: one netlist without sense branches, loaded once and altered; the layered solver forms the "
        "inputs' currents too.",
    )
    speed = {"ngspice .op": few / spent["ngspice .op"], "layered solver": len(x) / spent["layered solver"]}
    for name, rate in speed.items():
        wanted = WANTED_SPEED if name == "layered solver" else None
        table.add(name, rate, at_least(rate / speed["ngspice .op"], wanted))
    return table


def memory() -> Table:
    """Table of the most memory of a process that trains two epochs."""
    table = Table("Memory of a training run, 784-100-10, 10,000 images", ("process", "peak MB"))
    found = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    table.add("train", at_most(int(found.stdout) / 1024, WANTED_MB, " MB"))
    return table


def _epochs(digits: Digits, rule: str, hidden: int, count: int) -> Contestant:
    """A run that does one more epoch at each turn."""
    trainer = Trainer(digits, hidden, rule, Recipe())
    courses = trainer.courses(count)
    batches = -(-len(digits.train_x) // (trainer.recipe.batch or 1))

    def turn(_: int) -> None:
        for _ in range(batches):
            next(courses)

    return Contestant(turn, time.process_time)
