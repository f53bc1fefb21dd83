"""The reference engine: the same circuits as ngspice's, solved in NumPy.

Linear sense cells, series cells and node capacitances are solved by exact modes, with the nudge's currents
by collocation; squaring and rectifying cells, which do not load the network, quasi-statically, with sense
branches that are exact for signals that are parabolas between the points of a grid graded towards the
corners.
"""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SIGNALS, Cell, SenseCell
from tcl_circuits.circuit.devices import HeldConductance
from tcl_circuits.circuit.drive import Drive, timeline
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge_check import require_agreement
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.dynamic import run_linear
from tcl_circuits.engines.grid import Schedule, branch_outputs, graded_grid, response_matrices
from tcl_circuits.engines.interpolation import beta_interpolation
from tcl_circuits.engines.linear import linear_model
from tcl_circuits.engines.operating import NudgedCourse, OperatingPoints
from tcl_circuits.engines.quasistatic import Ports, port_currents
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.rc import RCKernel
from tcl_circuits.protocol import Sawtooth

_BETA_NODES = 24
_KNOWN_CELLS = ("sense", "series")


class Reference:
    """Exact solution of networks in NumPy, batched over samples.

    Parameters
    ----------
    resolution : float
        Factor on the number of time points; what is not exact falls at least with its square.
    """

    name = "reference"

    def __init__(self, resolution: float = 1.0) -> None:
        if not 0.1 <= resolution <= 100:
            raise InputError(f"Reference: resolution = {resolution} must lie in 0.1 .. 100")
        self._resolution = resolution
        self._responses: dict[tuple[bytes, ...], FloatArray] = {}

    def run(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive) -> list[Transient]:
        """Simulate one cycle of each sample of the drive, in their order.

        Raises
        ------
        NetworkError, InputError
            If the network has faults, the drive does not fit it, the cell's device moves in a cycle, or there
            are diodes or amplifiers and capacitors load their nodes.
        EngineError
            If the free or the nudged state does not converge.
        """
        _require_known(cell)
        if not isinstance(cell.device, HeldConductance):
            raise InputError(
                f"Reference: the device {type(cell.device).__name__} changes its conductance within a cycle, "
                "which the exact engine can't follow; use ngspice, or HeldConductance"
            )
        network.check()
        drive.check(network)
        _require_known_nudge(drive)
        require_solvable(network, cell)
        _refuse_loading_leak(cell)
        taus = cell.capacitance(network.conductance) * cell.resistance(network.conductance)
        corners, fastest = timeline(network, cell, saw, drive).corners, float(taus.min())
        time = graded_grid(corners, fastest, self._resolution)
        course = None
        if cell.signal == "linear" or network.node_capacitance > 0:
            held = drive.times.size == 1
            schedule = Schedule(corners, saw.strength, fastest, self._resolution)
            model, inputs = linear_model(network, cell, held), _at_times(drive, corners)
            course = run_linear(model, network, drive, inputs, time, schedule, held and cell.conducts_dc)
            voltage = course.voltage()
        else:
            voltage = quasistatic_voltages(network, drive, time, saw.strength(time))
        if course is not None and cell.signal == "linear":
            u = course.kernel_output()
        else:
            signal = SIGNALS[cell.signal](network.drops(voltage))
            u = self._sense((time, corners), _branches(network, cell), signal)
        return [Transient(time, voltage[k].T, u[k]) for k in range(drive.samples)]

    def settle(self, network: Network, cell: Cell, inputs: FloatArray) -> FloatArray:
        """Free voltages of all nodes at rest; inputs (samples, inputs) to (samples, nodes), in volts.

        A network of series cells has no direct currents; its response to a step, the resistive divider,
        stands for its free state.

        Raises
        ------
        NetworkError, InputError
            If the network has faults or the inputs do not fit it.
        EngineError
            If a sample does not converge.
        """
        if inputs.ndim != 2 or inputs.shape[1] != network.inputs.size:
            raise InputError(f"inputs of shape {inputs.shape} do not fit {network.inputs.size} input nodes")
        network.check()
        _require_known(cell)
        _refuse_loading_leak(cell)
        Drive.hold(inputs).check(network)
        return OperatingPoints(network).free(inputs).voltages

    def __enter__(self) -> Reference:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the stored responses."""
        self._responses.clear()

    def _sense(
        self,
        grid: tuple[FloatArray, FloatArray],
        branches: tuple[FloatArray, FloatArray, FloatArray],
        signal: FloatArray,
    ) -> FloatArray:
        """Kernel output (samples, edges, time) of the signals (samples, time, edges)."""
        taus, capacitances, areas = branches
        if np.ptp(taus) > 0 or np.ptp(capacitances) > 0:
            u = branch_outputs(*grid, taus, capacitances, signal)
        else:
            key = (grid[0].tobytes(), grid[1].tobytes(), taus[:1].tobytes(), capacitances[:1].tobytes())
            if key not in self._responses:
                self._responses = {key: response_matrices(*grid, taus[:1], capacitances[:1])}
            u = np.swapaxes(signal, 1, 2) @ self._responses[key][0].T
        return u + areas[:, None] * np.swapaxes(signal, 1, 2) if areas.any() else u


def _branches(network: Network, cell: Cell) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Memory time [s], capacitance [F] and direct conductance [S] of each edge's sense branch.

    A leaky branch answers as its direct conductance, the kernel's area, beside a branch without leak whose
    capacitance is minus the kernel's first moment (:class:`~tcl_circuits.kernels.rc.RCKernel`).
    """
    c, r = cell.capacitance(network.conductance), cell.resistance(network.conductance)
    if not (isinstance(cell, SenseCell) and cell.leak is not None):
        return c * r, c, np.zeros(c.size)
    leaks = 1.0 / cell.leakage(network.conductance)
    kernels = [RCKernel(*parts) for parts in zip(r.tolist(), c.tolist(), leaks.tolist(), strict=True)]
    tau, moment, area = np.array([(k.tau, k.first_moment, k.area) for k in kernels]).T
    return tau, -moment, area


