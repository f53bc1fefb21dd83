"""A spring lattice as node-link JSON: points with places and roles, bonds with stiffnesses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tcl_circuits.circuit.springs import AXES, SpringNetwork
from tcl_circuits.files import replacing


def write_lattice(network: SpringNetwork, path: Path) -> None:
    """Write a lattice; networkx's ``node_link_graph(..., edges="edges")`` reads it.

    Points have ``pos`` and, where they have a role, lists of axes ``fixed``, ``driven`` and ``outputs``;
    bonds have ``stiffness`` in S. Numbers return bit for bit. It is no network of voltages: no command's
    ``--graph`` takes it.

    Parameters
    ----------
    network : SpringNetwork
        The lattice and its stiffnesses.
    path : Path
        File to write, whole or not at all.
    """
    lattice = network.springs
    points: list[dict[str, Any]] = [
        {"id": p, "pos": place.tolist()} for p, place in enumerate(lattice.points)
    ]
    for role in ("fixed", "driven", "outputs"):
        for point, axis in getattr(lattice, role):
            points[point].setdefault(role, []).append(AXES[axis])
    bonds = [
        {"source": i, "target": j, "stiffness": value}
        for (i, j), value in zip(lattice.bonds.tolist(), network.conductance.tolist(), strict=True)
    ]
    document = {
        "directed": False,
        "multigraph": False,
        "graph": {"kind": "springs", "bounds": list(network.bounds)},
        "nodes": points,
        "edges": bonds,
    }
    with replacing(path) as file:
        file.write((json.dumps(document, indent=1, sort_keys=True) + "\n").encode())
