"""A layered circuit as a network with parts, for ngspice and for files, its inputs folded or not.

Inputs hold their voltages, so that what they do to a node of the first layer is exactly that of one source
``J/S`` behind one conductance S (Thevenin): S the sum of the conductances folded, J their short-circuit
current. A folded network has one edge in the place of thousands at each of these nodes, and the same
voltages everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Probe, SenseCell
from tcl_circuits.circuit.elements import Element
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.networkx_graph import Node
from tcl_circuits.circuit.parts import Amplifier, DiodePair, Part
from tcl_circuits.layered.circuit import Array, LayeredCircuit
from tcl_circuits.layered.solve import Point


@dataclass(frozen=True, eq=False)
class BareCell(SenseCell):
    """A conductance alone: what of an edge takes part in an operating point, at a tenth of the cost."""

    def edge(self, e: int, a: str, b: str, conductance: float) -> tuple[tuple[Element, ...], Probe]:
        """The conductance; there is no sense resistance, and the edge's own ends stand for it."""
        return self.device.elements(str(e), a, b, conductance), Probe(a, b)


@dataclass(frozen=True, eq=False)
class Laid:
    """A layered circuit as a network.

    Nodes are ``x0+``, ``x0-``, ... and ``bias+``, ``bias-`` for the rows of pixels that are kept, ``t0``, ...
    for sources that stand for the others, ``h0``, ... and ``z0``, ... for low and high sides, ``rail+`` and
    ``rail-``, ``y0+``, ... and ``y0-``, ... for outputs.

    Parameters
    ----------
    circuit : LayeredCircuit
        The circuit.
    kept : ndarray of int
        Pixels whose rows are kept, the bias being the last pixel; the others are folded.
    """

    circuit: LayeredCircuit
    kept: IntArray

    @classmethod
    def whole(cls, circuit: LayeredCircuit) -> Laid:
        """Every row kept."""
        return cls(circuit, np.arange(circuit.pixels + 1))

    @classmethod
    def folded(cls, circuit: LayeredCircuit, kept: Iterable[int] = ()) -> Laid:
        """Every row folded, but for those of the pixels named."""
        return cls(circuit, np.array(sorted(set(kept)), dtype=np.int64))

    def volts(self, x: Array) -> FloatArray:
        """Voltages of the network's inputs, shape (images, inputs) [V].

        Parameters
        ----------
        x : ndarray of shape (images, pixels + 1)
            Pixels with bias.
        """
        circuit = self.circuit
        rows = circuit.volts * np.repeat(x[:, self.kept].astype(np.float64), 2, axis=1)
        rows[:, 1::2] *= -1
        parts = [rows]
        if self._others.size:
            plus, minus = (array[self._others].astype(np.float64) for array in (circuit.plus, circuit.minus))
            current = circuit.volts * (x[:, self._others].astype(np.float64) @ (plus - minus))
            parts.append(current / self._load)
        if circuit.hidden is not None:
            rail = circuit.hidden.rail
            parts.append(np.broadcast_to([rail, -rail], (len(x), 2)))
        return np.concatenate(parts, axis=1)

    @cached_property
    def network(self) -> Network:
        """The network."""
        circuit = self.circuit
        nodes = [*self._rows, *self._sources, *self._first, *self._inner]
        place = {node: k for k, node in enumerate(nodes)}
        edges, values = self._edges()
        inputs = [*self._rows, *self._sources, *(("rail+", "rail-") if circuit.hidden else ())]
        return Network(
            nodes=tuple(nodes),
            edges=np.array([(place[a], place[b]) for a, b in edges], dtype=np.int64),
            inputs=np.array([place[node] for node in inputs]),
            outputs=np.array([place[node] for node in self._outputs]),
            ground=None,
            conductance=values,
            bounds=(float(values.min()), float(values.max())),
            parts=self._parts(),
            positions=self._places(nodes),
        )

    def voltages(self, x: Array, point: Point) -> FloatArray:
        """Voltages of all the network's nodes, from a solution; shape (images, nodes) [V].

        Parameters
        ----------
        x : ndarray of shape (images, pixels + 1)
            Pixels with bias.
        point : Point
            Their voltages.
        """
        network = self.network
        found = np.zeros((len(x), network.node_count))
        found[:, network.inputs] = self.volts(x)
        found[:, network.outputs] = point.outputs
        if self.circuit.hidden is not None:
            place = {node: k for k, node in enumerate(network.nodes)}
            for name, values in (("h", point.low), ("z", point.high)):
                found[:, [place[f"{name}{j}"] for j in range(self.circuit.hidden_nodes)]] = values
        return found

    @property
    def first_edges(self) -> int:
        """Edges of the rows that are kept, + rows before - rows: the network's first ones."""
        return int(2 * self.kept.size * self.circuit.plus.shape[1])

    @property
    def inner_edges(self) -> int:
        """Edges to the outputs of a circuit with hidden nodes: the network's last ones."""
        return 0 if self.circuit.hidden is None else int(self.circuit.hidden.conductance.size)

    def high(self, voltages: FloatArray) -> FloatArray:
        """High sides of the hidden nodes among the network's voltages, shape (..., hidden) [V]."""
        place = {node: k for k, node in enumerate(self.network.nodes)}
        return voltages[..., [place[f"z{j}"] for j in range(self.circuit.hidden_nodes)]]

    def outputs(self, voltages: FloatArray) -> FloatArray:
        """Outputs among the network's voltages, all positive ones first, shape (..., 2 classes) [V]."""
        return voltages[..., self.network.outputs]

    @cached_property
    def _others(self) -> IntArray:
        return np.setdiff1d(np.arange(self.circuit.pixels + 1), self.kept)

    @cached_property
    def _load(self) -> FloatArray:
        """Sum of the folded conductances at each node of the first layer [S]."""
        both = np.concatenate([self.circuit.plus[self._others], self.circuit.minus[self._others]])
        total: FloatArray = np.sum(both, axis=0, dtype=np.float64)
        return total

    @cached_property
    def _rows(self) -> list[Node]:
        names = ["bias" if i == self.circuit.pixels else f"x{i}" for i in self.kept.tolist()]
        return [f"{name}{sign}" for name in names for sign in "+-"]

    @cached_property
    def _sources(self) -> list[Node]:
        return [f"t{j}" for j in range(self.circuit.plus.shape[1])] if self._others.size else []

    @cached_property
    def _outputs(self) -> list[Node]:
        return [f"y{k}{sign}" for sign in "+-" for k in range(self.circuit.classes)]

    @cached_property
    def _first(self) -> list[Node]:
        if self.circuit.hidden is None:
            return self._outputs
        return [f"h{j}" for j in range(self.circuit.hidden_nodes)]

    @cached_property
    def _inner(self) -> list[Node]:
        if self.circuit.hidden is None:
            return []
        return [*self._high, *self._outputs]

    @cached_property
    def _high(self) -> list[Node]:
        return [*(f"z{j}" for j in range(self.circuit.hidden_nodes)), "rail+", "rail-"]

    def _edges(self) -> tuple[list[tuple[Node, Node]], FloatArray]:
        circuit = self.circuit
        edges = [(row, node) for sign in (0, 1) for row in self._rows[sign::2] for node in self._first]
        values = [array[self.kept].ravel() for array in (circuit.plus, circuit.minus)]
        if self._sources:
            edges += list(zip(self._sources, self._first, strict=True))
            values.append(self._load)
        if circuit.hidden is not None:
            edges += [(row, output) for row in self._high for output in self._outputs]
            values.append(circuit.hidden.conductance.ravel())
        return edges, np.concatenate([array.astype(np.float64) for array in values])

    def _parts(self) -> tuple[Part, ...]:
        hidden = self.circuit.hidden
        if hidden is None:
            return ()
        names = range(self.circuit.hidden_nodes)
        return (
            *(Amplifier(f"h{j}", f"z{j}", hidden.forward, hidden.back) for j in names),
            *(DiodePair(f"z{j}", hidden.diodes.saturation, 1.0, hidden.diodes.ohms) for j in names),
        )

    def _places(self, nodes: list[Node]) -> dict[Node, tuple[float, float]]:
        """Columns from inputs to outputs."""
        columns = [[*self._rows, *self._sources], self._first]
        if self.circuit.hidden is not None:
            columns += [self._high, self._outputs]
        places = {
            node: (float(c), 1.0 - (k + 0.5) / len(column))
            for c, column in enumerate(columns)
            for k, node in enumerate(column)
        }
        return {node: places[node] for node in nodes}
