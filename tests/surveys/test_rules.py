"""The rules on one circuit: against the trainer, against the gradient, and what real parts do to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tcl_circuits as tcl
from tcl_circuits.arrays import FloatArray
from tcl_circuits.surveys.imperfections import Imperfections
from tcl_circuits.surveys.rules import RULES, Setting, check_rules, make_rule, needs_of
from tcl_circuits.surveys.rules.bench import BETAS, Bench
from tcl_circuits.surveys.rules.channel import Branches, Channel, mean_over_ramp
from tcl_circuits.surveys.rules.parts import Parts
from tcl_circuits.surveys.rules.training import Plan, order, prepare, train
from tcl_circuits.training.task import Recipe, Samples, Task

SAW = tcl.Sawtooth(1e-5, 1e-3)
IDEAL = Imperfections()


def small(name: str, count: int = 12) -> Task:
    task = tcl.tasks.load(name, 0)
    return replace(task, train=Samples(task.train.inputs[:count], task.train.targets[:count]))


def bench_of(
    task: Task, imperfections: Imperfections = IDEAL, rule: str = "tcl", saw: tcl.Sawtooth = SAW
) -> tuple[Bench, Setting]:
    return prepare(Plan(task.name, rule, 2e-7, 1, 0, imperfections, saw), task)


def taught(task: Task, rule: str, bench: Bench, setting: Setting) -> FloatArray:
    """Sum of what one epoch writes."""
    learning = make_rule(rule, setting)
    before = bench.programmed
    for k in order(0, 0, len(task.train)).tolist():
        learning.cycle(bench, task.train.inputs[k], task.train.targets[k])
    return bench.programmed - before


def cosine(a: FloatArray, b: FloatArray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("polarity", ["standard", "inverted"])
@pytest.mark.parametrize("name", ["iris", "allostery"])
def test_temporal_rule_is_that_of_the_trainer(name: str, polarity: str) -> None:
    task, saw = small(name), tcl.Sawtooth(1e-5, 1e-3, polarity)  # type: ignore[arg-type]
    bench, setting = bench_of(task, saw=saw)
    moved = taught(task, "tcl", bench, setting)
    trainer = tcl.Trainer(task.network, tcl.SenseCell(), saw, tcl.engines.Reference(), chirp=False)
    trainer.fit(task, recipe=Recipe(epochs=1, batch=1, rate=2e-7))
    expected = trainer.network.conductance - task.network.conductance
    assert np.linalg.norm(moved - expected) <= 2e-3 * np.linalg.norm(expected)


def test_a_finer_grid_changes_little() -> None:
    task = small("iris")
    bench, setting = bench_of(task)
    coarse = taught(task, "tcl", bench, setting)
    bench, setting = bench_of(task)
    fine = taught(task, "tcl", bench, replace(setting, resolution=4.0))
    assert np.linalg.norm(coarse - fine) <= 2e-3 * np.linalg.norm(fine)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "hebbian"])
def test_ideal_parts_descend_the_loss(rule: str) -> None:
    """All rules' small steps go along the exact gradient's."""
    task = small("allostery")
    bench, setting = bench_of(task)
    moved = taught(task, rule, bench, setting)
    bench, setting = bench_of(task)
    gradient = taught(task, "adjoint", bench, setting)
    assert cosine(moved, gradient) > (0.9 if rule.startswith("tcl") else 0.995)
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(gradient), rel=0.2)


def test_hebbian_writes_large_and_opposite() -> None:
    """It teaches a small difference of large writes; in the limit of small ones that is the contrast."""
    task = small("allostery", 1)
    deltas = []
    for rule in ("hebbian", "contrast"):
        bench, setting = bench_of(task, rule=rule)
        bench.gain *= 1e-6
        deltas.append(taught(task, rule, bench, setting) / bench.gain)
    assert cosine(*deltas) > 0.999


def test_adjoint_is_the_gradient() -> None:
    task = small("iris", 1)
    bench, setting = bench_of(task)
    moved = taught(task, "adjoint", bench, setting)
    from tcl_circuits.training.rules import loss_gradient

    drive = task.present(task.train, np.array([0]), tcl.SenseCell(), SAW)
    assert cosine(moved, -loss_gradient(task.network, drive)) == pytest.approx(1, abs=1e-12)


def test_costs_are_power_times_time() -> None:
    """A sample at rest dissipates V^2 G; the temporal rule pays for a whole sawtooth of it."""
    task = small("iris", 1)
    bench, setting = bench_of(task)
    look = bench.look(task.train.inputs[0], task.train.targets[0], BETAS)
    network = task.network
    drops = network.drops(look.voltages[0])
    assert look.power[0] == pytest.approx(float(drops**2 @ network.conductance))
    make_rule("tcl", setting).cycle(bench, task.train.inputs[0], task.train.targets[0])
    assert bench.time == pytest.approx(SAW.period)
    assert bench.energy == pytest.approx(SAW.period * mean_over_ramp(look.power))
    # Direct currents alone: within the sense branches' femtojoules of the trainer's account.
    engine = tcl.engines.Reference()
    drive = task.present(task.train, np.array([0]), tcl.SenseCell(), SAW)
    from tcl_circuits.training.readout import energy

    transient = engine.run(network, tcl.SenseCell(), SAW, drive)[0]
    assert bench.energy == pytest.approx(energy(network, tcl.SenseCell(), transient), rel=1e-4)


def test_time_of_a_cycle_in_relaxation_times() -> None:
    task, expected = (
        small("iris", 1),
        {"contrast": 10, "twins": 5, "hebbian": 10, "continual": 105, "tcl": 1010},
    )
    for rule, times in expected.items():
        bench, setting = bench_of(task)
        taught(task, rule, bench, setting)
        assert bench.time == pytest.approx(times * setting.relaxation)


def test_levels_hold_and_rounding_keeps_the_mean() -> None:
    task = small("iris", 1)
    for stochastic in (False, True):
        own = Imperfections(levels=32, stochastic_rounding=stochastic)
        bench, _ = bench_of(task, own)
        low, high = task.network.bounds
        start, spacing = bench.programmed.copy(), (high - low) / 31
        places = (start - low) / spacing
        np.testing.assert_allclose(places, np.round(places), atol=1e-9)
        small_step = 0.1 * spacing / bench.gain * np.ones(start.size)
        inside = (start > low + spacing) & (start < high - spacing)
        total = np.zeros(start.size)
        for _ in range(400):
            bench.programmed = start
            bench.write(small_step)
            total += (start - bench.programmed) / 400
        if stochastic:
            assert total[inside].mean() == pytest.approx(0.1 * spacing, rel=0.1)
        else:
            np.testing.assert_array_equal(bench.programmed, start)
            assert bench.writes == 0


def test_conductances_stay_in_their_range_and_leak_towards_its_low_end() -> None:
    task = small("iris", 1)
    own = Imperfections(conductance_low=5e-6, conductance_high=4e-5, leak=0.5)
    bench, _ = bench_of(task, own)
    bench.write(-1e9 * np.ones(bench.programmed.size))
    np.testing.assert_array_equal(bench.programmed, 4e-5)
    bench.forget()
    np.testing.assert_allclose(bench.programmed, 0.5 * (4e-5 + 5e-6))


def test_an_untouched_edge_is_not_written() -> None:
    task = small("iris", 1)
    bench, _ = bench_of(task, Imperfections.real())
    contrast = np.zeros(bench.programmed.size)
    contrast[3] = 1e-2
    before = bench.programmed
    bench.write(contrast)
    assert np.flatnonzero(bench.programmed != before).tolist() in ([], [3])


def test_thermal_noise_of_a_channel_is_that_of_a_simulated_one() -> None:
    """Ornstein-Uhlenbeck noise on u, thresholded on a fine grid, against mean and variance in closed form."""
    own = Imperfections(temperature=300.0)
    parts = Parts.draw(own, 1, 0)
    branches = Branches.of(tcl.SenseCell(), own, parts, 1.0)
    channel = Channel.sawtooth(branches, tcl.Sawtooth(1e-5, 1e-4), 2.0)
    signals = np.array([[0.0], [0.25], [0.75], [1.0]]) * 1e-3
    gate = branches.gate(8e-11)
    rng = np.random.default_rng(1)
    ours = np.array([channel.contrast(signals, gate, rng)[0] for _ in range(400)])
    step = 2e-8
    time = np.arange(0, 1.1e-4, step)
    u = np.interp(time, channel.time, channel.kernel_output(signals)[0])
    decay = np.exp(-step / 1e-6)
    noise = np.zeros((400, time.size))
    noise[:, 0] = rng.standard_normal(400)
    for k in range(1, time.size):
        noise[:, k] = decay * noise[:, k - 1] + np.sqrt(1 - decay**2) * rng.standard_normal(400)
    noisy = u + branches.noise[0] * noise
    exact = np.where(np.abs(noisy) >= 8e-11, noisy, 0.0).sum(axis=1) * step / 1e-12
    assert ours.mean() == pytest.approx(exact.mean(), abs=5 * exact.std() / 20)
    assert ours.std() == pytest.approx(exact.std(), rel=0.2)


def test_names() -> None:
    with pytest.raises(tcl.InputError, match="there is no rule 'magic'; there are tcl, "):
        check_rules(("tcl", "magic"))
    with pytest.raises(tcl.InputError, match="named twice"):
        check_rules(("tcl", "tcl"))
    with pytest.raises(tcl.InputError, match="at least one rule"):
        check_rules(())
    assert needs_of("contrast").words == 2
    assert needs_of("tcl").words == 0
    assert needs_of("twins").devices == 2


def test_bad_plans() -> None:
    with pytest.raises(tcl.InputError, match="no task 'iriss'"):
        train(Plan("iriss", "tcl", 1e-6, 1, 0, IDEAL, SAW))
    with pytest.raises(tcl.InputError, match="epochs = 0"):
        Plan("iris", "tcl", 1e-6, 0, 0, IDEAL, SAW)


def test_the_same_seed_gives_the_same_run() -> None:
    plan = Plan("regression", "tcl", 2e-6, 2, 5, Imperfections.real(), SAW)
    assert train(plan) == train(plan)
    assert train(plan) != train(plan.changed(seed=6))


@pytest.mark.parametrize("rule", ["tcl", "contrast", "adjoint"])
def test_rules_learn_in_nonlinear_circuits(rule: str) -> None:
    """XOR, which nothing linear learns: diodes are part of the circuit, also where errors go back."""
    assert train(Plan("xor", rule, 5e-6, 30, 0, IDEAL, SAW)).accuracy == 1.0


def test_the_adjoint_is_the_contrast_of_a_weak_nudge_with_diodes_too() -> None:
    task = tcl.tasks.load("xor", 1)
    weak = replace(task, nudge=tcl.ConductanceNudge(1e-9, tcl.differential(1)))
    contrast, adjoint = (written_by(weak, rule) for rule in ("contrast", "adjoint"))
    np.testing.assert_allclose(contrast, adjoint, rtol=1e-3, atol=1e-3 * np.abs(adjoint).max())


def written_by(task: Task, rule: str) -> FloatArray:
    bench, setting = bench_of(task, rule=rule)
    before = bench.programmed
    make_rule(rule, setting).cycle(bench, task.train.inputs[1], task.train.targets[1])
    return (bench.programmed - before) / bench.gain


def test_energy_counts_the_diodes() -> None:
    task = tcl.tasks.load("xor", 0)
    bench, _ = prepare(Plan("xor", "adjoint", 5e-6, 1, 0, IDEAL, SAW), task)
    look = bench.look(task.train.inputs[0], task.train.targets[0], np.array([0.0]))
    network = task.network
    drops = network.drops(look.voltages)[0]
    resistors = float(drops**2 @ network.conductance)
    # What the inputs give is spent, and there is nothing else at rest in a network of pairs to ground.
    given = float(
        look.voltages[0, network.inputs] @ network.leaving(network.conductance * drops)[network.inputs]
    )
    assert look.power[0] == pytest.approx(given, rel=1e-9)
    assert look.power[0] > 1.001 * resistors
