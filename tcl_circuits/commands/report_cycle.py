"""One cycle for a report, from a file or solved exactly; and the report of what ``simulate`` left."""

from __future__ import annotations

import io
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import xarray as xr

from tcl_circuits.circuit.graph_values import default_bounds
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.report_facts import WRITER, hashed_files, layout_of, size, words
from tcl_circuits.engines import Reference, waveforms
from tcl_circuits.errors import InputError
from tcl_circuits.figures.style import save
from tcl_circuits.figures.waveforms import draw_waveforms
from tcl_circuits.files import read_bytes, require_file
from tcl_circuits.handoff.design import Design
from tcl_circuits.handoff.markup import quantity
from tcl_circuits.handoff.report import Column, Facts, Picture, Report, png_picture


def read_cycle(path: Path) -> tuple[xr.Dataset, Network]:
    """Read the waveforms that `simulate` left, and the network in them.

    Raises
    ------
    InputError
        If the file is none of these.
    """
    require_file(path, "run simulate again", math.inf)
    try:
        with xr.open_dataset(path) as file:
            data = file.load()
        nodes = tuple(str(name) for name in data["node"].values)
        index = {name: k for k, name in enumerate(nodes)}
        ends = zip(data["first"].values, data["second"].values, strict=True)
        edges = np.array([(index[str(a)], index[str(b)]) for a, b in ends], dtype=np.int64)
        roles = [str(role) for role in data["role"].values]
        values = np.asarray(data["conductance"].values, dtype=float)
        having = {role: np.flatnonzero(np.array(roles) == role) for role in ("input", "output", "ground")}
        network = Network(
            nodes=nodes,
            edges=edges.reshape(-1, 2),
            inputs=having["input"],
            outputs=having["output"],
            ground=int(having["ground"][0]) if having["ground"].size else None,
            conductance=values,
            bounds=default_bounds(values, values),
        )
    except (OSError, ValueError, KeyError) as fault:
        raise InputError(f"{path} can't be read as waveforms ({fault}); run simulate again") from None
    network.check()
    return data, network


def simulated_cycle(design: Design) -> xr.Dataset:
    """Solve a design's training cycle exactly."""
    transient = Reference().run(design.network, design.cell, design.saw, design.applied_training)[0]
    return waveforms(design.network, design.cell, design.saw, transient)


def waveform_picture(data: xr.Dataset) -> Picture:
    """Draw a cycle as `simulate` does."""
    with TemporaryDirectory() as place:
        path = Path(place) / "waveforms.png"
        save(draw_waveforms(data), path)
        image = path.read_bytes()
    alt = "Nudge, output voltages, signals and kernel outputs over one cycle"
    return Picture("Waveforms", png_picture(image, alt), f"{alt}.", "waves")


def cycle_energy(data: xr.Dataset) -> tuple[list[Column], Facts]:
    """Return what each conductance dissipates in the cycle, and the sum: integral of G dV^2 [J]."""
    time = np.asarray(data["time"].values, dtype=float)
    voltage = data["voltage"].to_numpy()
    index = {str(name): k for k, name in enumerate(data["node"].values)}
    first = [index[str(name)] for name in data["first"].values]
    second = [index[str(name)] for name in data["second"].values]
    power = np.asarray(data["conductance"].values)[:, None] * (voltage[first] - voltage[second]) ** 2
    energy = np.trapezoid(power, time, axis=1)
    length = float(time[-1] - time[0])
    total = float(energy.sum())
    facts: Facts = (
        ("Energy of the cycle in the conductances", quantity(total, "J")),
        ("Length of the cycle", quantity(length, "s")),
        ("Mean power", quantity(total / length, "W")),
    )
    return [Column("Energy", "J", energy)], facts


def of_cycle(run: Path) -> Report:
    """Report of a directory that `simulate` left."""
    data, network = read_cycle(run / "waveforms.nc")
    columns, spent = cycle_energy(data)
    columns += _updates(run / "edges.csv", network)
    return Report(
        title=f"Simulated cycle: {run.resolve().name}",
        lead="One sawtooth cycle of a network from a graph.",
        facts=(*size(network), ("Polarity", words(data.attrs.get("polarity", "unknown")))),
        network=network,
        layout=layout_of(network),
        pictures=[waveform_picture(data)],
        columns=columns,
        energy=spent,
        versions=WRITER,
        files=hashed_files(run),
        notes=["The network was not trained here, so there is no accuracy and no loss."],
    )


def _updates(path: Path, network: Network) -> list[Column]:
    """Charge and update of each edge from edges.csv, if it is there and belongs to the network."""
    try:
        table = pd.read_csv(io.BytesIO(read_bytes(path, "run simulate again")))
        if len(table) != network.edge_count:
            return []
        return [
            Column("Charge", "C", table["charge_C"].to_numpy(dtype=float)),
            Column("Update", "", table["update"].to_numpy(dtype=float)),
        ]
    except (InputError, ValueError, KeyError):
        return []
