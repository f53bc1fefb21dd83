"""How much a programming pulse changes a conductance: the models as update laws.

Polarity, thresholds, windows and the asymmetry of up and down all come from the state equation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, finite_array, positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.conical import ConicalChannel
from tcl_circuits.circuit.memristors.threshold import ThresholdElement
from tcl_circuits.errors import InputError

_STEPS_A_RANGE = 32
_FEWEST, _MOST = 16, 4096
_SATURATED = 60.0
"""Crossings of the range after which every state has arrived where its voltage takes it."""


def write(
    model: Memristor, conductance: FloatArray | float, volts: FloatArray | float, seconds: FloatArray | float
) -> FloatArray:
    """Conductance after a rectangular voltage pulse.

    The state equation is integrated at constant voltage (Runge-Kutta, order 4, all devices at once) and held
    inside its bounds; right to 1e-4 of the range. A pulse that would cross the range 60 times is cut there.
    Of a :class:`ConicalChannel` the learned conductance is written, by an ideal threshold element
    (:func:`learning_element`): its ionic state forgets a pulse within a few tau.

    Parameters
    ----------
    model : Memristor
        The device.
    conductance : float or ndarray
        Before the pulse [S].
    volts : float or ndarray
        Height, with its sign [V]; the shape fits the conductances'.
    seconds : float or ndarray
        Length [s], not negative.

    Returns
    -------
    ndarray
        After the pulse [S], of the common shape.

    Raises
    ------
    InputError
        If a value is not finite, out of range, or the shapes don't fit.
    """
    if isinstance(model, ConicalChannel):
        return write(learning_element(model), conductance, volts, seconds)
    height, length = finite_array("write", "volts", volts), finite_array("write", "seconds", seconds)
    if np.any(length < 0):
        raise InputError(f"write: seconds = {float(length.min()):g} must not be negative")
    state = model.state(conductance)
    try:
        x, v, t = np.broadcast_arrays(state, height, length)
    except ValueError:
        shapes = state.shape, height.shape, length.shape
        raise InputError(
            f"write: conductance, volts, seconds of shapes {shapes} do not fit together"
        ) from None
    if x.size == 0:
        return np.empty(x.shape)
    low, high = model.bounds
    speed = _fastest(model, v) / (high - low)
    t = np.minimum(t, _SATURATED / np.maximum(speed, 1e-200))
    travel = float((speed * t).max())
    steps = int(np.clip(np.ceil(_STEPS_A_RANGE * travel), _FEWEST, _MOST))
    h = t / steps
    for _ in range(steps):
        k1 = model.state_derivative(x, v)
        if not np.any(k1):
            break
        k2 = model.state_derivative(x + 0.5 * h * k1, v)
        k3 = model.state_derivative(x + 0.5 * h * k2, v)
        k4 = model.state_derivative(x + h * k3, v)
        x = np.clip(x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), low, high)
    return model.conductance(x)


def _fastest(model: Memristor, v: FloatArray) -> FloatArray:
    """Largest speed of the state anywhere in its range, for each voltage."""
    low, high = model.bounds
    fastest = np.zeros(v.shape)
    for place in np.linspace(low, high, 9):
        fastest = np.maximum(fastest, np.abs(model.drift(np.full(v.shape, place), v)))
    return fastest


def learning_element(channel: ConicalChannel) -> ThresholdElement:
    """Return the ideal threshold element that stands for a channel's long-term memory.

    The published channel has none; a threshold of 0.5 V and a range crossed in a hundred tau at 1 V are
    chosen here.
    """
    low, high = channel.conductances
    return ThresholdElement(low, high, threshold=0.5, rate=(high - low) / (100 * channel.tau))


@dataclass(frozen=True)
class PulseLaw:
    """Writes wanted changes of conductances with pulses of fixed height, whose length carries the change.

    The length is what would make the change at the middle of the device's range with the pulse that raises
    the conductance; the driver knows neither the device's state nor its asymmetry, so that what comes out
    differs from what was wanted as it does in hardware. A learning rule's charge q becomes the wanted change
    -k q.

    Parameters
    ----------
    model : Memristor
        The device.
    up, down : float
        Heights that raise and lower the conductance [V], of opposite sign; both must move the device.

    Raises
    ------
    InputError
        If they have the same sign or one does not do what it is to do.
    """

    model: Memristor
    up: float
    down: float

    def __post_init__(self) -> None:
        up, down = (finite("PulseLaw", name, getattr(self, name)) for name in ("up", "down"))
        if up * down >= 0:
            raise InputError(f"PulseLaw: up = {up:g} V and down = {down:g} V must have opposite signs")
        if not self.speed(up) > 0 or not self.speed(down) < 0:
            raise InputError(
                f"PulseLaw: up = {up:g} V changes the conductance of {self.model.name} by "
                f"{self.speed(up):g} S/s, down = {down:g} V by {self.speed(down):g} S/s; "
                "choose voltages beyond its thresholds, or swap them"
            )

    def speed(self, volts: float) -> float:
        """DG/dt at the middle of the conductance range [S/s]."""
        model = self.model
        device = learning_element(model) if isinstance(model, ConicalChannel) else model
        low, high = device.conductances
        x = device.state(0.5 * (low + high))
        motion = float(device.state_derivative(x, np.array(volts)))
        ends = device.bounds
        nudge = 1e-6 * (ends[1] - ends[0])
        slope = np.diff(device.conductance(x + nudge * np.array([-1.0, 1.0])))[0] / (2 * nudge)
        return float(slope) * motion

    def __call__(self, conductance: FloatArray | float, change: FloatArray | float) -> FloatArray:
        """Conductances [S] after pulses for the wanted changes [S].

        Raises
        ------
        InputError
            As :func:`write`.
        """
        wanted = finite_array("PulseLaw", "change", change)
        seconds = np.abs(wanted) / positive("PulseLaw", "speed", self.speed(self.up))
        return write(self.model, conductance, np.where(wanted >= 0, self.up, self.down), seconds)
