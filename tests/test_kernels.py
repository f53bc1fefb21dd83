"""The capacitor-memristor kernel of Eq. 25, against quadrature and the closed form on a ramp."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from tcl_circuits import InputError, kernels

ohms, farads = st.floats(1e2, 1e9), st.floats(1e-15, 1e-6)


@given(ohms, farads, st.one_of(st.none(), st.floats(1e3, 1e10)))
def test_area_and_first_moment_are_those_of_the_kernel(r: float, c: float, leak: float | None) -> None:
    kernel = kernels.rc(r, c, leak)
    tau = kernel.tau
    area, _ = quad(lambda x: tau * float(kernel(np.array(x * tau))), 0, 60, limit=200)
    moment, _ = quad(lambda x: tau * x * tau * float(kernel(np.array(x * tau))), 0, 60, limit=200)
    assert kernel.delta + area == pytest.approx(kernel.area, abs=1e-8 * kernel.delta)
    assert moment == pytest.approx(kernel.first_moment, rel=1e-8)


def test_without_leak_the_area_is_zero_and_the_first_moment_minus_c() -> None:
    kernel = kernels.rc(1e6, 1e-12)
    assert kernel.area == 0.0
    assert kernel.first_moment == pytest.approx(-1e-12, rel=1e-14)
    assert kernel.tau == pytest.approx(1e-6)


@pytest.mark.parametrize("c", [1e-300, 1e-170, 1e200, 1e300])
def test_first_moment_of_extreme_capacitors(c: float) -> None:
    assert kernels.rc(1.0, c).first_moment == -c
    assert kernels.rc(1.0, c, leak=3.0).first_moment == pytest.approx(-c * 9 / 16, rel=1e-14)


def test_ramp_response_is_the_papers() -> None:
    kernel = kernels.rc(1e6, 1e-12)
    t = np.linspace(0, 1e-5, 101)
    u = kernel.response(t, 3e4 * t)
    np.testing.assert_allclose(u, 1e-12 * 3e4 * (1 - np.exp(-t / 1e-6)), rtol=1e-12, atol=1e-22)


def test_response_agrees_with_the_differential_equation_with_leak() -> None:
    r, c, leak = 2e5, 3e-12, 7e6
    times = np.array([0.0, 2e-6, 5e-6, 9e-6])
    volts = np.array([0.4, 1.0, -0.3, -0.3])
    u = kernels.rc(r, c, leak).response(times, volts)

    def charging(t: float, v: np.ndarray) -> np.ndarray:
        slope: np.ndarray = ((np.interp(t, times, volts) - v) / r - v / leak) / c
        return slope

    start = volts[:1] * leak / (r + leak)
    solved = solve_ivp(charging, (0, times[-1]), start, t_eval=times, max_step=5e-8, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(u, (volts - solved.y[0]) / r, atol=1e-9 * np.abs(u).max())


@pytest.mark.parametrize(
    ("r", "c"), [(0.0, 1e-12), (1e6, -1e-12), (np.nan, 1e-12), (1e6, np.inf), ("1k", 1e-12), (1e6, True)]
)
def test_bad_parts_are_refused(r: float, c: float) -> None:
    with pytest.raises(InputError, match="rc kernel"):
        kernels.rc(r, c)


@pytest.mark.parametrize("leak", [0.0, -1.0, np.nan, "1M", True])
def test_bad_leaks_are_refused(leak: float) -> None:
    with pytest.raises(InputError, match="rc kernel: leak = "):
        kernels.rc(1e6, 1e-12, leak)
