"""What an engine takes and gives back: a network under a drive in, waveforms out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import xarray as xr

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import SIGNAL_UNITS, SIGNALS, Cell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.names import written
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth


@dataclass(frozen=True, eq=False)
class Transient:
    """One sample's cycle.

    Parameters
    ----------
    time : ndarray of shape (time,)
        Increasing times [s], the engine's own; the sawtooth starts at 0.
    voltage : ndarray of shape (nodes, time)
        Node voltages [V].
    u : ndarray of shape (edges, time)
        Kernel output of each edge [A], positive from the edge's first node to its second.
    """

    time: FloatArray
    voltage: FloatArray
    u: FloatArray


class Engine(Protocol):
    """A solver of networks: real ngspice, or the exact NumPy path."""

    @property
    def name(self) -> str:
        """Name on the command line and in files."""
        ...

    def run(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive) -> list[Transient]:
        """Simulate one cycle of each sample of the drive, in their order."""
        ...

    def settle(self, network: Network, cell: Cell, inputs: FloatArray) -> FloatArray:
        """Free voltages of all nodes at rest; inputs (samples, inputs) to (samples, nodes), in volts."""
        ...

    def close(self) -> None:
        """Give back what the engine holds; it may be used again afterwards."""
        ...


def waveforms(network: Network, cell: Cell, saw: Sawtooth, transient: Transient) -> xr.Dataset:
    """Label a transient.

    Returns
    -------
    xarray.Dataset
        ``voltage`` (node, time), ``signal`` and ``u`` (edge, time), ``beta`` (time), with the
        conductances, sense capacitances and the edges' ends as coordinates, units in ``attrs``.
    """
    inside = (transient.time >= 0) & (transient.time <= saw.period)
    beta = np.where(inside, np.interp(transient.time, *saw.breakpoints), 0.0)
    signal = SIGNALS[cell.signal](network.drops(transient.voltage.T)).T
    labels = [written(node) for node in network.nodes]
    return xr.Dataset(
        {
            "voltage": (("node", "time"), transient.voltage, {"units": "V"}),
            "u": (("edge", "time"), transient.u, {"units": "A", "long_name": "kernel output"}),
            "signal": (
                ("edge", "time"),
                signal,
                {"units": SIGNAL_UNITS[cell.signal], "long_name": f"{cell.signal} signal s"},
            ),
            "beta": (("time",), beta, {"units": "1", "long_name": "nudge strength"}),
        },
        coords={
            "time": ("time", transient.time, {"units": "s"}),
            "node": ("node", labels),
            "role": ("node", [network.role_of(k) for k in range(network.node_count)]),
            "edge": ("edge", list(network.edge_labels)),
            "first": ("edge", [labels[k] for k in network.edges[:, 0]]),
            "second": ("edge", [labels[k] for k in network.edges[:, 1]]),
            "conductance": ("edge", network.conductance, {"units": "S"}),
            "capacitance": ("edge", cell.capacitance(network.conductance), {"units": "F"}),
        },
        attrs={
            "current_sign": "positive from the edge's first node to its second",
            "polarity": saw.polarity,
        },
    )


def simulate(network: Network, cell: Cell, saw: Sawtooth, drive: Drive, engine: Engine) -> xr.Dataset:
    """Simulate one sample's cycle and label its waveforms.

    Parameters
    ----------
    network, cell, saw
        The circuit and its protocol.
    drive : Drive
        One sample; take one of several with :meth:`Drive.sample`.
    engine : Engine
        Solver.

    Returns
    -------
    xarray.Dataset
        As :func:`waveforms`.

    Raises
    ------
    InputError
        If the drive holds more than one sample, whose time axes would differ.
    """
    if drive.samples != 1:
        raise InputError(f"simulate: the drive holds {drive.samples} samples; take one with drive.sample(k)")
    return waveforms(network, cell, saw, engine.run(network, cell, saw, drive)[0])
