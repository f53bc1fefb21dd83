"""The paper's kernels: published values, moments by quadrature, their equations, and refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_checks import NODES, WEIGHTS
from scipy.integrate import solve_ivp

from tcl_circuits import InputError, kernels
from tcl_circuits.kernels import ExponentialKernel, Kernel

times = st.floats(1e-6, 1e6)
gains = st.floats(1e-3, 1e3)


def value(kernel: Kernel, t: float) -> float:
    return float(kernel(np.array(t)))


def moments(kernel: Kernel, edges: np.ndarray, damping: float = 0.0) -> tuple[float, float]:
    """Area and first moment of ``K exp(-damping t)`` by Gauss-Legendre between edges."""
    half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    x = middle[:, None] + half[:, None] * NODES
    pieces = half[:, None] * WEIGHTS * kernel(x) * np.exp(-damping * x)
    return kernel.delta + float(pieces.sum()), float((pieces * x).sum())


def test_chemotaxis_has_the_papers_values() -> None:
    assert value(kernels.chemotaxis(0.05), 0.01) == pytest.approx(58.94861422, abs=1e-8)
    assert value(kernels.chemotaxis(0.05, area=0.05), 0.01) == pytest.approx(59.40710344, abs=1e-8)
    alpha, lam = 20.0**3, 10.0
    t = np.linspace(0, 1, 50)
    np.testing.assert_allclose(
        kernels.chemotaxis(0.05)(t), alpha * np.exp(-20 * t) * (t - lam * t**2), atol=1e-12
    )


@given(times, st.floats(-5, 5))
def test_chemotaxis_moments(tau_k: float, relative_area: float) -> None:
    kernel = kernels.chemotaxis(tau_k, area=relative_area / tau_k)
    area, moment = moments(kernel, tau_k * np.linspace(0, 60, 61))
    assert kernel.first_moment == -1.0
    assert kernel.area == relative_area / tau_k
    assert area == pytest.approx(kernel.area, abs=1e-12 / tau_k * (1 + abs(relative_area)))
    assert moment == pytest.approx(-1.0, abs=1e-11)


def test_chemotaxis_where_the_papers_lambda_is_infinite() -> None:
    kernel = kernels.chemotaxis(0.05, area=-20 / 3)
    area, moment = moments(kernel, np.linspace(0, 3, 61))
    assert (area, moment) == pytest.approx((-20 / 3, -1.0), abs=1e-11)


@given(gains, gains)
def test_maxwell_moments(k: float, gamma: float) -> None:
    kernel, tau = kernels.maxwell(k, gamma), gamma / k
    area, moment = moments(kernel, tau * np.linspace(0, 60, 61))
    assert kernel.area == 0.0
    assert kernel.first_moment == -gamma
    assert kernel.delta == k
    assert area == pytest.approx(0.0, abs=1e-12 * k)
    assert moment == pytest.approx(-gamma, rel=1e-11)


def test_integral_feedback_has_the_papers_values() -> None:
    kernel = kernels.integral_feedback(0.1, 2.0, 1.0)
    assert value(kernel, 0.0) == pytest.approx(10.0, rel=1e-14)
    assert value(kernel, 1.0) == pytest.approx(-0.347305, abs=5e-7)


# 4 tau_u = 1: critical at tau_m = 1 and around it.
CRITICAL = [1.0, 1 + 1e-9, 1 - 1e-9, 1 + 1e-5, 1 - 1e-5, 1 + 1.1e-4, 1 - 1.1e-4, 1 + 1e-3, 1 - 1e-3]


@pytest.mark.parametrize("tau_m", [1e-3, 0.1, *CRITICAL, 7.0, 1e4])
def test_integral_feedback_follows_its_equations(tau_m: float) -> None:
    tau_u, k = 0.25, 1.0
    kernel = kernels.integral_feedback(tau_u, tau_m, k)
    t = np.linspace(0, 6 * tau_u, 25)

    def law(_: float, y: np.ndarray) -> list[float]:
        u, m = y
        return [(-u - k * m) / tau_u, u / tau_m]

    # A delta function in s lifts u by k/tau_u at once.
    solved = solve_ivp(law, (0, t[-1]), [k / tau_u, 0.0], t_eval=t, rtol=1e-11, atol=1e-12, method="DOP853")
    np.testing.assert_allclose(kernel(t), solved.y[0], atol=2e-9 * k / tau_u)
    assert kernel.area == 0.0
    assert kernel.first_moment == -tau_m


@given(times, st.floats(1e-4, 1e4), gains)
def test_integral_feedback_transform(tau_u: float, ratio: float, k: float) -> None:
    tau_m = tau_u * k * ratio
    kernel = kernels.integral_feedback(tau_u, tau_m, k)
    assert abs(kernel.laplace(0.0)) <= 1e-11 * k
    for p in (0.01 / tau_m, 1 / tau_u, 1j / tau_m):
        exact = k * p * tau_m / (tau_u * tau_m * p**2 + tau_m * p + k)
        assert kernel.laplace(p) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("ratio", [0.01, 1.0, 4.0, 4.0001, 4.1, 100.0])
def test_integral_feedback_moments(ratio: float) -> None:
    tau_u, k = 0.3, 5.0
    tau_m = tau_u * k * ratio
    kernel = kernels.integral_feedback(tau_u, tau_m, k)
    slowest = tau_u * max(2.0, ratio)
    area, moment = moments(kernel, np.linspace(0, 60 * slowest, 4001))
    assert area == pytest.approx(0.0, abs=1e-12 * k)
    assert moment == pytest.approx(-tau_m, abs=1e-10 * tau_m)


def test_sine_of_the_published_code_and_of_the_text() -> None:
    code, text = kernels.sine(), kernels.sine(1 / 3, period=1.0, length=0.1)
    assert code.area == 0.0
    assert code.first_moment == pytest.approx(-0.01 / (6 * np.pi), rel=1e-14)
    assert value(text, 0.05) == pytest.approx(np.sin(0.1 * np.pi) / 3, rel=1e-14)
    assert value(text, 0.1001) == 0.0
    for kernel in (code, text):
        area, moment = moments(kernel, np.linspace(0, 0.1, 11))
        assert (area, moment) == pytest.approx((kernel.area, kernel.first_moment), abs=1e-16)


def test_exponentials_have_the_moments_and_the_transform_of_their_terms() -> None:
    rates, weights = [0.5, 2 + 3j, 2 - 3j, 40.0], [0.5, 1 + 2j, 1 - 2j, -3.0]
    for cutoff in (None, 1.7, 1e-3):
        kernel = kernels.exponentials(rates, weights, delta=0.3, cutoff=cutoff)
        end = 90.0 if cutoff is None else cutoff
        area, moment = moments(kernel, np.linspace(0, end, 2001))
        assert (area, moment) == pytest.approx((kernel.area, kernel.first_moment), rel=1e-11, abs=1e-13)
        transform = moments(kernel, np.linspace(0, min(end, 30), 401), damping=1.3)[0]
        assert kernel.laplace(1.3).real == pytest.approx(transform, rel=1e-12)
    whole = kernels.exponentials(rates, weights)
    t = np.linspace(0, 3, 7)
    terms = np.exp(-np.outer(t, rates)) @ np.array(weights)
    np.testing.assert_allclose(whole(t), terms.real, atol=1e-14)


def test_kernels_are_causal() -> None:
    before = np.array([-1e-9, -3.0])
    for kernel in (kernels.chemotaxis(0.1), kernels.maxwell(1, 2), kernels.sine(), kernels.rc(1e6, 1e-12)):
        assert not np.any(kernel(before))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: kernels.chemotaxis(0.0), "tau_k"),
        (lambda: kernels.chemotaxis(np.nan), "tau_k"),
        (lambda: kernels.chemotaxis("0.05"), "tau_k"),  # type: ignore[arg-type]
        (lambda: kernels.chemotaxis(True), "tau_k"),
        (lambda: kernels.chemotaxis(1.0, np.inf), "area"),
        (lambda: kernels.chemotaxis(1e-200), "range of numbers"),
        (lambda: kernels.maxwell(-1.0, 1.0), "k = -1"),
        (lambda: kernels.maxwell(1.0, -2.0), "gamma = -2"),
        (lambda: kernels.integral_feedback(0.0, 1.0, 1.0), "tau_u"),
        (lambda: kernels.integral_feedback(1.0, -1.0, 1.0), "tau_m"),
        (lambda: kernels.integral_feedback(1.0, 1.0, np.nan), "k = nan"),
        (lambda: kernels.sine(period=-0.1), "period"),
        (lambda: kernels.sine(length=0.0), "length"),
        (lambda: kernels.sine(amplitude=0.0), "amplitude"),
        (lambda: kernels.exponentials([1.0, -2.0], [1.0, 1.0]), "rates holds -2"),
        (lambda: kernels.exponentials([0.0], [1.0], cutoff=1.0), "rates holds 0"),
        (lambda: kernels.exponentials([1.0, 2.0], [1.0]), "one length"),
        (lambda: kernels.exponentials([1.0, np.nan], [1.0, 1.0]), "rates holds nan"),
        (lambda: kernels.exponentials(["a"], [1.0]), "rates"),
        (lambda: kernels.exponentials([1 + 1j], [1.0]), "complex conjugate"),
        (lambda: kernels.exponentials([1 + 1j, 1 - 1j], [1 + 1j, 1 + 1j]), "complex conjugate"),
        (lambda: kernels.exponentials([1.0], [1.0], cutoff=-1.0), "cutoff"),
        (lambda: kernels.exponentials([1.0], [1.0], delta=np.nan), "delta"),
        (lambda: kernels.tabulated([0.0, 2.0, 1.0], [1.0, 1.0, 1.0]), "must increase"),
        (lambda: kernels.tabulated([-1.0, 2.0], [1.0, 1.0]), "begins at -1"),
        (lambda: kernels.tabulated([0.0, 1.0], [1.0, np.nan]), "values holds nan"),
        (lambda: kernels.tabulated([0.0, 1.0], [1.0]), "one length"),
        (lambda: kernels.tabulated([0.0], [1.0]), "at least 2"),
        (lambda: kernels.tabulated(["0", "1"], [1.0, 2.0]), "times"),
    ],
)
def test_bad_parameters_are_refused_by_name(make: Callable[[], ExponentialKernel], named: str) -> None:
    with pytest.raises(InputError, match=named):
        make()


@given(st.lists(st.tuples(st.floats(0.01, 2), st.floats(-3, 3)), min_size=1, max_size=8), st.floats(0, 2))
def test_tabulated_moments(steps: list[tuple[float, float]], start: float) -> None:
    t = start + np.concatenate([[0.0], np.cumsum([step for step, _ in steps])])
    kernel = kernels.tabulated(t, np.array([0.7, *(height for _, height in steps)]))
    area, moment = moments(kernel, t)
    assert (area, moment) == pytest.approx((kernel.area, kernel.first_moment), rel=1e-12, abs=1e-12)
