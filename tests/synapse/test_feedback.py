"""Feedback systems of Eqs. 17-25: each closed form against an independent solver of the paper's equations."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, simpson, solve_ivp

from tcl_circuits import HardThreshold, InputError, Sawtooth, SoftThreshold
from tcl_circuits.synapse.autoregulation import NegativeAutoregulation
from tcl_circuits.synapse.feedback import CapacitorMemristor, FeedbackSystem, IntegralFeedback, MaxwellUnit
from tcl_circuits.synapse.signal import Dimers, PiecewiseLinear
from tcl_circuits.synapse.trajectory import Plasticity, Trajectory

BENT = PiecewiseLinear(np.array([0.0, 0.0, 1.0, 1.5, 1.5, 3.0]), np.array([2.5, 3.5, 5.0, 4.0, 3.0, 6.0]))
TIMES = np.linspace(-0.5, 6.0, 53)
PAPER = NegativeAutoregulation(k_a=2.0, k_i=1.0, u_s=0.1, u_0=1.0, tau_u=0.05, tau_m=1.0)

Slope = Callable[[float, np.ndarray, float, float], list[float]]
"""Right side of a system's equations at (t, state) under a signal and its slope."""

times = st.floats(-3, 3).map(lambda x: 10.0**x)


def solved(slope: Slope, start: np.ndarray, kick: np.ndarray) -> np.ndarray:
    """State of shape (states, time) at TIMES under BENT, by a Runge-Kutta method from corner to corner.

    A jump of the signal adds `kick` for each unit of its height.
    """
    state, found = start, [np.repeat(start[:, None], np.count_nonzero(TIMES < 0), axis=1)]
    for piece in BENT.pieces():
        state, stop = state + kick * piece.jump, min(piece.stop, TIMES[-1] + 1)
        base = float(BENT(piece.start))

        def rate(
            t: float, y: np.ndarray, p: float = piece.start, v: float = base, c: float = piece.slope
        ) -> list[float]:
            return slope(t, y, v + c * (t - p), c)

        here = TIMES[(piece.start <= TIMES) & (stop > TIMES)]
        solution = solve_ivp(
            rate, (piece.start, stop), state, "DOP853", np.append(here, stop), rtol=1e-12, atol=1e-13
        )
        found.append(solution.y[:, :-1])
        state = solution.y[:, -1]
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize(
    "system",
    [
        IntegralFeedback(0.1, 2.0, 1.0, 0.3),
        IntegralFeedback(0.5, 2.0, 1.0, -1.0),
        IntegralFeedback(0.5, 0.3, 4.0),
        IntegralFeedback(0.01, 0.5, 7.0),
    ],
    ids=["overdamped", "critical", "ringing", "fast"],
)
def test_integral_feedback_solves_its_equations(system: IntegralFeedback) -> None:
    def slope(t: float, y: np.ndarray, s: float, _: float) -> list[float]:
        u, m = y
        return [(-u + system.k * (s - m)) / system.tau_u, (u - system.u_0) / system.tau_m]

    start = np.array([system.u_0, system.store(2.5)])
    u, m = solved(slope, start, np.zeros(2))
    found = system.trajectory(BENT, TIMES)
    np.testing.assert_allclose(found.u, u, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.m, m, rtol=0, atol=1e-8)


def test_maxwell_unit_solves_its_equation() -> None:
    k, gamma = 3.0, 1.2
    (stress,) = solved(lambda t, u, s, c: [float(k * (c - u[0] / gamma))], np.zeros(1), np.array([k]))
    found = MaxwellUnit(k, gamma).trajectory(BENT, TIMES)
    np.testing.assert_allclose(found.u, stress, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.m, BENT(TIMES) - stress / k, rtol=0, atol=1e-8)


def test_capacitor_memristor_solves_its_equation() -> None:
    r, c = 0.4, 1.5
    (current,) = solved(lambda t, u, s, v: [float((v - u[0] / c) / r)], np.zeros(1), np.array([1 / r]))
    found = CapacitorMemristor(r, c).trajectory(BENT, TIMES)
    np.testing.assert_allclose(found.u, current, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.m, BENT(TIMES) - r * current, rtol=0, atol=1e-8)


def test_autoregulation_solves_its_equations() -> None:
    def slope(t: float, y: np.ndarray, s: float, _: float) -> list[float]:
        u, m = y
        taken = PAPER.k_i * m * u / (PAPER.u_s + u)
        return [(-u + PAPER.k_a * s - taken) / PAPER.tau_u, (u - PAPER.u_0) / PAPER.tau_m]

    u, m = solved(slope, np.array([PAPER.u_0, PAPER.store(2.5)]), np.zeros(2))
    found = PAPER.trajectory(BENT, TIMES)
    np.testing.assert_allclose(found.u, u, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.m, m, rtol=0, atol=1e-8)


