"""Spectre: its own language for the circuit, SPICE's for the measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tcl_circuits.circuit.elements import Corner, DiodeModel, PulseVoltage
from tcl_circuits.handoff.dialects.base import Dialect, How, Quantity, Run
from tcl_circuits.units import spice_number


class Spectre(Dialect):
    """Spectre.

    The language is case sensitive, suffixes are SI prefixes (``M`` is mega) and not used; every file says its
    language. ``.measure`` lines are SPICE: the language changes for them and back.
    """

    name: ClassVar[str] = "spectre"
    command: ClassVar[str] = "spectre {file}"
    results: ClassVar[str] = "in the file `.measure` of each test bench"
    tried: ClassVar[bool] = False
    suffix: ClassVar[str] = "scs"

    def comment(self, text: str) -> str:
        """Return a comment line."""
        return f"// {text}".rstrip()

    def opening(self) -> list[str]:
        """Say the language: what Spectre includes is SPICE, unless it begins with this line."""
        return ["simulator lang=spectre"]

    def parameter(self, name: str, value: float) -> str:
        """Return the definition of a parameter."""
        return f"parameters {name}={spice_number(value)}"

    def include(self, path: str) -> str:
        """Return the inclusion of a file."""
        return f'include "{path}"'

    def expression(self, text: str) -> str:
        """Return an expression of parameters as a value."""
        return f"({text})"

    def behaviour(self, text: str) -> str:
        """Return an expression of node voltages; functions are in lower case."""
        return text.replace("V(", "v(")

    def begin(self, name: str, pins: Sequence[str], parameters: Mapping[str, float]) -> str:
        """Return the first lines of a subcircuit."""
        defaults = [f"{key}={spice_number(value)}" for key, value in parameters.items()]
        head = f"subckt {name} ({' '.join(pins)})"
        return "\n".join([head, *([" ".join(["parameters", *defaults])] if defaults else [])])

    def end(self, name: str) -> str:
        """Return the last line of a subcircuit."""
        return f"ends {name}"

    def instance(self, name: str, nodes: Sequence[str], cell: str, values: Mapping[str, str]) -> str:
        """Return an instance of a subcircuit."""
        given = [f"{key}={value}" for key, value in values.items()]
        return " ".join([name, f"({' '.join(nodes)})", cell, *given])

    def resistor(self, name: str, a: str, b: str, value: str) -> str:
        """Return a resistor."""
        return f"{name} ({a} {b}) resistor r={value}"

    def capacitor(self, name: str, a: str, b: str, value: str) -> str:
        """Return a capacitor."""
        return f"{name} ({a} {b}) capacitor c={value}"

    def source(self, name: str, a: str, b: str, volts: float) -> str:
        """Return a constant voltage."""
        return f"{name} ({a} {b}) vsource type=dc dc={spice_number(volts)}"

    def ramp(self, name: str, a: str, b: str, corners: Sequence[Corner]) -> str:
        """Return a piecewise linear voltage."""
        return f"{name} ({a} {b}) vsource type=pwl wave=[{self.points(corners)}]"

    def pulse(self, pulse: PulseVoltage) -> str:
        """Return a periodic trapezoid."""
        names = ("delay", "rise", "width", "fall", "period")
        given = " ".join(f"{name}={spice_number(getattr(pulse, name))}" for name in names)
        return f"{pulse.name} ({pulse.a} {pulse.b}) vsource type=pulse val0=0 val1=1 {given}"

    def controlled(self, name: str, a: str, b: str, kind: str, expression: str) -> str:
        """Return a behavioural source."""
        return f"{name} ({a} {b}) bsource {kind.lower()}={expression}"

    def amplified(self, name: str, a: str, b: str, ends: tuple[str, str], gain: float) -> str:
        """Return a voltage of `gain` times the voltage between two nodes."""
        return f"{name} ({a} {b} {' '.join(ends)}) vcvs gain={spice_number(gain)}"

    def mirrored(self, name: str, a: str, b: str, sensor: str, gain: float) -> str:
        """Return a current of `gain` times the current of the voltage source `sensor`."""
        return f"{name} ({a} {b}) cccs probe={sensor} gain={spice_number(gain)}"

    def diode(self, name: str, a: str, b: str, model: DiodeModel) -> str:
        """Return a diode from `a` (anode) to `b` (cathode)."""
        return f"{name} ({a} {b}) {model.name}"

    def diode_model(self, model: DiodeModel) -> str:
        """Return a model of diodes."""
        values = " ".join(f"{key}={spice_number(value)}" for key, value in model.values.items())
        return f"model {model.name} diode {values}"

    def quantity(self, quantity: Quantity) -> str:
        """Return the name of what is measured, in SPICE's way."""
        return f"{'i' if quantity.current else 'v'}({self.separator.join(quantity.path)})"

    def measures(self, measures: Mapping[str, How]) -> list[str]:
        """Return all measurements, in SPICE's language."""
        lines = [self.measure(name, how).replace(".meas ", ".measure ") for name, how in measures.items()]
        return ["simulator lang=spice", *lines, "simulator lang=spectre"]

    def analysis(self, run: Run) -> list[str]:
        """Return options and the transient analysis."""
        return [
            f"tolerances options reltol={run.reltol:g} vabstol={run.vntol:g} iabstol={run.abstol:g}",
            f"cycle tran stop={spice_number(run.stop)} maxstep={spice_number(run.longest)} "
            "errpreset=conservative",
        ]

    def save(self, quantities: Sequence[Quantity]) -> list[str]:
        """Return the lines that keep what is measured: nodes by name, ammeters by their terminal p."""
        names = [self.separator.join(one.path) + (":p" if one.current else "") for one in quantities]
        return ["save " + " ".join(names[k : k + 8]) for k in range(0, len(names), 8)]

    def closing(self) -> list[str]:
        """Nothing ends a Spectre netlist."""
        return []
