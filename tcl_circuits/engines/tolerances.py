"""ngspice's error control, from the circuit's own currents and charges.

ngspice's defaults (abstol 1 pA, chgtol 10 aC) leave errors of 13 % in kernel outputs of a quarter
nanoampere. What is chosen here was found by measurement on lattices and crossbars: points are better spent
on a small trtol than on a reltol near rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.circuit.cells import SIGNALS, Cell
from tcl_circuits.circuit.drive import Drive, Timeline
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.reference import quasistatic_voltages
from tcl_circuits.protocol import Sawtooth

_TRTOL = 2.0
_SHARE_GAIN = 10.0
_LEAST_SHARE = 10.0
_LEAST_RELTOL = 5e-8
_SMALLEST_CHANGE = 1e-5
"""Share of a signal below which its changes are no longer resolved: rounding would stop the simulator."""


@dataclass(frozen=True)
class Tolerances:
    """ngspice's error control for one run: reltol, abstol [A], vntol [V], chgtol [C]."""

    reltol: float
    abstol: float
    vntol: float
    chgtol: float

    def commands(self) -> tuple[str, ...]:
        """Commands that set them."""
        return (
            f"option reltol={self.reltol:g}",
            f"option abstol={self.abstol:g}",
            f"option vntol={self.vntol:g}",
            f"option chgtol={self.chgtol:g}",
            f"option trtol={_TRTOL:g}",
        )


def tolerances(
    aim: float, network: Network, cell: Cell, saw: Sawtooth, drive: Drive, span: Timeline
) -> list[Tolerances]:
    """Tolerances of each sample, from its own largest kernel output.

    ngspice's error control sees the whole charge of a sense capacitor, of which only a share moves; reltol
    is lowered by that share.

    Parameters
    ----------
    aim : float
        Relative tolerance for a signal all of which moves.
    network, cell, saw, drive, span
        What is simulated.
    """
    corners = span.corners
    voltage = quasistatic_voltages(network, drive, corners, np.interp(corners, *saw.breakpoints))
    signal = SIGNALS[cell.signal](network.drops(voltage))
    capacitance = cell.capacitance(network.conductance)
    ohms = float(cell.resistance(network.conductance).max())
    speed = np.abs(np.diff(signal, axis=1)) / np.diff(corners)[None, :, None]
    peak = (speed * capacitance).max(axis=(1, 2))
    change = np.ptp(signal, axis=1).max(axis=1)
    size = np.abs(signal).max(axis=(1, 2))
    floor = _SMALLEST_CHANGE * size * float(capacitance.max()) / saw.tau_f
    found = []
    for u, share in zip(np.maximum(peak, floor), change / np.maximum(size, 1e-300), strict=True):
        reltol = max(_LEAST_RELTOL, aim * min(1.0, _SHARE_GAIN * float(share)))
        # A circuit without any voltage has nothing to resolve.
        least = max(1e-30, _LEAST_SHARE * aim * float(u))
        found.append(Tolerances(reltol, least, least * ohms, least * saw.tau_f))
    return found