def _require_known(cell: Cell) -> None:
    """Refuse a cell unless the class that writes its edges also says that the engine knows them."""
    writer = next((kind for kind in type(cell).__mro__ if "edge" in vars(kind)), object)
    if vars(writer).get("exact") not in _KNOWN_CELLS:
        raise InputError(
            f"the exact engine does not know cells of type {type(cell).__name__}; use the engine ngspice"
        )


def _require_known_nudge(drive: Drive) -> None:
    """Refuse a nudge whose elements can't be compared with the force that this engine takes."""
    nudge = drive.nudge
    if nudge is not None and not require_agreement(nudge, drive.targets[0]):
        raise InputError(
            f"the exact engine can't compare the elements of {type(nudge).__name__} with its force: write "
            "them as behavioural currents of arithmetic, or use the engine ngspice"
        )


def is_solvable(network: Network, cell: Cell) -> bool:
    """Whether the exact engine knows the circuit: diodes and amplifiers must follow the inputs at once."""
    return not (network.parts and (cell.signal == "linear" or network.node_capacitance > 0))


def require_solvable(network: Network, cell: Cell) -> None:
    """Refuse what :func:`is_solvable` denies.

    Raises
    ------
    InputError
        With what would do.
    """
    _require_known(cell)
    if not is_solvable(network, cell):
        raise InputError(
            "the exact engine solves diodes and amplifiers only where no capacitor loads the nodes: take the "
            "signal power or abs and node_capacitance = 0, or the engine ngspice"
        )


def _refuse_loading_leak(cell: Cell) -> None:
    if isinstance(cell, SenseCell) and cell.leak is not None and cell.signal == "linear":
        raise InputError(
            "the reference engine does not solve a leaky capacitor that lies straight across its edge; use "
            "the power or abs signal, or ngspice"
        )


