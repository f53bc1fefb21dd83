"""Rules that compare separately acquired values, or switch signs, or solve another network."""

from __future__ import annotations

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.rule import ideal_contrast
from tcl_circuits.surveys.rules.base import SETTLING, Setting, acquired
from tcl_circuits.surveys.rules.bench import Bench, dissipated

_FREE, _NUDGED = np.zeros(1), np.ones(1)
_PHASES = 8
"""Phases of an oscillating nudge at which the network is solved."""
_PERIODS = 20
"""Periods over which an oscillating nudge's answer is integrated, each of 2 pi relaxation times."""


class _Fixed:
    """A rule that nothing follows."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._settled = SETTLING * setting.relaxation
        self._capacitance = float(setting.cell.capacitance(np.ones(1))[0])

    def follow(self, loss: float) -> None:
        """Nothing follows the loss."""


class Contrast(_Fixed):
    """Explicit contrast, equilibrium propagation (Eqs. 1 and 8): two remembered states, subtracted."""

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """Acquire the free state, then the nudged one."""
        look = bench.look(inputs, target, np.array([0.0, 1.0]))
        free, nudged = (acquired(bench, signals, self._capacitance) for signals in look.signals)
        bench.write(ideal_contrast(nudged + bench.parts.static_offset, free))
        bench.spend(2 * self._settled, float(look.power.mean()))


class Twins(_Fixed):
    """Two networks side by side, one free and one nudged; what they teach is written into both."""

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """Settle both at once."""
        free = bench.look(inputs, target, _FREE)
        nudged = bench.look(inputs, target, _NUDGED, twin=True)
        bench.write(ideal_contrast(nudged.signals[0] + bench.parts.static_offset, free.signals[0]))
        bench.spend(self._settled, float(free.power[0] + nudged.power[0]))


class Hebbian(_Fixed):
    """Two writes of opposite sign, one in the free state and one in the nudged one (B2, B3).

    The second state is that of a network changed by the first write.
    """

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """Write against the free state's signals, then along the nudged state's."""
        for betas, sign in ((_FREE, -1.0), (_NUDGED, 1.0)):
            look = bench.look(inputs, target, betas)
            bench.write(sign * look.signals[0])
            bench.spend(self._settled, float(look.power[0]))


class Oscillating(_Fixed):
    """A nudge that goes like a sine about one half, and a lock-in at each edge (B7).

    The signal is multiplied with the same sine; four times the mean is the answer from free to nudged. A
    multiplier's reference has an offset, through which the signal's own mean gets in.
    """

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """Some periods of the oscillation, slow against the network."""
        wave = np.sin(2 * np.pi * (np.arange(_PHASES) + 0.5) / _PHASES)
        look = bench.look(inputs, target, 0.5 * (1 + wave))
        reference = wave[:, None] + bench.parts.reference_offset
        bench.write(4 * np.mean(reference * look.signals, axis=0))
        duration = _PERIODS * 2 * np.pi * self._setting.relaxation
        bench.spend(duration, float(look.power.mean()))


class Adjoint(_Fixed):
    """The exact gradient: the product of the drops in the free network and in one driven by the errors.

    In units of a contrast: the change of s for the nudge's currents of the free state.
    """

    def cycle(self, bench: Bench, inputs: FloatArray, target: FloatArray) -> None:
        """Settle the free network, then the same network with the error currents alone."""
        points, nudge = bench.points(), bench.nudge
        network, rest = points.network, points.free(inputs[None])
        selection = nudge.outputs.matrix(network.outputs.size)
        force = nudge.force(rest.voltages[:, network.outputs] @ selection.T, target[None])
        error = points.adjoint(rest, force @ selection)[0]
        drops, errors = network.drops(rest.voltages[0]), network.drops(error)
        bench.write(drops * errors)
        # The errors are so small that the diodes' share of their power is left out.
        power = dissipated(network, rest.voltages)[0] + errors**2 @ network.conductance
        bench.spend(self._settled, float(power))
