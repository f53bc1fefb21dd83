"""Every fault of a network at once, each as a sentence that names the place and the remedy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tcl_circuits.arrays import IntArray
from tcl_circuits.circuit.check_parts import part_faults
from tcl_circuits.circuit.parts import Amplifier
from tcl_circuits.errors import shown

if TYPE_CHECKING:
    from tcl_circuits.circuit.network import Network

RESOLVABLE = (1e-15, 1e3)
"""Conductances that a simulator in double precision can hold apart from a short or a gap [S]."""

_MOST_LISTED = 20


def find_faults(network: Network) -> list[str]:
    """List what is wrong with a network; empty if nothing is."""
    return [
        *own_faults(network),
        *part_faults(network),
        *_connection_faults(network),
    ]


def own_faults(network: Network) -> list[str]:
    """List what is wrong with roles, edges and values, whatever the edges join."""
    return [*_role_faults(network), *_edge_faults(network), *_value_faults(network)]


def _shortened(faults: list[str]) -> list[str]:
    if len(faults) <= _MOST_LISTED:
        return faults
    return [*faults[:_MOST_LISTED], f"... and {len(faults) - _MOST_LISTED} more of this kind"]


def _role_faults(network: Network) -> list[str]:
    faults = []
    if network.node_count == 0:
        faults.append("it has no nodes")
    if network.driven.size == 0:
        faults.append("no node is an input or ground; a network without a driven node has no voltages")
    roles: dict[int, list[str]] = {}
    for role, positions in (("input", network.inputs), ("output", network.outputs)):
        for position in positions.tolist():
            roles.setdefault(position, []).append(role)
    if network.ground is not None:
        roles.setdefault(network.ground, []).append("ground")
    faults += [
        f"node {shown(network.nodes[position])} has the roles {' and '.join(names)}; give it one"
        for position, names in roles.items()
        if len(names) > 1
    ]
    return _shortened(faults)


def _edge_faults(network: Network) -> list[str]:
    faults = [] if network.edge_count else ["it has no edges"]
    loops = np.flatnonzero(network.edges[:, 0] == network.edges[:, 1])
    faults += [
        f"edge {e} is a self-loop at node {shown(network.nodes[network.edges[e, 0]])}; remove it"
        for e in loops.tolist()
    ]
    return _shortened(faults)


def _value_faults(network: Network) -> list[str]:
    low, high = network.bounds
    faults = []
    if not (math.isfinite(low) and math.isfinite(high) and 0 < low <= high):
        faults.append(f"the conductance bounds ({low:g}, {high:g}) S must be finite with 0 < low <= high")
    if not (math.isfinite(network.node_capacitance) and network.node_capacitance >= 0):
        faults.append(f"node_capacitance = {network.node_capacitance!r} F must be finite and not negative")
    values = network.conductance
    within = (values >= max(low, RESOLVABLE[0])) & (values <= min(high, RESOLVABLE[1]))
    for e in np.flatnonzero(~within).tolist():
        value = float(values[e])
        fault = _conductance_fault(value, low, high)
        if fault:
            faults.append(f"edge {shown(network.edge_labels[e])} has conductance {value:g} S, {fault}")
    return _shortened(faults)


def _conductance_fault(value: float, low: float, high: float) -> str | None:
    if not math.isfinite(value):
        return "not a finite number"
    if value <= 0:
        return "not positive; remove the edge if nothing flows"
    if not RESOLVABLE[0] <= value <= RESOLVABLE[1]:
        return f"outside {RESOLVABLE[0]:g} .. {RESOLVABLE[1]:g} S, beyond what a simulator resolves"
    if not low * (1 - 1e-12) <= value <= high * (1 + 1e-12):
        return f"outside the bounds {low:g} .. {high:g} S"
    return None


def _connection_faults(network: Network) -> list[str]:
    if network.edge_count == 0 or network.driven.size == 0:
        return []
    # An edge whose value is NaN is a fault of its own and does not cut off its neighbours too.
    conducting = np.vstack([network.edges[~(network.conductance <= 0)], _carried(network)])
    unreached = _unreached(network.node_count, conducting.tobytes(), network.driven.tobytes())
    faults = [
        f"node {shown(network.nodes[position])} has no conducting path to an input or ground; connect it"
        for position in unreached
    ]
    return _shortened(faults)


def _carried(network: Network) -> IntArray:
    """Pairs of nodes that amplifiers join: a voltage known at one is known at the other."""
    place = {node: k for k, node in enumerate(network.nodes)}
    ends = [part.touches for part in network.parts if isinstance(part, Amplifier)]
    known = [(place[a], place[b]) for a, b in ends if a in place and b in place]
    return np.array(known, dtype=np.int64).reshape(-1, 2)


@lru_cache(maxsize=16)
def _unreached(size: int, edges: bytes, driven: bytes) -> tuple[int, ...]:
    """Positions of nodes that no path joins to a driven one; remembered: training asks in every batch."""
    a, b = np.frombuffer(edges, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(a.size), (a, b)), shape=(size, size))
    _, component = connected_components(links, directed=False)
    reached = np.isin(component, component[np.frombuffer(driven, dtype=np.int64)])
    return tuple(np.flatnonzero(~reached).tolist())
