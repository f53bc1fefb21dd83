"""A layered circuit as a value: inputs of both signs, hidden nodes with diodes and amplifiers, output pairs.

Each pixel x drives two rows, ``+V x`` and ``-V x``; the last pixel is the bias, always 1. Their
conductances meet at the low side of the hidden nodes, at voltage h. A bidirectional amplifier holds the
high side at ``z = A h`` and draws B times its current from the low side. At the high side an antiparallel
pair of diodes, with one common series resistor, leads to 0 V, and conductances lead to the outputs, two for
each class. Two more rows at +rail and -rail give outputs a bias. Without hidden nodes the inputs'
conductances meet at the outputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.nudge import OutputMap, SoftmaxNudge
from tcl_circuits.circuit.parts import THERMAL_VOLTAGE
from tcl_circuits.errors import InputError

Array: TypeAlias = NDArray[np.floating]
"""float32 or float64."""


@dataclass(frozen=True)
class Diodes:
    """Two antiparallel Shockley diodes with one common series resistor: ``z = v + R i, i = 2 I sinh(v/V_T)``.

    Parameters
    ----------
    saturation : float
        Saturation current I of each diode [A]; emission coefficient 1.
    ohms : float
        Series resistance R [ohm].
    """

    saturation: float
    ohms: float = 10.0

    def __post_init__(self) -> None:
        positive("Diodes", "saturation", self.saturation)
        not_negative("Diodes", "ohms", self.ohms)

    def current(self, v: FloatArray) -> FloatArray:
        """Current [A] at junction voltages `v` [V]."""
        result: FloatArray = 2 * self.saturation * np.sinh(v / THERMAL_VOLTAGE)
        return result

    def slope(self, v: FloatArray) -> FloatArray:
        """Derivative of :meth:`current` by the junction voltage [S]."""
        result: FloatArray = 2 * self.saturation / THERMAL_VOLTAGE * np.cosh(v / THERMAL_VOLTAGE)
        return result


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """What lies between the low side of the hidden nodes and the outputs.

    Parameters
    ----------
    conductance : ndarray of shape (hidden + 2, 2 classes)
        From each high side, then from +rail and -rail, to the outputs: first all positive, then all
        negative ones [S].
    forward, back : float
        Voltage gain A of the amplifiers, and their current gain B.
    diodes : Diodes
        At each high side.
    rail : float
        Voltage of the two rails, + and - [V].
    """

    conductance: Array
    forward: float
    back: float
    diodes: Diodes
    rail: float


@dataclass(frozen=True, eq=False)
class LayeredCircuit:
    """A circuit of layers.

    Parameters
    ----------
    plus, minus : ndarray of shape (pixels + 1, nodes)
        Conductances from the rows at +V x and at -V x to the nodes of the first layer: hidden ones, or
        the outputs if there are none [S]. The last row is the bias.
    volts : float
        Voltage V of a pixel that is 1 [V].
    temperature : float
        T_m of the softmax nudge [V].
    hidden : HiddenLayer, optional
        Hidden nodes; none if the inputs drive the outputs.
    """

    plus: Array
    minus: Array
    volts: float
    temperature: float
    hidden: HiddenLayer | None = None

    @property
    def pixels(self) -> int:
        """Pixels of an image, without the bias."""
        return int(self.plus.shape[0]) - 1

    @property
    def hidden_nodes(self) -> int:
        """Hidden nodes."""
        return 0 if self.hidden is None else int(self.plus.shape[1])

    @property
    def classes(self) -> int:
        """Classes: half the outputs."""
        last = self.plus if self.hidden is None else self.hidden.conductance
        return int(last.shape[1]) // 2

    @property
    def edges(self) -> int:
        """Trainable conductances."""
        return sum(array.size for array in self.conductances)

    @property
    def nodes(self) -> int:
        """Nodes of the circuit: two rows a pixel, low and high sides, rails, outputs."""
        inner = 0 if self.hidden is None else 2 * self.hidden_nodes + 2
        return 2 * (self.pixels + 1) + inner + 2 * self.classes

    @property
    def conductances(self) -> tuple[Array, ...]:
        """Everything that is trained: `plus`, `minus`, and the hidden layer's."""
        rest = () if self.hidden is None else (self.hidden.conductance,)
        return (self.plus, self.minus, *rest)

    def with_conductances(self, arrays: tuple[Array, ...]) -> LayeredCircuit:
        """Return the circuit with other conductances, in the order of :attr:`conductances`."""
        if self.hidden is None:
            plus, minus = arrays
            return replace(self, plus=plus, minus=minus)
        plus, minus, inner = arrays
        return replace(self, plus=plus, minus=minus, hidden=replace(self.hidden, conductance=inner))

    @property
    def output_load(self) -> FloatArray:
        """Sum of the conductances at each output, shape (2 classes,) [S]."""
        if self.hidden is None:
            return self.first_load
        load: FloatArray = np.sum(self.hidden.conductance, axis=0, dtype=np.float64)
        return load

    @property
    def first_load(self) -> FloatArray:
        """Sum of the inputs' conductances at each node of the first layer, shape (nodes,) [S]."""
        load: FloatArray = np.sum(self.plus, axis=0, dtype=np.float64)
        load += np.sum(self.minus, axis=0, dtype=np.float64)
        return load

    def currents(self, x: Array) -> FloatArray:
        """Short-circuit currents of the inputs into the first layer, shape (images, nodes) [A].

        Parameters
        ----------
        x : ndarray of shape (images, pixels + 1)
            Pixels, the last one 1 (:func:`with_bias`).
        """
        return self.volts * np.asarray(x @ (self.plus - self.minus), dtype=np.float64)

    def nudge(self, conductance: float) -> SoftmaxNudge:
        """The nudge of classes at the outputs, of a conductance at full strength [S]."""
        places = range(self.classes)
        pairs = OutputMap(tuple(places), tuple(k + self.classes for k in places))
        return SoftmaxNudge(conductance, self.temperature, pairs)

    def check(self) -> LayeredCircuit:
        """Return the circuit, or say what is wrong with it.

        Raises
        ------
        InputError
            If shapes don't fit, a conductance is not positive and finite, or a parameter is out of range.
        """
        for name in ("volts", "temperature"):
            positive("layered circuit", name, getattr(self, name))
        _check_conductances("plus", self.plus)
        _check_conductances("minus", self.minus)
        if self.plus.shape != self.minus.shape:
            raise InputError(
                f"layered circuit: plus has shape {self.plus.shape}, minus {self.minus.shape}; "
                "each pixel needs both"
            )
        if self.hidden is not None:
            self._check_hidden(self.hidden)
        if self.classes < 2 or (2 * self.classes != self.output_load.size):
            raise InputError(
                f"layered circuit: {self.output_load.size} outputs are no pairs for two classes or more"
            )
        return self

    def _check_hidden(self, hidden: HiddenLayer) -> None:
        _check_conductances("hidden conductance", hidden.conductance)
        for name in ("forward", "back"):
            positive("layered circuit", name, getattr(hidden, name))
        not_negative("layered circuit", "rail", hidden.rail)
        rows, nodes = hidden.conductance.shape[0], self.plus.shape[1]
        if rows != nodes + 2:
            raise InputError(
                f"layered circuit: {nodes} hidden nodes and two rails need {nodes + 2} rows of conductances "
                f"to the outputs, not {rows}"
            )


def with_bias(x: Array) -> Array:
    """Images with a last pixel that is always 1, shape (images, pixels + 1)."""
    return np.concatenate([x, np.ones((len(x), 1), x.dtype)], axis=1)


def _check_conductances(name: str, values: Array) -> None:
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(f"layered circuit: {name} of shape {values.shape} must be a table of rows and nodes")
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        row, node = (int(k) for k in np.argwhere(wrong)[0])
        raise InputError(
            f"layered circuit: {name}[{row}, {node}] = {values[row, node]} S ({int(wrong.sum())} such); "
            "every conductance must be positive and finite"
        )
