"""One period of an autonomous run: inputs switch, settle, the nudge's sawtooth, the write gate around it."""

from __future__ import annotations

from dataclasses import dataclass

from tcl_circuits.checks import not_negative, positive
from tcl_circuits.circuit.elements import PulseVoltage
from tcl_circuits.errors import InputError
from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import engineering

_TOP = 0.01
"""Duration of the nudge's top in units of tau_f."""


@dataclass(frozen=True)
class Timing:
    """The clock of a learning cycle, which begins when the inputs switch.

    Inverted: the gate rises with the slow ramp, is open in the fast release and for some kernel times after
    it, and closes before the inputs switch. Standard: it opens before the fast ramp, once the inputs have
    settled, and falls with the slow ramp. The slow slopes let a simulator take long steps.

    Parameters
    ----------
    saw : Sawtooth
        The nudge.
    switch : float
        Duration of the inputs' change [s].
    settle : float
        From there to the nudge's start [s].
    hold : float
        How long the gate is open from the fast ramp's start on [s].
    close : float
        Duration of the gate's closing (inverted) or opening (standard) [s].
    rest : float
        From the gate's closing to the next switch [s].

    Raises
    ------
    InputError
        If the gate is never open in the fast ramp, or is open while the inputs switch.
    """

    saw: Sawtooth
    switch: float = 2e-6
    settle: float = 20e-6
    hold: float = 15e-6
    close: float = 10e-6
    rest: float = 0.0

    def __post_init__(self) -> None:
        for name in ("switch", "settle", "close"):
            positive("Timing", name, getattr(self, name))
        not_negative("Timing", "hold", self.hold)
        if self.hold == 0:
            raise InputError("Timing: the write gate never opens (hold = 0 s), so nothing would be learned")
        tau_f = self.saw.tau_f
        if self.hold < tau_f:
            raise InputError(
                f"Timing: the gate closes {engineering(self.hold, 's')} after the fast ramp begins, before "
                f"its end at {engineering(tau_f, 's')}; hold it open for tau_f and some kernel times"
            )
        if self.rest < 0:
            raise InputError(
                f"Timing: the gate is open for {engineering(-self.rest, 's')} after the inputs have begun to "
                "switch, and would learn their change; close it before (rest >= 0 s)"
            )
        if self.saw.polarity == "standard" and self.close > self.settle:
            raise InputError(
                f"Timing: the gate begins to open {engineering(self.close - self.settle, 's')} before the "
                "inputs have switched; settle for longer, or open it faster"
            )
        if self.saw.polarity == "standard" and self.hold >= self.saw.period:
            raise InputError(
                f"Timing: the gate is held open for {engineering(self.hold, 's')}, the whole sawtooth; "
                "hold it for tau_f and some kernel times"
            )

    @property
    def gap(self) -> float:
        """From the inputs' switch to the nudge's start [s]."""
        return self.switch + self.settle

    @property
    def period(self) -> float:
        """Duration of a cycle [s]."""
        if self.saw.polarity == "standard":
            return self.gap + self.saw.period + self.rest
        return self.gap + self.saw.tau_s + self.hold + self.close + self.rest

    def nudge_pulse(self, name: str, node: str) -> PulseVoltage:
        """Source of the nudge's strength beta."""
        return PulseVoltage(name, node, "0", self.gap, *self._ramps(), self.period)

    @property
    def top(self) -> float:
        """How long the nudge stays at its top, at the cost of the slow ramp [s].

        A simulator begins anew behind each corner, with steps in proportion to the distance of the next one.
        """
        return _TOP * self.saw.tau_f

    def _ramps(self) -> tuple[float, float, float]:
        """Rise, width and fall of the nudge."""
        slow = self.saw.tau_s - self.top
        if self.saw.polarity == "standard":
            return self.saw.tau_f, self.top, slow
        return slow, self.top, self.saw.tau_f

    def gate_pulse(self, name: str, node: str) -> PulseVoltage:
        """Source of the write gate."""
        saw = self.saw
        if saw.polarity == "standard":
            times = self.gap - self.close, self.close, self.hold, saw.period - self.hold
        else:
            times = self.gap, saw.tau_s - self.top, self.top + self.hold, self.close
        return PulseVoltage(name, node, "0", *times, self.period)

    @property
    def corners(self) -> tuple[float, ...]:
        """Times in the period at which a source has a corner [s]."""
        times = {0.0, self.switch, self.period}
        for pulse in (self.nudge_pulse("vp", "p"), self.gate_pulse("vg", "g")):
            at = pulse.delay
            times.add(at)
            for length in (pulse.rise, pulse.width, pulse.fall):
                at += length
                times.add(at)
        ordered = sorted(times)
        return tuple(t for k, t in enumerate(ordered) if k == 0 or t - ordered[k - 1] > 1e-6 * self.switch)


def pulse_value(pulse: PulseVoltage, t: float) -> float:
    """Voltage of a pulse source at a time [s] within its first period [V]."""
    since = t - pulse.delay
    if since <= 0:
        return 0.0
    if since < pulse.rise:
        return since / pulse.rise
    if since <= pulse.rise + pulse.width:
        return 1.0
    return max(0.0, 1.0 - (since - pulse.rise - pulse.width) / pulse.fall)
