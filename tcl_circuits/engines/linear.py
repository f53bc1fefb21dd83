"""Networks whose capacitors load their nodes: exact modes of linear circuits.

Every linear R-C circuit driven at its ports w (input voltages, nudge currents) falls apart into modes
``c z' + z = F w + F' w'``, each exact on piecewise linear ports. Two ways lead there: the general pencil
of all nodes, and, for linear sense cells of one time constant under held inputs, a problem of the size of
the network's nodes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell, SeriesCell
from tcl_circuits.circuit.conduction import laplacian
from tcl_circuits.circuit.netlist import ISOLATION
from tcl_circuits.circuit.network import Network


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Modes of a linear circuit and what is read from them; ports are the inputs, then output nodes.

    Parameters
    ----------
    taus : ndarray of shape (modes,)
        Time constants c [s], not negative.
    drive, slope_drive : ndarray of shape (modes, ports)
        F and F'.
    voltage_modes, voltage_ports : ndarray of shape (nodes, modes), (nodes, ports)
        Node voltages ``V = voltage_modes z + voltage_ports w``.
    u_modes, u_ports : ndarray of shape (edges, modes), (edges, ports)
        Kernel outputs ``u = u_modes z + u_ports w``.
    """

    taus: FloatArray
    drive: FloatArray
    slope_drive: FloatArray
    voltage_modes: FloatArray
    voltage_ports: FloatArray
    u_modes: FloatArray
    u_ports: FloatArray


def sense_model(network: Network, cell: Cell) -> LinearModel:
    """Modes of linear sense cells with one time constant tau, inputs held.

    With sigma = s tau/(1 + s tau) the sense branches add sigma K to the conduction matrix G. In the basis
    of ``K phi = kappa G phi`` each mode sees ``1/(1 + sigma kappa)``: a feedthrough of 1/(1 + kappa) and one
    low-pass of time constant tau (1 + kappa). The ports' rows for the inputs carry the free voltages.
    """
    free, inputs, outputs = network.free, network.inputs, network.outputs
    resistance = cell.resistance(network.conductance)
    tau = float(cell.capacitance(network.conductance)[0] * resistance[0])
    conduction = laplacian(network, network.conductance)
    sensing = laplacian(network, 1.0 / resistance)
    square = np.ix_(free, free)
    kappa, basis = eigh(sensing[square], conduction[square])
    kappa = np.maximum(kappa, 0.0)
    in_free = {int(position): k for k, position in enumerate(free)}
    rows = [in_free[int(position)] for position in outputs]
    ports, modes = inputs.size + outputs.size, kappa.size
    drive = np.zeros((modes, ports))
    drive[:, inputs.size :] = basis[rows].T
    nodes = np.zeros((network.node_count, modes))
    nodes[free] = basis
    voltage_ports = (nodes / (1 + kappa)) @ drive
    voltage_ports[inputs, np.arange(inputs.size)] = 1.0
    voltage_ports[free, : inputs.size] = -basis @ (basis.T @ conduction[np.ix_(free, inputs)])
    drops = network.drops(nodes.T).T / (1 + kappa) / resistance[:, None]
    return LinearModel(
        taus=tau * (1 + kappa),
        drive=drive,
        slope_drive=np.zeros_like(drive),
        voltage_modes=nodes * (kappa / (1 + kappa)),
        voltage_ports=voltage_ports,
        u_modes=-drops,
        u_ports=drops @ drive,
    )


