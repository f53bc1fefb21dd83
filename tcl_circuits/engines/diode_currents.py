"""Currents of a network's diodes whose voltages are known, as in a waveform."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.junctions import Junctions
from tcl_circuits.engines.newton import HeldPull, PortSolver


def diode_currents(network: Network, voltages: FloatArray) -> tuple[Junctions, FloatArray, FloatArray]:
    """What each diode carries where all nodes' voltages are given.

    Parameters
    ----------
    network : Network
        The network.
    voltages : ndarray of shape (rows, nodes)
        Volts.

    Returns
    -------
    junctions : Junctions
        The diodes; a pair counts as one.
    across, currents : ndarray of shape (rows, diodes)
        Voltage across junction and series resistance [V], and the current [A], in the diodes' own direction:
        their product is the power that turns to heat.

    Raises
    ------
    EngineError
        If the search for a current does not converge.
    """
    junctions = Junctions(network)
    across: FloatArray = junctions.sign * (voltages[:, junctions.nodes] - junctions.rail)
    if junctions.count == 0:
        return junctions, across, across
    # A network without resistance holds the diodes at their voltages.
    held = np.zeros((junctions.count, junctions.count))
    names = [f"diode {k}" for k in range(junctions.count)]
    state = PortSolver(junctions, held, names).solve(across, HeldPull(np.zeros((across.shape[0], 0))))
    return junctions, across, -state.currents
