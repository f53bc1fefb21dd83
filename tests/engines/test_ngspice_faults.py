"""The ngspice engine under faults: ngspice's own message, never a stale result, and the next run right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.testing import assert_array_equal

from tcl_circuits import (
    ConductanceNudge,
    CurrentNudge,
    Drive,
    InputError,
    Network,
    NetworkError,
    Sawtooth,
    SenseCell,
    SeriesCell,
    SoftmaxNudge,
    single_ended,
)
from tcl_circuits.circuit.cells import Cell
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.circuit.netlist import Netlist, deck
from tcl_circuits.engines import Ngspice, Reference, Transient
from tcl_circuits.engines import ngspice as ngspice_module
from tcl_circuits.errors import EngineError, EngineTimeout
from tcl_circuits.training.tasks import load

MAIN_GUARDLESS = """
import networkx as nx
import numpy as np
import tcl_circuits as tcl

engine = tcl.engines.Ngspice(workers=2)
task = tcl.tasks.load("regression", seed=0)
saw, cell = tcl.Sawtooth(1e-5, 1e-3), tcl.SenseCell()
history = tcl.Trainer(task.network, cell, saw, engine).fit(task, epochs=1)
network = tcl.Network.from_graph(nx.path_graph(3), inputs=[0], outputs=[1], ground=2)
drive = tcl.Drive.hold([1.0], tcl.ConductanceNudge(1e-5, tcl.single_ended(1)), [0.4])
waves = tcl.simulate(network, cell, saw, drive, engine=engine)
print(len(history), len(engine.pids), dict(waves.sizes)["edge"])
"""


def same(found: Sequence[Transient], expected: Sequence[Transient]) -> None:
    """Hold results equal bit for bit."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert_array_equal(one.time, other.time)
        assert_array_equal(one.voltage, other.voltage)
        assert_array_equal(one.u, other.u)


def other_structure(network: Network) -> Network:
    """A network that needs a deck of its own."""
    return replace(network, node_capacitance=1e-15)


def with_line(line: str) -> Callable[[Netlist], str]:
    return lambda netlist: deck(netlist).replace(".end\n", f"{line}\n.end\n")


DECKS = {
    "syntax": (with_line("q7 n_0_0 n_0_1"), "Error on line"),
    "undefined parameter": (with_line("r7 n_0_0 n_0_1 {undefined}"), "Undefined parameter"),
    "time step too small": (with_line("b7 x 0 v=1/(V(beta)-0.5)\nc7 x 0 1"), "Timestep too small"),
    "loop of sources": (with_line("v7 beta 0 2"), "singular matrix"),
    "another circuit": (
        lambda netlist: "* another\nv1 a 0 1\nr1 a 0 1k\n.save v(a)\n.end\n",
        "no such device",
    ),
    "nothing": (lambda netlist: "", "no circuit loaded"),
}
SETTINGS = {
    "NaN": (("alter rg0=nan",), "rg0=nan"),
    "unknown device": (("alter rg999=1000",), "no such device or model name rg999"),
}


