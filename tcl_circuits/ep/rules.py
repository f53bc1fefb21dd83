"""The learning rules on one interface: the temporal one, those it is compared with, and backpropagation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import numpy as np

from tcl_circuits.ep.gating import GatedSum
from tcl_circuits.ep.layers import Array, State, neighbours
from tcl_circuits.ep.network import Network
from tcl_circuits.ep.settings import Settings, spread
from tcl_circuits.ep.steps import Directions, Frame, Rule, Shown, contrasts, signals
from tcl_circuits.ep.update import TemporalUpdate
from tcl_circuits.errors import InputError

_PHASES = 8
"""Phases of an oscillating nudge at which the network relaxes."""


@dataclass(frozen=True, eq=False)
class Temporal:
    """Temporal contrastive learning: Eq. 6 over one cycle of the sawtooth."""

    frame: Frame
    update: TemporalUpdate
    rates: tuple[float, ...]

    @classmethod
    def of(cls, settings: Settings, layers: int, compiled: bool = False) -> Temporal:
        """Rule for a network of so many layers after the input, compiled or in NumPy alone."""
        cycle, form = settings.cycle(), _gated_sum(compiled)
        weights, biases = (
            tuple(form(cycle, settings.gate(theta)) for theta in spread(values, layers, what))
            for values, what in (
                (settings.weight_thresholds, "weight_thresholds"),
                (settings.bias_thresholds, "bias_thresholds"),
            )
        )
        rates = spread(settings.rates, layers, "rates")
        return cls(
            Frame.of(settings, layers),
            TemporalUpdate(weights, biases),
            tuple(0.5 * settings.gain * rate for rate in rates),
        )

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        settings = self.frame.settings
        return settings.ramp.levels.size * settings.nudged_iterations

    def states(self, shown: Shown) -> State:
        """States of the network on the ramp."""
        settings = self.frame.settings
        return settings.ramp.states(self.frame.nudging(shown), shown.beta, settings.nudged_iterations)

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        states = self.states(shown)
        return Frame(self.frame.settings, self.rates).moved(
            shown.network, self.update(shown.x, states), 1 / shown.beta
        )


@dataclass(frozen=True, eq=False)
class Contrast:
    """Equilibrium propagation with an explicit memory of the free state (Eqs. 1 and 8)."""

    frame: Frame

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        return self.frame.settings.nudged_iterations

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        nudged = self.frame.nudging(shown).under(shown.beta, self.iterations)
        found = contrasts(shown.x, shown.free, nudged)
        return self.frame.moved(shown.network, found, 1 / shown.beta)


@dataclass(frozen=True, eq=False)
class Continual:
    """Continual equilibrium propagation (B4-B6): weights follow the signals while the nudge acts."""

    frame: Frame

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        return self.frame.settings.nudged_iterations

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        network, state = shown.network, shown.free
        for _ in range(self.iterations):
            nudging = self.frame.nudging(shown, None if network is shown.network else network)
            reached = nudging.under(shown.beta, 1, state)
            network = self.frame.moved(network, contrasts(shown.x, state, reached), 1 / shown.beta)
            state = reached
        return network


@dataclass(frozen=True, eq=False)
class Hebbian:
    """Two updates of opposite sign, one in the free state and one in the nudged one (B2, B3).

    The second state is that of a network changed by the first update.
    """

    frame: Frame

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        return self.frame.settings.nudged_iterations

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        between = self.frame.moved(shown.network, signals(shown.x, shown.free), -1 / shown.beta)
        nudged = self.frame.nudging(shown, between).under(shown.beta, self.iterations)
        return self.frame.moved(between, signals(shown.x, nudged), 1 / shown.beta)


@dataclass(frozen=True, eq=False)
class HebbianRandom:
    """Only one of the two Hebbian updates for each image, drawn at random (Williams, Appendix B)."""

    frame: Frame

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        return self.frame.settings.nudged_iterations

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        nudged = self.frame.nudging(shown).under(shown.beta, self.iterations)
        sign = np.where(shown.rng.random(len(shown.x)) < 0.5, -1, 1)
        chosen = tuple(np.where(sign[:, None] > 0, b, a) for a, b in zip(shown.free, nudged, strict=True))
        # Each of the two is drawn half of the time: twice its size makes the mean right.
        found = signals(shown.x, chosen, 2.0 * sign)
        return self.frame.moved(shown.network, found, 1 / shown.beta)


@dataclass(frozen=True, eq=False)
class Oscillating:
    """A nudge that goes like a sine; the answer of each synapse is demodulated with the same sine (B7).

    The network relaxes at some phases of it, from the free state, as if the oscillation were slow.
    """

    frame: Frame
    phases: int = _PHASES

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        return self.phases * self.frame.settings.nudged_iterations

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        wave = np.sin(2 * np.pi * (np.arange(self.phases) + 0.5) / self.phases)
        settings = self.frame.settings
        states = self.frame.nudging(shown).under_each(shown.beta * wave, settings.nudged_iterations)
        after = tuple(layer.reshape(-1, layer.shape[-1]) for layer in states)
        before = tuple(np.tile(layer, (self.phases, 1)) for layer in shown.free)
        # The mean of sin^2 is 1/2: twice the mean of sine times signal is the answer's amplitude.
        weights = np.repeat(2 * wave, len(shown.x))
        found = contrasts(np.tile(shown.x, (self.phases, 1)), before, after, weights)
        return self.frame.moved(shown.network, found, 1 / shown.beta)


@dataclass(frozen=True, eq=False)
class Backpropagation:
    """Exact gradient of the cost in the free state, by the adjoint of the fixed point.

    An output at an end of [0, 1] counts as free to move where the cost draws it inward: its slope is 0, and
    the images of a class whose output is 0 throughout would else teach nothing. A nudge moves it as well.
    """

    frame: Frame

    @property
    def iterations(self) -> int:
        """See :class:`Rule`."""
        return self.frame.settings.free_iterations

    def step(self, shown: Shown) -> Network:
        """See :meth:`Rule.step`."""
        return self.frame.moved(shown.network, self.descent(shown), 1.0)

    def descent(self, shown: Shown) -> Directions:
        """Downward slopes of the cost, ``-dC/dw`` and ``-dC/db``."""
        adjoint = self._adjoint(shown)
        images = len(shown.x)
        layers = (shown.x, *shown.free)
        inner = (
            (adjoint[n - 1].T @ layers[n + 1] + layers[n].T @ adjoint[n]) / images
            for n in range(1, len(adjoint))
        )
        return (shown.x.T @ adjoint[0] / images, *inner), tuple(part.mean(axis=0) for part in adjoint)

    def _adjoint(self, shown: Shown) -> State:
        """Change of the free state per nudge; of outputs that are drawn inward, the cost's pull alone."""
        inner, free = shown.network.inner, shown.free
        force = self.frame.settings.factor * (shown.target - free[-1])
        moving = [(layer > 0) & (layer < 1) for layer in free]
        drawn = ((free[-1] <= 0) & (force > 0)) | ((free[-1] >= 1) & (force < 0))
        reached = [np.zeros_like(layer) for layer in free]
        for _ in range(self.iterations):
            for n in range(len(free) - 1, -1, -1):
                acting = neighbours(inner, reached, n)
                total: Array = np.zeros_like(free[n]) if acting is None else acting
                if n == len(free) - 1:
                    reached[n] = np.where(drawn, force, (total + force) * moving[n])
                else:
                    reached[n] = total * moving[n]
        return tuple(reached)


