"""A network as a subcircuit answers in a circuit of the user's own as it does in the exact engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import run_ngspice
from PySpice.Spice.Netlist import Circuit

import tcl_circuits
from tcl_circuits import InputError, Network, SenseCell, lattice, tasks
from tcl_circuits.engines import Reference

NETWORKS = {
    "lattice": lattice(3, 3, [(0, 0), (2, 2)], [(0, 2), (1, 1)], seed=0),
    "with diodes": tasks.load("xor", 0).network,
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("library", [False, True], ids=["in the circuit", "as a library"])
def test_it_answers_as_the_network_does(network: Network, library: bool, tmp_path: Path) -> None:
    block = tcl_circuits.to_subcircuit(network, name="brain")
    circuit = Circuit("a circuit of the user's")
    if not library:
        circuit.subcircuit(block)
    volts = np.linspace(-0.5, 1.0, network.inputs.size)
    nodes = [f"in{k}" for k in range(network.inputs.size)] + [f"out{k}" for k in range(network.outputs.size)]
    for k, value in enumerate(volts):
        circuit.V(f"in{k}", f"in{k}", circuit.gnd, value)
    circuit.X("brain", "brain", *nodes, *([circuit.gnd] if network.ground is not None else []))
    lines = str(circuit).rstrip().splitlines()
    if library:
        tcl_circuits.write_subcircuit(network, tmp_path / "brain.lib", name="brain")
        assert (tmp_path / "brain.lib").read_text().startswith("* <Network: ")
        lines.insert(1, f'.include "{tmp_path / "brain.lib"}"')
    printed = [f"print v(out{k})" for k in range(network.outputs.size)]
    deck = [*lines, ".options reltol=1e-7 vntol=1e-10", ".control", "op", *printed, ".endc", ".end"]
    (tmp_path / "deck.cir").write_text("\n".join(deck) + "\n")
    done = run_ngspice(tmp_path / "deck.cir")
    found = [float(line.split("=")[1]) for line in done.stdout.splitlines() if line.startswith("v(out")]
    exact = Reference().settle(network, SenseCell(), volts[None])[0, network.outputs]
    np.testing.assert_allclose(found, exact, atol=2e-6)


def test_what_it_refuses() -> None:
    network = NETWORKS["lattice"]
    for name in ("", "1st", "a b", "x\n.include y"):
        with pytest.raises(InputError, match="no name of a subcircuit"):
            tcl_circuits.to_subcircuit(network, name=name)
