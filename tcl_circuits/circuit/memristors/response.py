"""A single device under a voltage, solved accurately in NumPy."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, finite_array
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.excitation import Excitation
from tcl_circuits.errors import InputError, TclError

if TYPE_CHECKING:
    import xarray as xr

_RTOL, _ATOL = 1e-9, 1e-11
_AT_BOUND = 1e-12
"""Slack of a bound: a state that starts on it and moves inwards slowly has not arrived there."""
_FEWEST_POINTS = 8


def simulate_device(
    model: Memristor,
    voltage: Excitation,
    start: float | None = None,
    points: int = 2000,
    times: FloatArray | None = None,
) -> xr.Dataset:
    """Solve a device's state equation under a voltage.

    The time axis is cut where the voltage turns, where it crosses 0 V and where the model says that motion
    begins or ends; in between an explicit Runge-Kutta method of order 8 runs to 1e-9, and a state that
    reaches a bound stays there to the end of its piece.

    Parameters
    ----------
    model : Memristor
        The device.
    voltage : Excitation
        :class:`Sine` or :class:`Ramps`.
    start : float, optional
        State at t = 0, in the model's unit; by default :attr:`Memristor.usual_start`, and of a volatile state
        its rest at the first voltage.
    points : int
        Number of times, evenly over the duration; those of the cuts are added.
    times : ndarray, optional
        Increasing times of the answer [s], instead.

    Returns
    -------
    xarray.Dataset
        ``voltage`` [V], ``current`` [A] from p to n, ``state``, ``conductance`` [S] at small voltages over
        ``time`` [s], units in ``attrs``.

    Raises
    ------
    InputError
        If the start lies out of bounds, there are too few points, or the times can't be used.
    TclError
        If the integration fails.
    """
    if not isinstance(points, int) or points < _FEWEST_POINTS:
        raise InputError(f"simulate_device: points = {points!r} must be at least {_FEWEST_POINTS}")
    share = float(model.scaled(first_state(model, voltage, start)))
    cuts = _cuts(model, voltage)
    evenly = np.union1d(np.linspace(0, voltage.duration, points), cuts)
    wanted = evenly if times is None else _checked_times(times, voltage)
    shares = np.empty(wanted.size)
    for begin, end in pairwise(cuts.tolist()):
        inside = (wanted >= begin) & (wanted <= end)
        shares[inside], share = _piece(model, voltage, (begin, end), share, wanted[inside])
    return device_waveforms(model, wanted, voltage(wanted), model.unscaled(shares))


def _checked_times(times: FloatArray, voltage: Excitation) -> FloatArray:
    wanted = finite_array("simulate_device", "times", times)
    last = voltage.duration
    if wanted.ndim != 1 or wanted.size < 1 or np.any(np.diff(wanted) <= 0):
        raise InputError("simulate_device: times must be a list of increasing times")
    if wanted[0] < 0 or wanted[-1] > last * (1 + 1e-9):
        raise InputError(
            f"simulate_device: times = {wanted[0]:g} .. {wanted[-1]:g} s must lie in 0 .. {last:g} s"
        )
    return np.minimum(wanted, last)


def first_state(model: Memristor, voltage: Excitation, start: float | None) -> float:
    """State at t = 0, checked against the bounds."""
    if start is None:
        if not model.volatile:
            return model.usual_start
        low, high = model.bounds
        rest = low + model.drift(np.array(low), voltage(np.array(0.0))) * model.time_scale
        return float(np.clip(rest, low, high))
    low, high = model.bounds
    value, slack = finite(model.name, "start", start), 1e-9 * (high - low)
    if not low - slack <= value <= high + slack:
        raise InputError(f"{model.name}: start = {value:g} lies outside its bounds {low:g} .. {high:g}")
    return min(max(value, low), high)


def device_waveforms(model: Memristor, time: FloatArray, volts: FloatArray, state: FloatArray) -> xr.Dataset:
    """Label a device's waveforms; the current is the model's own at these voltages and states."""
    import xarray as xr

    columns = {
        "voltage": (volts, "V", "voltage"),
        "current": (model.current(state, volts), "A", "current"),
        "state": (state, model.state_unit or "1", f"state {model.state_name}"),
        "conductance": (model.conductance(state), "S", "conductance at small voltages"),
    }
    return xr.Dataset(
        {
            key: ("time", values, {"units": unit, "long_name": text})
            for key, (values, unit, text) in columns.items()
        },
        coords={"time": ("time", time, {"units": "s"})},
        attrs={"model": model.name, "current_sign": "positive from p through the device to n"},
    )


def _cuts(model: Memristor, voltage: Excitation) -> FloatArray:
    """Times between which the voltage is smooth and monotone and no level of the model is crossed."""
    crossed = [voltage.crossings(level) for level in (0.0, *model.levels)]
    times = np.unique(np.concatenate([voltage.turns, *crossed]))
    apart = np.diff(times, prepend=-np.inf) > 1e-12 * voltage.duration
    cuts = times[apart]
    cuts[-1] = voltage.duration
    return cuts


def _piece(
    model: Memristor, voltage: Excitation, span: tuple[float, float], share: float, wanted: FloatArray
) -> tuple[FloatArray, float]:
    """Scaled states at the wanted times of one piece, and at its end."""
    from scipy.integrate import solve_ivp

    low, high = model.bounds

    def motion(t: float, y: FloatArray) -> FloatArray:
        """On a clock of its own: the share of the piece that has passed."""
        moment = np.array([begin + t * length])
        return model.drift(low + (high - low) * np.clip(y, 0, 1), voltage(moment)) * length / (high - low)

    begin, length = span[0], span[1] - span[0]
    edge = 0.0 if share <= _AT_BOUND else 1.0 if share >= 1 - _AT_BOUND else None
    if edge is not None and (2 * edge - 1) * float(motion(0.5, np.array([edge]))[0]) >= 0:
        return np.full(wanted.size, edge), edge

    def falls(_: float, y: FloatArray) -> float:
        return float(y[0]) + _AT_BOUND

    def rises(_: float, y: FloatArray) -> float:
        return float(y[0]) - 1 - _AT_BOUND

    for event, direction in ((falls, -1.0), (rises, 1.0)):
        event.terminal, event.direction = True, direction  # type: ignore[attr-defined]
    # Asked for times instead of an interpolant, solve_ivp takes a bound that is reached where a step ends.
    clock, place = np.unique(np.append((wanted - begin) / length, (0.0, 1.0)), return_inverse=True)
    found = solve_ivp(
        motion,
        (0.0, 1.0),
        [share],
        method="DOP853",
        rtol=_RTOL,
        atol=_ATOL,
        t_eval=clock,
        events=[falls, rises],
    )
    if found.status < 0 or found.t_events is None:
        raise TclError(f"{model.name}: its state equation could not be integrated: {found.message}")
    before = np.clip(found.y[0], 0, 1)
    last = float(found.t_events[1].size) if found.status == 1 else float(before[-1])
    values = np.append(before, np.full(clock.size - before.size, last))
    return values[place[:-2]], last
