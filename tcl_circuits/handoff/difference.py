"""Two bundles side by side: structure, values, and what the difference does to the outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tcl_circuits.circuit.names import NameMap
from tcl_circuits.circuit.netlist import part_elements
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.operating import OperatingPoints

_LISTED = 20
_ROUNDING = 1e-15
"""Relative change that a resistance in the place of a conductance makes."""


@dataclass(frozen=True)
class Difference:
    """How a second network differs from a first.

    Parameters
    ----------
    structure : tuple of str
        Differences of nodes, roles and edges, in words; with any of them nothing else is compared.
    changed : tuple of (str, float, float)
        Edges whose conductance differs, with both values [S], the largest change first.
    largest, rms : float
        Relative changes of the conductances.
    output_shift : float or None
        Largest change of an output's voltage over the first's inference samples [V]; None without samples.
    """

    structure: tuple[str, ...]
    changed: tuple[tuple[str, float, float], ...] = ()
    largest: float = 0.0
    rms: float = 0.0
    output_shift: float | None = None

    @property
    def same(self) -> bool:
        """Whether the two are the same network."""
        return not self.structure and not self.changed

    def as_json(self) -> dict[str, Any]:
        """The difference as JSON."""
        return {
            "same": self.same,
            "structure": list(self.structure),
            "edges_changed": len(self.changed),
            "largest_relative_change": self.largest,
            "rms_relative_change": self.rms,
            "output_max_change_V": self.output_shift,
            "changed": [
                {"edge": name, "conductance_A_S": a, "conductance_B_S": b} for name, a, b in self.changed
            ],
        }


def difference(first: Network, second: Network, inputs: object = None) -> Difference:
    """Compare two networks by their SPICE names.

    Parameters
    ----------
    first, second : Network
        For example as trained, and as measured.
    inputs : array_like of shape (samples, inputs), optional
        Input voltages at which outputs are compared [V].
    """
    faults = _structure(first, second)
    if faults:
        return Difference(tuple(faults[:_LISTED]))
    order = _matching(first, second)
    a, b = first.conductance, second.conductance[order]
    relative = np.abs(b / a - 1)
    ranking = np.argsort(-relative, kind="stable")
    changed = tuple(
        (first.edge_labels[e], float(a[e]), float(b[e])) for e in ranking.tolist() if relative[e] > _ROUNDING
    )
    shift = None
    if inputs is not None and first.outputs.size:
        volts = np.asarray(inputs, dtype=float)
        before, after = (
            OperatingPoints(network).free(volts).voltages[:, network.outputs]
            for network in (first, first.with_conductance(b))
        )
        shift = float(np.abs(after - before).max())
    largest = float(relative.max(initial=0.0))
    return Difference((), changed, largest, float(np.sqrt(np.mean(relative**2))), shift)


def _edges(network: Network) -> list[tuple[str, str]]:
    names = NameMap.of(network.nodes).spice
    return [(names[a], names[b]) for a, b in network.edges.tolist()]


def _roles(network: Network) -> dict[str, str]:
    names = NameMap.of(network.nodes).spice
    return {name: network.role_of(position) for position, name in enumerate(names)}


def _structure(first: Network, second: Network) -> list[str]:
    ours, theirs = _roles(first), _roles(second)
    faults = [f"node {name} is only in the first" for name in ours if name not in theirs]
    faults += [f"node {name} is only in the second" for name in theirs if name not in ours]
    faults += [
        f"node {name} is {role} in the first, {theirs[name]} in the second"
        for name, role in ours.items()
        if theirs.get(name, role) != role
    ]
    count: dict[tuple[str, str], int] = {}
    for pair in _edges(first):
        count[pair] = count.get(pair, 0) + 1
    for pair in _edges(second):
        count[pair] = count.get(pair, 0) - 1
    for (a, b), more in count.items():
        if more:
            faults.append(f"edge {a} to {b} is only in the {'first' if more > 0 else 'second'}")
    ours_at, theirs_at = set(part_elements(first)), set(part_elements(second))
    if ours_at != theirs_at:
        counts = f"{len(first.parts)} in the first, {len(second.parts)} in the second"
        faults.append(f"diodes and amplifiers at nodes differ ({counts})")
    return faults


def _matching(first: Network, second: Network) -> list[int]:
    """For each edge of the first, the second's edge between the same nodes; parallel ones in their order."""
    places: dict[tuple[str, str], list[int]] = {}
    for e, pair in enumerate(_edges(second)):
        places.setdefault(pair, []).append(e)
    return [places[pair].pop(0) for pair in _edges(first)]
