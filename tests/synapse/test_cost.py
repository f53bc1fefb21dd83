"""Costs of Appendix C: the paper's numbers, and units that are right."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import InputError, Sawtooth
from tcl_circuits.synapse.cost import (
    BOLTZMANN,
    Cost,
    CostModel,
    Hardware,
    LocalMemory,
    NetworkSize,
    SharedMemory,
    TemporalContrast,
    TwinCircuits,
    sawtooth_for,
)

SIZE = NetworkSize(nodes=100, synapses=4950)
KT = BOLTZMANN * 300.0
HARDWARE = Hardware(relaxation_time=1e-3, fetch_time=2e-5, bits=8.0)


def test_a_range_of_100_takes_a_thousand_kernel_times() -> None:
    saw = sawtooth_for(dynamic_range=100.0, kernel_time=1e-4)
    assert saw.ratio == pytest.approx(100)
    assert saw.period == pytest.approx(1010 * 1e-4)


def test_energy_of_tcl_is_dissipation_times_time() -> None:
    model = TemporalContrast(Sawtooth(1.0, 9.0), markov_time=0.5, dissipation=10.0)
    cost = model.per_cycle(SIZE)
    assert cost.time == 10.0
    # 10 kT a unit of Markov time, 20 units, in each synapse.
    assert cost.in_kt() == pytest.approx(10 * 20 * 4950)
    assert cost.energy == pytest.approx(10 * 20 * 4950 * KT)


@given(st.floats(1e-9, 1e9))
def test_energy_does_not_depend_on_the_unit_of_time(unit: float) -> None:
    """The omission of 1/tau_M in Appendix C would make it do so."""
    costs = [
        TemporalContrast(Sawtooth(2.0 * x, 30.0 * x), markov_time=0.1 * x).per_cycle(SIZE)
        for x in (1.0, unit)
    ]
    assert costs[0].energy == pytest.approx(costs[1].energy, rel=1e-12)
    assert costs[1].time == pytest.approx(unit * costs[0].time, rel=1e-12)


@pytest.mark.parametrize(
    ("model", "time"),
    [
        (LocalMemory(HARDWARE), 2 * 1e-3 + 2e-5),
        (SharedMemory(HARDWARE), 2 * 1e-3 + 100 * 2e-5),
        (TwinCircuits(HARDWARE), 1e-3 + 2e-5),
    ],
)
def test_times_and_energies_of_explicit_contrast(model: CostModel, time: float) -> None:
    cost = model.per_cycle(SIZE)
    assert cost.time == pytest.approx(time, rel=1e-14)
    assert cost.in_kt() == pytest.approx(100 * 8 * math.log(2), rel=1e-14)


def test_energy_in_kt_is_taken_at_a_temperature() -> None:
    assert Cost(1.0, BOLTZMANN * 77.0).in_kt(77.0) == pytest.approx(1)
    cold = Hardware(1e-3, 1e-6, temperature=4.0)
    assert LocalMemory(cold).per_cycle(SIZE).in_kt(4.0) == pytest.approx(800 * math.log(2))


def test_dissipation_of_equilibrium_costs_nothing() -> None:
    free = TemporalContrast(Sawtooth(1.0, 2.0), markov_time=1.0, dissipation=0.0)
    assert free.per_cycle(SIZE).energy == 0


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_bad_assumptions_are_refused(value: float) -> None:
    saw = Sawtooth(1.0, 2.0)
    with pytest.raises(InputError, match="TemporalContrast: markov_time = "):
        TemporalContrast(saw, value)
    with pytest.raises(InputError, match="TemporalContrast: temperature = "):
        TemporalContrast(saw, 1.0, temperature=value)
    for name in ("relaxation_time", "fetch_time", "bits", "temperature"):
        with pytest.raises(InputError, match=f"Hardware: {name} = "):
            Hardware(**{"relaxation_time": 1.0, "fetch_time": 1.0, name: value})
    for name in ("dynamic_range", "kernel_time", "kernel_times_up"):
        with pytest.raises(InputError, match=f"sawtooth_for: {name} = "):
            sawtooth_for(**{"dynamic_range": 10.0, "kernel_time": 1.0, name: value})
    with pytest.raises(InputError, match="Cost: temperature = "):
        Cost(1.0, 1.0).in_kt(value)


@pytest.mark.parametrize("sigma", [-1.0, math.nan, "2"])
def test_bad_dissipations_are_refused(sigma: float) -> None:
    with pytest.raises(InputError, match="TemporalContrast: dissipation = "):
        TemporalContrast(Sawtooth(1.0, 2.0), 1.0, sigma)


def test_a_range_of_one_needs_no_sawtooth() -> None:
    with pytest.raises(InputError, match="must be above 1"):
        sawtooth_for(1.0, 1.0)


@pytest.mark.parametrize("count", [0, -3, 2.5, True, "4"])
def test_bad_sizes_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="NetworkSize: nodes = "):
        NetworkSize(count, 3)
    with pytest.raises(InputError, match="NetworkSize: synapses = "):
        NetworkSize(3, count)


def test_a_cost_is_two_numbers() -> None:
    with pytest.raises(InputError, match="Cost: time = '1' must be"):
        Cost("1", 2.0)  # type: ignore[arg-type]
