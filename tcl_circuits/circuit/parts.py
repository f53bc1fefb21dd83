"""Parts at nodes: what makes a network nonlinear, and what carries signals from layer to layer.

A diode obeys SPICE's junction law [1]_, ``i = IS (exp(v/(N VT)) - 1)`` (Shockley), with a resistance RS in
series: the voltage across both is ``v + RS i``. Below ``-3 N VT`` SPICE replaces the exponential by
``i = -IS (1 + (3 N VT/(e v))^3)``, which agrees with it in value and slope there; so do we. A bidirectional
amplifier copies a node's voltage forward with a gain and the current drawn there back with another: with
them, signals do not fade from layer to layer, and errors flow back through the same conductances
(Kendall et al. [2]_).

References
----------
.. [1] Nagel, L. W. (1975). SPICE2: A computer program to simulate semiconductor circuits. UC Berkeley,
   Memorandum ERL-M520.
.. [2] Kendall, J., Pantone, R., Manickavasagam, K., Bengio, Y., Scellier, B. (2020). Training end-to-end
   analog neural networks with equilibrium propagation. arXiv:2006.01981.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from tcl_circuits.checks import finite, positive
from tcl_circuits.circuit.elements import (
    CurrentControlledCurrent,
    Diode,
    Element,
    Resistor,
    VoltageControlledVoltage,
    VoltageSource,
)
from tcl_circuits.errors import InputError

THERMAL_VOLTAGE = 1.38064852e-23 * 300.15 / 1.6021766208e-19
"""k T/q at 27 degrees Celsius with ngspice's constants [V]; newer ones would be 5e-6 V off in a network."""

Direction = Literal["out", "in"]

_SATURATION = (1e-30, 1e-2)
_EMISSION = (0.1, 20.0)
_OHMS = (1e-3, 1e9)
_GAIN = (1e-6, 1e6)
_VOLTS = 1e6


def _within(owner: str, name: str, value: object, limits: tuple[float, float], unit: str) -> None:
    number = positive(owner, name, value)
    if not limits[0] <= number <= limits[1]:
        raise InputError(
            f"{owner}: {name} = {number:g}{unit} must lie in {limits[0]:g} .. {limits[1]:g}{unit}"
        )


def _check_junction(owner: str, saturation: object, emission: object, ohms: object) -> None:
    _within(owner, "saturation", saturation, _SATURATION, " A")
    _within(owner, "emission", emission, _EMISSION, "")
    # A bare exponential does not converge in ngspice.
    _within(owner, "ohms", ohms, _OHMS, " ohm")


@dataclass(frozen=True)
class DiodeToRail:
    """A diode between a node and a rail: a soft limit of the node's voltage.

    Parameters
    ----------
    node : hashable
        The node.
    volts : float
        Voltage of the rail [V].
    direction : {"out", "in"}
        ``out``: the current flows from the node to the rail, which limits the node's voltage from above;
        ``in``: from the rail to the node, which limits it from below.
    saturation : float
        IS [A].
    emission : float
        N.
    ohms : float
        Series resistance RS [ohm].

    Raises
    ------
    InputError
        If a value is outside its domain.
    """

    node: Hashable
    volts: float
    direction: Direction = "out"
    saturation: float = 1e-12
    emission: float = 1.0
    ohms: float = 10.0

    def __post_init__(self) -> None:
        if abs(finite("DiodeToRail", "volts", self.volts)) > _VOLTS:
            raise InputError(f"DiodeToRail: volts = {self.volts:g} V must lie within +-{_VOLTS:g} V")
        if self.direction not in get_args(Direction):
            raise InputError(f"DiodeToRail: direction {self.direction!r} must be 'out' or 'in'")
        _check_junction("DiodeToRail", self.saturation, self.emission, self.ohms)

    @property
    def touches(self) -> tuple[Hashable, ...]:
        """Nodes that it is connected to."""
        return (self.node,)

    def elements(self, k: int, names: Mapping[Hashable, str]) -> tuple[Element, ...]:
        """Elements of part number `k`; `names` gives the nodes' SPICE names."""
        node, rail = names[self.node], "0" if self.volts == 0 else f"rail{k}"
        anode, cathode = (node, rail) if self.direction == "out" else (rail, node)
        diode = Diode(f"d{k}", anode, cathode, self.saturation, self.emission, self.ohms)
        return (diode,) if rail == "0" else (VoltageSource(f"vr{k}", rail, "0", self.volts), diode)


