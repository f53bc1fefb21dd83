"""Real parts in a network's place: standard values, wires, capacitances, offsets - and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import not_negative
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.standard_values import Series, nearest_values
from tcl_circuits.training.task import Samples, Task


@dataclass(frozen=True)
class Parts:
    """What a board adds to the ideal network.

    Parameters
    ----------
    series : {"E24", "E96"} or None
        Each edge's resistance becomes the nearest of the series.
    wire_ohms : float
        Resistance of the wires of each edge, in series with it [ohm].
    node_farads : float
        Capacitance of each node to ground, beside the network's own [F].
    offset_volts : float
        Standard deviation of the offset of the op-amp at each input and at each output [V].
    """

    series: Series | None = None
    wire_ohms: float = 0.0
    node_farads: float = 0.0
    offset_volts: float = 0.0

    def __post_init__(self) -> None:
        if self.series not in (None, "E24", "E96"):
            raise InputError(f"there is no series {self.series!r}; there are E24 and E96")
        for name in ("wire_ohms", "node_farads", "offset_volts"):
            not_negative("Parts", name, getattr(self, name))

    @property
    def ideal(self) -> bool:
        """Whether nothing is added."""
        return self == Parts()

    def applied(self, network: Network) -> Network:
        """Return the network with these parts; offsets are none of the network's own."""
        ohms = 1.0 / network.conductance
        if self.series is not None:
            ohms = nearest_values(ohms, self.series)
        conductance = network.conductance
        if self.series is not None or self.wire_ohms > 0:
            conductance = 1.0 / (ohms + self.wire_ohms)
        low, high = network.bounds
        return replace(
            network.with_conductance(conductance),
            bounds=(min(low, float(conductance.min())), max(high, float(conductance.max()))),
            node_capacitance=network.node_capacitance + self.node_farads,
        )

    def offsets(self, count: int, seed: int) -> FloatArray:
        """Sampled offsets of `count` op-amps [V]."""
        return self.offset_volts * np.random.default_rng([seed, 7]).standard_normal(count)

    def each(self) -> dict[str, Parts]:
        """These parts one kind at a time, and all together, by name; kinds that add nothing are left out."""
        kinds = {
            f"{self.series} values": Parts(series=self.series),
            f"{self.wire_ohms:g} ohm of wire": Parts(wire_ohms=self.wire_ohms),
            f"{self.node_farads:g} F at nodes": Parts(node_farads=self.node_farads),
            f"{self.offset_volts:g} V of offset": Parts(offset_volts=self.offset_volts),
        }
        found = {name: parts for name, parts in kinds.items() if not parts.ideal}
        return found | ({"all together": self} if len(found) > 1 else {})


@dataclass(frozen=True)
class Cost:
    """What parts cost.

    Parameters
    ----------
    parts : str
        Which.
    output_shift : float
        Root mean square change of the outputs' voltages over the samples [V].
    settling : float
        Longest time constant of the nodes [s]; outputs read earlier are wrong.
    loss, accuracy : float or None
        Of the task's test samples, if there is a task; accuracy only for classes.
    """

    parts: str
    output_shift: float
    settling: float
    loss: float | None = None
    accuracy: float | None = None


def costs(network: Network, parts: Parts, inputs: FloatArray, seed: int, task: Task | None) -> list[Cost]:
    """Cost of nothing (``as trained``), of each kind of parts, and of all together.

    Parameters
    ----------
    network : Network
        As trained.
    parts : Parts
        What the board adds.
    inputs : ndarray of shape (samples, inputs)
        Input voltages at which outputs are compared [V]; a task's test samples take their place.
    seed : int
        Of the sampled offsets.
    task : Task or None
        Task of the network, for its loss and accuracy.
    """
    samples = task.test if task is not None else Samples(inputs, np.zeros((len(inputs), 0)))
    ideal = OperatingPoints(network).free(samples.inputs).voltages
    found = []
    for name, chosen in {"as trained": Parts(), **parts.each()}.items():
        changed = chosen.applied(network)
        drawn = chosen.offsets(network.inputs.size + network.outputs.size, seed)
        voltages = OperatingPoints(changed).free(samples.inputs + drawn[: network.inputs.size]).voltages
        voltages[:, network.outputs] += drawn[network.inputs.size :]
        moved = (voltages - ideal)[:, network.outputs]
        shift = float(np.sqrt(np.mean(moved**2))) if moved.size else 0.0
        cost = Cost(name, shift, _settling(changed))
        if task is not None:
            y = task.outputs(voltages)
            cost = replace(
                cost, loss=task.loss(y, samples.targets), accuracy=task.accuracy(y, samples.targets)
            )
        found.append(cost)
    return found


def _settling(network: Network) -> float:
    """Elmore's delay of the slowest node [s]."""
    free = network.free
    if network.node_capacitance == 0 or free.size == 0:
        return 0.0
    matrix = laplacian(network, network.conductance)[np.ix_(free, free)]
    return float(np.linalg.solve(matrix, np.full(free.size, network.node_capacitance)).max())
