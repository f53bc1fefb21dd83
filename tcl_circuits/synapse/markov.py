"""The ladder of Appendix H: a reversible Markov model of a synapse's memory, solved by linear algebra."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tcl_circuits import checks
from tcl_circuits.arrays import FloatArray
from tcl_circuits.errors import InputError
from tcl_circuits.kernels import ExponentialKernel
from tcl_circuits.synapse import ladder_rates as rates
from tcl_circuits.synapse.chain import ModalArray, Modes, relaxation_modes, steady_states

__all__ = ["Ladder", "ladder_kernels"]

PUBLISHED_LENGTH = 5.0
"""Markov time at which the paper cuts its kernels off."""
PUBLISHED_PACE = 5.0
"""Units of Markov time in one of the sawtooth's time: the paper takes its cut kernels to have length 1."""

_HIGHEST_GAMMA = 1e6
_HIGHEST_RATE_FACTOR = 1e12
_HIGHEST_SIGNAL = 1e9
_SMALLEST_STEP = 1e-6
"""Below it, a rung whose Delta E changes sign within the step would lose too many digits."""
_WORST_PRECISION = 1e-8
"""Of a kernel over its size."""
_WORST_NORMALISATION = 1e-6
"""Of the factor that makes a first moment -1."""


@dataclass(frozen=True)
class Ladder:
    """Ten states in two rows, driven around the ladder by gamma and up and down its rungs by the signal.

    States are numbered top row first, m = 0..4 in each. Time is Markov time: its unit is the inverse rate of
    a hop along the ladder's circulation. Signals are in the unit of Eq. H3, and above -18.2.

    Parameters
    ----------
    gamma : float
        Ratio of clockwise to counterclockwise horizontal rates relative to detailed balance (Eq. 15), > 0.
        At 1 nothing is dissipated; the smaller, the more.
    rate_factor : float
        F of Eq. H4, the slower rate of every rung, > 0.

    Raises
    ------
    InputError
        If a parameter is not positive and finite, or so large that rates overflow.
    """

    gamma: float
    rate_factor: float = 25.0

    def __post_init__(self) -> None:
        for name, value, highest in (
            ("gamma", self.gamma, _HIGHEST_GAMMA),
            ("rate_factor", self.rate_factor, _HIGHEST_RATE_FACTOR),
        ):
            if checks.positive("Ladder", name, value) > highest:
                raise InputError(f"Ladder: {name} = {value!r} must lie above 0 and not above {highest:g}")

    def generator(self, s: float = 0.0) -> FloatArray:
        """Matrix R of shape (10, 10) of ``dp/dt = R p`` (Eq. H1); R[i, j] is the rate from j to i."""
        return np.asarray(rates.generators(*_stack([self], [_checked_signal(s)]))[0])

    def steady_state(self, s: float = 0.0) -> FloatArray:
        """Occupancies of shape (10,) under a constant signal, each to full relative precision."""
        return steady_states(self.generator(s))

    def top_occupancy(self, s: float = 0.0) -> float:
        """Output u in the steady state: the occupancy of the top row (Eq. H5)."""
        return float(rates.TOP_ROW @ self.steady_state(s))

    def plaquette_currents(self, s: float = 0.0) -> FloatArray:
        """Net counterclockwise currents around the four plaquettes, of shape (4,), 1/time."""
        top = self.steady_state(s)[: rates.COLUMNS]
        return np.asarray(top[1:] - self._clockwise * top[:-1])

    def dissipation(self, s: float = 0.0) -> float:
        """Entropy production sigma in the steady state, in kT per unit of Markov time (Eq. H11).

        Equal to ``2 ln(1/gamma)`` times the sum of the plaquette currents. Its logarithms are formed from
        those of the rates, so that it is right down to the smallest gamma that a float can hold.
        """
        occupancy, log_hop = self.steady_state(s), 1 + math.log(self.gamma)
        (top, bottom), (log_top, log_bottom) = (np.split(x, 2) for x in (occupancy, np.log(occupancy)))
        up, down = (x[0] for x in rates.rung_rates(*_stack([self], [s])[1:]))
        terms = (
            (self._clockwise * top[:-1] - top[1:]) * (log_hop + log_top[:-1] - log_top[1:]),
            (self._clockwise * bottom[1:] - bottom[:-1]) * (log_hop + log_bottom[1:] - log_bottom[:-1]),
            (down * top - up * bottom) * (rates.rung_energies(s) + log_top - log_bottom),
        )
        # No edge produces less than 0; near detailed balance rounding can say so.
        return float(sum(np.maximum(term, 0.0).sum() for term in terms))

    @property
    def _clockwise(self) -> float:
        return float(rates.clockwise_rate(np.array(self.gamma)))

    def step_response(self, step: float, t: ArrayLike, s: float = 0.0) -> FloatArray:
        """Output u(t) when the signal steps from `s` to ``s + step`` at t = 0 (Eqs. H5, H10).

        Parameters
        ----------
        step : float
            Height of the step, of 1e-6 or more up or down.
        t : array_like
            Markov times; before 0 the output is that of the steady state.
        s : float
            Signal before the step.

        Returns
        -------
        ndarray of the shape of `t`
            Occupancy of the top row.
        """
        times = np.maximum(checks.finite_array("Ladder.step_response", "t", t), 0.0)[..., None]
        modes = _modes([self], [step], s)
        settled = -np.expm1(-modes.rates[0] * times) * (modes.weights[0] / modes.rates[0])
        return np.asarray(self.top_occupancy(s) + step * settled.sum(axis=-1).real)

    def response_kernel(self, step: float = 0.0, s: float = 0.0) -> ExponentialKernel:
        """Kernel as it is: the derivative of the step response over the step's height (Eq. H10), whole.

        Parameters
        ----------
        step : float
            Height of the step, of 1e-6 or more up or down; 0 is the limit of small steps up. The response is
            not linear, so that each height has its own kernel.
        s : float
            Signal before the step.

        Returns
        -------
        ExponentialKernel
            In Markov time, per unit of signal. Its area is the change of the steady state over the step.
        """
        modes = _modes([self], [step], s)
        return ExponentialKernel.of(modes.rates[0], modes.weights[0][:, None])

    def kernel(self, step: float = 0.0, s: float = 0.0, pace: float = 1.0) -> ExponentialKernel:
        """Kernel normalised to a first moment of -1 (Appendix H), whole.

        Parameters
        ----------
        step, s : float
            As in :meth:`response_kernel`.
        pace : float
            Units of Markov time that pass in one unit of the kernel's time. The published kernels have 5.

        Raises
        ------
        InputError
            If a value is out of range, the rates are too far apart for double precision, or the first moment
            vanishes (for the default rates between gamma = .3 and .4).
        """
        return ladder_kernels([self], [step], s, pace)[0]

    def truncated_kernel(
        self,
        step: float = 0.0,
        s: float = 0.0,
        length: float = PUBLISHED_LENGTH,
        pace: float = PUBLISHED_PACE,
    ) -> ExponentialKernel:
        """Kernel cut off at a Markov time, then normalised to a first moment of -1.

        By default as published: cut at Markov time 5 and squeezed to length 1. What is cut off is a good part
        of the slow lobe: area and offset differ much from those of the whole :meth:`kernel`.

        Parameters
        ----------
        step, s, pace : float
            As in :meth:`kernel`.
        length : float
            Markov time at which the kernel ends.

        Returns
        -------
        ExponentialKernel
            With the cutoff ``length/pace``; exact up to there.
        """
        end = checks.positive("Ladder.truncated_kernel", "length", length)
        pace = checks.positive("Ladder.truncated_kernel", "pace", pace)
        modes = _modes([self], [step], s)
        cut = ExponentialKernel.of(modes.rates[0], modes.weights[0][:, None], cutoff=end)
        _check_moments([self], np.array([cut.first_moment]), modes)
        factor = pace / -cut.first_moment
        area = cut.area * factor
        return ExponentialKernel(cut.rates * pace, cut.weights * (factor * pace), 0.0, area, -1.0, end / pace)


