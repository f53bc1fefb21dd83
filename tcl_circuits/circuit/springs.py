"""Spring lattices as networks, by the electrical analogy.

Displacement stands for voltage, force for current, the stiffness of a bond for its conductance, a dashpot's
compliance for a capacitance: a Maxwell unit is a resistor and a capacitor in series. Each coordinate of a
point is a node of the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.check import own_faults
from tcl_circuits.circuit.network import Network, Term
from tcl_circuits.circuit.networkx_graph import Node
from tcl_circuits.circuit.spring_lattice import SpringLattice, numbers_of
from tcl_circuits.errors import InputError, NetworkError

AXES = "xy"
_FIXED = "fixed"


@dataclass(frozen=True, eq=False)
class SpringNetwork(Network):
    """A spring lattice as a network: a node for each coordinate, one at 0 V for all that are fixed.

    The drop over an edge is the extension of its bond; its current, a force, flows along both coordinates.

    Parameters
    ----------
    lattice : SpringLattice
        What is drawn and computed with; see :meth:`of`.
    """

    lattice: SpringLattice | None = None

    @classmethod
    def of(cls, lattice: SpringLattice, stiffness: FloatArray, bounds: tuple[float, float]) -> SpringNetwork:
        """Make the network of a lattice.

        Parameters
        ----------
        lattice : SpringLattice
            The lattice.
        stiffness : ndarray of shape (bonds,)
            Conductances that stand for the stiffnesses [S].
        bounds : (low, high)
            Range that learning may use [S].
        """
        fixed = set(lattice.fixed)
        every = [(point, axis) for point in range(len(lattice.points)) for axis in (0, 1)]
        moving = [one for one in every if one not in fixed]
        place = {one: k for k, one in enumerate(moving)}
        ground = len(moving) if fixed else None
        at = np.array([place.get(one, len(moving)) for one in every], dtype=np.int64)
        positions: dict[Node, tuple[float, float]] = {
            f"{AXES[axis]}{point}": (float(lattice.points[point, 0]), float(lattice.points[point, 1]))
            for point, axis in moving
        }
        return cls(
            nodes=(*(f"{AXES[axis]}{point}" for point, axis in moving), *([_FIXED] if fixed else [])),
            edges=_first_ends(lattice, at),
            inputs=at[numbers_of(lattice.driven)],
            outputs=at[numbers_of(lattice.outputs)],
            ground=ground,
            conductance=np.array(stiffness, dtype=float),
            bounds=bounds,
            positions=positions,
            lattice=lattice,
        )

    @property
    def springs(self) -> SpringLattice:
        """The lattice."""
        if self.lattice is None:
            raise InputError("SpringNetwork: it has no lattice; make it with SpringNetwork.of")
        return self.lattice

    @cached_property
    def edge_labels(self) -> tuple[str, ...]:
        """A name for each bond, ``p3--p8``."""
        return tuple(f"p{i}--p{j}" for i, j in self.springs.bonds.tolist())

    @cached_property
    def coordinates(self) -> IntArray:
        """Position of the node of each coordinate, (coordinates,)."""
        place = {node: k for k, node in enumerate(self.nodes)}
        count = len(self.springs.points)
        rest = -1 if self.ground is None else self.ground
        return np.array(
            [place.get(f"{axis}{p}", rest) for p in range(count) for axis in AXES], dtype=np.int64
        )

    @cached_property
    def incidence(self) -> FloatArray:
        """Matrix from node voltages to extensions, (edges, nodes); the fixed node, at 0 V, has no column."""
        found = np.zeros((self.edge_count, self.node_count))
        moving = self.coordinates != (-1 if self.ground is None else self.ground)
        found[:, self.coordinates[moving]] = self.springs.rigidity[:, moving]
        return found

    def check(self) -> None:
        """Raise one NetworkError that lists every fault, or return if there is none."""
        faults = own_faults(self)
        if not faults and (floppy := self.springs.floppy_modes()):
            faults = [f"{floppy} motions stretch no bond; add bonds, or fix more coordinates"]
        if faults:
            raise NetworkError(faults)

    def drops(self, voltage: FloatArray) -> FloatArray:
        """Extensions (..., edges) of the bonds, from node voltages (..., nodes)."""
        result: FloatArray = voltage @ self.incidence.T
        return result

    def leaving(self, currents: FloatArray) -> FloatArray:
        """Forces (..., nodes) that the bonds' forces (..., edges) exert against each coordinate's motion."""
        result: FloatArray = currents @ self.incidence
        return result

    def laplacian(self, weights: FloatArray) -> FloatArray:
        """Stiffness matrix (nodes, nodes) of bonds with these stiffnesses."""
        result: FloatArray = self.incidence.T @ (weights[:, None] * self.incidence)
        return result

    def terms(self, e: int) -> tuple[Term, ...]:
        """Share of each axis in the extension: its part of the unit vector, and the nodes of both ends."""
        first, second = self.springs.bonds[e].tolist()
        found = []
        for axis, weight in enumerate(self.springs.directions[e].tolist()):
            a, b = self.coordinates[[2 * second + axis, 2 * first + axis]].tolist()
            if a != b and abs(weight) > 1e-12:
                found.append((weight, a, b))
        return tuple(found)


def _first_ends(lattice: SpringLattice, at: IntArray) -> IntArray:
    """Two different nodes that each bond touches: along x, or along y where x is fixed at both ends."""
    ends = np.stack([at[2 * lattice.bonds + axis] for axis in (0, 1)])[:, :, ::-1]
    along_y = ends[0, :, 0] == ends[0, :, 1]
    result: IntArray = np.where(along_y[:, None], ends[1], ends[0])
    return result