def quasistatic_voltages(network: Network, drive: Drive, time: FloatArray, beta: FloatArray) -> FloatArray:
    """Voltages of a network that follows its drive at once, whatever its capacitors do.

    Parameters
    ----------
    network, drive
        A checked pair.
    time, beta : ndarray of shape (time,)
        Times [s] and nudge strengths at them.

    Returns
    -------
    ndarray of shape (samples, time, nodes)
        Volts.
    """
    points = OperatingPoints(network)
    if drive.times.size > 1:
        return _driven_voltages(points, drive, time, beta)
    rest = points.free(drive.inputs[:, :, 0])
    if drive.nudge is None:
        return np.repeat(rest.voltages[:, None, :], time.size, axis=1)
    if not points.linear:
        return rest.voltages[:, None, :] + NudgedCourse(points, drive.nudge).along(rest, drive.targets, beta)
    ports = Ports(points.conduction, drive.nudge)
    if beta.size > _BETA_NODES:
        nodes, weights, _ = beta_interpolation(beta, _BETA_NODES)
    else:
        nodes, weights = beta, np.eye(beta.size)
    shape = (drive.samples, nodes.size)
    currents = port_currents(
        drive.nudge,
        ports.resistance,
        ports.values(rest.voltages)[:, None, :],
        drive.targets[:, None, :],
        np.broadcast_to(nodes, shape),
    )
    at_times = weights @ currents
    result: FloatArray = rest.voltages[:, None, :] + at_times @ ports.response.T
    return result


def _driven_voltages(points: OperatingPoints, drive: Drive, time: FloatArray, beta: FloatArray) -> FloatArray:
    """Voltages (samples, time, nodes) under inputs that change."""
    inputs = _at_times(drive, time)
    if not points.linear:
        return _driven_with_diodes(points, drive, inputs, (time, beta))
    free = points.conduction.voltages(inputs)
    if drive.nudge is None:
        return free
    ports = Ports(points.conduction, drive.nudge)
    y_free = ports.values(free)
    fixed = (
        y_free if drive.nudge.closed_loop else np.broadcast_to(_start_values(ports, free, time), y_free.shape)
    )
    currents = port_currents(
        drive.nudge,
        ports.resistance,
        fixed,
        drive.targets[:, None, :],
        np.broadcast_to(beta, y_free.shape[:2]),
    )
    return free + currents @ ports.response.T


def _driven_with_diodes(
    points: OperatingPoints, drive: Drive, inputs: FloatArray, at: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """The same for a network with diodes: every moment of every sample is a problem of its own."""
    (time, beta), (samples, _, count) = at, inputs.shape
    rest = points.free(inputs.reshape(-1, count))
    free = rest.voltages.reshape(samples, time.size, -1)
    if drive.nudge is None:
        return free
    ports, course = Ports(points.conduction, drive.nudge), NudgedCourse(points, drive.nudge)
    y = ports.values(free)
    held = np.broadcast_to(_start_values(ports, free, time), y.shape).reshape(-1, y.shape[2])
    targets = np.repeat(drive.targets, time.size, axis=0)
    guess = (rest.junctions, y.reshape(-1, y.shape[2]))
    state = course.at(rest, targets, np.tile(beta, samples), held, guess)
    changes = state.currents.copy()
    changes[:, : rest.junctions.shape[1]] += points.leaving(rest)
    return np.asarray(free + (changes @ course.response.T).reshape(free.shape))


def _start_values(ports: Ports, free: FloatArray, time: FloatArray) -> FloatArray:
    """Output values at the sawtooth's start, (samples, 1, values)."""
    start = int(np.searchsorted(time, 0.0))
    return ports.values(free[:, start : start + 1])


def _at_times(drive: Drive, time: FloatArray) -> FloatArray:
    """Input voltages (samples, time, inputs) at times."""
    if drive.times.size == 1:
        return np.repeat(drive.inputs[:, None, :, 0], time.size, axis=1)
    place = np.clip(np.searchsorted(drive.times, time, side="right") - 1, 0, drive.times.size - 2)
    left, right = drive.times[place], drive.times[place + 1]
    share = np.clip((time - left) / (right - left), 0.0, 1.0)
    values = drive.inputs[:, :, place] * (1 - share) + drive.inputs[:, :, place + 1] * share
    return np.swapaxes(values, 1, 2)