class TestSabotage:
    @pytest.mark.parametrize("name", DECKS)
    def test_a_bad_deck(
        self,
        ngspice: Ngspice,
        network: Network,
        cell: SenseCell,
        saw: Sawtooth,
        drive: Drive,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        before = ngspice.run(network, cell, saw, drive)
        write, message = DECKS[name]
        with monkeypatch.context() as patch:
            patch.setattr(ngspice_module, "deck", write)
            with pytest.raises(EngineError, match=rf"(?s)ngspice failed: .*{message}"):
                ngspice.run(other_structure(network), cell, saw, drive)
        same(ngspice.run(network, cell, saw, drive), before)

    @pytest.mark.parametrize("name", SETTINGS)
    def test_a_bad_alteration(
        self,
        ngspice: Ngspice,
        network: Network,
        cell: SenseCell,
        saw: Sawtooth,
        drive: Drive,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        before = ngspice.run(network, cell, saw, drive)
        commands, message = SETTINGS[name]
        with monkeypatch.context() as patch:
            patch.setattr(ngspice_module, "_conductance_commands", lambda network, cell: commands)
            with pytest.raises(EngineError, match=message):
                ngspice.run(network, cell, saw, drive)
        same(ngspice.run(network, cell, saw, drive), before)

    def test_a_missing_vector(
        self,
        ngspice: Ngspice,
        network: Network,
        cell: SenseCell,
        saw: Sawtooth,
        drive: Drive,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        before = ngspice.run(network, cell, saw, drive)
        with monkeypatch.context() as patch:
            patch.setattr(
                ngspice_module, "deck", lambda netlist: deck(netlist).replace("v(n_0_1)", "v(n_0_0)", 1)
            )
            with pytest.raises(EngineError, match=r"vector 'n_0_1' is missing"):
                ngspice.run(other_structure(network), cell, saw, drive)
        same(ngspice.run(network, cell, saw, drive), before)

    def test_what_ngspice_can_not_hold_is_refused_before(
        self, ngspice: Ngspice, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive
    ) -> None:
        bad = network.conductance.copy()
        bad[[2, 5]] = np.nan, -1e-5
        with pytest.raises(NetworkError, match="2 faults"):
            ngspice.run(network.with_conductance(bad), cell, saw, drive)
        with pytest.raises(InputError, match="not a finite number"):
            ngspice.run(network, cell, saw, Drive.hold([1.0, np.nan]))
        with pytest.raises(InputError, match="3 input voltages given for 2"):
            ngspice.run(network, cell, saw, Drive.hold([1.0, 1.0, 1.0]))


class TestProcesses:
    def test_a_run_past_its_time_limit(
        self, network: Network, cell: SenseCell, saw: Sawtooth, drive: Drive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = Ngspice(time_limit=5)
        before = engine.run(network, cell, saw, drive)
        (pid,) = engine.pids
        with monkeypatch.context() as patch:
            patch.setattr(ngspice_module, "_LONGEST_STEP", 1e-9)
            with pytest.raises(EngineTimeout, match=r"stopped after 5 s"):
                engine.run(network, cell, saw, drive)
        assert not psutil.pid_exists(pid)
        same(engine.run(network, cell, saw, drive), before)
        engine.close()

    @pytest.mark.parametrize("workers", [1, 2])
    def test_a_worker_killed_in_the_middle(
        self,
        network: Network,
        cell: SenseCell,
        saw: Sawtooth,
        drive: Drive,
        monkeypatch: pytest.MonkeyPatch,
        workers: int,
    ) -> None:
        monkeypatch.setattr(ngspice_module, "_LONGEST_STEP", 1e-4)  # a run then takes a while
        engine = Ngspice(workers=workers)
        whole = drive.part(np.array([0, 1, 2, 0, 1, 2]))
        before = engine.run(network, cell, saw, whole)
        victim = engine.pids[-1]
        killer = threading.Timer(0.15, os.kill, (victim, signal.SIGKILL))
        killer.start()
        found = engine.run(network, cell, saw, whole)
        killer.join()
        same(found, before)
        assert victim not in engine.pids
        engine.close()

    def test_the_engine_works_in_a_script_without_a_main_guard(self, tmp_path: Path) -> None:
        script = tmp_path / "script.py"
        script.write_text(MAIN_GUARDLESS)
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split() == ["2", "2", "2"]


CIRCUITS: dict[str, tuple[Cell, str]] = {
    "power": (SenseCell("power"), "regression"),
    "linear": (SenseCell("linear"), "allostery"),
    "series": (SeriesCell(), "regression"),
    "softmax": (SenseCell("power"), "iris"),
}


class TestAlterations:
    @pytest.mark.parametrize("name", CIRCUITS)
    def test_they_leave_no_trace(self, name: str, saw: Sawtooth) -> None:
        """Whatever a worker ran before, in whichever order, on however many workers: the same bits."""
        cell, task_name = CIRCUITS[name]
        task = load(task_name, seed=1)
        start = task.network
        drive = task.present(task.train, np.arange(3), cell, saw)
        rng = np.random.default_rng(5)
        low, high = start.bounds
        others = [
            start.with_conductance(np.exp(rng.uniform(np.log(low), np.log(high), start.edge_count)))
            for _ in range(15)
        ]
        engine = Ngspice(workers=1, time_limit=300)
        before = engine.run(start, cell, saw, drive)
        kept = [engine.run(other, cell, saw, drive.sample(k % 3))[0] for k, other in enumerate(others)]
        for other in others:
            engine.run(other, cell, saw, drive.sample(0))
        same(engine.run(start, cell, saw, drive), before)
        fresh, two = Ngspice(workers=1, time_limit=300), Ngspice(workers=2, time_limit=300)
        backwards = np.array([2, 1, 0])
        same(fresh.run(others[-1], cell, saw, drive.sample(14 % 3)), kept[-1:])
        same(two.run(start, cell, saw, drive.part(backwards)), [before[k] for k in backwards])
        same(two.run(others[3], cell, saw, drive.sample(0)), kept[3:4])
        for used in (engine, fresh, two):
            used.close()

    def test_operating_points_too(self, ngspice: Ngspice, network: Network, drive: Drive) -> None:
        volts = drive.inputs_at_start
        before = ngspice.settle(network, SenseCell(), volts)
        ngspice.settle(network.with_conductance(network.conductance[::-1]), SenseCell(), volts)
        assert_array_equal(ngspice.settle(network, SenseCell(), volts[::-1])[::-1], before)


class TestMemory:
    def growth(self, runs: int, network: Network, drive: Drive, saw: Sawtooth, after: int) -> float:
        """Growth of the worker's memory [MB] by a number of runs, after some."""
        engine = Ngspice()
        rng = np.random.default_rng(0)

        def run(times: int) -> None:
            for _ in range(times):
                values = network.conductance * rng.uniform(0.99, 1.01, network.edge_count)
                altered = network.with_conductance(np.clip(values, *network.bounds))
                engine.run(altered, SenseCell(), saw, drive.sample(0))

        run(after)
        (pid,) = engine.pids
        before = psutil.Process(pid).memory_info().rss
        run(runs - after)
        assert engine.pids == [pid]
        found = psutil.Process(pid).memory_info().rss - before
        engine.close()
        return found / 1e6

    def test_200_runs(self, network: Network, drive: Drive, saw: Sawtooth) -> None:
        assert self.growth(200, network, drive, saw, after=50) < 2

    @pytest.mark.slow
    @pytest.mark.parametrize("task_name", ["allostery", "iris"])
    def test_2000_runs(self, task_name: str, saw: Sawtooth) -> None:
        task = load(task_name, seed=0)
        drive = task.present(task.train, np.arange(1), SenseCell(), saw)
        assert self.growth(2000, task.network, drive, saw, after=50) < 2


class TestSmallContrasts:
    """What a trained network shows: targets that are met, signals that hardly change."""

    @pytest.mark.parametrize("cell", [SenseCell("power"), SenseCell("linear")], ids=["power", "linear"])
    @pytest.mark.parametrize("miss", [0.0, 1e-16, 1e-13, 1e-10, 1e-7])
    def test_a_target_that_is_nearly_met(
        self, network: Network, saw: Sawtooth, cell: SenseCell, miss: float
    ) -> None:
        engine = Ngspice(time_limit=300)
        volts = np.array([[1.0, -0.5], [0.3, 0.8]])
        met = Conduction(network).voltages(volts)[:, network.outputs]
        drive = Drive.hold(volts, ConductanceNudge(1e-5, single_ended(2)), met + miss)
        found = engine.run(network, cell, saw, drive)
        exact = Reference().run(network, cell, saw, drive)
        for one, other in zip(found, exact, strict=True):
            assert one.time.size < 1000
            # A contrast of a millivolt gives 5000 times as much.
            assert np.abs(one.u).max() <= np.abs(other.u).max() + 1e-14
        engine.close()

    def test_a_class_that_is_sure(self, saw: Sawtooth) -> None:
        task = load("iris", seed=0)
        engine = Ngspice(time_limit=300)
        volts = np.array([[0.5, -0.3, 0.2, 0.4, -0.5, 0.3, -0.2, -0.4, 1.0, -1.0]])
        free = Conduction(task.network).voltages(volts)[:, task.network.outputs]
        for temperature in (5e-2, 5e-3, 5e-4):
            nudge = SoftmaxNudge(1e-5, temperature, task.nudge.outputs)
            y = free @ nudge.outputs.matrix(6).T
            drive = Drive.hold(volts, nudge, np.eye(3)[y.argmax(axis=1)])
            assert engine.run(task.network, SenseCell(), saw, drive)[0].time.size < 1000
        engine.close()

    def test_nothing_to_see(self, ngspice: Ngspice, network: Network, saw: Sawtooth) -> None:
        quiet = Drive.hold([0.0, 0.0], CurrentNudge(1e-5, single_ended(2)), [0.0, 0.0])
        found = ngspice.run(network, SenseCell(), saw, quiet)[0]
        assert np.abs(found.u).max() == 0
