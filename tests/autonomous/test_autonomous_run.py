"""Circuits that learn by themselves, in ngspice, beside their state equations and their account of energy."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from autonomous_cases import planned, ran
from conftest import run_ngspice

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.circuit import Columns, netlist_text
from tcl_circuits.autonomous.equations import HostUpdated, StateEquations
from tcl_circuits.autonomous.results import cosine_to_gradient, energies, history, trajectories
from tcl_circuits.autonomous.run import Run
from tcl_circuits.autonomous.transient import stream
from tcl_circuits.circuit.conduction import Conduction
from tcl_circuits.engines.operating import OperatingPoints
from tcl_circuits.errors import EngineError, EngineTimeout, InputError


def conductances(run: Run) -> FloatArray:
    """Conductances at the end of each period."""
    return run.design.cell.slope * run.records().of_kind("end").rows[:, run.columns.v]


@pytest.mark.parametrize(
    ("cycles", "wanted"),
    [
        (10, {"polarity": "inverted"}),
        (10, {"polarity": "standard"}),
        (3, {"kind": "vteam"}),
        (3, {"detector": True}),
    ],
)
def test_ngspice_follows_the_state_equations(tmp_path: Path, cycles: int, wanted: dict[str, Any]) -> None:
    found = planned(**wanted, cycles=cycles, look_every=cycles)
    run = ran(tmp_path, found)
    design = found.design
    steps = list(StateEquations(design).run(design.start()))
    expected = design.cell.slope * np.array([s.v for s in steps])
    simulated = conductances(run)
    assert simulated.shape == expected.shape == (len(design.schedule.periods), 16)
    np.testing.assert_allclose(simulated, expected, rtol=0.01)
    moved = expected[-1] - expected[0]
    assert np.linalg.norm(simulated[-1] - expected[-1]) < 0.01 * np.linalg.norm(moved)
    if "detector" in wanted:
        assert steps[-1].theta < 0.9 * design.cell.theta, "it has followed the error"
        measured = run.records().of_kind("end").rows[-1, run.columns.theta]
        assert measured == pytest.approx(steps[-1].theta, rel=0.01)


@pytest.mark.parametrize("polarity", ["inverted", "standard"])
def test_ngspice_follows_the_equations_of_detector_and_power_law(tmp_path: Path, polarity: str) -> None:
    run = ran(tmp_path, planned(polarity=polarity, cycles=6, look_every=6, detector=True, kind="vteam"))
    design = run.design
    found = list(StateEquations(design, 1e-5).run(design.start()))
    expected = design.cell.slope * np.array([s.v for s in found])
    np.testing.assert_allclose(conductances(run), expected, rtol=0.01)
    moved = np.linalg.norm(expected[-1] - expected[0])
    assert np.linalg.norm(conductances(run)[-1] - expected[-1]) < 0.02 * moved
    theta = np.array([s.theta for s in found])
    np.testing.assert_allclose(run.records().of_kind("end").rows[:, run.columns.theta], theta, rtol=0.02)
    assert theta[-1] < 0.8 * theta[0]


def test_long_sources_as_tables_are_the_same_sources() -> None:
    """The netlist with expressions gives the currents and states of the one with PWL sources."""
    design = planned(cycles=4, look_every=2).design
    columns = Columns.of(design)
    quick = netlist_text(design, 0, design.start(), "tables")
    assert "pwl(time" in quick
    plain = re.sub(r"^V(\w+) (\S+) V\1_table DC 0(?:\.0)?$\n", "", quick, flags=re.MULTILINE | re.IGNORECASE)
    plain = re.sub(
        r"^Bv(\w+) v\w+_table 0 v=pwl\(time,(.*)\)$",
        lambda m: f"V{m[1]} {_node(quick, m[1])} 0 PWL({m[2].replace(',', ' ')})",
        plain,
        flags=re.MULTILINE | re.IGNORECASE,
    )
    assert "pwl(time" not in plain
    one, other = (
        np.vstack(list(stream(text, columns.names, design.schedule.length)))[-1] for text in (quick, plain)
    )
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-9)


def _node(text: str, name: str) -> str:
    """Node of a source."""
    found = re.search(rf"^V{name} (\S+) ", text, flags=re.MULTILINE | re.IGNORECASE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("polarity", ["inverted", "standard"])
def test_at_small_gain_it_learns_as_a_host_would(polarity: str) -> None:
    design = planned(polarity=polarity, cycles=4, look_every=4, gain=0.3).design
    start = design.start()
    alone, hosted = (
        list(kind(design, 1e-5).run(start))[-1].w - start.w for kind in (StateEquations, HostUpdated)
    )
    assert alone @ hosted / np.linalg.norm(alone) / np.linalg.norm(hosted) > 0.99


def test_regression_learns_and_the_account_closes(tmp_path: Path) -> None:
    learned = tasks.load("regression")
    run = ran(tmp_path, planned(cycles=64))
    records = run.records()
    past = history(run, records, learned)
    assert past["loss"].iloc[0] / past["loss"].iloc[-1] > 300
    assert past["test_loss"].iloc[-1] < past["test_loss"].iloc[0] / 50
    assert past["cycle"].tolist() == list(range(0, 65, 8))
    assert 0.5 < cosine_to_gradient(run, records, learned) < 0.95, "strong updates bend within an epoch"
    assert (tmp_path / "stream.bin").stat().st_size == run.size
    account = energies(records)
    assert abs(account["relative_error"]) < 0.01
    assert account["conductances"] > 0.99 * account["inputs"]
    # The learning branch by itself: what drives it is heat and charge there.
    assert account["sense"] == pytest.approx(account["sense_drive"], rel=0.05)
    low, high = run.design.cell.bounds
    assert conductances(run).min() > low * 0.999
    assert conductances(run).max() < high * 1.001


def test_a_power_law_beyond_the_threshold_learns(tmp_path: Path) -> None:
    run = ran(tmp_path, planned(kind="vteam", alpha=2.0, gain=12.0, cycles=64))
    past = history(run, run.records(), tasks.load("regression"))
    assert past["loss"].iloc[0] / past["loss"].iloc[-1] > 20
    assert past["test_loss"].iloc[0] / past["test_loss"].iloc[-1] > 10


def test_diodes_are_solved_as_the_engines_solve_them() -> None:
    """Nodes and junctions together, beside diodes as ports of the linear network around them."""
    design = planned("xor", cycles=1).design
    network, equations = design.network, StateEquations(design)
    points = OperatingPoints(network)
    rest = points.free(design.inputs)
    nudged = points.nudged(rest, design.nudge, design.targets, np.array([0.0, 0.6]))
    nothing = np.zeros(network.edge_count)
    for k, (inputs, target) in enumerate(zip(design.inputs, design.targets, strict=True)):
        for j, beta in enumerate((0.0, 0.6)):
            found = equations.voltages(network.conductance, nothing, inputs, beta, target)
            np.testing.assert_allclose(found, nudged[k, j], atol=1e-10)


def test_losses_are_those_of_the_conductances(tmp_path: Path) -> None:
    """What looks measure in the circuit is what direct currents give."""
    learned = tasks.load("regression")
    run = ran(tmp_path, planned(cycles=8))
    data = trajectories(run, run.records())
    last = run.design.network.with_conductance(data["conductance"].to_numpy()[-1])
    exact = learned.task.outputs(Conduction(last).voltages(run.design.inputs))
    count = len(run.design.inputs)
    np.testing.assert_allclose(data["output"].to_numpy()[-count:], exact, atol=2e-4)
    assert data["sample"].to_numpy()[-count:].tolist() == list(range(count))


def test_with_the_gate_closed_the_state_stays(tmp_path: Path) -> None:
    found = planned(cycles=4)
    text = netlist_text(found.design, 0, found.design.start(), "closed")
    closed = re.sub(r"^(Bgate gate 0 v=).*$", r"\g<1>0*V(write)", text, flags=re.MULTILINE | re.IGNORECASE)
    assert closed != text
    columns = Columns.of(found.design)
    rows = np.vstack(list(stream(closed, columns.names, found.design.schedule.length)))
    w = rows[:, columns.w]
    assert np.abs(w[-1] / w[0] - 1).max() < 1e-6 * 4
    assert rows[:, columns.beta].max() == pytest.approx(1)


def test_the_netlist_runs_by_itself(tmp_path: Path) -> None:
    """What is left for people: ngspice runs it without the package, to the same conductances."""
    run = Run(planned(cycles=2, look_every=2).design, tmp_path, {})
    (tmp_path / "netlist.cir").write_text(run.netlist())
    done = run_ngspice(tmp_path / "netlist.cir", "-r", str(tmp_path / "out.raw"))
    assert done.returncode == 0, done.stderr
    head, _, data = (tmp_path / "out.raw").read_bytes().partition(b"Binary:\n")
    names = re.findall(r"^\s+\d+\s+(\S+)\s", head.decode().partition("Variables:\n")[2], re.MULTILINE)
    rows = np.frombuffer(data).reshape(-1, len(names))
    run.go()
    at = [names.index(f"v(w{e})") for e in range(16)]
    np.testing.assert_allclose(rows[-1, at], run.records().rows[-1, run.columns.w], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("regression", {"cycles": 16}),
        ("regression", {"cycles": 16, "detector": True, "polarity": "standard"}),
        ("regression", {"cycles": 16, "lag": False, "gain": 1.0}),
        ("allostery", {"cycles": 10}),
        ("xor", {"cycles": 8, "look_every": 4}),
    ],
)
def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path, name: str, wanted: dict[str, Any]) -> None:
    found = planned(name, **wanted)
    (tmp_path / "whole").mkdir()
    whole = ran(tmp_path / "whole", found)
    (tmp_path / "parts").mkdir()
    parts = Run(found.design, tmp_path / "parts", {})
    parts.go()
    # As a crash leaves it: in the middle of a record.
    file = tmp_path / "parts" / "stream.bin"
    file.write_bytes(file.read_bytes()[: int(0.6 * file.stat().st_size)])
    before = parts.records().time.size
    parts.go(resume=True)
    one, other = parts.records(), whole.records()
    assert before < one.time.size == other.time.size
    np.testing.assert_allclose(one.time, other.time, rtol=1e-9)
    # The two take different time steps: apart by ngspice's own error.
    moved = np.linalg.norm(conductances(whole)[-1] - conductances(whole)[0])
    assert np.linalg.norm(conductances(parts)[-1] - conductances(whole)[-1]) < 0.01 * moved
    theta = parts.columns.theta
    np.testing.assert_allclose(one.rows[:, theta], other.rows[:, theta], rtol=0.02)
    assert energies(one)["inputs"] == pytest.approx(energies(other)["inputs"], rel=0.01)
    parts.go(resume=True)
    assert parts.records().time.size == other.time.size, "nothing is left to do"


def test_a_resumed_run_must_be_the_same(tmp_path: Path) -> None:
    found = planned(cycles=1, look_every=1)
    run = Run(found.design, tmp_path, {"seed": 0})
    with pytest.raises(InputError, match="no checkpoint"):
        run.go(resume=True)
    run.go()
    with pytest.raises(InputError, match="another run: seed was 0, is 1"):
        Run(found.design, tmp_path, {"seed": 1}).go(resume=True)
    whole = (tmp_path / "stream.bin").read_bytes()
    for reached in (b"", whole[:100]):  # killed before the first period was over
        (tmp_path / "stream.bin").write_bytes(reached)
        run.go(resume=True)
        assert (tmp_path / "stream.bin").read_bytes() == whole


def test_a_time_limit_keeps_what_was_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.monotonic

    def late() -> float:
        """Far past every limit as soon as something is on disk."""
        kept = tmp_path / "stream.bin"
        return clock() + (1e6 if kept.exists() and kept.stat().st_size > 10_000 else 0)

    monkeypatch.setattr("tcl_circuits.autonomous.transient.time.monotonic", late)
    run = Run(planned(cycles=4000).design, tmp_path, {})
    with pytest.raises(EngineTimeout, match=r"time limit, at .* cycle \d+ of 4000; what was reached is kept"):
        run.go(time_limit=1e5)
    reached = run.records()
    assert reached.time.size > 0
    assert np.all(np.diff(reached.time) > 0)


def test_a_step_too_small_is_told_with_time_and_cause(tmp_path: Path) -> None:
    run = Run(planned(polarity="standard", gain=60.0, cycles=80, force=True).design, tmp_path, {})
    with pytest.raises(EngineError, match=r"(?s)(too small|beyond).*cycle \d+ of 80; what") as fault:
        run.go()
    assert str(fault.value).endswith("with the standard sawtooth")
    assert "what was reached is kept; likely the network runs away: lambda_max is" in str(fault.value)
    assert run.records().time.size > 0
