"""``tcl-circuits board``: a network's conductances as a KiCad netlist."""

from __future__ import annotations

from pathlib import Path

from tcl_circuits.circuit.graphfile import read_network
from tcl_circuits.circuit.network import Network
from tcl_circuits.commands.output import claim_file, write_file
from tcl_circuits.errors import InputError
from tcl_circuits.handoff.importing import read_bundle
from tcl_circuits.handoff.kicad import kicad_netlist
from tcl_circuits.handoff.manifest import NAME


def board(source: Path, kind: str = "potentiometers", out: Path | None = None, force: bool = False) -> Path:
    """Write the netlist of a board.

    Parameters
    ----------
    source : Path
        A run directory, a bundle, or a graph file.
    kind : {"potentiometers", "sockets"}
        What stands for each edge.
    out : Path, optional
        The file; by default ``NAME-KIND.net`` in the working directory.
    force : bool
        Take the place of a file that is there.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the network can't be read or is none for a board, or the file can't be written.
    """
    text = kicad_netlist(_network(source), kind)
    path = Path(f"{source.resolve().stem}-{kind}.net") if out is None else out
    claim_file(path, force, "board.net")
    write_file(path, text)
    return path


def _network(source: Path) -> Network:
    if (source / NAME).is_file():
        return read_bundle(source).network
    if source.is_dir():
        source = source / "network.json"
        if not source.is_file():
            raise InputError(f"{source} does not exist; give what train or export left, or a graph file")
    return read_network(source)