@dataclass(frozen=True)
class DiodePair:
    """Two antiparallel diodes from a node to ground behind one resistance: a soft limit on both sides.

    The current from the node to ground is ``i = 2 IS sinh(v/(N VT))`` with ``V = v + RS i``, but for SPICE's
    law of a diode in reverse.

    Parameters
    ----------
    node : hashable
        The node.
    saturation : float
        IS of each diode [A].
    emission : float
        N.
    ohms : float
        Resistance RS that both have in common [ohm].

    Raises
    ------
    InputError
        If a value is outside its domain.
    """

    node: Hashable
    saturation: float = 1e-8
    emission: float = 1.0
    ohms: float = 10.0

    def __post_init__(self) -> None:
        _check_junction("DiodePair", self.saturation, self.emission, self.ohms)

    @property
    def touches(self) -> tuple[Hashable, ...]:
        """Nodes that it is connected to."""
        return (self.node,)

    def elements(self, k: int, names: Mapping[Hashable, str]) -> tuple[Element, ...]:
        """Elements of part number `k`; `names` gives the nodes' SPICE names."""
        inner = f"j{k}"
        return (
            Resistor(f"rd{k}", names[self.node], inner, self.ohms),
            Diode(f"d{k}p", inner, "0", self.saturation, self.emission),
            Diode(f"d{k}n", "0", inner, self.saturation, self.emission),
        )


@dataclass(frozen=True)
class Amplifier:
    """A bidirectional amplifier: voltage goes forward, current goes back.

    It holds the high node at ``V_high = gain V_low`` and, where the network draws the current i from the
    high node, draws ``feedback i`` from the low one. Behind conductances alone, only the product of the two
    gains changes the high side; their quotient is the factor by which the low side's contrasts weigh in the
    loss gradient (:attr:`weight`). A gain of 1 both ways is a wire.

    Parameters
    ----------
    low, high : hashable
        The two nodes.
    gain : float
        Voltage gain forward.
    feedback : float
        Current gain back.

    Raises
    ------
    InputError
        If a gain is not positive, or out of reason.
    """

    low: Hashable
    high: Hashable
    gain: float = 30.0
    feedback: float = 0.3

    def __post_init__(self) -> None:
        _within("Amplifier", "gain", self.gain, _GAIN, "")
        _within("Amplifier", "feedback", self.feedback, _GAIN, "")

    @property
    def touches(self) -> tuple[Hashable, ...]:
        """Nodes that it is connected to."""
        return (self.low, self.high)

    @property
    def weight(self) -> float:
        """Gain over feedback: how much more a contrast counts at the low side than at the high one."""
        return self.gain / self.feedback

    def elements(self, k: int, names: Mapping[Hashable, str]) -> tuple[Element, ...]:
        """Elements of part number `k`; `names` gives the nodes' SPICE names."""
        low, high, held = names[self.low], names[self.high], f"a{k}"
        return (
            VoltageControlledVoltage(f"e{k}", held, "0", low, "0", self.gain),
            VoltageSource(f"va{k}", held, high, 0.0),
            CurrentControlledCurrent(f"f{k}", low, "0", f"va{k}", self.feedback),
        )


Part: TypeAlias = DiodeToRail | DiodePair | Amplifier


def in_node_order(parts: Sequence[Part], nodes: Sequence[Hashable]) -> tuple[Part, ...]:
    """Parts in the order of the first node that each touches, as files list them; unknown nodes last."""
    place = {node: k for k, node in enumerate(nodes)}
    return tuple(sorted(parts, key=lambda part: place.get(part.touches[0], len(place))))
