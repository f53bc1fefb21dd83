"""Energy accounts close: what sources give is what is dissipated and stored, in both engines."""

from __future__ import annotations

import math
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

import tcl_circuits as tcl
from tcl_circuits import ConductanceNudge, Drive, Network, Sawtooth, SenseCell, SeriesCell, single_ended
from tcl_circuits.arrays import FloatArray
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.parts import Amplifier, DiodePair, DiodeToRail
from tcl_circuits.engines import Ngspice, Reference, Transient
from tcl_circuits.errors import InputError
from tcl_circuits.rule import HardThreshold
from tcl_circuits.surveys import WriteStage, cost, cycle_energy, write_energy
from tcl_circuits.surveys.cost import designed
from tcl_circuits.surveys.energy import CycleEnergy
from tcl_circuits.training.pace import design_rule, exact_contrasts
from tcl_circuits.training.readout import energy, temporal_contrast

CELLS: dict[str, Cell] = {
    "power": SenseCell(),
    "abs": SenseCell("abs"),
    "leaky": SenseCell(leak=1e8),
    "linear": SenseCell("linear"),
    "series": SeriesCell(),
}


def _at(time: FloatArray, transient: Transient) -> Transient:
    """A transient at other times."""
    voltage, u = (
        np.array([np.interp(time, transient.time, row) for row in rows])
        for rows in (transient.voltage, transient.u)
    )
    return Transient(time, voltage, u)


