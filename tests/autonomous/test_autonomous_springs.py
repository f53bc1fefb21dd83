"""Spring lattices that learn by themselves in ngspice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from autonomous_cases import planned, ran

from tcl_circuits.arrays import FloatArray
from tcl_circuits.autonomous import tasks
from tcl_circuits.autonomous.circuit import Control
from tcl_circuits.autonomous.equations import StateEquations
from tcl_circuits.autonomous.results import energies, history
from tcl_circuits.autonomous.run import Run
from tcl_circuits.circuit.springs import SpringNetwork
from tcl_circuits.engines.operating import OperatingPoints


def cosine(a: FloatArray, b: FloatArray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def states(run: Run) -> FloatArray:
    """Learned states at the end of each period."""
    return run.records().of_kind("end").rows[:, run.columns.w]


def network_of(name: str) -> SpringNetwork:
    network = tasks.load(name).task.network
    assert isinstance(network, SpringNetwork)
    return network


@pytest.mark.parametrize("name", ["springs", "springs-product"])
@pytest.mark.parametrize("ratio", [30, 100])
def test_an_epoch_is_a_step_of_the_quasistatic_rule(tmp_path: Path, name: str, ratio: int) -> None:
    task = tasks.load(name).task
    found = planned(name, cycles=6, look_every=6, gain=0.1, lag=False, threshold=1.0, tau_s=ratio * 1e-5)
    run = ran(tmp_path, found)
    moved = states(run)[-1] - states(run)[0]
    network = network_of(name)
    points = OperatingPoints(network)
    rest = points.free(task.train.inputs)
    nudged = points.nudged(rest, task.nudge, task.train.targets, np.ones(1))[:, 0]
    rule = -0.5 * (network.drops(nudged) ** 2 - network.drops(rest.voltages) ** 2).sum(axis=0)
    assert cosine(moved, rule) >= 0.99


def test_extensions_are_those_of_the_lattice(tmp_path: Path) -> None:
    """What ngspice stretches is what statics says for the stiffnesses of the moment."""
    run = Run(planned("springs", cycles=6, look_every=6).design, tmp_path, {}, Control(reltol=1e-4))
    run.go()
    free, lattice = run.records().of_kind("free"), network_of("springs").springs
    stiffness = run.design.cell.slope * free.rows[:, run.columns.v]
    simulated = network_of("springs").drops(free.rows[:, run.columns.nodes])
    assert len(simulated) == 6
    for k, moved, stretched in zip(stiffness, run.design.inputs[free.sample], simulated, strict=True):
        exact = lattice.extensions(lattice.displacements(k, moved))
        np.testing.assert_allclose(stretched, exact, atol=7e-5)


def test_ngspice_follows_the_state_equations_of_the_product(tmp_path: Path) -> None:
    design = planned("springs-product", cycles=4, look_every=4).design
    expected = np.array([s.w for s in StateEquations(design, 1e-5).run(design.start())])
    moved = np.linalg.norm(expected[-1] - expected[0])
    off = []
    for control in (Control.of(design), Control(reltol=1e-4, trtol=1.0)):
        place = tmp_path / str(control.reltol)
        place.mkdir()
        run = Run(design, place, {}, control)
        run.go()
        np.testing.assert_allclose(states(run), expected, rtol=0.01)
        off.append(float(np.linalg.norm(states(run)[-1] - expected[-1]) / moved))
    assert off[1] < min(0.005, off[0]), "a finer error control comes nearer"


@pytest.mark.parametrize("name", ["springs", "springs-product"])
def test_the_lattice_learns_by_itself(tmp_path: Path, name: str) -> None:
    run = ran(tmp_path, planned(name, cycles=90, look_every=90))
    past = history(run, run.records(), tasks.load(name))
    assert past["loss"].iloc[0] / past["loss"].iloc[-1] > 5
    assert past["test_loss"].iloc[0] / past["test_loss"].iloc[-1] > 5
    assert abs(energies(run.records())["relative_error"]) < 0.01


def test_from_the_strain_alone_nothing_is_learned(tmp_path: Path) -> None:
    """The contrast of the strain has the sign of the gradient only where the strain is positive."""
    run = ran(tmp_path, planned("springs-strain", cycles=60, look_every=20, gain=0.5))
    losses = history(run, run.records(), tasks.load("springs-strain"))["loss"]
    assert losses.min() > losses.iloc[0] / 2
