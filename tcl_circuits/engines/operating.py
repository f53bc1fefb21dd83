"""Operating points: the voltages of a network at rest, free or nudged, with its diodes and amplifiers.

A network without diodes is solved in one go. Diodes are ports of the linear network around them, as the
nudge is (:mod:`tcl_circuits.engines.newton`): the free state first, then the course of the nudge, each
strength from the one before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import Nudge
from tcl_circuits.engines.interpolation import beta_interpolation
from tcl_circuits.engines.junctions import Junctions
from tcl_circuits.engines.newton import Convergence, HeldPull, NudgePull, PortSolver, PortState, RowPull
from tcl_circuits.engines.quasistatic import Ports
from tcl_circuits.errors import EngineError, shown

_BETA_NODES = 12
_MOST_BETA_NODES = 96
_TAIL = 1e-10
"""Last coefficients of a polynomial in beta, over its largest value."""
_ROUNDING = 1e-15
_INEXACT = 1e-7
"""Share of the largest voltage by which Kirchhoff's current law may be off."""


@dataclass(frozen=True, eq=False)
class Rest:
    """Free states of several samples.

    Parameters
    ----------
    voltages : ndarray of shape (samples, nodes)
        Volts.
    around : ndarray of shape (samples, nodes)
        What they would be without diodes [V].
    junctions : ndarray of shape (samples, diodes)
        Junction voltages of the diodes [V].
    convergence : Convergence or None
        How the search went; None for a network without diodes.
    """

    voltages: FloatArray
    around: FloatArray
    junctions: FloatArray
    convergence: Convergence | None = None


class OperatingPoints:
    """Solver of one network's operating points.

    Parameters
    ----------
    network : Network
        A network without faults.

    Attributes
    ----------
    conduction : Conduction
        The network without its diodes.
    junctions : Junctions
        The diodes.
    diode_response : ndarray of shape (nodes, diodes)
        Voltages of all nodes for unit currents into the network at each diode, in its own direction [ohm].
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.conduction = Conduction(network)
        self.junctions = junctions = Junctions(network)
        self.diode_response = self.conduction.response(junctions.nodes) * junctions.sign
        self._resistance = junctions.sign[:, None] * self.diode_response[junctions.nodes]

    @property
    def linear(self) -> bool:
        """Whether the network has no diodes."""
        return self.junctions.count == 0

    def free(self, inputs: FloatArray) -> Rest:
        """Free states; inputs (samples, inputs) in volts.

        Raises
        ------
        EngineError
            If a sample does not converge, or its voltages miss Kirchhoff's current law: the message names
            the nodes.
        """
        around = self.conduction.voltages(inputs)
        if self.linear:
            junctions = np.zeros((inputs.shape[0], 0))
            self._require_balance(around, junctions)
            return Rest(around, around, junctions)
        solver = PortSolver(self.junctions, self._resistance, self.diode_names)
        state = solver.solve(self.junctions.across(around), HeldPull(np.zeros((inputs.shape[0], 0))))
        voltages = around + state.currents @ self.diode_response.T
        self._require_balance(voltages, state.junctions)
        return Rest(voltages, around, state.junctions, state.convergence)

    def nudged(self, rest: Rest, nudge: Nudge, targets: FloatArray, beta: FloatArray) -> FloatArray:
        """Voltages under nudge.

        Parameters
        ----------
        rest : Rest
            Free states of the samples.
        nudge, targets
            The nudge, and targets (samples, values).
        beta : ndarray of shape (points,)
            Nudge strengths, 0 to 1.

        Returns
        -------
        ndarray of shape (samples, points, nodes)
            Volts.
        """
        if self.linear:
            return Ports(self.conduction, nudge).nudged(rest.voltages, targets, beta)
        return rest.voltages[:, None, :] + NudgedCourse(self, nudge).along(rest, targets, beta)

    def loss_gradient(self, rest: Rest, output_gradient: FloatArray) -> FloatArray:
        """Exact gradient of a loss by the conductances, by the adjoint of the network at rest.

        Parameters
        ----------
        rest : Rest
            Free states.
        output_gradient : ndarray of shape (samples, outputs)
            Derivative of each sample's loss by the output nodes' voltages.

        Returns
        -------
        ndarray of shape (edges,)
            Mean over the samples [loss/S].
        """
        network = self.network
        adjoint = self.adjoint(rest, output_gradient)
        result: FloatArray = -np.mean(network.drops(rest.voltages) * network.drops(adjoint), axis=0)
        return result

    def adjoint(self, rest: Rest, output_gradient: FloatArray) -> FloatArray:
        """Voltages (samples, nodes) of the network about its free states, driven by a loss at its outputs.

        Parameters
        ----------
        rest, output_gradient
            As for :meth:`loss_gradient`.
        """
        adjoint: FloatArray = output_gradient @ self.conduction.adjoint_response(self.network.outputs).T
        if not self.linear:
            # Diodes are conductances g at their nodes: (I + g Z^T) draws the adjoint's currents there.
            conductance = self.junctions.state(rest.junctions)[1]
            nodes = self.junctions.nodes
            back = self.conduction.adjoint_response(nodes)
            matrix = np.eye(nodes.size) + conductance[:, :, None] * back[nodes][None]
            drawn = np.linalg.solve(matrix, (conductance * adjoint[:, nodes])[..., None])[..., 0]
            adjoint = adjoint - drawn @ back.T
        return adjoint

    def leaving(self, rest: Rest) -> FloatArray:
        """Currents through the diodes (samples, diodes) at rest, in their own direction [A]."""
        return self.junctions.state(rest.junctions)[0]

    @property
    def diode_names(self) -> list[str]:
        """What the diodes' nodes are called in messages."""
        return [f"node {shown(self.network.nodes[k])}" for k in self.junctions.nodes.tolist()]

    def _require_balance(self, voltages: FloatArray, junctions: FloatArray) -> None:
        """See that what comes into a node leaves it, through edges and diodes."""
        network = self.network
        missing = -network.leaving(network.conductance * network.drops(voltages)).T
        leaving = self.junctions.sign * self.junctions.state(junctions)[0]
        np.subtract.at(missing, self.junctions.nodes, leaving.T)
        missing[network.driven] = 0.0
        off = np.abs(self.conduction.correction(missing.T))
        wrong = np.flatnonzero(~(off.max(axis=1) <= _INEXACT * np.abs(voltages).max(axis=1)))
        if wrong.size == 0:
            return
        worst = np.nan_to_num(off[wrong], nan=np.inf).max(axis=0)
        names = ", ".join(shown(network.nodes[k]) for k in np.argsort(-worst)[:4].tolist() if worst[k] > 0)
        raise EngineError(
            f"the voltages at nodes {names} are not determined in double precision: Kirchhoff's current law "
            f"leaves them {worst.max():g} V apart; narrow the range of conductances "
            f"({network.conductance.min():g} .. {network.conductance.max():g} S), or connect these nodes "
            "better"
        )


