"""Rules with one AC-coupled channel an edge: temporal contrastive learning, and continual EP with a gate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.surveys.rules.base import SETTLING, Setting
from tcl_circuits.surveys.rules.bench import BETAS, Bench
from tcl_circuits.surveys.rules.channel import Branches, Channel, mean_over_ramp
from tcl_circuits.training.pace import Pace

_STEPS = 4
"""Steps of a nudge during which the conductances follow."""
_SLOWNESS = 100.0
"""Duration of the gated nudge of continual EP, in relaxation times."""


class Temporal:
    """Temporal contrastive learning: the thresholded kernel output, integrated over a sawtooth (Eqs. 4-6).

    Parameters
    ----------
    setting : Setting
        Sawtooth, sense branch and threshold.
    following : bool
        Whether sawtooth and threshold follow the loss as :class:`~tcl_circuits.training.pace.Pace` does.
    """

    def __init__(self, setting: Setting, following: bool) -> None:
        self._setting, self._following = setting, following
        self._pace = Pace(setting.saw, 1.0, 1.0)
        self._channel: Channel | None = None

    def follow(self, loss: float) -> None:
        """Shorten the sawtooth and lower the threshold with the square root of the loss."""
        if not self._following:
            return
        setting, cell = self._setting, self._setting.cell
        one = np.ones(1)
        tau = float(cell.capacitance(one)[0] * cell.resistance(one)[0])
        self._pace = Pace.following(setting.saw, min(1.0, float(np.sqrt(loss))), tau)
        self._channel = None

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """One sawtooth."""
        setting, saw = self._setting, self._pace.saw
        if self._channel is None:
            branches = _branches(bench, setting)
            self._channel = Channel.sawtooth(branches, saw, setting.resolution)
        channel = self._channel
        slope = setting.threshold * setting.amplitude / setting.saw.tau_s * self._pace.threshold
        look = bench.look(inputs, target, BETAS)
        gate = channel.branches.gate(slope * channel.branches.nominal)
        bench.write(saw.sign * channel.contrast(look.signals, gate, bench.rng))
        bench.spend(saw.period, mean_over_ramp(look.power))


class Continual:
    """Continual equilibrium propagation (B4-B6): conductances follow the signals while a gate is open.

    The gate, one bit for all edges, is open while the nudge rises and shut while it is taken back, so that no
    threshold is needed. The conductances change under way, in a few steps here. The kernel is short
    against the rise: a step passes the charge ``-M ds + I s dt`` with its first moment M and its area I.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._known: tuple[Branches, FloatArray] | None = None

    def follow(self, loss: float) -> None:
        """Nothing follows the loss."""

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """One gated rise of the nudge."""
        setting = self._setting
        if self._known is None:
            made = _branches(bench, setting)
            moments = np.array([(k.first_moment, k.area, k.tau) for k in made.kernels()]).T
            self._known = made, moments
        branches, (first_moment, area, tau) = self._known
        step = _SLOWNESS * setting.relaxation / _STEPS
        for ends in pairwise(np.linspace(0.0, 1.0, _STEPS + 1).tolist()):
            look = bench.look(inputs, target, np.array(ends))
            change, mean = look.signals[1] - look.signals[0], look.signals.mean(axis=0)
            charge = -first_moment * change + (area * mean + branches.offset) * step
            if branches.temperature:
                spread = np.sqrt(2 * tau * step) * branches.noise
                charge = charge + spread * bench.rng.standard_normal(charge.size)
            bench.write(charge / branches.nominal)
            bench.spend(step, float(look.power.mean()))
        bench.spend(SETTLING * setting.relaxation, float(look.power[0]))


def _branches(bench: Bench, setting: Setting) -> Branches:
    full_scale = setting.amplitude / setting.saw.tau_f
    return Branches.of(setting.cell, bench.imperfections, bench.parts, full_scale)
