"""``tcl-circuits compare A B``: two bundles, runs, graphs or netlists of the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.output import claim, write_json
from tcl_circuits.files import read_text
from tcl_circuits.handoff.difference import Difference, difference
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.manifest import NAME
from tcl_circuits.handoff.reading import read_flat


def compare_bundles(first: Path, second: Path, out: Path | None = None, force: bool = False) -> Difference:
    """Compare two networks, and leave comparison.json if a directory is named.

    Raises
    ------
    InputError
        If one of them can't be read.
    """
    network, inputs = _read(first)
    other, _ = _read(second)
    found = difference(network, other, inputs)
    if out is not None:
        with claim(out, force):
            write_json(out / "comparison.json", {"A": str(first), "B": str(second), **found.as_json()})
    return found


def _read(path: Path) -> tuple[Network, FloatArray | None]:
    """Network of a bundle, a run directory, a graph file or a flat netlist; with a bundle's samples."""
    if (path / NAME).is_file():
        design = read_bundle(path)
        return design.network, design.inference
    if path.is_dir():
        path = path / "network.json"
    if path.suffix.lower() in (".cir", ".net", ".sp", ".spice"):
        return read_flat(read_text(path, "give a netlist in UTF-8"), str(path)), None
    network = read_network(path)
    count = network.inputs.size
    return network, np.linspace(1.0, 0.0, count)[None] if count else None
