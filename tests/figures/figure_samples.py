"""Networks and waveforms that the pictures are made of."""

from __future__ import annotations

from functools import cache

import networkx as nx
import numpy as np
import xarray as xr

from tcl_circuits.circuit.builders import crossbar, lattice
from tcl_circuits.circuit.cells import Cell, SenseCell
from tcl_circuits.circuit.drive import Drive
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.nudge import ConductanceNudge, single_ended
from tcl_circuits.engines.base import waveforms
from tcl_circuits.engines.reference import Reference
from tcl_circuits.protocol import Sawtooth

STANDARD = Sawtooth(1e-5, 1e-3)
INVERTED = Sawtooth(1e-5, 1e-3, "inverted")


def simulated(
    network: Network,
    drive: Drive,
    saw: Sawtooth = STANDARD,
    cell: Cell | None = None,
    resolution: float = 1.0,
) -> xr.Dataset:
    """Waveforms of the drive's first sample."""
    cell = cell or SenseCell()
    transient = Reference(resolution).run(network, cell, saw, drive)[0]
    return waveforms(network, cell, saw, transient)


def nudged(network: Network) -> Drive:
    """A drive with a nudge of every output."""
    inputs = np.linspace(1.0, -0.8, network.inputs.size)
    count = network.outputs.size
    return Drive.hold([inputs], ConductanceNudge(1e-5, single_ended(count)), [np.linspace(0.5, -0.5, count)])


@cache
def grid() -> Network:
    return lattice(6, 6, [(0, 0), (5, 5), (0, 5)], [(2, 2), (3, 3), (1, 4)], seed=1)


@cache
def one_edge() -> Network:
    return Network.from_graph(nx.Graph([("a", "b")]), ["a"], ["b"], conductance=1e-5)


@cache
def iris_like() -> Network:
    return crossbar(["sl", "sw", "pl", "pw"], ["setosa", "versicolor", "virginica"])


@cache
def parallel() -> Network:
    graph: nx.MultiGraph[str] = nx.MultiGraph(
        [("source", "b"), ("source", "b"), ("b", "source"), ("b", "out"), ("out", "gnd")]
    )
    return Network.from_graph(graph, ["source"], ["out"], "gnd")


@cache
def standard() -> xr.Dataset:
    return simulated(grid(), nudged(grid()))


@cache
def inverted() -> xr.Dataset:
    return simulated(grid(), nudged(grid()), INVERTED)
