"""``tcl-circuits simulate``: one sawtooth cycle of a network from a graph file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tcl_circuits.circuit.cells import Signal, named_cell
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.netlist import build_netlist
from tcl_circuits.circuit.network import Network
from tcl_circuits.circuit.run_netlist import run_netlist
from tcl_circuits.commands.engine import choose
from tcl_circuits.commands.graph import GraphDrive
from tcl_circuits.commands.output import claim, write_csv, write_netcdf, write_text
from tcl_circuits.engines import Reference, waveforms
from tcl_circuits.figures.style import save
from tcl_circuits.figures.waveforms import draw_waveforms
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.training.pace import design_threshold
from tcl_circuits.training.readout import edge_updates


@dataclass(frozen=True)
class SimulateRequest:
    """What to simulate and where to leave it; fields are the options of the command line."""

    graph: Path
    inputs: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    ground: str | None = None
    drive: GraphDrive = field(default_factory=GraphDrive)
    engine: str = "auto"
    signal: Signal = "power"
    cell: str = "sense"
    seed: int = 0
    out: Path | None = None
    force: bool = False
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(1e-5, 1e-3))

    def make_network(self) -> Network:
        """The network of the file."""
        return read_network(self.graph, self.inputs, self.outputs, self.ground, seed=self.seed)


@dataclass(frozen=True)
class SimulateResult:
    """What a simulation came to: directory, edge table, remarks."""

    out: Path
    edges: pd.DataFrame
    remarks: tuple[str, ...]


def simulate(request: SimulateRequest) -> SimulateResult:
    """Simulate one cycle, and leave waveforms.nc, edges.csv, netlist.cir and waveforms.png.

    Raises
    ------
    InputError
        Before anything runs, if the graph or an option can't be used.
    EngineError
        If the simulation fails.
    """
    network = request.make_network()
    cell, saw = named_cell(request.cell, request.signal), request.saw
    drive = request.drive.of(network, cell, saw)
    drive.check(network)
    engine, remark = choose(request.engine)
    with claim(request.out or Path("runs") / f"simulate-{request.graph.stem}", request.force) as out:
        theta = design_threshold(network, cell, saw, drive)
        try:
            transient = engine.run(network, cell, saw, drive)[0]
        finally:
            engine.close()
        data = waveforms(network, cell, saw, transient)
        columns = {"first": "u", "second": "v", "conductance": "conductance_S", "charge": "charge_C"}
        found = edge_updates(data, theta).to_dataframe().reset_index().rename(columns=columns)
        edges = found[["edge", *columns.values(), "update"]]
        write_netcdf(out / "waveforms.nc", data)
        write_csv(out / "edges.csv", edges)
        netlist = build_netlist(network, cell, saw, drive)
        write_text(
            out / "netlist.cir", run_netlist(netlist, network, saw, "tcl_circuits: one training cycle")
        )
        exact = Reference(resolution=2).run(network, cell, saw, drive)[0]
        theory = np.array([np.interp(transient.time, exact.time, u) for u in exact.u])
        shown = None if drive.nudge is None else theta
        save(draw_waveforms(data, theta=shown, theory=theory), out / "waveforms.png")
    return SimulateResult(out, edges, () if remark is None else (remark,))
