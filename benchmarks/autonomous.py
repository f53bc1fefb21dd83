"""Autonomous cycles: forms of the netlist against each other, and against the host-updated path.

Each form is compared with its own solution under tight tolerances: the error is that of the conductances'
change over the run. The plain form is what one writes first: piecewise linear nudge and gate with fast
edges, a threshold of exponentials, gear, tolerances of femtoamperes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from measure import Contestant, children_clock, cpu_medians, engine_clock
from tables import Table, at_least, at_most

from tcl_circuits import Sawtooth, SenseCell
from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.circuit import Columns, Control, elements_of, netlist_of
from tcl_circuits.autonomous.design import Design
from tcl_circuits.autonomous.plan import Request, plan
from tcl_circuits.autonomous.recipe import CircuitTask, Recipe
from tcl_circuits.autonomous.schedule import Schedule
from tcl_circuits.autonomous.tables import with_tables
from tcl_circuits.autonomous.timing import pulse_value
from tcl_circuits.autonomous.transient import stream
from tcl_circuits.circuit.builders import lattice
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.elements import (
    Element,
    PulseVoltage,
    RampVoltage,
)
from tcl_circuits.circuit.nudge import ConductanceNudge, single_ended
from tcl_circuits.engines import Ngspice
from tcl_circuits.training.task import Samples, Task

CYCLES = 16
REPEATS = {"16": 5, "60": 3, "200": 1}
WANTED = {"16": 2.0, "60": 2.0, "200": 1.5}
"""Least ratio of the plain form's CPU time to the package's."""
PLAIN, OURS = "plain", "as the package writes it"
_TIGHT = Control(reltol=1e-5, abstol=1e-15, vntol=1e-8, chgtol=1e-21, trtol=1.0, longest=0.05)
_FINE = Control("gear", 1e-3, 1e-15, 1e-8, 1e-18, 4.0, 0.2, 0.05)
_EDGE = 1e-6


@dataclass(frozen=True, eq=False)
class Form:
    """A way to write the same run.

    Parameters
    ----------
    design : Design
        The run.
    control : Control
        Error control.
    pulses : bool
        Nudge and gate as pulses with slow gates; else piecewise linear with fast ones.
    controlled : bool
        Products of node voltages as POLY sources instead of expressions.
    tables : bool
        Inputs and targets as tables that are searched by halving; matters in long runs.
    """

    design: Design
    control: Control
    pulses: bool = True
    controlled: bool = False
    tables: bool = True

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """Its elements."""
        found = elements_of(self.design, 0, self.design.start())
        if not self.pulses:
            return tuple(self._plain(element) for element in found)
        return with_tables(found) if self.tables else found

    def _plain(self, element: Element) -> Element:
        if not isinstance(element, PulseVoltage):
            return element
        if element.name == "vwrite":
            element = replace(element, rise=_EDGE, width=element.rise + element.width - _EDGE, fall=_EDGE)
        return _piecewise(element, len(self.design.schedule.periods))

    def text(self, control: Control | None = None) -> str:
        """The netlist."""
        found = netlist_of(self.elements, self.design, 0, "benchmark", control or self.control)
        return _with_poly(found) if self.controlled else found

    def rows(self, control: Control | None = None) -> FloatArray:
        """Time points of the run."""
        names = Columns.of(self.design).names
        return np.vstack(list(stream(self.text(control), names, self.design.schedule.length)))

    def error(self, rows: FloatArray) -> float:
        """Error of the change of all states, relative to the change."""
        exact, at = self.rows(_TIGHT), Columns.of(self.design).w
        change = exact[-1, at] - exact[0, at]
        return float(np.linalg.norm(rows[-1, at] - exact[-1, at]) / np.linalg.norm(change))


def _piecewise(pulse: PulseVoltage, periods: int) -> RampVoltage:
    """The same voltage as a piecewise linear source of the whole run."""
    steps = np.cumsum([pulse.delay, pulse.rise, pulse.width, pulse.fall])
    times = [0.0, *(k * pulse.period + t for k in range(periods) for t in steps.tolist())]
    first = pulse.period
    values = [0.0, *(pulse_value(pulse, t - first * int(t / first)) for t in times[1:])]
    return RampVoltage(pulse.name, pulse.a, pulse.b, tuple(zip(times, values, strict=True)))


def _with_poly(text: str) -> str:
    """Edge conductances and squares as POLY controlled sources instead of expressions."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if line[:2] in ("Bg", "Bs") and "V(" in line and line[2].isdigit():
            name, a, b, expression = words[0], words[1], words[2], words[3]
            factor, *rest = expression.split("=")[1].split("*V(")
            one, two = (part.rstrip(")") for part in rest)
            first, second = (part if "," in part else f"{part},0" for part in (one, two))
            kind = "G" if line[:2] == "Bg" else "E"
            ends = " ".join(f"{pair.replace(',', ' ')}" for pair in (first, second))
            lines.append(f"{kind}{name[1:]} {a} {b} POLY(2) {ends} 0 0 0 0 {factor}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _forms(size: str) -> dict[str, Form]:
    learned = _task(size)
    ours = _design(learned)
    hard = _design(learned, kind="hard")
    scaled = _design(replace(learned, recipe=replace(learned.recipe, scale=30.0)))
    quick = Control.of(ours)
    return {
        PLAIN: Form(hard, _FINE, pulses=False),
        "plain, trap": Form(hard, replace(_FINE, method="trap"), pulses=False),
        "plain, dead zone": Form(ours, _FINE, pulses=False),
        "pulses, slow gate, gear": Form(ours, replace(quick, method="gear")),
        OURS: Form(ours, quick),
        "states scaled by 30": Form(scaled, quick),
        "piecewise linear inputs": Form(ours, quick, tables=False),
        "POLY sources": Form(ours, quick, controlled=True),
        "no abstol, vntol": Form(ours, replace(quick, abstol=1e-15, vntol=1e-8)),
    }


def _design(learned: CircuitTask, kind: str = "dead_zone") -> Design:
    """A run of some cycles without looks between them."""
    found = plan(learned, Request(cycles=CYCLES, kind=kind)).design  # type: ignore[arg-type]
    timing = found.schedule.timing
    schedule = Schedule.make(timing, len(found.train), 0, CYCLES, look_every=CYCLES)
    learning = tuple(period for period in schedule.periods if period.learns)
    return replace(found, schedule=replace(schedule, periods=learning), test=_none(found.test))


def _none(samples: Samples) -> Samples:
    return Samples(samples.inputs[:0], samples.targets[:0])


def _task(size: str) -> CircuitTask:
    if size == "16":
        return tasks.load("regression")
    if size == "60":
        return tasks.load("iris")
    inputs, outputs = [(0, 0), (0, 8), (8, 0)], [(4, 4), (4, 5)]
    shape = lattice(9, 9, inputs, outputs, ground=(8, 8), diagonals=56)
    rng = np.random.default_rng(0)
    start, teacher = (
        shape.with_conductance(rng.uniform(low, high, shape.edge_count))
        for low, high in ((1e-5, 4e-5), (2e-6, 8e-5))
    )
    volts = rng.uniform(-1, 1, (8, 3))
    samples = Samples(volts, Conduction(teacher).voltages(volts)[:, teacher.outputs])
    nudge = ConductanceNudge(tasks.NUDGE_CONDUCTANCE, single_ended(2))
    task = Task("lattice", start, nudge, samples, samples)
    return CircuitTask(task, Recipe(CYCLES))


def autonomous(sizes: Sequence[str], quick: bool) -> list[Table]:
    """Forms of the netlist, and cycles per CPU second of both ways to learn."""
    del sizes
    chosen = ["16"] if quick else list(WANTED)
    spent: dict[str, tuple[float, float]] = {}
    tables = []
    for size in chosen:
        table, cpu = _compare(size, 1 if quick else REPEATS[size])
        tables.append(table)
        spent[size] = cpu, _hosted(size)
    return [*tables, _growth(spent)]


def _compare(size: str, repeats: int) -> tuple[Table, float]:
    """Time the forms at one size, and say how wrong each is; and the CPU seconds of ours."""
    forms = _forms(size)
    contestants = {name: Contestant(partial(_turn, form), children_clock) for name, form in forms.items()}
    times = cpu_medians(contestants, repeats, warm_up=False)
    found = {name: form.rows() for name, form in forms.items()}
    errors = {name: form.error(found[name]) for name, form in forms.items()}
    table = Table(
        f"autonomous cycles, {size} edges",
        ["form", "points a cycle", "CPU of plain / its CPU", "error of the change"],
        note="error: against the same circuit under tight tolerances",
    )
    for name in forms:
        ours = name == OURS
        table.add(
            name,
            len(found[name]) / CYCLES,
            at_least(times[PLAIN] / times[name], WANTED[size] if ours else None),
            at_most(errors[name], errors[PLAIN] if ours else None),
        )
    return table, times[OURS] / CYCLES


def _turn(form: Form, _: int) -> None:
    form.rows()


def _hosted(size: str) -> float:
    """CPU seconds of a cycle in the host-updated path, the conductances altered each time."""
    task = _task(size).task
    saw, cell = Sawtooth(1e-5, 1e-3, "inverted"), SenseCell(c=3e-12)
    drives = [task.present(task.train, np.array([k % len(task.train)]), cell, saw) for k in range(CYCLES)]
    with Ngspice() as engine:

        def turn(k: int) -> None:
            for drive in drives:
                network = task.network.with_conductance(task.network.conductance * (1 + 1e-6 * k))
                engine.run(network, cell, saw, drive)

        clock = engine_clock(lambda: engine.pids)
        return cpu_medians({"host": Contestant(turn, clock)}, 3)["host"] / CYCLES


def _growth(spent: dict[str, tuple[float, float]]) -> Table:
    """Autonomous beside host-updated cycles, and how their cost grows with the edges."""
    table = Table(
        "cycles that learn by themselves, beside cycles updated by a host",
        [
            "edges",
            "autonomous / host-updated CPU",
            "growth exponent, autonomous",
            "growth exponent, host-updated",
        ],
        note="growth exponent: of the CPU time of a cycle with the number of edges, from the row above",
    )
    last: tuple[int, float, float] | None = None
    for size, (alone, hosted) in spent.items():
        edges = int(size)
        exponents: list[float | None] = [None, None]
        if last is not None:
            step = np.log(edges / last[0])
            exponents = [float(np.log(alone / last[1]) / step), float(np.log(hosted / last[2]) / step)]
        table.add(edges, alone / hosted, *exponents)
        last = edges, alone, hosted
    return table
