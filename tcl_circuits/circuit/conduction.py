"""Direct currents of the conductance network: free voltages, port response, exact loss gradient."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import EngineError


def laplacian(network: Network, weights: FloatArray) -> FloatArray:
    """Weighted graph Laplacian of shape (nodes, nodes): ``D^T diag(weights) D`` with the incidence D."""
    size = network.node_count
    a, b = network.edges.T
    off = np.bincount(a * size + b, weights, size * size).reshape(size, size)
    off = off + off.T
    return np.diag(off.sum(axis=1)) - off


class Conduction:
    """The solved conductance network: one factorisation, many right-hand sides.

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
        free, inputs, outputs = network.free, network.inputs, network.outputs
        matrix = laplacian(network, network.conductance)
        identity = np.eye(network.node_count)
        right = np.hstack([-matrix[np.ix_(free, inputs)], identity[np.ix_(free, outputs)]])
        solved = np.zeros((network.node_count, right.shape[1]))
        if free.size:
            try:
                self._factor = cho_factor(matrix[np.ix_(free, free)], lower=True)
            except np.linalg.LinAlgError:
                raise EngineError(
                    "the conductance matrix is singular in double precision; "
                    "narrow the range of conductances or connect the free nodes better"
                ) from None
            solved[free] = cho_solve(self._factor, right)
        self.input_response = solved[:, : inputs.size]
        self.input_response[inputs, np.arange(inputs.size)] = 1.0
        self.output_response = solved[:, inputs.size :]

    def voltages(self, inputs: FloatArray) -> FloatArray:
        """Free voltages of all nodes [V]; inputs of shape (..., inputs) to (..., nodes)."""
        return inputs @ self.input_response.T

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
        adjoint = output_gradient @ self.output_response.T
        result: FloatArray = -np.mean(self.network.drops(voltages) * self.network.drops(adjoint), axis=0)
        return result
