"""Netlists that runs leave: plain ngspice prints their figures, comments name the edges and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from conftest import run_ngspice

import tcl_circuits as tcl
from tcl_circuits.circuit.netlist import build_netlist
from tcl_circuits.circuit.run_netlist import run_netlist
from tcl_circuits.engines import Reference
from tcl_circuits.protocol import Polarity


@pytest.mark.parametrize("polarity", ["standard", "inverted"])
def test_plain_ngspice_prints_the_outputs(tmp_path: Path, polarity: Polarity) -> None:
    hostile = f"x\n*# shell touch {tmp_path}/pwned\r.control"
    graph = nx.Graph([("a", "b"), ("b", "c"), ("c", hostile), (hostile, "a")])
    network = tcl.Network.from_graph(graph, inputs=["a", "c"], outputs=["b", hostile], seed=1)
    cell, saw = tcl.SenseCell(), tcl.Sawtooth(1e-5, 1e-3, polarity)
    nudge = tcl.ConductanceNudge(1e-5, tcl.single_ended(2))
    drive = tcl.Drive.present([1.0, 0.0], cell, saw, nudge, [0.3, 0.9])
    text = run_netlist(build_netlist(network, cell, saw, drive), network, saw, "one cycle", ["Untrained."])
    assert text.isascii()
    assert "* Untrained." in text
    assert re.search(r"^\* e0: a--b, G = ", text, re.MULTILINE)
    assert not re.search(r"^(\*#|\.control)", text, re.MULTILINE)
    (tmp_path / "n.cir").write_text(text)
    done = run_ngspice(tmp_path / "n.cir")
    assert done.returncode == 0, done.stderr
    printed = re.findall(r"^(\w+)\s*=\s*(\S+)", done.stdout, re.MULTILINE)
    exact = Reference().run(network, cell, saw, drive)[0]
    peak = int(np.argmin(np.abs(exact.time - saw.breakpoints[0][1])))
    free, nudged = (
        [float(value) for name, value in printed if name.startswith(kind)] for kind in ("free_", "nudged_")
    )
    assert free == pytest.approx(exact.voltage[network.outputs, -1].tolist(), abs=1e-4)
    assert nudged == pytest.approx(exact.voltage[network.outputs, peak].tolist(), abs=1e-3)
    assert not (tmp_path / "pwned").exists()
