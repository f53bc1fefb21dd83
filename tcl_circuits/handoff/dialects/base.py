"""What simulators' netlist languages share, as one template; a dialect overrides only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tcl_circuits.circuit.elements import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Corner,
    CurrentControlledCurrent,
    Diode,
    DiodeModel,
    Element,
    PulseVoltage,
    RampVoltage,
    Resistor,
    Subcircuit,
    VoltageControlledVoltage,
    VoltageSource,
    diode_models,
)
from tcl_circuits.units import spice_number


@dataclass(frozen=True)
class Quantity:
    """What a measurement looks at: a node's voltage, or the current of an ammeter.

    Parameters
    ----------
    path : tuple of str
        Names of the instances on the way, then of the node or of the ammeter.
    current : bool
        Whether `path` names an ammeter, a voltage source of 0 V.
    """

    path: tuple[str, ...]
    current: bool = False


@dataclass(frozen=True)
class Find:
    """A quantity at a moment [s]."""

    quantity: Quantity
    at: float


@dataclass(frozen=True)
class Integral:
    """A quantity's integral over time, between two moments [s]."""

    quantity: Quantity
    start: float
    stop: float


How = Find | Integral


@dataclass(frozen=True)
class Run:
    """One transient analysis.

    Parameters
    ----------
    step, stop, longest : float
        First step, length, longest step [s].
    reltol, abstol, vntol, chgtol, trtol : float
        SPICE's error control: relative, of currents [A], voltages [V] and charges [C], of truncation.
    from_rest : bool
        Whether it begins at the operating point; else at the voltages that are given, and 0 V.
    """

    step: float
    stop: float
    longest: float
    reltol: float
    abstol: float
    vntol: float
    chgtol: float
    trtol: float
    from_rest: bool = True


@dataclass(frozen=True)
class Instance:
    """An instance of a subcircuit: its name, nodes and the subcircuit's name."""

    name: str
    nodes: tuple[str, ...]
    block: str


@dataclass(frozen=True)
class CellBlock:
    """A cell as a subcircuit with parameters.

    Parameters
    ----------
    block : Subcircuit
        Name, pins, elements and description.
    values : mapping of str to str
        Value expressions of resistors and capacitors by element name, in terms of the parameters.
    parameters : mapping of str to float
        Parameters and their defaults.
    """

    block: Subcircuit
    values: Mapping[str, str]
    parameters: Mapping[str, float]