def pencil_model(network: Network, cell: Cell) -> LinearModel:
    """Modes of any linear circuit of the cells, from the pencil of all node voltages.

    ``G x + C x' = B w + B' w'`` with symmetric matrices; ``C phi = c G phi`` diagonalises both. Of size
    (nodes + edges)^3 where cells have inner nodes: for test circuits, not for large networks.
    """
    inner = cell.signal == "linear"
    conduction, storage = _all_node_matrices(network, cell, inner)
    size = conduction.shape[0]
    free = np.concatenate([network.free, np.arange(network.node_count, size)])
    inputs, outputs = network.inputs, network.outputs
    square = np.ix_(free, free)
    taus, basis = eigh(storage[square], conduction[square])
    ports = inputs.size + outputs.size
    current = np.zeros((size, ports))
    current[outputs, inputs.size + np.arange(outputs.size)] = 1.0
    current[:, : inputs.size] = -conduction[:, inputs]
    slope = np.zeros((size, ports))
    slope[:, : inputs.size] = -storage[:, inputs]
    nodes = np.zeros((size, taus.size))
    nodes[free] = basis
    given = np.zeros((size, ports))
    given[inputs, np.arange(inputs.size)] = 1.0
    count = network.node_count
    second = network.edges[:, 1]
    per_ohm = 1.0 / cell.resistance(network.conductance)[:, None]
    reads = inner * np.ones((network.edge_count, 1)) * per_ohm
    return LinearModel(
        taus=np.maximum(taus, 0.0),
        drive=basis.T @ current[free],
        slope_drive=basis.T @ slope[free],
        voltage_modes=nodes[:count],
        voltage_ports=given[:count],
        u_modes=(nodes[count:] - nodes[second]) * reads
        if inner
        else np.zeros((network.edge_count, taus.size)),
        u_ports=-given[second] * reads,
    )


def _all_node_matrices(network: Network, cell: Cell, inner: bool) -> tuple[FloatArray, FloatArray]:
    """Conduction and capacitance matrices over the network's nodes and, if any, the cells' inner nodes."""
    count, edges = network.node_count, network.edge_count
    size = count + edges * inner
    conduction, storage = np.zeros((size, size)), np.zeros((size, size))
    if cell.conducts_dc:
        conduction[:count, :count] = laplacian(network, network.conductance)
    else:
        conduction[network.free, network.free] += 1.0 / ISOLATION
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


class Stepper:
    """Modes of a batch of samples, advanced from grid point to grid point; exact for linear ports.

    Parameters
    ----------
    model : LinearModel
        The circuit.
    ports : ndarray of shape (samples, ports)
        Port values at the first point; the circuit starts at rest under them.
    """

    def __init__(self, model: LinearModel, ports: FloatArray) -> None:
        self.model = model
        self.ports = ports
        self.state = ports @ model.drive.T

    def partial(self, step: float, known: FloatArray) -> tuple[FloatArray, FloatArray]:
        """State after a step, split for ports that are yet to be found.

        Parameters
        ----------
        step : float
            Seconds.
        known : ndarray of shape (samples, ports)
            Port values at the step's end, with zero for those to be found.

        Returns
        -------
        state : ndarray of shape (samples, modes)
            State at the step's end for the known ports.
        gain : ndarray of shape (modes, ports)
            What one unit at a port's end value adds to the state.
        """
        model = self.model
        lag = model.taus / step
        with np.errstate(divide="ignore"):
            decay = np.exp(-1.0 / lag)
        slope = (known - self.ports) / step
        target_now = self.ports @ model.drive.T + slope @ model.slope_drive.T
        climb = slope @ model.drive.T
        state = (
            target_now + climb * (step - model.taus) + decay * (self.state - target_now + model.taus * climb)
        )
        gain = (
            model.drive * (1 - lag * (1 - decay))[:, None] + model.slope_drive * ((1 - decay) / step)[:, None]
        )
        return state, gain

    def accept(self, state: FloatArray, gain: FloatArray, known: FloatArray, found: FloatArray) -> None:
        """Complete a step with the ports found."""
        self.state = state + found @ gain.T
        self.ports = known + found


def is_sense_model(network: Network, cell: Cell, held: bool) -> bool:
    """Whether :func:`sense_model` describes the circuit."""
    if not held or isinstance(cell, SeriesCell) or cell.signal != "linear" or network.node_capacitance > 0:
        return False
    tau = cell.capacitance(network.conductance) * cell.resistance(network.conductance)
    return bool(np.ptp(tau) <= 1e-12 * tau.max())
