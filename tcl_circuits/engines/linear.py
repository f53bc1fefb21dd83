"""Networks whose capacitors load their nodes: exact modes of linear circuits.

Every linear R-C circuit driven at its ports w (input voltages, currents into output nodes) falls apart into
modes ``z' = -rate z + F w + F' w'``. Three ways lead there, by what holds the charge: linear sense cells of
one time constant under held inputs (a problem of the size of the nodes), capacitors in edges, and
capacitors at nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.sparse import csr_array, eye_array

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.conduction import Conduction, laplacian
from tcl_circuits.circuit.network import Network


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Modes of a linear circuit and what is read from them; ports are the inputs, then output nodes.

    Parameters
    ----------
    rates : ndarray of shape (modes,)
        Decay rates [1/s], not negative; 0 for charge that can't leave.
    drive, slope_drive : ndarray of shape (modes, ports)
        F and F'.
    rest : ndarray of shape (modes, ports)
        State at rest for unit input voltages.
    voltage_modes, voltage_ports : ndarray of shape (nodes, modes), (nodes, ports)
        Node voltages ``V = voltage_modes z + voltage_ports w``.
    sense_modes, sense_ports : ndarray of shape (reads, modes), (reads, ports)
        What kernel outputs are read from, ``x = sense_modes z + sense_ports w``.
    u_matrix : sparse array of shape (edges, reads)
        Kernel outputs ``u = u_matrix x``.
    """

    rates: FloatArray
    drive: FloatArray
    slope_drive: FloatArray
    rest: FloatArray
    voltage_modes: FloatArray
    voltage_ports: FloatArray
    sense_modes: FloatArray
    sense_ports: FloatArray
    u_matrix: csr_array

    def through(self, matrix: FloatArray) -> LinearModel:
        """The same circuit behind ports v, where its own are ``w = matrix v``; of shape (ports, v)."""
        return replace(
            self,
            drive=self.drive @ matrix,
            slope_drive=self.slope_drive @ matrix,
            rest=self.rest @ matrix,
            voltage_ports=self.voltage_ports @ matrix,
            sense_ports=self.sense_ports @ matrix,
        )

    def voltage(self, coordinates: FloatArray) -> FloatArray:
        """Node voltages (nodes, samples, time) of coordinates (z, w), (modes + ports, samples, time)."""
        matrix = np.hstack([self.voltage_modes, self.voltage_ports])
        result = np.zeros((matrix.shape[0], *coordinates.shape[1:]))
        moved = np.flatnonzero(matrix.any(axis=1))
        if moved.size:
            span = slice(moved[0], moved[-1] + 1)
            result[span] = _product(matrix[span], coordinates)
        return result

    def kernel_output(self, coordinates: FloatArray) -> FloatArray:
        """Kernel outputs (edges, samples, time) of coordinates (z, w), (modes + ports, samples, time)."""
        reads = np.hstack([self.sense_modes, self.sense_ports])
        return _product(self.u_matrix, _product(reads, coordinates))


def linear_model(network: Network, cell: Cell, held: bool) -> LinearModel:
    """Modes of a network, by the cheapest way that describes it.

    Parameters
    ----------
    network, cell
        The circuit.
    held : bool
        Whether the inputs are constant.
    """
    if network.node_capacitance > 0:
        return node_model(network, cell)
    tau = cell.capacitance(network.conductance) * cell.resistance(network.conductance)
    if held and cell.conducts_dc and np.ptp(tau) <= 1e-12 * tau.max():
        return sense_model(network, cell)
    return edge_model(network, cell)