def ladder_kernels(
    ladders: Sequence[Ladder], steps: ArrayLike, s: float = 0.0, pace: float = 1.0
) -> list[ExponentialKernel]:
    """Kernels of many ladders at once, as :meth:`Ladder.kernel` has them one by one.

    Parameters
    ----------
    ladders : sequence of Ladder
        Ladders.
    steps : array_like of shape () or (ladders,)
        Height of the step of each.
    s, pace : float
        As in :meth:`Ladder.kernel`, the same for all.

    Returns
    -------
    list of ExponentialKernel
        One for each ladder.
    """
    pace = checks.positive("ladder kernel", "pace", pace)
    modes = _modes(ladders, steps, s)
    moments = (modes.weights / modes.rates**2).sum(axis=-1).real
    _check_moments(ladders, moments, modes)
    factors = pace / -moments
    areas = (modes.weights / modes.rates).sum(axis=-1).real * factors
    decays, weights = modes.rates * pace, modes.weights * (factors * pace)[:, None]
    return [
        ExponentialKernel(*_real(decay, weight[:, None]), 0.0, float(area), -1.0)
        for decay, weight, area in zip(decays, weights, areas, strict=True)
    ]


def _modes(ladders: Sequence[Ladder], steps: ArrayLike, s: float) -> Modes:
    """Modes of the answers to steps, per unit of signal, one row for each ladder."""
    for ladder in ladders:
        if not isinstance(ladder, Ladder):
            raise InputError(f"ladder kernel: {ladder!r} is not a Ladder")
    before = np.full(len(ladders), _checked_signal(s))
    heights = _checked_steps(steps, len(ladders), s)
    gamma, factor, _ = _stack(ladders, before)
    top, bottom = np.split(steady_states(rates.generators(gamma, factor, before)), 2, axis=-1)
    up, down = rates.rung_slopes(factor, before, heights)
    flow = up * bottom - down * top
    # The old steady state is at rest under the old rates: only what the step changed sets it in motion.
    source = np.concatenate([flow, -flow], axis=-1)
    modes = relaxation_modes(rates.generators(gamma, factor, before + heights), source, rates.TOP_ROW)
    for ladder, precision in zip(ladders, modes.precision, strict=True):
        if not precision < _WORST_PRECISION:
            raise InputError(
                f"kernel of {ladder}: its rates lie too far apart, or two of its modes too close together, "
                "for double precision; take a rate_factor between 1e-4 and 1e4 and a gamma of at most 100, "
                "or move gamma by a millionth"
            )
    return modes


