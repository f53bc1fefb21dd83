"""A graph's cycle: what `simulate` and `compare` apply to a network from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import ConductanceNudge, single_ended
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth

_TARGET = 0.5


@dataclass(frozen=True)
class GraphDrive:
    """Voltages of a graph's inputs and targets of its outputs, as the user gave them.

    Parameters
    ----------
    volts : sequence of float or None
        One for each input; by default from 1 V at the first to 0 V at the last, evenly.
    targets : sequence of float or None
        One for each output; by default 0.5 V.
    """

    volts: Sequence[float] | None = None
    targets: Sequence[float] | None = None

    def of(self, network: Network, cell: Cell, saw: Sawtooth) -> Drive:
        """Drive of one sample.

        Raises
        ------
        InputError
            If the counts do not fit the network.
        """
        volts = _fitting(self.volts, network.inputs.size, "volts", "input")
        if volts is None:
            volts = np.linspace(1.0, 0.0, network.inputs.size) if network.inputs.size > 1 else np.ones(1)
        targets = _fitting(self.targets, network.outputs.size, "targets", "output")
        if network.outputs.size == 0:
            return Drive.present(volts, cell, saw)
        if targets is None:
            targets = np.full(network.outputs.size, _TARGET)
        typical = float(np.exp(np.log(network.conductance).mean()))
        nudge = ConductanceNudge(float(f"{typical:.3g}"), single_ended(network.outputs.size))
        return Drive.present(volts, cell, saw, nudge, targets)


def _fitting(values: Sequence[float] | None, count: int, option: str, role: str) -> FloatArray | None:
    if values is None:
        return None
    if len(values) != count:
        raise InputError(f"--{option}: {len(values)} given for {count} {role} nodes")
    array = np.asarray(values, dtype=float)
    if not np.all(np.isfinite(array)):
        raise InputError(f"--{option}: {list(values)} must be finite")
    return array
