"""A network as one subcircuit: for a PySpice circuit or a netlist of the user's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tcl_circuits.circuit.cells import Cell, SenseCell
from tcl_circuits.circuit.elements import Subcircuit
from tcl_circuits.circuit.names import NameMap, plain, written
from tcl_circuits.circuit.netlist import network_elements, subcircuit_of, subcircuit_text
from tcl_circuits.circuit.network import Network
from tcl_circuits.errors import InputError
from tcl_circuits.files import replacing
from tcl_circuits.units import engineering

if TYPE_CHECKING:
    from PySpice.Spice.Netlist import SubCircuit

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def network_block(network: Network, cell: Cell | None = None, name: str = "network") -> Subcircuit:
    """A network as a subcircuit, whose pins are inputs, outputs and ground.

    Parameters
    ----------
    network : Network
        Any network without faults.
    cell : Cell, optional
        Edge cell; by default a sense cell.
    name : str
        Name of the subcircuit.

    Returns
    -------
    Subcircuit
        The pins have the nodes' SPICE names, in the order inputs, outputs, ground; its description says what
        each is, and which edge each number is.

    Raises
    ------
    InputError, NetworkError
        If the name is none in SPICE, or the network has faults.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"name = {name!r} is no name of a subcircuit; write letters, digits and _")
    network.check()
    names = NameMap.of(network.nodes)
    positions = [*network.inputs.tolist(), *network.outputs.tolist()]
    if network.ground is not None:
        positions.append(network.ground)
    elements, _ = network_elements(network, SenseCell() if cell is None else cell, names)
    told = [f"{network!r}"]
    told += [f"pin {names.spice[k]}: {network.role_of(k)} {written(network.nodes[k])}" for k in positions]
    told += [
        f"e{e}: {label}, G = {engineering(value, 'S', 6)}"
        for e, (label, value) in enumerate(
            zip(network.edge_labels, network.conductance.tolist(), strict=True)
        )
    ]
    pins = tuple(names.spice[k] for k in positions)
    return Subcircuit(name, pins, elements, "\n".join(plain(line, 120) for line in told))


def to_subcircuit(network: Network, cell: Cell | None = None, name: str = "network") -> SubCircuit:
    """A network as a PySpice subcircuit, to be put into a circuit of one's own.

    Parameters
    ----------
    network, cell, name
        As for :func:`network_block`.

    Returns
    -------
    PySpice.Spice.Netlist.SubCircuit
        ``circuit.subcircuit(it)`` adds its definition, ``circuit.X("net", it.name, *nodes)`` an instance;
        ``it.external_nodes`` are the pins, in the order inputs, outputs, ground.

    Raises
    ------
    InputError, NetworkError
        As :func:`network_block`.

    Examples
    --------
    >>> import networkx as nx
    >>> network = Network.from_graph(nx.path_graph(3), [0], [1], 2, conductance=1e-5)
    >>> [str(pin) for pin in to_subcircuit(network).external_nodes]
    ['n_0', 'n_1', 'n_2']
    """
    return subcircuit_of(network_block(network, cell, name))


def write_subcircuit(
    network: Network, path: str | Path, cell: Cell | None = None, name: str = "network"
) -> None:
    """Write a network as one ``.lib`` file that needs no other, with its pins and edges as comments.

    Parameters
    ----------
    network, cell, name
        As for :func:`network_block`.
    path : str or Path
        File to write; it is replaced as a whole.

    Raises
    ------
    InputError, NetworkError
        As :func:`network_block`.
    """
    text = subcircuit_text(network_block(network, cell, name))
    with replacing(Path(path)) as file:
        file.write(text.encode("ascii"))