def sense_model(network: Network, cell: Cell) -> LinearModel:
    """Modes of linear sense cells with one time constant tau, inputs held.

    With sigma = s tau/(1 + s tau) the sense branches add sigma K to the conduction matrix G. In the basis
    of ``K phi = kappa G phi`` each mode sees ``1/(1 + sigma kappa)``: a feedthrough of 1/(1 + kappa) and one
    low-pass of time constant tau (1 + kappa).
    """
    free, inputs, outputs = network.free, network.inputs, network.outputs
    resistance = cell.resistance(network.conductance)
    tau = float(cell.capacitance(network.conductance)[0] * resistance[0])
    conduction = laplacian(network, network.conductance)
    square = np.ix_(free, free)
    kappa, basis = eigh(laplacian(network, 1.0 / resistance)[square], conduction[square])
    kappa = np.maximum(kappa, 0.0)
    nodes = np.zeros((network.node_count, kappa.size))
    nodes[free] = basis
    ports = inputs.size + outputs.size
    pushed = np.zeros((kappa.size, ports))
    pushed[:, inputs.size :] = nodes[outputs].T
    rates = 1.0 / (tau * (1 + kappa))
    voltage_ports = (nodes / (1 + kappa)) @ pushed
    voltage_ports[inputs, np.arange(inputs.size)] = 1.0
    voltage_ports[free, : inputs.size] = -basis @ (basis.T @ conduction[np.ix_(free, inputs)])
    sensed = basis / (1 + kappa)
    none = np.zeros_like(pushed)
    return LinearModel(
        rates=rates,
        drive=pushed * rates[:, None],
        slope_drive=none,
        rest=none,
        voltage_modes=nodes * (kappa / (1 + kappa)),
        voltage_ports=voltage_ports,
        sense_modes=-sensed,
        sense_ports=sensed @ pushed,
        u_matrix=_free_differences(network, 1.0 / resistance),
    )


def edge_model(network: Network, cell: Cell) -> LinearModel:
    """Modes of linear sense or series cells, from the capacitors' voltages x.

    Capacitors hold their voltage at once, so that the nodes see the conductances and the sense resistors
    1/r to sources x: ``V = S w + T x``, and ``c x' = u = (D V - x)/r``. Of size edges^3.
    """
    free, inputs, outputs = network.free, network.inputs, network.outputs
    edges, ports = network.edge_count, inputs.size + outputs.size
    per_ohm = 1.0 / cell.resistance(network.conductance)
    root = np.sqrt(cell.capacitance(network.conductance))
    direct = network.conductance if cell.conducts_dc else np.zeros(edges)
    matrix = laplacian(network, direct + per_ohm)
    incidence = network.drops(np.eye(network.node_count)).T
    right = np.zeros((free.size, ports + edges))
    right[:, : inputs.size] = -matrix[np.ix_(free, inputs)]
    right[:, inputs.size : ports] = np.eye(network.node_count)[np.ix_(free, outputs)]
    right[:, ports:] = (incidence * per_ohm[:, None]).T[free]
    seen = np.zeros((network.node_count, ports + edges))
    seen[free] = cho_solve(cho_factor(matrix[np.ix_(free, free)]), right)
    seen[inputs, np.arange(inputs.size)] = 1.0
    current = network.drops(seen.T).T * per_ohm[:, None]
    current[:, ports:] -= np.diag(per_ohm)
    decay = -current[:, ports:] / root[:, None] / root
    rates, basis = eigh(0.5 * (decay + decay.T))
    states = basis / root[:, None]
    at_rest = np.zeros((network.node_count, ports))
    at_rest[inputs, np.arange(inputs.size)] = 1.0
    if cell.conducts_dc:
        at_rest[:, : inputs.size] = Conduction(network).input_response
    return LinearModel(
        rates=np.where(rates > 1e-12 * rates.max(), rates, 0.0),
        drive=states.T @ current[:, :ports],
        slope_drive=np.zeros((edges, ports)),
        rest=(basis * root[:, None]).T @ network.drops(at_rest.T).T,
        voltage_modes=seen[:, ports:] @ states,
        voltage_ports=seen[:, :ports],
        sense_modes=current[:, ports:] @ states,
        sense_ports=current[:, :ports],
        u_matrix=csr_array(eye_array(edges)),
    )


