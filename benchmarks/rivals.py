"""What the engines are compared with: the naive PySpice path, and ``ngspice -b``.

Both are used as their manuals show: default tolerances, 200 uniform steps, the netlist built anew (PySpice)
or read anew (``ngspice -b``) in every cycle.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from circuits import CAPACITANCE, KERNEL_TIME, NUDGE_CONDUCTANCE, SAW
from measure import process_clock
from PySpice.Spice.Netlist import Circuit

from tcl_circuits import CurrentNudge, Drive, Network, Sawtooth
from tcl_circuits.arrays import FloatArray, IntArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.netlist import Netlist, build_netlist, read_kernel_output, to_circuit
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.installation import library_path
from tcl_circuits.engines.launch import clean_environment, private_directory

STEPS = 200


@dataclass(frozen=True, eq=False)
class Cycle:
    """One sample's cycle in plain arrays, as it is sent to the naive process."""

    nodes: int
    edges: IntArray
    inputs: IntArray
    outputs: IntArray
    conductance: FloatArray
    volts: FloatArray
    pulls: FloatArray
    current_nudge: bool
    power: bool
    saw: Sawtooth = SAW
    kernel_time: float = KERNEL_TIME
    capacitance: float = CAPACITANCE
    steps: int = STEPS

    @classmethod
    def of(cls, network: Network, drive: Drive, cell: Cell) -> Cycle:
        """First sample of a drive; `pulls` are targets [V], or for a current nudge its currents [A]."""
        return cls(
            network.node_count,
            network.edges,
            network.inputs,
            network.outputs,
            network.conductance,
            drive.inputs[0, :, 0],
            pulls(network, drive)[0],
            isinstance(drive.nudge, CurrentNudge),
            cell.signal == "power",
        )


def pulls(network: Network, drive: Drive) -> FloatArray:
    """What the nudge's sources hold: targets, or a current nudge's currents, formed here off every clock."""
    if not isinstance(drive.nudge, CurrentNudge):
        return drive.targets
    free = Conduction(network).voltages(drive.inputs_at_start)
    return drive.nudge.force(free[:, network.outputs], drive.targets)


def naive_cycle(cycle: Cycle) -> tuple[FloatArray, FloatArray]:
    """One training cycle as one writes it with PySpice at first; times [s] and sense currents u [A]."""
    circuit = Circuit("network")
    nodes = [f"n{k}" for k in range(cycle.nodes)]
    for k, position in enumerate(cycle.inputs):
        circuit.V(f"in{k}", nodes[position], circuit.gnd, float(cycle.volts[k]))
    corners = [(0, 0), (cycle.saw.tau_f, 1), (cycle.saw.period, 0)]
    circuit.PieceWiseLinearVoltageSource("beta", "beta", circuit.gnd, values=corners)
    for k, position in enumerate(cycle.outputs):
        pull = repr(float(cycle.pulls[k]))
        if not cycle.current_nudge:
            pull = f"{NUDGE_CONDUCTANCE!r}*({pull}-V({nodes[position]}))"
        circuit.BehavioralSource(f"n{k}", circuit.gnd, nodes[position], current_expression=f"V(beta)*{pull}")
    for e, (i, j) in enumerate(cycle.edges):
        a, b = nodes[i], nodes[j]
        circuit.R(f"g{e}", a, b, float(1 / cycle.conductance[e]))
        if cycle.power:
            square = f"0.5*V({a},{b})*V({a},{b})"
            circuit.BehavioralSource(f"s{e}", f"s{e}", circuit.gnd, voltage_expression=square)
            a, b = f"s{e}", circuit.gnd
        circuit.C(f"s{e}", a, f"u{e}", cycle.capacitance)
        circuit.R(f"s{e}", f"u{e}", b, cycle.kernel_time / cycle.capacitance)
    names = [f"@rs{e}[i]" for e in range(len(cycle.edges))]
    simulator = circuit.simulator()
    simulator.save(names)
    step = cycle.saw.period / cycle.steps
    analysis = simulator.transient(step_time=step, end_time=cycle.saw.period, max_time=step)
    u = np.array([np.asarray(analysis.internal_parameters[name]) for name in names], dtype=float)
    return np.asarray(analysis.time, dtype=float), u


class Naive:
    """A process of its own that answers with :func:`naive_cycle`."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, library_path()), daemon=True)
        self._process.start()
        theirs.close()

    def clock(self) -> float:
        """CPU seconds of the process."""
        assert self._process.pid is not None
        return process_clock(self._process.pid)

    def run(self, cycle: Cycle) -> Transient:
        """Run one cycle; node voltages are not kept."""
        self._pipe.send(cycle)
        time, u = self._pipe.recv()
        return Transient(time, np.empty((0, time.size)), u)

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _serve(pipe: Connection[Any, Any], library: str) -> None:
    os.environ["NGSPICE_LIBRARY_PATH"] = library
    logging.disable(logging.CRITICAL)
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            pipe.send(naive_cycle(pipe.recv()))


class Batch:
    """``ngspice -b -r``, a process for each cycle; text is written and the raw file read outside its clock.

    All vectors are kept: at these sizes that is faster than a list of those needed.
    """

    def __init__(self, folder: Path) -> None:
        self._deck, self._raw = folder / "deck.cir", folder / "out.raw"
        self._netlist: Netlist | None = None
        self._ohms: FloatArray | None = None

    def write(self, network: Network, cell: Cell, drive: Drive) -> None:
        """Write the first sample's netlist."""
        first = drive.sample(0)
        netlist = build_netlist(network, cell, SAW, replace(first, targets=pulls(network, first)))
        step = SAW.period / STEPS
        tran = f".tran {step!r} {SAW.period!r} 0 {step!r}"
        text = [str(to_circuit(netlist, "network")).rstrip(), ".options noinit", tran, ".end", ""]
        self._deck.write_text("\n".join(text))
        self._netlist, self._ohms = netlist, cell.resistance(network.conductance)

    def run(self) -> None:
        """Run it."""
        with private_directory() as place:
            subprocess.run(
                ["ngspice", "-b", "-r", str(self._raw), str(self._deck)],
                cwd=place,
                env=clean_environment(),
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def read(self) -> Transient:
        """Waveforms of the raw file."""
        assert self._netlist is not None
        assert self._ohms is not None
        vectors = _read_raw(self._raw)
        voltage = np.array([vectors[f"v({name})"] for name in self._netlist.saved])
        u = read_kernel_output(self._netlist, voltage, self._ohms)
        return Transient(vectors["time"], voltage[: len(self._netlist.nodes.spice)], u)


def _read_raw(path: Path) -> dict[str, FloatArray]:
    """Vectors of a binary raw file of real values."""
    heading, _, body = path.read_bytes().partition(b"Binary:\n")
    listed = heading.decode().partition("Variables:\n")[2].splitlines()
    names = [line.split()[1].lower() for line in listed if line.strip()]
    values = np.frombuffer(body, dtype=np.float64).reshape(-1, len(names))
    return dict(zip(names, values.T, strict=True))
