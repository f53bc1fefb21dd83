"""How an EP network is trained: everything that is neither data nor rule, and two named choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from tcl_circuits.checks import finite, not_negative, positive
from tcl_circuits.ep.cycle import CycleMap, Method
from tcl_circuits.ep.ramp import Ramp, Restarted
from tcl_circuits.ep.relax import ClippedSteps, GaussSeidel, Relaxation
from tcl_circuits.errors import InputError
from tcl_circuits.kernels import Kernel, sine
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.rule import Gate, HardThreshold

Cost = Literal["square", "half-square"]

FACTORS: Mapping[str, float] = MappingProxyType({"square": 2.0, "half-square": 1.0})
"""Force on an output per beta and error, by cost."""


@dataclass(frozen=True, eq=False)
class Settings:
    """Settings of a training run; the defaults are what the published run of Fig. 3 does (Appendix D).

    Rates and thresholds are given from the first layer after the input to the output. Where a network has
    more layers than that, those between get values between, evenly on a logarithmic scale.

    Parameters
    ----------
    batch : int
        Images whose mean signal a synapse sees.
    rates : tuple of float
        Learning rates of weights and biases into each layer.
    beta : float
        Largest nudge.
    random_sign : bool
        Whether each batch draws the sign of beta.
    cost : {"square", "half-square"}
        ``|y - target|^2`` as the published code has it, or its half (Eq. 10).
    relaxation : Relaxation
        How the network relaxes.
    free_iterations, nudged_iterations : int
        Iterations to the free state, and at each nudge.
    ramp : Ramp
        Discretized nudge.
    saw : Sawtooth
        Times of the ramps.
    kernel : Kernel
        Memory of the synapses.
    samples : int
        Times in a cycle at which the kernel output is known.
    method : {"sampled", "exact"}
        See :meth:`~tcl_circuits.ep.cycle.CycleMap.of`.
    gate : callable
        Makes the threshold nonlinearity from a threshold: ``HardThreshold`` or ``SoftThreshold``.
    weight_thresholds, bias_thresholds : tuple of float
        Thresholds of weights and biases into each layer.
    gain : float
        Factor on the update integral; the added update is ``rate gain/(2 beta)`` times the integral.
    persistent : bool
        Whether an image relaxes from its free state of the last epoch rather than from 0.
    shuffle : bool
        Whether each epoch draws the order of the images; the published run keeps that of the file.

    Raises
    ------
    InputError
        If a setting can't be used.
    """

    batch: int = 20
    rates: tuple[float, ...] = (0.1, 0.05)
    beta: float = 0.5
    random_sign: bool = True
    cost: Cost = "square"
    relaxation: Relaxation = field(default_factory=ClippedSteps)
    free_iterations: int = 20
    nudged_iterations: int = 4
    ramp: Ramp = field(default_factory=Restarted)
    saw: Sawtooth = field(default_factory=lambda: Sawtooth(0.1, 0.9))
    kernel: Kernel = field(default_factory=sine)
    samples: int = 100
    method: Method = "sampled"
    gate: Callable[[float], Gate] = HardThreshold
    weight_thresholds: tuple[float, ...] = (1.2e-6, 2e-5)
    bias_thresholds: tuple[float, ...] = (1e-5, 2e-4)
    gain: float = 1e4
    persistent: bool = True
    shuffle: bool = False

    def __post_init__(self) -> None:
        for name in ("batch", "free_iterations", "nudged_iterations"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"EP settings: {name} = {value!r} must be a whole number of at least 1")
        if finite("EP settings", "beta", self.beta) == 0:
            raise InputError("EP settings: beta = 0 nudges nothing; 0.5 is the paper's")
        positive("EP settings", "gain", self.gain)
        if self.cost not in get_args(Cost):
            raise InputError(f"EP settings: cost {self.cost!r} must be one of {', '.join(get_args(Cost))}")
        for name, check in (
            ("rates", positive),
            ("weight_thresholds", not_negative),
            ("bias_thresholds", not_negative),
        ):
            values = getattr(self, name)
            if not isinstance(values, Sequence) or len(values) == 0:
                raise InputError(f"EP settings: {name} = {values!r} must be a list of numbers, one a layer")
            object.__setattr__(self, name, tuple(check("EP settings", name, value) for value in values))

    @classmethod
    def named(cls, name: str) -> Settings:
        """Settings by name: one of :data:`PRESETS`."""
        if name not in PRESETS:
            raise InputError(f"there are no EP settings {name!r}; there are {', '.join(PRESETS)}")
        return PRESETS[name]()

    @property
    def factor(self) -> float:
        """Force on an output per beta and error."""
        return FACTORS[self.cost]

    def cycle(self) -> CycleMap:
        """Map from states to kernel outputs."""
        return CycleMap.of(self.saw, self.kernel, self.ramp, self.samples, self.method)

    def describe(self) -> dict[str, Any]:
        """Everything that the course of a run depends on, as JSON."""
        probe = np.linspace(0, self.saw.period, 101)
        return {
            "batch": self.batch,
            "rates": list(self.rates),
            "beta": self.beta,
            "random_sign": self.random_sign,
            "cost": self.cost,
            "relaxation": repr(self.relaxation),
            "free_iterations": self.free_iterations,
            "nudged_iterations": self.nudged_iterations,
            "ramp": repr(self.ramp),
            "saw": repr(self.saw),
            "kernel": [type(self.kernel).__name__, self.kernel.delta, self.kernel.area]
            + [float(np.sum(self.kernel(probe) * weight)) for weight in (1.0, probe, probe**2)],
            "samples": self.samples,
            "method": self.method,
            "gate": getattr(self.gate, "__name__", repr(self.gate)),
            "weight_thresholds": list(self.weight_thresholds),
            "bias_thresholds": list(self.bias_thresholds),
            "gain": self.gain,
            "persistent": self.persistent,
            "shuffle": self.shuffle,
        }


def spread(values: Sequence[float], layers: int, what: str) -> tuple[float, ...]:
    """Values of a network's layers, from those of its ends where it has more.

    Parameters
    ----------
    values : sequence of float
        One for each layer, or those of the first and the last layer after the input.
    layers : int
        Layers after the input.
    what : str
        Named in the error.

    Raises
    ------
    InputError
        If there are neither as many values as layers nor two.
    """
    if len(values) == layers:
        return tuple(values)
    if len(values) != 2:
        raise InputError(
            f"EP settings: {len(values)} {what} for {layers} layers after the input; "
            "give one for each, or two for the first and the last"
        )
    if layers == 1:
        return (values[1],)
    first, last = values
    if first == 0 or last == 0:
        return tuple(np.linspace(first, last, layers).tolist())
    return tuple(np.geomspace(first, last, layers).tolist())


def _best() -> Settings:
    # A slow ramp 30 times as long as the fast one: the larger dynamic range bears lower thresholds.
    return replace(
        Settings(),
        batch=50,
        rates=(0.2, 0.1),
        cost="half-square",
        relaxation=GaussSeidel(),
        free_iterations=4,
        nudged_iterations=1,
        saw=Sawtooth(0.1, 3.0),
        samples=310,
        weight_thresholds=(6e-7, 1e-5),
        bias_thresholds=(5e-6, 1e-4),
        shuffle=True,
    )


def _digits() -> Settings:
    # 64 pixels, a third of them bright: contrasts are ten times those of 784.
    return replace(Settings(), weight_thresholds=(1.2e-5, 4e-5))


PRESETS: Mapping[str, Callable[[], Settings]] = MappingProxyType(
    {"published": Settings, "best": _best, "digits": _digits}
)
"""Settings by name: the published run's, those that test best, and those for scikit-learn's digits."""
