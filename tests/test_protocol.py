"""The sawtooth: corners, polarity, chirp, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcl_circuits import InputError, Sawtooth

durations = st.tuples(st.floats(1e-9, 1.0), st.floats(1.001, 1e4)).map(lambda p: (p[0], p[0] * p[1]))


@given(durations, st.sampled_from(["standard", "inverted"]))
def test_free_at_both_ends_and_fully_nudged_at_the_corner(taus: tuple[float, float], polarity: str) -> None:
    saw = Sawtooth(*taus, polarity)  # type: ignore[arg-type]
    times, values = saw.breakpoints
    assert times[-1] == pytest.approx(sum(taus))
    assert values.tolist() == [0.0, 1.0, 0.0]
    start, stop = saw.fast_ramp
    assert stop - start == pytest.approx(saw.tau_f)
    assert saw.values(times[1:2])[0] == pytest.approx(1.0)
    assert saw.sign * (values[1] - values[0]) == (1 if start == 0 else -1)


@given(durations, st.floats(1e-3, 1.0))
def test_chirp_keeps_the_ratio_and_scales_the_period(taus: tuple[float, float], factor: float) -> None:
    saw = Sawtooth(*taus)
    short = saw.chirp(factor)
    assert short.ratio == pytest.approx(saw.ratio)
    assert short.period == pytest.approx(factor * saw.period)


def test_values_are_periodic() -> None:
    saw = Sawtooth(2.0, 10.0)
    t = np.linspace(0, 11.9, 50)
    np.testing.assert_allclose(saw.values(t + 3 * saw.period), saw.values(t), atol=1e-12)


@pytest.mark.parametrize(
    ("tau_f", "tau_s", "named"),
    [
        (0.0, 1.0, "tau_f"),
        (-1.0, 1.0, "tau_f"),
        (np.nan, 1.0, "tau_f"),
        (1.0, np.inf, "tau_s"),
        (2.0, 1.0, "tau_s"),
    ],
)
def test_bad_durations_are_refused_by_name(tau_f: float, tau_s: float, named: str) -> None:
    with pytest.raises(InputError, match=named):
        Sawtooth(tau_f, tau_s)


def test_bad_polarity_and_chirp_are_refused() -> None:
    with pytest.raises(InputError, match="polarity"):
        Sawtooth(1.0, 2.0, "upside down")  # type: ignore[arg-type]
    for factor in (0.0, 1.1, float("nan"), "0.5", True):
        with pytest.raises(InputError, match="chirp: factor = "):
            Sawtooth(1.0, 2.0).chirp(factor)  # type: ignore[arg-type]


def test_the_period_must_be_finite() -> None:
    with pytest.raises(InputError, match="period that is not finite"):
        Sawtooth(1e308, 1.7e308)
