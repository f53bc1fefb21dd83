"""The ngspice engine: real transients of the netlist that PySpice builds.

A circuit is loaded once for each structure and then altered; node voltages are read, never ``@r[i]``. The
error control places the time points, with tolerances that follow from the circuit's own currents and
charges: ngspice's defaults leave errors of 13 % in a nanoampere.
"""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.drive import Drive, Timeline, timeline
from tcl_circuits.circuit.netlist import Netlist, build_netlist, deck, ramp_of, read_kernel_output
from tcl_circuits.circuit.network import Network
from tcl_circuits.engines.base import Transient
from tcl_circuits.engines.pool import Job, Pool
from tcl_circuits.engines.tolerances import tolerances
from tcl_circuits.errors import EngineError, InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import spice_number

_LONGEST_STEP = 0.25
_LONGEST_STEP_OF_DIODES = 1 / 16
"""Share of a cycle. Diodes bend the slow ramp, so that u may cross a threshold on it, for long and slowly."""
_MOST_ALTERED = 8
"""Corners of an input that fit into one command for sure; longer ramps are written into the deck."""
_FIRST_STEP = 0.2
"""tstep in kernel times: ngspice begins with a tenth of it, and its error control does not see that step."""


class Ngspice:
    """ngspice through PySpice, in worker processes of its own.

    Parameters
    ----------
    workers : int
        Number of processes that share the samples of a drive.
    reltol : float
        Relative tolerance; 1e-5 leaves errors of 0.3 % of a cycle's largest kernel output, 1e-7 of 0.03 to
        0.08 %.
    time_limit : float
        Longest wall-clock time for one run [s].

    Raises
    ------
    EngineMissing
        At the first run, if libngspice is not installed.
    """

    name = "ngspice"

    def __init__(self, workers: int = 1, reltol: float = 1e-5, time_limit: float = 120.0) -> None:
        if workers < 1:
            raise InputError(f"Ngspice: workers = {workers} must be at least 1")
        if not 1e-12 <= reltol <= 1e-2:
            raise InputError(f"Ngspice: reltol = {reltol} must lie in 1e-12 .. 1e-2")
        if not time_limit > 0:
            raise InputError(f"Ngspice: time_limit = {time_limit} s must be positive")
        self._reltol = reltol
        self._pool = Pool(workers, time_limit)
        self._loaded: tuple[tuple[object, ...], str, Netlist] | None = None

    @property
    def version(self) -> int:
        """Major version of ngspice."""
        return self._pool.version

    def start(self) -> None:
        """Start ngspice now instead of at the first run.

        Raises
        ------
        EngineMissing, EngineError
            If it is not installed, or does not start.
        """
        self._pool.start()

    @property
    def pids(self) -> list[int]:
        """Process numbers of the workers that run."""
        return self._pool.pids

    def run(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive) -> list[Transient]:
        """Simulate one cycle of each sample of the drive, in their order.

        Raises
        ------
        NetworkError, InputError
            If the network has faults or the drive does not fit it.
        EngineError
            If ngspice reports a fault, dies, runs too long or returns what can't be right.
        """
        network.check()
        drive.check(network)
        span = timeline(network, cell, saw, drive)
        decks = self._decks(network, cell, saw, drive)
        settings = (*_conductance_commands(network, cell), *(_PRECISE[-1:] if network.parts else ()))
        ohms = cell.resistance(network.conductance)
        length = span.stop - span.start
        first = min(length / 50, _FIRST_STEP * span.fastest)
        longest = (_LONGEST_STEP_OF_DIODES if network.parts else _LONGEST_STEP) * length
        analysis = f"tran {first:.6g} {spice_number(length)} 0 {longest:.6g}"
        control = tolerances(self._reltol, network, cell, saw, drive, span)
        held_force = self._held_force(network, cell, drive)
        jobs = [
            Job(
                text,
                settings,
                (*control[k].commands(), *_source_commands(saw, drive, span, k, held_force)),
                analysis,
                netlist.vectors,
            )
            for k, (text, netlist) in enumerate(decks)
        ]
        return [_transient(decks[0][1], span, found, ohms) for found in self._pool.run(jobs)]

    def settle(self, network: Network, cell: Cell, inputs: FloatArray) -> FloatArray:
        """Free voltages of all nodes at rest; inputs (samples, inputs) to (samples, nodes), in volts.

        A network of series cells has no direct currents; its response to a step stands for its free state.

        Raises
        ------
        NetworkError, InputError
            If the network has faults or the inputs do not fit it.
        EngineError
            If ngspice reports a fault.
        """
        network.check()
        drive = Drive.hold(inputs)
        drive.check(network)
        if not cell.conducts_dc:
            return self._step_response(network, cell, drive)
        text, netlist = self._netlist(network, cell, _AT_REST, drive)
        settings = (*_conductance_commands(network, cell), *(_PRECISE if network.parts else ()))
        span = timeline(network, cell, _AT_REST, drive)
        names = netlist.nodes.spice
        jobs = [
            Job(text, settings, _input_commands(drive, span, k), "op", names) for k in range(drive.samples)
        ]
        voltages = np.array([found[:, 0] for found in self._pool.run(jobs)])
        if not np.all(np.isfinite(voltages)):
            raise EngineError("ngspice returned voltages that are not finite")
        return voltages

    def _step_response(self, network: Network, cell: Cell, drive: Drive) -> FloatArray:
        """Voltages after a step of the inputs that is short against every edge's time constant."""
        taus = cell.capacitance(network.conductance) * cell.resistance(network.conductance)
        rise = _STEP * float(taus.min())
        level = drive.inputs_at_start
        step = Drive.ramps([0.0, rise], np.stack([np.zeros_like(level), level], axis=-1))
        found = self.run(network, cell, Sawtooth(0.5 * rise, rise), step)
        return np.array([t.voltage[:, int(np.argmin(np.abs(t.time - rise)))] for t in found])

    def __enter__(self) -> Ngspice:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes; the engine may be used again."""
        self._pool.close()
        self._loaded = None

    def _decks(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive) -> list[tuple[str, Netlist]]:
        """Deck and netlist of each sample: one for all, unless input ramps are too long to be altered."""
        if drive.times.size <= _MOST_ALTERED:
            return [self._netlist(network, cell, saw, drive)] * drive.samples
        netlists = [build_netlist(network, cell, saw, drive, k) for k in range(drive.samples)]
        return [(deck(netlist), netlist) for netlist in netlists]

    def _netlist(self, network: Network, cell: Cell, saw: Sawtooth, drive: Drive) -> tuple[str, Netlist]:
        """Deck and netlist of the structure, built anew only if the structure changed."""
        key: tuple[object, ...] = (
            network.nodes,
            *(array.tobytes() for array in (network.edges, network.inputs, network.outputs)),
            network.ground,
            network.node_capacitance,
            network.parts,
            cell,
            drive.nudge,
            drive.times.size,
        )
        if self._loaded is None or self._loaded[0] != key:
            netlist = build_netlist(network, cell, saw, drive)
            self._loaded = (key, deck(netlist), netlist)
        return self._loaded[1], self._loaded[2]

    def _held_force(self, network: Network, cell: Cell, drive: Drive) -> FloatArray | None:
        """Currents at beta = 1 of a nudge that the host forms from the free error."""
        if drive.nudge is None or drive.nudge.closed_loop:
            return None
        free = self.settle(network, cell, drive.inputs_at_start)
        return drive.nudge.force(drive.nudge.outputs.values(free[:, network.outputs]), drive.targets)


_AT_REST = Sawtooth(1e-6, 1e-5)
_STEP = 1e-5
_PRECISE = tuple(f"option {name}" for name in ("reltol=1e-9", "abstol=1e-16", "vntol=1e-10", "gmin=1e-16"))
"""Newton's method to rounding; ngspice's gmin across each diode is a thousandth of our least currents."""


def _conductance_commands(network: Network, cell: Cell) -> tuple[str, ...]:
    # A checked network's values are finite: repr is what spice_number would write.
    return tuple([f"alter {name}={value!r}" for name, value in cell.device.settings(network.conductance)])


def _input_commands(drive: Drive, span: Timeline, sample: int) -> tuple[str, ...]:
    if drive.times.size == 1:
        return tuple(
            f"alter vin{k}={spice_number(v)}" for k, v in enumerate(drive.inputs[sample, :, 0].tolist())
        )
    return tuple(
        _alter_ramp(f"vin{k}", ramp_of(drive.times, values, span))
        for k, values in enumerate(drive.inputs[sample])
    )


def _source_commands(
    saw: Sawtooth, drive: Drive, span: Timeline, sample: int, held_force: FloatArray | None
) -> tuple[str, ...]:
    commands = () if drive.times.size > _MOST_ALTERED else _input_commands(drive, span, sample)
    if drive.nudge is None:
        return commands
    targets = drive.targets[sample] if held_force is None else held_force[sample]
    return (
        *commands,
        _alter_ramp("vbeta", ramp_of(*saw.breakpoints, span)),
        *(f"alter vt{k}={spice_number(v)}" for k, v in enumerate(targets.tolist())),
    )


def _alter_ramp(name: str, corners: tuple[tuple[float, float], ...]) -> str:
    values = " ".join(f"{spice_number(t)} {spice_number(v)}" for t, v in corners)
    return f"alter @{name}[pwl] = [ {values} ]"


def _transient(netlist: Netlist, span: Timeline, found: FloatArray, ohms: FloatArray) -> Transient:
    """Check what ngspice returned and read it."""
    time, voltage = found[0] + span.start, found[1:]
    if not np.all(np.isfinite(found)):
        raise EngineError("ngspice returned values that are not finite")
    if abs(time[-1] - span.stop) > 1e-6 * (span.stop - span.start) or np.any(np.diff(time) <= 0):
        raise EngineError(f"ngspice stopped at {time[-1]:g} s instead of {span.stop:g} s")
    return Transient(time, voltage[: len(netlist.nodes.spice)], read_kernel_output(netlist, voltage, ohms))
