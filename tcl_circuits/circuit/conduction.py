"""Direct currents of the conductance network: free voltages, port response, exact loss gradient."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lu_factor, lu_solve

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.parts import Amplifier
from tcl_circuits.errors import EngineError, shown


def laplacian(network: Network, weights: FloatArray) -> FloatArray:
    """Weighted graph Laplacian of shape (nodes, nodes): ``D^T diag(weights) D`` with the incidence D."""
    return network.laplacian(weights)


class Conduction:
    """The solved conductance network: one factorisation, many right-hand sides.

    Amplifiers are solved with it: with the voltages x of the free nodes that no amplifier holds, all voltages
    are ``V = T x`` (plus the given ones), and the currents at those nodes, with what amplifiers draw there,
    ``S (L V - J) = 0``. Without amplifiers T and S only choose nodes. Diodes are left out: they are what the
    engines add.

    Parameters
    ----------
    network : Network
        A network without faults.

    Attributes
    ----------
    input_response : ndarray of shape (nodes, inputs)
        Voltage of every node for 1 V at one input.
    output_response : ndarray of shape (nodes, outputs)
        Voltage of every node for 1 A into one output node [ohm].
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        inputs = network.inputs
        matrix = laplacian(network, network.conductance)
        self._tied: _Tied | None = _tied(network)
        if self._tied is None:
            inner = matrix[np.ix_(network.free, network.free)]
        else:
            inner = self._tied.gathered @ matrix @ self._tied.spread
        self._solver: _Solver = _Symmetric(inner, network) if self._tied is None else _General(inner)
        self.input_response = -self._solved(matrix[:, inputs])
        self.input_response[inputs, np.arange(inputs.size)] = 1.0
        self.output_response = self.response(network.outputs)

    def voltages(self, inputs: FloatArray) -> FloatArray:
        """Free voltages of all nodes [V]; inputs of shape (..., inputs) to (..., nodes)."""
        return inputs @ self.input_response.T

    def response(self, positions: IntArray) -> FloatArray:
        """Voltage of every node for 1 A into one of the nodes at `positions` [ohm], (nodes, positions)."""
        return self._solved(self._unit(positions))

    def correction(self, currents: FloatArray) -> FloatArray:
        """Voltages (samples, nodes) that currents (samples, nodes) into the nodes make [V]."""
        return self._solved(currents.T).T

    def adjoint_response(self, positions: IntArray) -> FloatArray:
        """Derivative of the voltages at `positions` by a current into any node [ohm], (nodes, positions)."""
        if self._tied is None:
            return self.response(positions)
        spread, gathered = self._tied.spread, self._tied.gathered
        found: FloatArray = gathered.T @ self._solver.solve(spread[positions].T, True)
        return found

    def _unit(self, positions: IntArray) -> FloatArray:
        """1 A into each of the nodes at `positions`, (nodes, positions)."""
        unit = np.zeros((self.network.node_count, positions.size))
        unit[positions, np.arange(positions.size)] = 1.0
        return unit

    def _solved(self, currents: FloatArray) -> FloatArray:
        """Voltages of every node for currents (nodes, cases) into them."""
        if self._tied is not None:
            return self._tied.spread @ self._solver.solve(self._tied.gathered @ currents)
        found = np.zeros(currents.shape)
        found[self.network.free] = self._solver.solve(currents[self.network.free])
        return found

    def loss_gradient(self, voltages: FloatArray, output_gradient: FloatArray) -> FloatArray:
        """Exact gradient of a loss by the conductances, ``-mean(dV dlambda)`` with the adjoint lambda.

        Parameters
        ----------
        voltages : ndarray of shape (samples, nodes)
            Free voltages [V].
        output_gradient : ndarray of shape (samples, outputs)
            Derivative of each sample's loss by the output nodes' voltages.

        Returns
        -------
        ndarray of shape (edges,)
            Mean over the samples [loss/S].
        """
        adjoint = output_gradient @ self.adjoint_response(self.network.outputs).T
        result: FloatArray = -np.mean(self.network.drops(voltages) * self.network.drops(adjoint), axis=0)
        return result


@dataclass(frozen=True, eq=False)
class _Tied:
    """What amplifiers tie together: T of shape (nodes, unknowns), S of shape (unknowns, nodes)."""

    spread: FloatArray
    gathered: FloatArray


def _tied(network: Network) -> _Tied | None:
    """T and S of a network; None without amplifiers."""
    place = {node: k for k, node in enumerate(network.nodes)}
    below = {place[part.high]: part for part in network.parts if isinstance(part, Amplifier)}
    if not below:
        return None
    unknown = np.setdiff1d(network.free, list(below))
    spread = np.zeros((network.node_count, unknown.size))
    spread[unknown, np.arange(unknown.size)] = 1.0
    gathered = np.ascontiguousarray(spread.T)

    def hold(high: int) -> None:
        part = below.pop(high)
        low = place[part.low]
        if low in below:
            hold(low)
        spread[high] = part.gain * spread[low]
        gathered[:, high] = part.feedback * gathered[:, low]

    while below:
        hold(next(iter(below)))
    return _Tied(spread, gathered)


class _Solver(Protocol):
    def solve(self, right: FloatArray, transposed: bool = False) -> FloatArray: ...


class _Symmetric:
    """Systems of a symmetric, positive definite matrix."""

    def __init__(self, matrix: FloatArray, network: Network) -> None:
        try:
            self._factor = cho_factor(matrix, lower=True) if matrix.size else None
        except np.linalg.LinAlgError as failure:
            # LAPACK says at which of the free nodes nothing is left to conduct.
            order = re.match(r"\d+", str(failure))
            node = network.nodes[network.free[int(order[0]) - 1]] if order else None
            raise EngineError(
                _SINGULAR if node is None else f"{_SINGULAR}: look at node {shown(node)}"
            ) from None

    def solve(self, right: FloatArray, transposed: bool = False) -> FloatArray:
        """Solve for each column."""
        return np.zeros_like(right) if self._factor is None else cho_solve(self._factor, right)


class _General:
    """Systems of any matrix, as amplifiers make it."""

    def __init__(self, matrix: FloatArray) -> None:
        self._factor = lu_factor(matrix, check_finite=False) if matrix.size else None
        if self._factor is not None:
            pivots = np.abs(np.diag(self._factor[0]))
            if not pivots.min() > np.finfo(float).eps * pivots.max():
                raise EngineError(_SINGULAR)

    def solve(self, right: FloatArray, transposed: bool = False) -> FloatArray:
        """Solve for each column."""
        if self._factor is None:
            return np.zeros_like(right)
        found: FloatArray = lu_solve(self._factor, right, trans=1 if transposed else 0)
        return found


_SINGULAR = (
    "the conductance matrix is singular in double precision; "
    "narrow the range of conductances or connect the free nodes better"
)