class Dialect:
    """The language of ngspice, and the template of the others."""

    name: ClassVar[str] = "ngspice"
    command: ClassVar[str] = "ngspice -b {file}"
    results: ClassVar[str] = "printed, as `name = value`"
    """Where the measured values are, in words."""
    tried: ClassVar[bool] = True
    """Whether this package's own tests run the language in its simulator."""
    suffix: ClassVar[str] = "cir"
    separator: ClassVar[str] = "."

    def comment(self, text: str) -> str:
        """Return a comment line."""
        return f"* {text}".rstrip()

    def opening(self) -> list[str]:
        """First lines of a file that another includes."""
        return []

    def parameter(self, name: str, value: float) -> str:
        """Return the definition of a parameter."""
        return f".param {name}={spice_number(value)}"

    def include(self, path: str) -> str:
        """Return the inclusion of a file."""
        return f'.include "{path}"'

    def expression(self, text: str) -> str:
        """Return an expression of parameters as a value."""
        return f"{{{text}}}"

    def behaviour(self, text: str) -> str:
        """Return an expression of node voltages."""
        return text

    def begin(self, name: str, pins: Sequence[str], parameters: Mapping[str, float]) -> str:
        """Return the first line of a subcircuit."""
        defaults = [f"{key}={spice_number(value)}" for key, value in parameters.items()]
        return " ".join([".subckt", name, *pins, *defaults])

    def end(self, name: str) -> str:
        """Return the last line of a subcircuit."""
        return f".ends {name}"

    def instance(self, name: str, nodes: Sequence[str], cell: str, values: Mapping[str, str]) -> str:
        """Return an instance of a subcircuit, with parameters named as the values say."""
        given = [f"{key}={self.expression(value)}" for key, value in values.items()]
        return " ".join([name, *nodes, cell, *given])

    def element(self, element: Element, values: Mapping[str, str] | None = None) -> str:
        """Return an element, with the value expression of its name in `values` if there is one."""
        name, a, b = element.name, element.a, element.b
        given = (values or {}).get(name)
        match element:
            case Resistor():
                return self.resistor(name, a, b, self._value(given, element.ohms))
            case Capacitor():
                value = self._value(given, element.farads)
                return self.capacitor(name, a, b, value) + self.initial(element.volts)
            case VoltageSource():
                return self.source(name, a, b, element.volts)
            case RampVoltage() | PulseVoltage():
                return self.timed(element)
            case BehaviouralVoltage():
                return self.controlled(name, a, b, "V", self.behaviour(element.expression))
            case BehaviouralCurrent():
                return self.controlled(name, a, b, "I", self.behaviour(element.expression))
            case VoltageControlledVoltage():
                return self.amplified(name, a, b, (element.plus, element.minus), element.gain)
            case CurrentControlledCurrent():
                return self.mirrored(name, a, b, element.sensor, element.gain)
            case Diode():
                return self.diode(name, a, b, element.model)

    def _value(self, given: str | None, number: float) -> str:
        return spice_number(number) if given is None else self.expression(given)

    def resistor(self, name: str, a: str, b: str, value: str) -> str:
        """Return a resistor."""
        return f"{name} {a} {b} {value}"

    def capacitor(self, name: str, a: str, b: str, value: str) -> str:
        """Return a capacitor."""
        return f"{name} {a} {b} {value}"

    def initial(self, volts: float | None) -> str:
        """Return what gives a capacitor its voltage at the start."""
        return "" if volts is None else f" ic={spice_number(volts)}"

    def source(self, name: str, a: str, b: str, volts: float) -> str:
        """Return a constant voltage."""
        return f"{name} {a} {b} DC {spice_number(volts)}"

    def ramp(self, name: str, a: str, b: str, corners: Sequence[Corner]) -> str:
        """Return a piecewise linear voltage."""
        return f"{name} {a} {b} PWL({self.points(corners)})"

    def timed(self, source: RampVoltage | PulseVoltage) -> str:
        """Return a voltage that depends on time."""
        if isinstance(source, PulseVoltage):
            return self.pulse(source)
        return self.ramp(source.name, source.a, source.b, source.corners)

    def pulse(self, pulse: PulseVoltage) -> str:
        """Return a periodic trapezoid."""
        times = " ".join(spice_number(t) for t in pulse.times)
        return f"{pulse.name} {pulse.a} {pulse.b} PULSE(0 1 {times})"

    def points(self, corners: Sequence[Corner]) -> str:
        """Return times and values one after the other."""
        return " ".join(f"{spice_number(t)} {spice_number(v)}" for t, v in corners)

    def controlled(self, name: str, a: str, b: str, kind: str, expression: str) -> str:
        """Return a behavioural source; `kind` is V or I."""
        return f"{name} {a} {b} {kind}={expression}"

    def amplified(self, name: str, a: str, b: str, ends: tuple[str, str], gain: float) -> str:
        """Return a voltage of `gain` times the voltage between two nodes."""
        return f"{name} {a} {b} {' '.join(ends)} {spice_number(gain)}"

    def mirrored(self, name: str, a: str, b: str, sensor: str, gain: float) -> str:
        """Return a current of `gain` times the current of the voltage source `sensor`."""
        return f"{name} {a} {b} {sensor} {spice_number(gain)}"

    def diode(self, name: str, a: str, b: str, model: DiodeModel) -> str:
        """Return a diode from `a` (anode) to `b` (cathode)."""
        return f"{name} {a} {b} {model.name}"

    def models(self, elements: Iterable[Element]) -> list[str]:
        """Return the models that elements need, each once."""
        return [self.diode_model(model) for model in diode_models(elements)]

    def diode_model(self, model: DiodeModel) -> str:
        """Return a model of diodes."""
        values = " ".join(f"{key}={spice_number(value)}" for key, value in model.values.items())
        return f".model {model.name} d({values})"

    def cell(self, cell: CellBlock) -> list[str]:
        """Return a cell's subcircuit, its description before it."""
        block = cell.block
        return [
            *(self.comment(line) for line in block.description.splitlines()),
            *self.models(block.elements),
            self.begin(block.name, block.pins, cell.parameters),
            *(self.element(element, cell.values) for element in block.elements),
            *self.monitors(block),
            self.end(block.name),
        ]

    def monitors(self, block: Subcircuit) -> list[str]:
        """Lines that a cell needs so that its currents can be measured."""
        return []

    def quantity(self, quantity: Quantity) -> str:
        """Return the name of what is measured."""
        *way, last = quantity.path
        if not quantity.current:
            return f"v({self.separator.join(quantity.path)})"
        return f"i({self.separator.join(['v', *way, last] if way else [last])})"

    def measure(self, name: str, how: How) -> str:
        """Return a measurement."""
        match how:
            case Find():
                return f".meas tran {name} find {self.quantity(how.quantity)} at={spice_number(how.at)}"
            case Integral():
                span = f"from={spice_number(how.start)} to={spice_number(how.stop)}"
                return f".meas tran {name} integ {self.quantity(how.quantity)} {span}"

    def measures(self, measures: Mapping[str, How]) -> list[str]:
        """Return all measurements."""
        return [self.measure(name, how) for name, how in measures.items()]

    def analysis(self, run: Run) -> list[str]:
        """Return options and the transient analysis."""
        return [
            f".options noinit reltol={run.reltol:g} abstol={run.abstol:g} "
            f"vntol={run.vntol:g} chgtol={run.chgtol:g} trtol={run.trtol:g}",
            f".tran {spice_number(run.step)} {spice_number(run.stop)} 0 {spice_number(run.longest)}"
            f"{'' if run.from_rest else ' uic'}",
        ]

    def starts(self, volts: Mapping[str, float]) -> list[str]:
        """Return voltages of nodes at the start."""
        return [f".ic v({node})={spice_number(value)}" for node, value in volts.items()]

    def save(self, quantities: Sequence[Quantity]) -> list[str]:
        """Return the lines that keep what is measured, and nothing else."""
        names = [self.quantity(quantity) for quantity in quantities]
        return [".save " + " ".join(names[k : k + 8]) for k in range(0, len(names), 8)]

    def closing(self) -> list[str]:
        """Last lines of a test bench."""
        return [".end"]
