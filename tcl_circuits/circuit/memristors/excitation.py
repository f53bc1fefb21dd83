"""Voltages across a single device: a sine, or straight lines between corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, finite_array, positive
from tcl_circuits.circuit.elements import BehaviouralVoltage, Element, RampVoltage
from tcl_circuits.errors import InputError
from tcl_circuits.units import spice_number


class Excitation(Protocol):
    """A voltage over time, from t = 0 on."""

    @property
    def duration(self) -> float:
        """Length [s]."""
        ...

    @property
    def turns(self) -> FloatArray:
        """Times between which the voltage is monotone and smooth, first 0, last the duration [s]."""
        ...

    @property
    def longest_step(self) -> float:
        """Longest step with which a simulator follows it [s]."""
        ...

    def __call__(self, t: FloatArray) -> FloatArray:
        """Voltage at the times `t` [V]."""
        ...

    def crossings(self, level: float) -> FloatArray:
        """Times at which the voltage is `level` [s]."""
        ...

    def element(self, name: str, a: str, b: str) -> Element:
        """Source of it from `a` (plus) to `b`; the first letter of `name` is replaced by the source's."""
        ...


@dataclass(frozen=True)
class Sine:
    """A sine that starts at zero: ``amplitude * sin(2 pi frequency t)``.

    Parameters
    ----------
    amplitude : float
        Volts.
    frequency : float
        Hertz.
    cycles : int
        Number of periods.
    """

    amplitude: float
    frequency: float
    cycles: int = 2

    def __post_init__(self) -> None:
        positive("Sine", "amplitude", self.amplitude)
        positive("Sine", "frequency", self.frequency)
        if not isinstance(self.cycles, int) or self.cycles < 1:
            raise InputError(f"Sine: cycles = {self.cycles!r} must be a whole number from 1 on")

    @property
    def duration(self) -> float:
        """Length [s]."""
        return self.cycles / self.frequency

    @property
    def turns(self) -> FloatArray:
        """Start, crests, troughs and end [s]."""
        inner = (np.arange(2 * self.cycles) + 0.5) / (2 * self.frequency)
        return np.concatenate([[0.0], inner, [self.duration]])

    @property
    def longest_step(self) -> float:
        """A thousandth of a period [s]."""
        return 1e-3 / self.frequency

    def __call__(self, t: FloatArray) -> FloatArray:
        """Voltage at the times `t` [V]."""
        wave: FloatArray = self.amplitude * np.sin(2 * np.pi * self.frequency * t)
        return wave

    def crossings(self, level: float) -> FloatArray:
        """Times at which the voltage is `level` [s]."""
        share = level / self.amplitude
        if abs(share) >= 1:
            return np.empty(0)
        first = np.arcsin(share) / (2 * np.pi)
        phases = np.add.outer(np.arange(-1, self.cycles + 1), [first, 0.5 - first]).ravel()
        times = phases / self.frequency
        return times[(times > 0) & (times < self.duration)]

    def element(self, name: str, a: str, b: str) -> Element:
        """Return a behavioural source; its steps are bounded by :attr:`longest_step`."""
        rate = spice_number(2 * np.pi * self.frequency)
        text = f"{spice_number(self.amplitude)}*sin({rate}*time)"
        return BehaviouralVoltage(f"b{name[1:]}", a, b, text)


@dataclass(frozen=True, eq=False)
class Ramps:
    """Straight lines between corners.

    Parameters
    ----------
    times : ndarray of shape (corners,)
        Increasing, the first one 0 [s].
    volts : ndarray of shape (corners,)
        Voltages at them [V].
    """

    times: FloatArray
    volts: FloatArray

    def __post_init__(self) -> None:
        times, volts = (finite_array("Ramps", name, getattr(self, name)) for name in ("times", "volts"))
        if times.ndim != 1 or times.size < 2 or times.shape != volts.shape:
            raise InputError(
                f"Ramps: times of shape {times.shape} and volts of shape {volts.shape} "
                "must be two lists of the same length, from 2 on"
            )
        if times[0] != 0 or np.any(np.diff(times) <= 0):
            raise InputError(f"Ramps: times = {times} must start at 0 and increase")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "volts", volts)

    @classmethod
    def pulse(cls, volts: float, seconds: float, rise: float = 0.01) -> Ramps:
        """One pulse of a height [V] and a length [s] at half of it; `rise` is its flanks' share."""
        width = positive("Ramps", "seconds", seconds)
        flank = positive("Ramps", "rise", rise) * width
        height = finite("Ramps", "volts", volts)
        times = np.array([0.0, flank, width, width + flank])
        return cls(times, np.array([0.0, height, height, 0.0]))

    @property
    def duration(self) -> float:
        """Length [s]."""
        return float(self.times[-1])

    @property
    def turns(self) -> FloatArray:
        """The corners [s]."""
        return self.times

    @property
    def longest_step(self) -> float:
        """A two-thousandth of the whole [s]; a simulator begins anew, with short steps, at each corner."""
        return self.duration / 2000

    def __call__(self, t: FloatArray) -> FloatArray:
        """Voltage at the times `t` [V]."""
        return np.interp(t, self.times, self.volts)

    def crossings(self, level: float) -> FloatArray:
        """Times at which the voltage is `level` [s]."""
        above = self.volts - level
        k = np.flatnonzero(above[:-1] * above[1:] < 0)
        share = above[k] / (above[k] - above[k + 1])
        found: FloatArray = self.times[k] + share * np.diff(self.times)[k]
        return found

    def element(self, name: str, a: str, b: str) -> Element:
        """Return a piecewise linear source."""
        corners = tuple(zip(self.times.tolist(), self.volts.tolist(), strict=True))
        return RampVoltage(f"v{name[1:]}", a, b, corners)