class NudgedCourse:
    """The nudge's course on a network with diodes, as changes of port currents from the free state.

    Parameters
    ----------
    points : OperatingPoints
        Solver of the network.
    nudge : Nudge
        The nudge.

    Attributes
    ----------
    response : ndarray of shape (nodes, ports)
        Voltages of all nodes for unit currents into the ports: diodes, then output values [ohm].
    """

    def __init__(self, points: OperatingPoints, nudge: Nudge) -> None:
        self._points, self._nudge = points, nudge
        junctions, self._ports = points.junctions, Ports(points.conduction, nudge)
        self.response = np.hstack([points.diode_response, self._ports.response])
        seen = (
            junctions.sign[:, None] * self.response[junctions.nodes],
            self._ports.values(self.response.T).T,
        )
        values = [f"output value {k}" for k in range(self._ports.selection.shape[0])]
        self._solver = PortSolver(junctions, np.vstack(seen), [*points.diode_names, *values])

    def along(self, rest: Rest, targets: FloatArray, beta: FloatArray) -> FloatArray:
        """Changes of voltages (samples, points, nodes) at the strengths `beta` (points,), in any order [V].

        Many points are interpolated by a polynomial in beta, of as high a degree as it needs.
        """
        count = _BETA_NODES
        while count < beta.size and count <= _MOST_BETA_NODES:
            nodes, weights, tail = beta_interpolation(beta, count)
            currents = self.changes(rest, targets, nodes)
            largest = np.abs(currents).max(initial=0.0)
            if np.abs(tail @ currents).max(initial=0.0) <= _TAIL * largest + _ROUNDING * self._size(rest):
                return np.asarray((weights @ currents) @ self.response.T)
            count *= 2
        strengths, back = np.unique(beta, return_inverse=True)
        return np.asarray(self.changes(rest, targets, strengths)[:, back] @ self.response.T)

    def changes(self, rest: Rest, targets: FloatArray, beta: FloatArray) -> FloatArray:
        """Changes of the port currents from the free state, (samples, points, ports) [A].

        Parameters
        ----------
        rest : Rest
            Free states of the samples.
        targets : ndarray of shape (samples, values)
            Targets.
        beta : ndarray of shape (points,)
            Increasing nudge strengths; each is searched from the one before.
        """
        held = self._ports.values(rest.voltages)
        found = np.empty((rest.voltages.shape[0], beta.size, self.response.shape[1]))
        guess = (rest.junctions, held)
        for k, strength in enumerate(beta.tolist()):
            state = self.at(rest, targets, np.full(targets.shape[0], strength), held, guess)
            guess = (state.junctions, state.voltages[:, rest.junctions.shape[1] :])
            found[:, k] = state.currents
        found[:, :, : rest.junctions.shape[1]] += self._points.leaving(rest)[:, None, :]
        return found

    def at(
        self,
        rest: Rest,
        targets: FloatArray,
        beta: FloatArray,
        held: FloatArray,
        guess: tuple[FloatArray, FloatArray],
    ) -> PortState:
        """State at the ports, a strength a row.

        Parameters
        ----------
        rest : Rest
            Free states (rows).
        targets, held : ndarray of shape (rows, values)
            Targets, and output values that an open-loop nudge remembers.
        beta : ndarray of shape (rows,)
            Strengths.
        guess : tuple
            Where the search starts; see :meth:`PortSolver.solve`.
        """
        pull: RowPull = (
            NudgePull(self._nudge, targets, beta)
            if self._nudge.closed_loop
            else HeldPull(beta[:, None] * self._nudge.force(held, targets))
        )
        given = np.hstack([self._points.junctions.across(rest.around), self._ports.values(rest.around)])
        return self._solver.solve(given, pull, guess)

    def _size(self, rest: Rest) -> float:
        """Largest current of a diode at rest [A]."""
        return float(np.abs(self._points.leaving(rest)).max(initial=0.0))
