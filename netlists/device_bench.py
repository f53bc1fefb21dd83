"""The sine test of each memristor model, and the models themselves in one library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from bench import LICENCE, Measure

import tcl_circuits as tcl
from tcl_circuits.circuit.memristors import Memristor
from tcl_circuits.circuit.netlist import subcircuit_text
from tcl_circuits.engines.device import device_analysis, device_deck, device_options

LIBRARY = "memristors.lib"
_PHASES = (1, 2, 3, 5, 6, 7)
"""Eighths of the last period at which the current is measured."""
_TOLERANCE = 0.01
_AT_ZERO = 1e-4


@dataclass(frozen=True)
class DeviceBench:
    """One model's sine test; the expected values are NumPy's."""

    model: Memristor

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"device_{self.model.name}.cir"

    def text(self) -> str:
        """The file."""
        model, sine = self.model, self.model.test
        first, *bench = device_deck(model, sine, library=LIBRARY).splitlines()
        options = " ".join(f"{key}={value:g}" for key, value in device_options(model, sine).items())
        lines = [f"{first}: {model.name}", *(f"* {line}".rstrip() for line in self._header()), "*"]
        lines += [*bench, f".options noinit {options}", f".{device_analysis(sine)}", "*"]
        for measure in self._measures():
            lines += measure.lines()
        return "\n".join([*lines, ".end", ""])

    def _about(self) -> tuple[str, ...]:
        sine = self.model.test
        return (
            f"{self.model.title}.",
            f"{self.model.citation}.",
            f"A sine of {sine.amplitude:g} V and {sine.frequency:g} Hz across it, {sine.cycles} periods;",
            "the last one is measured. The loop of current over voltage is pinched at 0 V.",
            "Expected values are those of the model's state equation in NumPy.",
        )

    def _header(self) -> list[str]:
        return [
            "",
            *self._about(),
            "",
            f"Run:      ngspice -b {self.name}   (beside {LIBRARY})",
            "See:      each measured value beside the '* expect' line of its name at the end of this file",
            "Made by:  make netlists (netlists/generate.py of tcl_circuits); change that, not this file",
            "Units:    V, A, s; state: V for a share of its range",
            *LICENCE,
        ]

    def _measures(self) -> list[Measure]:
        model, sine = self.model, self.model.test
        eighths = sine.duration + (np.array([0.0, *_PHASES, 4.0]) / 8 - 1) / sine.frequency
        data = tcl.memristors.simulate_device(model, sine, times=np.sort(eighths))
        whole = model.scaled(tcl.memristors.simulate_device(model, sine)["state"].to_numpy())
        moments = np.sort(eighths)[1:]
        amperes = dict(zip(moments.tolist(), data["current"].to_numpy()[1:].tolist(), strict=True))
        largest = float(np.abs(list(amperes.values())).max())
        measures = []
        for k, (moment, current) in enumerate(amperes.items(), start=1):
            zero = k == 4
            measures.append(
                Measure(
                    f"i_{k}",
                    f"find i(vmeter) at={moment:.9g}",
                    0.0 if zero else current,
                    (_AT_ZERO if zero else _TOLERANCE) * largest,
                    "A",
                    "current at 0 V" if zero else f"current after {k}/8 of the last period",
                )
            )
        for name, value, how in (
            ("x_least", whole.min(), "min v(state)"),
            ("x_most", whole.max(), "max v(state)"),
            ("x_end", whole[-1], f"find v(state) at={sine.duration * (1 - 1e-9):.12g}"),
        ):
            measures.append(
                Measure(name, how, round(float(value), 6), _TOLERANCE, "V", "share of the state's range")
            )
        return measures

    def section(self) -> str:
        """Section of the README."""
        rows = [measure.row() for measure in self._measures()]
        table = ["| measured | expected | meaning |", "| --- | --- | --- |", *rows]
        return "\n".join(
            [f"## {self.name}", "", *self._about(), "", f"    ngspice -b {self.name}", "", *table, ""]
        )


def device_benches() -> list[DeviceBench]:
    """One for each model."""
    return [DeviceBench(tcl.memristors.named_memristor(name)) for name in tcl.memristors.MODELS]


def library() -> str:
    """All models as subcircuits."""
    head = [
        "* Memristor models, each a .subckt with the pins p n x; x is the state, 0..1 V.",
        "* Made by:  make netlists (netlists/generate.py of tcl_circuits); change that, not this file",
        *(f"* {line}" for line in LICENCE),
        "*",
        "",
    ]
    blocks = [subcircuit_text(bench.model.subcircuit()).rstrip() for bench in device_benches()]
    return "\n".join(head) + "\n\n".join(blocks) + "\n"
