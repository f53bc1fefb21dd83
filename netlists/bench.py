"""A netlist to write: its circuit, what to say about it, and the numbers that a reader should see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.netlist import Netlist, standalone
from tcl_circuits.units import engineering

SAW = tcl.Sawtooth(tau_f=1e-5, tau_s=1e-3)
EXACT = tcl.engines.Reference(resolution=4)
RELTOL = 1e-8
"""ngspice's relative tolerance: it counts from the whole charge of a capacitor, of which little moves."""
DIGITS = 6
"""Significant digits of computed conductances and voltages: beyond them machines may differ."""

LICENCE = (
    "Licence:  This netlist may be used without restriction (CC0).",
    "          SPDX-License-Identifier: CC0-1.0",
)


@dataclass(frozen=True)
class Measure:
    """A number that a reader should see: its ``.meas`` text, what is expected, and what it means."""

    name: str
    how: str
    expected: float
    tolerance: float
    unit: str
    meaning: str

    def lines(self) -> list[str]:
        """The expectation as a comment, then the measurement."""
        unit = f" {self.unit}" if self.unit else ""
        expected = f"{self.name} = {self.expected:.6g} +- {self.tolerance:.1e}{unit}"
        return [f"* expect {expected}", f".meas tran {self.name} {self.how}"]

    def row(self) -> str:
        """Row of the README's table."""
        value = (
            f"{self.expected:g}"
            if not self.unit
            else f"{engineering(self.expected, self.unit, 4)} ± {engineering(self.tolerance, self.unit, 2)}"
        )
        return f"| `{self.name}` | {value} | {self.meaning} |"


@dataclass(frozen=True)
class Bench:
    """One file: its name and title, what to say about it, the circuit, and what to measure."""

    name: str
    title: str
    about: Sequence[str]
    netlist: Netlist
    remarks: Mapping[str, str]
    measures: Sequence[Measure]

    def text(self) -> str:
        """The file."""
        first, *rest = standalone(self.netlist, self.title, RELTOL).splitlines()
        lines = [first, *(f"* {line}".rstrip() for line in self._header())]
        for line in rest:
            name = line.split(" ", 1)[0].lower()
            if name in self.remarks:
                lines += ["*", f"* {self.remarks[name]}"]
            if line == ".end":
                lines.append("*")
                for measure in self.measures:
                    lines += measure.lines()
            lines.append(line)
        return "\n".join(lines) + "\n"

    def _header(self) -> list[str]:
        return [
            "",
            *self.about,
            "",
            f"Run:      ngspice -b {self.name}",
            "See:      each measured value beside the '* expect' line of its name at the end of this file",
            "Made by:  make netlists (netlists/generate.py of tcl_circuits); change that, not this file",
            "Units:    V, A, s, ohm, F, S, C (coulomb)",
            *LICENCE,
        ]

    def section(self) -> str:
        """Section of the README."""
        rows = [measure.row() for measure in self.measures]
        table = ["| measured | expected | meaning |", "| --- | --- | --- |", *rows]
        return "\n".join(
            [f"## {self.name}", "", *self.about, "", f"    ngspice -b {self.name}", "", *table, ""]
        )


def rounded(values: FloatArray) -> FloatArray:
    """Values to six significant digits."""
    return np.array([float(f"{value:.{DIGITS}g}") for value in values.ravel()]).reshape(values.shape)


def ends(network: tcl.Network, e: int) -> str:
    """An edge for people."""
    first, second = network.edges[e].tolist()
    return f"{network.nodes[first]} to {network.nodes[second]}"


def remarks_for(network: tcl.Network, cell: Cell, netlist: Netlist) -> dict[str, str]:
    """Comments above elements, by the element's name."""
    remarks = {
        "vin0": "input voltages, and the node at 0 V if there is one",
        "vbeta": "nudge strength beta(t): the sawtooth, free (0) to nudged (1) fast and back slowly",
        "vt0": "targets of the output values; nudge currents, scaled by beta(t)",
    }
    for e, (a, b) in enumerate(network.edges.tolist()):
        conductance = float(network.conductance[e])
        parts, _ = cell.edge(e, netlist.nodes.spice[a], netlist.nodes.spice[b], conductance)
        remarks[parts[0].name] = f"edge {e}: {ends(network, e)}, G = {engineering(conductance, 'S', 6)}"
    return remarks


def kernel_output(network: tcl.Network, cell: Cell, netlist: Netlist, e: int) -> str:
    """Expression of an edge's kernel output u."""
    probe, ohms = netlist.probes[e], cell.resistance(network.conductance)[e]
    drop = f"v({probe.plus})" if probe.minus == "0" else f"v({probe.plus},{probe.minus})"
    return f"{drop}/{ohms:g}"


def gated(u: str, theta: float) -> str:
    """Measure the thresholded charge of a kernel output over the whole cycle."""
    return f"integ par('(abs({u}) > {theta:.5g}) * {u}')"
