"""The periodic response: against quadrature, against 200 digits at extreme ratios, and its symmetries."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_checks import by_quadrature, in_decimals, sawtooth
from scipy.integrate import solve_ivp

from tcl_circuits import InputError, kernels
from tcl_circuits.kernels import Kernel, steady
from tcl_circuits.kernels.periodic import PeriodicSignal


class Case(NamedTuple):
    """A kernel, how long it lasts, the step that resolves it, and its corners."""

    kernel: Kernel
    memory: float
    step: float
    corners: tuple[float, ...] = ()


TABLE = [0.2, 0.5, 0.6, 1.4], [1.0, -2.0, 0.5, 0.3]
CASES = {
    "chemotaxis": Case(kernels.chemotaxis(0.1), 5.0, 0.1),
    "chemotaxis with area": Case(kernels.chemotaxis(0.1, area=-0.7), 5.0, 0.1),
    "rc": Case(kernels.rc(2.0, 0.3), 24.0, 0.3),
    "leaky rc": Case(kernels.rc(2.0, 0.3, leak=5.0), 24.0, 0.3),
    "maxwell": Case(kernels.maxwell(2.0, 0.3), 6.0, 0.1),
    "overdamped feedback": Case(kernels.integral_feedback(0.1, 2.0, 1.0), 80.0, 0.1),
    "critical feedback": Case(kernels.integral_feedback(0.1, 0.4, 1.0), 10.0, 0.1),
    "nearly critical feedback": Case(kernels.integral_feedback(0.1, 0.4 * (1 + 3e-5), 1.0), 10.0, 0.1),
    "underdamped feedback": Case(kernels.integral_feedback(0.5, 0.01, 1.0), 40.0, 0.05),
    "sine": Case(kernels.sine(), 0.1, 0.02, (0.1,)),
    "sine of the text": Case(kernels.sine(1 / 3, period=1.0, length=0.1), 0.1, 0.1, (0.1,)),
    "three and a half waves": Case(kernels.sine(1.0, period=0.2, length=0.7), 0.7, 0.04, (0.7,)),
    "table": Case(kernels.tabulated(*TABLE), 1.4, 0.4, tuple(TABLE[0])),
    "complex exponentials": Case(
        kernels.exponentials([1, 2 + 3j, 2 - 3j, 30], [0.5, 1 + 2j, 1 - 2j, -4], delta=0.3), 40.0, 0.03
    ),
    "cut exponentials": Case(
        kernels.exponentials([1, 2 + 3j, 2 - 3j], [0.5, 1 + 2j, 1 - 2j], cutoff=1.5), 1.5, 0.2, (1.5,)
    ),
}
RAMPS = [(2.0, 10.0), (0.02, 1.0), (1 / 3, 2 / 3), (0.04, 0.06), (0.01, 0.03), (0.2, 0.5)]


@pytest.mark.parametrize("ramps", RAMPS, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_response_is_the_convolution(name: str, ramps: tuple[float, float]) -> None:
    case, signal = CASES[name], sawtooth(*ramps, amplitude=3.0, mean=0.7)
    found = case.kernel.steady_response(signal)
    t = np.random.default_rng(3).uniform(0, signal.period, 6)
    expected = [
        by_quadrature(case.kernel, signal, at, case.memory, case.step, np.array(case.corners)) for at in t
    ]
    # Where the answer is small, quadrature is only as good as the signal is large.
    rounding = (
        1e-14 * case.memory / case.step * 3 * np.abs(case.kernel(np.linspace(0, case.memory, 500))).max()
    )
    np.testing.assert_allclose(found(t), expected, rtol=2e-11, atol=rounding * case.step)


@pytest.mark.parametrize("name", CASES)
def test_several_corners_and_several_kinds_of_pieces(name: str) -> None:
    case = CASES[name]
    signal = PeriodicSignal(np.array([0.5, 1e-3, 0.04, 3.0, 0.2]), np.array([0.3, 1.0, -2.0, 0.4, 0.5]))
    found = case.kernel.steady_response(signal)
    for t in (0.2, 0.5004, 0.53, 0.6, 1.9, 3.6):
        expected = by_quadrature(case.kernel, signal, t, case.memory, case.step, np.array(case.corners))
        assert float(found(np.array(t))) == pytest.approx(expected, rel=1e-10, abs=2e-11)


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 0.1, 0.4, 0.9, 2.5, 30.0, 1e3, 1e6])
@pytest.mark.parametrize("slow", [1.5, 40.0, 1e6])
@pytest.mark.parametrize("area", [0.0, 0.75])
def test_every_ratio_of_ramp_to_memory_is_exact(ratio: float, slow: float, area: float) -> None:
    tau_k = 0.0625
    signal = sawtooth(ratio * tau_k, ratio * tau_k * slow)
    found = kernels.chemotaxis(tau_k, area).steady_response(signal)
    weights = [Decimal(0), Decimal(256 * (3 * area + 16)), Decimal(-4096 * (16 + 2 * area))]
    points = [(p, share * signal.durations[p]) for p in (0, 1) for share in (0.0, 0.02, 0.3, 0.7, 0.99)]
    exact = np.array([float(in_decimals(16.0, weights, signal, p, x)) for p, x in points])
    piece, x = np.array([p for p, _ in points]), np.array([x for _, x in points])
    np.testing.assert_allclose(found.at(piece, x), exact, atol=1e-13 * np.abs(exact).max())


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if not isinstance(case.kernel, kernels.TabulatedKernel)]
)
def test_short_and_long_forms_agree_where_both_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = CASES[name].kernel
    for period in (0.01, 0.05, 0.3):
        signal = sawtooth(0.3 * period, 0.7 * period)
        t = np.linspace(0, period, 41)
        reach = signal.period * max(abs(rate) for rate in getattr(kernel, "rates", [1 / 0.6]))
        monkeypatch.setattr(steady, "_SHORT", min(1.0, 0.1 * reach))
        by_states = kernel.steady_response(signal)(t)
        if reach > 2.5:
            continue
        monkeypatch.setattr(steady, "_SHORT", 3.0)
        by_parts = kernel.steady_response(signal)(t)
        np.testing.assert_allclose(by_parts, by_states, atol=1e-9 * np.abs(by_parts).max() + 1e-14)


def test_response_agrees_with_the_differential_equation() -> None:
    tau_u, tau_m, k = 0.1, 2.0, 1.0
    signal = sawtooth(0.4, 1.1, amplitude=2.0, mean=0.5)

    def law(t: float, y: np.ndarray) -> list[float]:
        u, m = y
        return [(-u + k * (float(signal(np.array(t))) - m)) / tau_u, u / tau_m]

    # 40 cycles, 30 memory times, after the beginning of everything.
    start, cycles = [0.0, 0.0], 40
    for cycle in range(cycles):
        for first, duration in zip(signal.starts, signal.durations, strict=True):
            times = cycle * signal.period + first + np.linspace(0, duration, 9)
            solved = solve_ivp(
                law, (times[0], times[-1]), start, t_eval=times, rtol=1e-11, atol=1e-13, method="DOP853"
            )
            start = solved.y[:, -1].tolist()
    found = kernels.integral_feedback(tau_u, tau_m, k).steady_response(signal)
    np.testing.assert_allclose(found(times[:-1]), solved.y[0, :-1], atol=1e-8)


@pytest.mark.parametrize("name", CASES)
def test_integral_and_derivative(name: str) -> None:
    case, signal = CASES[name], sawtooth(0.3, 0.9, mean=0.4)
    u = case.kernel.steady_response(signal)
    rate, total = u.derivative(), u.antiderivative()
    t = np.random.default_rng(0).uniform(0.001, 1.199, 40)
    h = 1e-6
    np.testing.assert_allclose(rate(t), (u(t + h) - u(t - h)) / (2 * h), atol=1e-5 * np.abs(rate(t)).max())
    np.testing.assert_allclose(u(t), (total(t + h) - total(t - h)) / (2 * h), atol=1e-5 * np.abs(u(t)).max())
    last = u.durations.size - 1
    whole = float(total.at(np.array(last), u.durations[last]))
    assert whole == pytest.approx(case.kernel.area * 0.4 * signal.period, abs=1e-12)
    assert float(total(np.array(0.0))) == pytest.approx(0.0, abs=1e-15)


heights = st.lists(st.floats(-5, 5), min_size=4, max_size=4)


@pytest.mark.parametrize("name", CASES)
@given(heights, heights, st.floats(-3, 3))
def test_response_of_a_sum_is_the_sum_of_responses(
    name: str, first: list[float], second: list[float], factor: float
) -> None:
    durations = np.array([0.3, 0.05, 1.2, 0.4])
    a, b = np.array(first), np.array(second)
    t = np.linspace(0, 1.95, 14)
    respond = CASES[name].kernel.steady_response
    parts = [respond(PeriodicSignal(durations, values))(t) for values in (a, b)]
    whole = respond(PeriodicSignal(durations, a + factor * b))(t)
    scale = 1e-12 * (1 + max(np.abs(part).max() for part in parts))
    np.testing.assert_allclose(whole, parts[0] + factor * parts[1], atol=4 * scale)


@given(st.floats(0.2, 5), st.floats(0.1, 3))
def test_nothing_answers_before_it_is_asked(height: float, lead: float) -> None:
    # Two signals that differ on [lead, lead + .2] only; the table forgets after 1.4.
    durations = np.array([lead, 0.1, 0.1, 4.0])
    calm, bump = (PeriodicSignal(durations, np.array([0.3, -1.0, x, 0.8])) for x in (-0.1, height))
    kernel = CASES["table"].kernel

    def difference(t: np.ndarray) -> np.ndarray:
        return kernel.steady_response(bump)(t) - kernel.steady_response(calm)(t)

    before, after = np.linspace(0, lead + 0.2, 20), np.linspace(lead + 1.61, lead + 4.2, 20)
    np.testing.assert_allclose(difference(before), 0.0, atol=1e-12)
    np.testing.assert_allclose(difference(after), 0.0, atol=1e-12)
    assert np.abs(difference(np.array([lead + 0.55]))).max() > 1e-3


@given(st.floats(1e-3, 1e3), st.floats(0.01, 10), st.floats(1.01, 30))
def test_rescaling_of_time(scale: float, tau_f: float, ratio: float) -> None:
    t = np.linspace(0, tau_f * (1 + ratio), 23)
    u = kernels.integral_feedback(0.1, 2.0, 1.0).steady_response(sawtooth(tau_f, tau_f * ratio))(t)
    slow = kernels.integral_feedback(0.1 * scale, 2.0 * scale, 1.0).steady_response(
        sawtooth(tau_f * scale, tau_f * ratio * scale)
    )
    np.testing.assert_allclose(slow(t * scale), u, atol=1e-9 * np.abs(u).max())


@pytest.mark.parametrize(
    ("durations", "values", "named"),
    [
        ([1.0, 0.0], [0.0, 1.0], "durations holds 0"),
        ([1.0, np.nan], [0.0, 1.0], "durations holds nan"),
        ([1.0, 2.0], [0.0, np.inf], "values holds inf"),
        ([1.0, 2.0], [0.0], "one length"),
        ([], [], "at least 1"),
        (["1", "2"], [0.0, 1.0], "durations"),
    ],
)
def test_bad_signals_are_refused(durations: list[float], values: list[float], named: str) -> None:
    with pytest.raises(InputError, match=named):
        PeriodicSignal(durations, values)  # type: ignore[arg-type]


def test_a_cutoff_of_too_many_periods_is_refused() -> None:
    kernel = kernels.exponentials([1e9], [1.0], cutoff=10.0)
    with pytest.raises(InputError, match="at most 10000000"):
        kernel.steady_response(sawtooth(1e-8, 2e-8))
