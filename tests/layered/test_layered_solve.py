"""Voltages at rest of layered circuits: a worked case, Kirchhoff's law, both solvers, hard circuits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layered_cases import BETA, LABELS, X, drawn, images, worked_case
from numpy.testing import assert_allclose

from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError, TclError
from tcl_circuits.layered.circuit import Diodes, LayeredCircuit
from tcl_circuits.layered.compiled import CompiledSolver
from tcl_circuits.layered.solve import Batch, NumpySolver, Point, Solver, make_solver

EXACT = (NumpySolver(1e-13), CompiledSolver(1e-13))


def residuals(circuit: LayeredCircuit, batch: Batch, point: Point, beta: float) -> list[FloatArray]:
    """Current that is missing at hidden nodes and at outputs [A], written down anew."""
    force = circuit.nudge(1.0).force(point.values, batch.target) * beta
    nudge = np.concatenate([force, -force], axis=1)
    if circuit.hidden is None:
        return [circuit.first_load * point.outputs - batch.currents - nudge]
    hidden = circuit.hidden
    w, rail = hidden.conductance, hidden.rail
    sources = np.concatenate([point.high, np.tile([rail, -rail], (len(point.high), 1))], axis=1)
    drop = sources[:, :, None] - point.outputs[:, None, :]
    out = np.einsum("njk,jk->nk", drop, w) + nudge
    drawn_on = np.einsum("njk,jk->nj", drop, w)[:, :-2] + hidden.diodes.current(point.junction)
    low = circuit.first_load * point.low - batch.currents + hidden.back * drawn_on
    return [out, low / hidden.back, (point.high - hidden.forward * point.low) * 1e-6]


@pytest.mark.parametrize("solver", EXACT)
def test_worked_case(solver: Solver) -> None:
    batch = Batch(worked_case(), worked_case().currents(X), LABELS)
    free = solver.settle(batch, 0.0)
    nudged = solver.settle(batch, BETA, free)
    assert_allclose(free.high, [[0.1554226358, -0.0960481269], [-0.1617656504, 0.1845509569]], atol=1e-9)
    assert_allclose(
        free.outputs,
        [
            [0.0534499711, -0.0160037287, -0.0082206082, 0.0364247789],
            [-0.0348349993, 0.0387329593, 0.0504192879, -0.0328613160],
        ],
        atol=1e-9,
    )
    assert_allclose(nudged.high, [[0.1555015115, -0.0965269592], [-0.1618022408, 0.1845697386]], atol=1e-9)


@pytest.mark.parametrize("solver", EXACT)
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), hidden=st.sampled_from([0, 1, 5, 40]), share=st.floats(0, 3))
def test_kirchhoff(solver: Solver, seed: int, hidden: int, share: float) -> None:
    circuit = drawn(seed, hidden=hidden)
    x, labels = images(seed, 4)
    batch = Batch(circuit, circuit.currents(x), labels)
    beta = share * float(circuit.output_load.mean())
    for missing in residuals(circuit, batch, solver.settle(batch, beta), beta):
        assert np.abs(missing).max() < 1e-11 * 1e-3 + 1e-12 * float(circuit.first_load.max())


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_compiled_solver_is_the_solver_in_numpy(seed: int) -> None:
    circuit, (x, labels) = drawn(seed), images(seed, 5)
    batch = Batch(circuit, circuit.currents(x), labels)
    one, other = (solver.settle(batch, 1e-5) for solver in EXACT)
    assert_allclose(one.high, other.high, atol=1e-12)
    assert_allclose(one.outputs, other.outputs, atol=1e-12)


def test_start_does_not_matter() -> None:
    circuit, (x, labels) = drawn(3), images(3, 5)
    batch = Batch(circuit, circuit.currents(x), labels)
    for solver in EXACT:
        cold = solver.settle(batch, 1e-5)
        warm = solver.settle(batch, 1e-5, solver.settle(batch, 5e-5))
        assert_allclose(warm.outputs, cold.outputs, atol=1e-12)


def test_free_outputs_lie_between_what_drives_them() -> None:
    circuit, (x, labels) = drawn(8), images(8, 20)
    point = NumpySolver().settle(Batch(circuit, circuit.currents(x), labels), 0.0)
    reach = np.maximum(np.abs(point.high).max(axis=1), 0.1)
    assert np.all(np.abs(point.outputs).max(axis=1) < reach)


def test_opposite_inputs_and_rails_turn_all_voltages_round() -> None:
    circuit, (x, labels) = drawn(5), images(5, 4)
    assert circuit.hidden is not None
    turned = replace(circuit, plus=circuit.minus, minus=circuit.plus)
    w = circuit.hidden.conductance[[*range(5), 6, 5]]
    turned = replace(turned, hidden=replace(circuit.hidden, conductance=w))
    one, other = (EXACT[0].settle(Batch(c, c.currents(x), labels), 0.0).outputs for c in (circuit, turned))
    assert_allclose(one, -other, atol=1e-12)


def test_only_the_product_of_the_gains_matters_beyond_the_low_side() -> None:
    circuit, (x, labels) = drawn(6), images(6, 4)
    assert circuit.hidden is not None
    weak = replace(circuit.hidden, forward=3.0, back=circuit.hidden.back * 10)
    other = replace(circuit, volts=circuit.volts * 10, hidden=weak)
    one, two = (EXACT[0].settle(Batch(c, c.currents(x), labels), 1e-5) for c in (circuit, other))
    assert_allclose(one.high, two.high, atol=1e-11)
    assert_allclose(10 * one.low, two.low, atol=1e-11)


@pytest.mark.parametrize("solver", [NumpySolver(), CompiledSolver()])
def test_inputs_of_a_thousand_volts_do_not_overflow(solver: Solver) -> None:
    circuit, (x, labels) = replace(drawn(1), volts=1e3), images(1, 4)
    with np.errstate(over="raise", invalid="raise"):
        point = solver.settle(Batch(circuit, circuit.currents(x), labels), 0.0)
    assert (
        max(
            float(np.abs(m).max())
            for m in residuals(circuit, Batch(circuit, circuit.currents(x), labels), point, 0.0)
        )
        < 1e-9
    )


@pytest.mark.parametrize("hidden", [0, 5])
@pytest.mark.parametrize("solver", [NumpySolver(), CompiledSolver()])
def test_no_number_is_no_rest(solver: Solver, hidden: int) -> None:
    circuit, (x, labels) = drawn(1, hidden=hidden), images(1, 4)
    currents = circuit.currents(x)
    currents[2, 1] = np.nan
    with pytest.raises(TclError, match="does not come to rest"):
        solver.settle(Batch(circuit, currents, labels), 1e-6)


@pytest.mark.parametrize("solver", [NumpySolver(1e-12, 2), CompiledSolver(1e-12, 2)])
def test_too_few_sweeps_are_told(solver: Solver) -> None:
    circuit, (x, labels) = drawn(1), images(1, 4)
    with pytest.raises(TclError, match=r"image \d.*after 2 sweeps"):
        solver.settle(Batch(circuit, circuit.currents(x), labels), 0.0)


def test_what_no_circuit_is() -> None:
    good = drawn(0)
    bad = good.plus.copy()
    bad[1, 2] = -1e-6
    assert good.hidden is not None
    for circuit, told in (
        (replace(good, plus=bad), r"plus\[1, 2\]"),
        (replace(good, plus=good.plus[:-1]), "each pixel needs both"),
        (replace(good, volts=float("nan")), "volts"),
        (replace(good, hidden=replace(good.hidden, conductance=good.hidden.conductance[:-1])), "rails need"),
        (replace(good, hidden=replace(good.hidden, back=0.0)), "back"),
        (replace(good, hidden=None), "outputs are no pairs"),
    ):
        with pytest.raises(InputError, match=told):
            circuit.check()
    with pytest.raises(InputError, match="saturation"):
        Diodes(-1.0)
    with pytest.raises(InputError, match="tolerance"):
        make_solver(False, tolerance=0.0)
    with pytest.raises(InputError, match="beta"):
        NumpySolver().settle(Batch(good, good.currents(images(0, 1)[0]), LABELS[:1]), float("nan"))