def _stack(ladders: Sequence[Ladder], s: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Arrays of gamma, rate factor and signal."""
    gamma = np.array([ladder.gamma for ladder in ladders], dtype=float)
    factor = np.array([ladder.rate_factor for ladder in ladders], dtype=float)
    return gamma, factor, np.asarray(s, dtype=float)


def _checked_signal(s: float) -> float:
    value = checks.finite("Ladder", "s", s)
    if not rates.LOWEST_SIGNAL < value <= _HIGHEST_SIGNAL:
        raise InputError(
            f"Ladder: s = {s!r} must lie above {rates.LOWEST_SIGNAL:g} and not above {_HIGHEST_SIGNAL:g}"
        )
    return value


def _checked_steps(steps: ArrayLike, count: int, s: float) -> FloatArray:
    """Heights of shape (count,), each within the range of signals and wide enough to be told from 0."""
    heights = checks.finite_array("ladder kernel", "step", steps)
    if heights.shape not in ((), (count,)):
        raise InputError(
            f"ladder kernel: step of shape {heights.shape} for {count} ladders; give one, or one for each"
        )
    heights = np.broadcast_to(heights, (count,))
    for step in heights[(heights != 0) & (np.abs(heights) < _SMALLEST_STEP)]:
        raise InputError(
            f"ladder kernel: step = {step:g} must be 0 (the limit of small steps) "
            f"or at least {_SMALLEST_STEP:g} up or down"
        )
    for step in heights[(heights + s <= rates.LOWEST_SIGNAL) | (heights + s > _HIGHEST_SIGNAL)]:
        raise InputError(
            f"ladder kernel: step = {step:g} from s = {s:g} must end above {rates.LOWEST_SIGNAL:g} "
            f"and not above {_HIGHEST_SIGNAL:g}"
        )
    return heights


def _check_moments(ladders: Sequence[Ladder], moments: FloatArray, modes: Modes) -> None:
    """Refuse kernels whose lobes have opposite first moments, which leave nothing to normalise by."""
    errors = modes.precision * np.abs(modes.weights / modes.rates**2).sum(axis=-1)
    for ladder, moment, error in zip(ladders, moments, errors, strict=True):
        if not error < _WORST_NORMALISATION * abs(moment):
            raise InputError(f"kernel of {ladder}: its first moment vanishes, it can't be normalised to -1")


def _real(rates: ModalArray, weights: ModalArray) -> tuple[ModalArray, ModalArray]:
    """The modes as real numbers where none of them rings; a stack is complex if one of its ladders rings."""
    return (rates, weights) if np.any(rates.imag) else (rates.real, weights.real)