def node_model(network: Network, cell: Cell) -> LinearModel:
    """Modes of a network with capacitance at its nodes, from all node voltages x.

    ``G x + S x' = B w + B' w'`` with symmetric matrices, diagonalised together. Cells with a linear signal
    bring an inner node each.
    """
    inner = cell.signal == "linear"
    count, edges, inputs = network.node_count, network.edge_count, network.inputs
    size, ports = count + edges * inner, network.inputs.size + network.outputs.size
    conduction, storage = _all_node_matrices(network, cell, inner)
    free = np.concatenate([network.free, np.arange(count, size)])
    square = np.ix_(free, free)
    rates, basis = eigh(conduction[square], storage[square])
    nodes = np.zeros((size, rates.size))
    nodes[free] = basis
    given = np.zeros((size, ports))
    given[inputs, np.arange(inputs.size)] = 1.0
    current = -conduction @ given
    current[network.outputs, inputs.size + np.arange(network.outputs.size)] = 1.0
    at_rest = given.copy()
    if cell.conducts_dc:
        at_rest[:count, : inputs.size] = Conduction(network).input_response
    second = network.edges[:, 1]
    per_ohm = inner / cell.resistance(network.conductance)[:, None]
    if inner:
        at_rest[count:] = at_rest[second]
    middle = nodes[count:] if inner else np.zeros((edges, rates.size))
    return LinearModel(
        rates=np.where(rates > 1e-12 * rates.max(), rates, 0.0),
        drive=nodes.T @ current,
        slope_drive=-nodes.T @ storage @ given,
        rest=nodes.T @ storage @ np.where(np.isin(np.arange(size), free)[:, None], at_rest, 0.0),
        voltage_modes=nodes[:count],
        voltage_ports=given[:count],
        sense_modes=(middle - nodes[second]) * per_ohm,
        sense_ports=-given[second] * per_ohm,
        u_matrix=csr_array(eye_array(edges)),
    )


def _product(matrix: FloatArray | csr_array, array: FloatArray) -> FloatArray:
    """Product over the first axis of an array with more of them."""
    rows = array.reshape(array.shape[0], prod(array.shape[1:]))
    return np.asarray(matrix @ rows).reshape(-1, *array.shape[1:])


def _free_differences(network: Network, weights: FloatArray) -> csr_array:
    """Sparse matrix from values at the free nodes, others at zero, to weighted drops over the edges."""
    place = np.full(network.node_count, -1)
    place[network.free] = np.arange(network.free.size)
    ends = place[network.edges]
    used = ends >= 0
    values = np.stack([weights, -weights], axis=1)[used]
    starts = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    return csr_array((values, ends[used], starts), shape=(network.edge_count, network.free.size))


def _all_node_matrices(network: Network, cell: Cell, inner: bool) -> tuple[FloatArray, FloatArray]:
    """Conduction and capacitance matrices over the network's nodes and, if any, the cells' inner nodes."""
    count, edges = network.node_count, network.edge_count
    size = count + edges * inner
    conduction, storage = np.zeros((size, size)), np.zeros((size, size))
    if cell.conducts_dc:
        conduction[:count, :count] = laplacian(network, network.conductance)
    if inner:
        middle = count + np.arange(edges, dtype=np.int64)
        first, second = network.edges.T
        _stamp(storage, first, middle, cell.capacitance(network.conductance))
        _stamp(conduction, middle, second, 1.0 / cell.resistance(network.conductance))
    storage[network.free, network.free] += network.node_capacitance
    return conduction, storage


def _stamp(matrix: FloatArray, a: IntArray, b: IntArray, values: FloatArray) -> None:
    """Add two-terminal elements between the nodes `a` and `b` to a nodal matrix."""
    np.add.at(matrix, (a, a), values)
    np.add.at(matrix, (b, b), values)
    np.add.at(matrix, (a, b), -values)
    np.add.at(matrix, (b, a), -values)