class TestCycle:
    @pytest.mark.parametrize("polarity", ["standard", "inverted"])
    @pytest.mark.parametrize("name", CELLS)
    def test_closes(self, network: Network, drive: Drive, name: str, polarity: str) -> None:
        saw, cell = Sawtooth(1e-5, 1e-3, polarity), CELLS[name]  # type: ignore[arg-type]
        shown = Drive.present(drive.inputs_at_start, cell, saw, drive.nudge, drive.targets)
        transients = Reference(resolution=8).run(network, cell, saw, shown)
        found = cycle_energy(network, cell, saw, shown, transients)
        assert abs(found.closure) < 2e-3
        assert abs(found.sense_closure) < 2e-3
        assert found.sense > 0
        assert (found.dc > 0) == cell.conducts_dc
        assert (found.signals != 0) == (name in ("power", "abs", "leaky"))

    def test_node_capacitance_stores(self, network: Network, saw: Sawtooth, drive: Drive) -> None:
        loaded = replace(network, node_capacitance=2e-13)
        cell = SenseCell("linear")
        found = cycle_energy(loaded, cell, saw, drive, Reference(8).run(loaded, cell, saw, drive))
        assert abs(found.closure) < 1e-4

    def test_closes_with_diodes_and_amplifiers(self, saw: Sawtooth, cell: SenseCell) -> None:
        """Diodes obey their own law here, amplifiers theirs: nothing is inferred from what is missing."""
        graph = nx.Graph([("a", "b"), ("b", "c"), ("c", "a"), ("d", "e"), ("e", "b"), ("f", "g"), ("g", "a")])
        parts = (
            Amplifier("c", "d", 4.0, 0.3),
            Amplifier("d", "f", 2.0, 0.5),
            DiodePair("f"),
            DiodeToRail("c", 0.2, "in"),
            DiodeToRail("g", -0.1, "out"),
        )
        network = Network.from_graph(graph, ["a", "b"], ["g"], seed=4, parts=parts)
        volts, targets = np.array([[1.5, -0.4], [-1.0, 0.8]]), np.array([[0.3], [-0.2]])
        shown = Drive.hold(volts, ConductanceNudge(1e-5, single_ended(1)), targets)
        transients = Reference(8).run(network, cell, saw, shown)
        found = cycle_energy(network, cell, saw, shown, transients)
        assert abs(found.closure) < 2e-4
        assert min(found.diodes, abs(found.rails), abs(found.amplifiers)) > 1e-3 * found.dc
        counted = np.mean([energy(network, cell, transient) for transient in transients])
        assert found.dc + found.sense + found.diodes == pytest.approx(counted, rel=1e-9)

    def test_closes_where_signals_hardly_move(self, saw: Sawtooth, cell: SenseCell) -> None:
        """Signals move by millionths of themselves; what is lost is 1e-5 of what flows to and fro."""
        task = tcl.tasks.load("xor", 0)
        shown = task.present(task.train, np.arange(4), cell, saw)
        found = cycle_energy(task.network, cell, saw, shown, Reference(8).run(task.network, cell, saw, shown))
        assert abs(found.sense_closure) < 1e-4

    def test_as_training_counts(self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive) -> None:
        transients = Reference(8).run(network, cell, saw, drive)
        found = cycle_energy(network, cell, saw, drive, transients)
        counted = np.mean([energy(network, cell, transient) for transient in transients])
        assert found.dc + found.sense == pytest.approx(counted, rel=1e-12)

    def test_ngspice_agrees(
        self, ngspice: Ngspice, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive
    ) -> None:
        real = ngspice.run(network, cell, saw, drive)
        exact = [
            _at(there.time, here)
            for there, here in zip(real, Reference(8).run(network, cell, saw, drive), strict=True)
        ]
        # At ngspice's own times: between them, it is for the trapezoids to err.
        found, expected = (cycle_energy(network, cell, saw, drive, each) for each in (real, exact))
        assert abs(found.closure) < 1e-5
        assert found.dc == pytest.approx(expected.dc, rel=1e-4)
        assert found.inputs == pytest.approx(expected.inputs, rel=1e-4)
        assert found.nudge == pytest.approx(expected.nudge, rel=1e-4)
        assert found.sense == pytest.approx(expected.sense, rel=0.01)

    def test_sense_loss_of_a_ramp(self) -> None:
        """About C A^2 tau_K (1/tau_f + 1/tau_s) for each edge, less what is lost at the corners."""
        task, cell, saw = tcl.tasks.load("regression"), SenseCell(), Sawtooth(1e-5, 1e-3)
        drive = task.present(task.train, np.arange(len(task.train)), cell, saw)
        squares = float((exact_contrasts(task.network, cell, drive) ** 2).sum(axis=1).mean())
        expected = 1e-18 * squares * (1 / 1e-5 + 1 / 1e-3)
        assert cost(task, cell, saw).energy.sense == pytest.approx(expected, rel=0.15)

    def test_no_nudge_no_work(self, network: Network, cell: SenseCell, saw: Sawtooth) -> None:
        rest = Drive.hold([1.0, -0.5])
        found = cycle_energy(network, cell, saw, rest, Reference().run(network, cell, saw, rest))
        assert found.nudge == 0
        assert found.sense == pytest.approx(0.0, abs=1e-30)
        assert found.inputs == pytest.approx(found.dc, rel=1e-9)

    def test_nothing_happens(self) -> None:
        none = CycleEnergy(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        assert (none.closure, none.sense_closure) == (0.0, 0.0)

    def test_bad_input(self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive) -> None:
        transients = Reference().run(network, cell, saw, drive)
        with pytest.raises(InputError, match="2 cycles given for 3 samples"):
            cycle_energy(network, cell, saw, drive, transients[:2])
        with pytest.raises(InputError, match="0 cycles"):
            cycle_energy(network, cell, saw, drive, [])
        broken = replace(transients[1], u=np.full_like(transients[1].u, np.nan))
        with pytest.raises(InputError, match="sample 1 hold numbers that are not finite"):
            cycle_energy(network, cell, saw, drive, [transients[0], broken, transients[2]])


class TestWrites:
    def test_closes_and_moves_as_the_rule_says(
        self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive
    ) -> None:
        transients = Reference(8).run(network, cell, saw, drive)
        gate = design_rule(network, cell, saw, drive).gate(network, cell)
        stage = WriteStage()
        found = write_energy(network, cell, saw, transients, gate, 1e-6, stage)
        assert abs(found.closure) < 1e-4
        # The capacitors' gain is that of the conductances that the rule changes.
        contrast = temporal_contrast(network, cell, saw, transients, gate)
        w = network.conductance / stage.siemens_per_volt
        moved = w - 1e-6 * contrast / stage.siemens_per_volt
        stored = 0.5 * stage.c * (moved**2 - w**2).sum(axis=1).mean()
        assert found.stored == pytest.approx(stored, rel=1e-3)
        assert found.edges == pytest.approx(np.count_nonzero(contrast) / 3)

    def test_polarity_turns_nothing(self, network: Network, cell: SenseCell, drive: Drive) -> None:
        """Both polarities write the same contrast."""
        found = []
        for polarity in ("standard", "inverted"):
            saw = Sawtooth(1e-5, 1e-3, polarity)
            gate = design_rule(network, cell, saw, drive).gate(network, cell)
            transients = Reference(8).run(network, cell, saw, drive)
            found.append(write_energy(network, cell, saw, transients, gate, 1e-6))
        assert found[0].stored == pytest.approx(found[1].stored, rel=0.05)
        assert found[0].source == pytest.approx(found[1].source, rel=0.05)

    def test_a_threshold_that_nothing_passes(
        self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive
    ) -> None:
        transients = Reference().run(network, cell, saw, drive)
        found = write_energy(network, cell, saw, transients, HardThreshold(1.0), 1e-6)
        assert (found.source, found.dissipated, found.stored, found.edges) == (0, 0, 0, 0)
        assert found.closure == 0

    def test_bad_input(self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive) -> None:
        transients = Reference().run(network, cell, saw, drive)
        with pytest.raises(InputError, match="above the rail of 1 V"):
            write_energy(network, cell, saw, transients, HardThreshold(0.0), 1e-6, WriteStage(rail=1.0))
        with pytest.raises(InputError, match="gain"):
            write_energy(network, cell, saw, transients, HardThreshold(0.0), 0.0)
        with pytest.raises(InputError, match="WriteStage: c = -1"):
            WriteStage(c=-1.0)


class TestMargin:
    def test_what_is_needed_is_enough(self) -> None:
        """With the capacitor asked for, or the signal's gain, the threshold stands at 4 noise voltages."""
        task, saw = tcl.tasks.load("iris"), Sawtooth(1e-5, 1e-3)
        margin = cost(task, SenseCell(), saw, engine=Reference()).margin
        assert margin is not None
        assert not margin.enough
        c = margin.needed_capacitance()
        other = cost(task, SenseCell(c=c, r=1e-6 / c), saw, engine=Reference()).margin
        assert other is not None
        assert other.sigmas == pytest.approx(4)
        assert other.theta == pytest.approx(margin.theta)
        assert margin.needed_gain() * margin.sigmas == pytest.approx(4)
        kt = margin.noise**2 * margin.capacitance
        assert margin.needed_capacitance(3) == pytest.approx(9 * kt * 10**2 / margin.least_contrast**2)

    def test_appendix_c_has_its_units(self) -> None:
        """sigma N (tau_f + tau_s)/tau_M kT: twice the Markov time is half the energy."""
        task, saw = tcl.tasks.load("regression"), Sawtooth(1e-5, 1e-3)
        found = cost(task, SenseCell(), saw, engine=Reference())
        assert found.principle.in_kt() == pytest.approx(10 * 24 * 1.01e-3 / 1e-6)
        assert found.time == saw.period

    def test_no_threshold(self) -> None:
        task, saw, cell = tcl.tasks.load("regression"), Sawtooth(1e-5, 1e-3), SenseCell()
        how = designed(task, cell, saw, threshold=0.0)
        found = cost(task, cell, saw, learning=how, engine=Reference())
        assert found.margin is None
        assert math.isfinite(found.total)

    def test_another_network(self, network: Network) -> None:
        with pytest.raises(InputError, match="12 edges, that of the task regression 24"):
            cost(tcl.tasks.load("regression"), SenseCell(), Sawtooth(1e-5, 1e-3), network)
