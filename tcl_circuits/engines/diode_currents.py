"""Currents of a network's diodes whose voltages are known, as in a waveform."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.junctions import Junctions
from tcl_circuits.errors import EngineError

_MOST_STEPS = 100
_STEP = 1e-9
"""Last step over N VT; what is left after it is its square."""


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
        If the search for a current does not converge, as with voltages that are no numbers.
    """
    junctions = Junctions(network)
    across = junctions.across(voltages)
    if junctions.count == 0:
        return junctions, across, across
    v = junctions.start(across, np.zeros(junctions.count))
    for _ in range(_MOST_STEPS):
        stepped = junctions.step(v, junctions.state(v), across)
        moved = np.abs(stepped - v).max(initial=0.0)
        v = stepped
        # Not "larger than": NaN never converges.
        if moved <= _STEP * junctions.softest:
            return junctions, across, junctions.state(v)[0]
    raise EngineError(
        f"the currents of diodes at {np.abs(across).max():g} V did not converge in {_MOST_STEPS} Newton steps"
    )