_OTHERS: Mapping[str, tuple[Callable[[Frame], Rule], float]] = MappingProxyType(
    {
        "contrast": (Contrast, 1.0),
        "continual": (Continual, 0.3),
        "hebbian": (Hebbian, 0.01),
        "hebbian-random": (HebbianRandom, 0.01),
        "oscillating": (Oscillating, 1.0),
        "backprop": (Backpropagation, 0.3),
    }
)
"""Rules by name, but for the temporal one, and the share of the learning rates with which each learns.

The shares are those, on a grid of half decades, with which the published network learns most in three epochs.
Rules whose weights change between or within the phases can't take full steps (Appendix B).
"""
RULES = ("tcl", *_OTHERS)
"""Names of all rules."""


def make_rule(name: str, settings: Settings, layers: int, compiled: bool = False) -> Rule:
    """Rule by name, for a network of so many layers after the input.

    Raises
    ------
    InputError
        If there is none of that name, or numba is missing that is to compile it.
    """
    if name == "tcl":
        return Temporal.of(settings, layers, compiled)
    if name not in _OTHERS:
        raise InputError(f"there is no EP rule {name!r}; there are {', '.join(RULES)}")
    rule, share = _OTHERS[name]
    return rule(Frame.of(settings, layers, share))


def can_compile() -> bool:
    """Whether numba is there and fits the NumPy that is; loads it, which takes a second."""
    if find_spec("numba") is None:
        return False
    try:
        import_module("tcl_circuits.ep.compiled")
    except ImportError:
        return False
    return True


def warm_up(dtype: np.dtype[Any]) -> None:
    """Have the temporal update compiled before the first batch."""
    from tcl_circuits.ep.compiled import warm_up as compile_now

    compile_now(dtype)


def _gated_sum(compiled: bool) -> type[GatedSum]:
    """Kind of a gated sum."""
    if not compiled:
        return GatedSum
    if not can_compile():
        raise InputError(
            "the compiled EP update needs numba; pip install 'tcl-circuits[fast]', or do without it"
        )
    from tcl_circuits.ep.compiled import CompiledSum

    return CompiledSum