def test_stresses_and_currents_of_ramps_are_the_papers() -> None:
    t = np.linspace(0, 5, 11)
    ramp = PiecewiseLinear(np.array([0.0, 9.0]), np.array([0.0, 18.0]))
    stress = MaxwellUnit(3.0, 1.2).trajectory(ramp, t).u
    np.testing.assert_allclose(stress, 1.2 * 2 * (1 - np.exp(-3.0 / 1.2 * t)), rtol=1e-13, atol=1e-15)
    current = CapacitorMemristor(0.4, 1.5).trajectory(ramp, t).u
    np.testing.assert_allclose(current, 1.5 * 2 * (1 - np.exp(-t / 0.6)), rtol=1e-13, atol=1e-15)


def test_kernel_of_the_issue() -> None:
    kernel = IntegralFeedback(tau_u=0.1, tau_m=2.0, k=1.0).kernel()
    assert float(kernel(np.array(0.0))) == pytest.approx(10, rel=1e-14)
    assert float(kernel(np.array(1.0))) == pytest.approx(-0.347305, abs=5e-7)


def test_surplus_of_autoregulation_is_what_the_store_takes_up() -> None:
    found = PAPER.trajectory(PiecewiseLinear.step(2.0, start=3.0), np.array([0.0, 80.0]))
    assert found.excess[-1] == pytest.approx(4.4, abs=1e-6)
    assert PAPER.storage * (PAPER.store(5.0) - PAPER.store(3.0)) == pytest.approx(4.4, rel=1e-14)
    dense = PAPER.trajectory(PiecewiseLinear.step(2.0, start=3.0), np.linspace(0, 80, 160001))
    assert simpson(dense.u - PAPER.u_0, x=dense.time) == pytest.approx(4.4, abs=1e-6)


SYSTEMS: list[FeedbackSystem] = [
    IntegralFeedback(0.1, 2.0, 1.0, 0.3),
    IntegralFeedback(0.5, 2.0, 1.0),
    IntegralFeedback(0.5, 0.3, 4.0),
    MaxwellUnit(3.0, 1.2),
    CapacitorMemristor(0.4, 1.5),
]


@pytest.mark.parametrize("system", SYSTEMS, ids=repr)
def test_step_response_is_the_running_integral_of_the_kernel(system: FeedbackSystem) -> None:
    t = np.array([0.01, 0.2, 1.0, 4.0])
    kernel = system.kernel(0.0)
    response = system.trajectory(PiecewiseLinear.step(1.0), t).u - system.set_point
    for end, u in zip(t.tolist(), response, strict=True):
        integral, _ = quad(lambda x: float(kernel(np.array(x))), 0, end, epsabs=1e-12)
        assert u == pytest.approx(kernel.delta + integral, abs=1e-10)


@pytest.mark.parametrize("system", [*SYSTEMS, PAPER], ids=repr)
@pytest.mark.parametrize("s", [0.9, 3.0])
def test_kernels_have_no_area_and_the_systems_first_moment_and_delay(
    system: FeedbackSystem, s: float
) -> None:
    # On a slow ramp u lags behind: u - u_0 tends to -first_moment * slope, and a time constant is lost.
    kernel, slope = system.kernel(s), 1e-7
    assert kernel.area == 0
    late = 100.0
    ramp = PiecewiseLinear(np.array([0.0, late]), np.array([s, s + slope * late]))
    found = system.trajectory(ramp, np.array([0.0, late]))
    assert (found.u[-1] - system.set_point) / slope == pytest.approx(-kernel.first_moment, rel=1e-4)
    shortfall = 1 - found.excess[-1] / (-kernel.first_moment * slope * late)
    assert shortfall * late == pytest.approx(system.time_constant(s), rel=1e-3)


def test_small_signals_about_a_set_point_follow_the_kernel() -> None:
    for s in (0.7, 3.0, 20.0):
        kernel, height = PAPER.kernel(s), 1e-5
        t = np.array([0.01, 0.1, 0.5, 2.0])
        response = PAPER.trajectory(PiecewiseLinear.step(height, start=s), t).u - PAPER.u_0
        for end, u in zip(t.tolist(), response, strict=True):
            integral, _ = quad(lambda x, k=kernel: float(k(np.array(x))), 0, end, epsabs=1e-12)
            assert u / height == pytest.approx(integral, abs=1e-3)
        assert kernel.first_moment == pytest.approx(-1.0 * 2.0 * 1.1, rel=1e-14)


@given(times, times, times, st.floats(-5, 5))
@settings(deadline=None)
def test_integral_feedback_holds_in_every_regime(tau_u: float, tau_m: float, k: float, u_0: float) -> None:
    """Kicked by a step, the system obeys its equations: their defect by central differences vanishes."""
    system = IntegralFeedback(tau_u, tau_m, k, u_0)
    scale = min(tau_u, math.sqrt(tau_u * tau_m / k))
    t = scale * np.array([1.0, 1.0 + 1e-4, 1.0 + 2e-4])
    found = system.trajectory(PiecewiseLinear.step(1.0, start=2.0), t)
    swing = max(1.0, np.abs(found.u - u_0).max())
    du, dm = (float(x[2] - x[0]) / (t[2] - t[0]) for x in (found.u, found.m))
    assert tau_u * du == pytest.approx(-found.u[1] + k * (3.0 - found.m[1]), abs=1e-6 * max(swing, k))
    assert tau_m * dm == pytest.approx(found.u[1] - u_0, abs=1e-6 * max(swing, k, tau_m / scale))


@pytest.mark.parametrize("ratio", [1e-12, 1e-6, 1e6, 1e12])
def test_extreme_but_legal_systems_come_to_rest(ratio: float) -> None:
    slow = IntegralFeedback(tau_u=1.0, tau_m=ratio, k=1.0, u_0=2.0)
    rest = slow.trajectory(PiecewiseLinear.step(1.0), np.array([100 * max(1.0, ratio)]))
    assert rest.u[0] == pytest.approx(2.0, abs=1e-12)
    assert rest.m[0] == pytest.approx(slow.store(1.0), rel=1e-12)
    unit = MaxwellUnit(k=ratio, gamma=1.0).trajectory(PiecewiseLinear.step(1.0), np.array([1e-3 / ratio]))
    assert unit.u[0] == pytest.approx(ratio * math.exp(-1e-3), rel=1e-12)


def test_stiff_autoregulation() -> None:
    stiff = NegativeAutoregulation(2.0, 1.0, 0.1, 1.0, 1e-6, 1.0)
    found = stiff.trajectory(PiecewiseLinear.step(2.0, start=3.0), np.array([0.0, 1e-5, 40.0]))
    assert found.excess[-1] == pytest.approx(4.4, abs=1e-6)
    # Just after the step u is at rest with the store as it was: the root of the first equation.
    m = stiff.store(3.0)
    b = 10.0 - m - 0.1
    assert found.u[1] == pytest.approx((b + math.sqrt(b * b + 4 * 0.1 * 10.0)) / 2, rel=1e-4)


def test_dimers_drive_the_molecular_form() -> None:
    first = PiecewiseLinear(np.array([0.0, 2.0]), np.array([1.0, 2.0]))
    second = PiecewiseLinear(np.array([1.0, 3.0]), np.array([3.0, 2.0]))
    dimers = Dimers(first, second, association=0.5)
    np.testing.assert_allclose(dimers(TIMES), 0.5 * first(TIMES) * second(TIMES))
    assert dimers.corners.tolist() == [0.0, 1.0, 2.0, 3.0]
    found = PAPER.trajectory(dimers, np.array([-1.0, 0.0, 60.0]))
    assert found.u[:2].tolist() == [1.0, 1.0]
    assert found.m[[0, -1]] == pytest.approx([PAPER.store(1.5), PAPER.store(2.0)], rel=1e-8)


@pytest.mark.parametrize("gate", [HardThreshold(0.5), SoftThreshold(0.5)])
def test_growth_is_the_integral_of_the_gated_deviation(gate: HardThreshold | SoftThreshold) -> None:
    system = IntegralFeedback(0.1, 2.0, 1.0, 0.3)
    found = system.trajectory(PiecewiseLinear.step(3.0), np.linspace(0, 10, 20001))
    grown = Plasticity(4.0, gate).course(found)

    def gated(t: float) -> float:
        u = system.trajectory(PiecewiseLinear.step(3.0), np.array([t])).u - 0.3
        return float(gate(u)[0]) / 4.0

    parts = [0.0, *crossings(found, 0.5), 10.0]
    expected = math.fsum(quad(gated, a, b, epsabs=1e-10)[0] for a, b in pairwise(parts))
    assert grown[0] == 0
    assert Plasticity(4.0, gate).change(found) == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(np.diff(grown).sum(), grown[-1], rtol=1e-12)


def crossings(trajectory: Trajectory, theta: float) -> list[float]:
    """Times at which the size of a trajectory's deviation passes theta."""
    beyond = np.abs(trajectory.u - trajectory.set_point) - theta
    k = np.flatnonzero(np.diff(np.sign(beyond)))
    share = beyond[k] / (beyond[k] - beyond[k + 1])
    found: list[float] = (trajectory.time[k] + share * np.diff(trajectory.time)[k]).tolist()
    return found


def test_a_maxwell_unit_learns_the_contrast_from_a_sawtooth() -> None:
    saw = Sawtooth(tau_f=0.5, tau_s=20.0)
    signal = PiecewiseLinear.cycles(saw, amplitude=3.0, mean=7.0, count=2)
    t = np.linspace(saw.period, 2 * saw.period, 40001)
    found = MaxwellUnit(k=200.0, gamma=1.0).trajectory(signal, t)
    change = Plasticity(1.0, HardThreshold(1.0)).change(found)
    assert change == pytest.approx(3.0, rel=0.02)
    np.testing.assert_allclose(signal(t), 7.0 + 3.0 * (saw.values(t) - 0.5), atol=1e-12)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_bad_parameters_are_refused(value: float) -> None:
    with pytest.raises(InputError, match="IntegralFeedback: tau_u = "):
        IntegralFeedback(value, 1.0, 1.0)
    with pytest.raises(InputError, match="MaxwellUnit: gamma = "):
        MaxwellUnit(1.0, value)
    with pytest.raises(InputError, match="CapacitorMemristor: r = "):
        CapacitorMemristor(value, 1.0)
    with pytest.raises(InputError, match="NegativeAutoregulation: u_s = "):
        NegativeAutoregulation(1.0, 1.0, value, 1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="Plasticity: tau_l = "):
        Plasticity(value, HardThreshold(0.0))
    with pytest.raises(InputError, match="Dimers: association = "):
        Dimers(BENT, BENT, value)


@pytest.mark.parametrize("s", [0.5, 0.1, -3.0])
def test_signals_too_weak_for_a_set_point_are_refused(s: float) -> None:
    for method in (PAPER.store, PAPER.kernel, PAPER.time_constant):
        with pytest.raises(InputError, match=r"above u_0/k_a = 0\.5"):
            method(s)
    if s > 0:
        with pytest.raises(InputError, match=r"above u_0/k_a = 0\.5"):
            PAPER.trajectory(PiecewiseLinear.step(5.0, start=s), TIMES)


def test_signals_that_use_up_the_store_are_refused() -> None:
    with pytest.raises(InputError, match="no m is left at t = "):
        PAPER.trajectory(PiecewiseLinear.step(-2.8, start=3.0), np.array([0.0, 100.0]))
    with pytest.raises(InputError, match="must not be negative"):
        PAPER.trajectory(PiecewiseLinear.step(-4.0, start=3.0), np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("corners", "values", "match"),
    [
        ([0.0, 2.0, 1.0], [0.0, 1.0, 2.0], "must not decrease, but 2 is followed by 1"),
        ([0.0, 1.0], [0.0], "lists of one length"),
        ([], [], "lists of one length"),
        ([0.0, math.nan], [0.0, 1.0], "times holds nan"),
        ([0.0], ["1"], "values"),
    ],
)
def test_bad_signals_are_refused(corners: list[float], values: list[float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        PiecewiseLinear(np.array(corners), np.array(values))


@pytest.mark.parametrize("t", [[1.0, 1.0], [2.0, 1.0], [], 3.0, [0.0, math.nan], ["a"]])
def test_bad_times_are_refused(t: list[float]) -> None:
    for system in (SYSTEMS[0], MaxwellUnit(1.0, 1.0)):
        with pytest.raises(InputError, match=r"trajectory: t"):
            system.trajectory(BENT, t)


@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_bad_numbers_of_cycles_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="count"):
        PiecewiseLinear.cycles(Sawtooth(1.0, 2.0), 1.0, 0.0, count)


@pytest.mark.parametrize("value", ["3", True, math.nan, math.inf, None])
def test_bad_heights_amplitudes_and_levels_are_refused_by_name(value: float) -> None:
    with pytest.raises(InputError, match="signal: height = "):
        PiecewiseLinear.step(value)
    with pytest.raises(InputError, match="signal: start = "):
        PiecewiseLinear.step(1.0, start=value)
    with pytest.raises(InputError, match="signal: amplitude = "):
        PiecewiseLinear.cycles(Sawtooth(1.0, 2.0), value, 0.0)
    for system in (SYSTEMS[0], MaxwellUnit(1.0, 1.0), CapacitorMemristor(1.0, 1.0)):
        with pytest.raises(InputError, match=": s = "):
            system.store(value)


@pytest.mark.parametrize(
    "system", [IntegralFeedback(1.0, 2.0, 3.0), MaxwellUnit(1.0, 2.0), CapacitorMemristor(1.0, 2.0)]
)
def test_a_kernel_is_asked_for_at_a_number(system: FeedbackSystem) -> None:
    with pytest.raises(InputError, match="s = nan must be a finite number"):
        system.kernel(np.nan)
