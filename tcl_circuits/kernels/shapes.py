"""The paper's kernels: chemotaxis (E1, F13), integral feedback (17-18), Maxwell (24), Appendix D's sine."""

from __future__ import annotations

import math

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, positive
from tcl_circuits.errors import InputError
from tcl_circuits.kernels.exponential import ExponentialKernel

_NEARLY_CRITICAL = 1e-4
"""Below this (omega/b)^2 the two exponentials of integral feedback are too alike to be told apart."""
_CRITICAL_TERMS = 5
"""Powers of (omega t)^2 kept there: what is left out is smaller than 1e-20 of the rest."""


def chemotaxis(tau_k: float, area: float = 0.0) -> ExponentialKernel:
    """Kernel of E. coli's chemotaxis, ``alpha exp(-t/tau_k) (t - lambda t^2)`` (E1, F13-F15).

    Its first moment is -1, so that it takes the derivative of a slow signal; with b = 1/tau_k,
    ``alpha = 3 I b^2 + b^3`` and ``lambda = (b^2 + 2 b I)/(6 I + 2 b)``.

    Parameters
    ----------
    tau_k : float
        Memory time [s].
    area : float
        Area I [1/s]; 0 is the ideal kernel of Appendix E.

    Raises
    ------
    InputError
        If `tau_k` is not positive or `area` not finite.
    """
    b = 1 / positive("chemotaxis kernel", "tau_k", tau_k)
    area = finite("chemotaxis kernel", "area", area)
    # alpha * lambda = b^2 (b^2 + 2 b I)/2 stays finite where 3 I = -b makes lambda infinite.
    linear, square = b * b * (3 * area + b), -b * b * b * (b + 2 * area)
    return ExponentialKernel(np.array([b]), np.array([[0.0, linear, square]]), 0.0, area, -1.0)


def maxwell(k: float, gamma: float) -> ExponentialKernel:
    """Kernel of a spring and a dashpot in series, ``k [delta(t) - exp(-t/tau)/tau]`` (Eq. 24).

    Area 0, first moment -gamma.

    Parameters
    ----------
    k : float
        Stiffness of the spring.
    gamma : float
        Viscosity of the dashpot; the memory time is ``tau = gamma/k``.

    Raises
    ------
    InputError
        If a parameter is not positive.
    """
    k, gamma = positive("maxwell kernel", "k", k), positive("maxwell kernel", "gamma", gamma)
    rate = k / gamma
    return ExponentialKernel(np.array([rate]), np.array([[-k * rate]]), k, 0.0, -gamma)


def integral_feedback(tau_u: float, tau_m: float, k: float) -> ExponentialKernel:
    """Kernel of integral feedback around its set point (Eqs. 17-18).

    ``K(t) = (k/tau_u) exp(-b t) (cosh(w t) - (b/w) sinh(w t))`` with ``b = 1/(2 tau_u)`` and
    ``w^2 = b^2 - k/(tau_u tau_m)``: overdamped for ``4 k tau_u < tau_m``, ringing above, and
    ``(k/tau_u) exp(-b t) (1 - b t)`` between. (The paper has the sign under the root of w turned and no
    k/tau_u.) Area 0, first moment -tau_m.

    Parameters
    ----------
    tau_u, tau_m : float
        Times of the output and of the memory [s].
    k : float
        Gain.

    Raises
    ------
    InputError
        If a parameter is not positive.
    """
    given = {"tau_u": tau_u, "tau_m": tau_m, "k": k}
    tau_u, tau_m, k = (positive("integral_feedback kernel", name, value) for name, value in given.items())
    b, product = 0.5 / tau_u, k / tau_u / tau_m
    square = b * b - product
    if abs(square) <= _NEARLY_CRITICAL * b * b:
        rates, weights = _critical_pair(b, square)
    elif square > 0:
        root = math.sqrt(square)
        fast = b + root
        slow = product / fast
        rates, weights = np.array([fast, slow]), np.array([[fast], [-slow]]) / (2 * root)
    else:
        root = math.sqrt(-square)
        rates, weights = np.array([b - 1j * root]), np.array([[1 + 1j * b / root]])
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = k / tau_u * weights
    return ExponentialKernel(rates, scaled, 0.0, 0.0, -tau_m)


def sine(amplitude: float = 1 / 3, period: float = 0.1, length: float | None = None) -> ExponentialKernel:
    """Kernel ``amplitude sin(2 pi t/period)`` on ``0 <= t <= length`` (Eq. D3).

    The defaults are what the published code uses: one whole wave, area 0. The text's formula is
    ``sine(1/3, period=1, length=0.1)``, whose area is not 0.

    Parameters
    ----------
    amplitude : float
        Height of the wave.
    period : float
        Duration of a wave [s].
    length : float, optional
        Duration of the kernel [s]; one wave unless told otherwise.

    Raises
    ------
    InputError
        If `amplitude` is not finite or 0, or a time is not positive.
    """
    amplitude = finite("sine kernel", "amplitude", amplitude)
    if amplitude == 0:
        raise InputError("sine kernel: amplitude = 0 must differ from 0")
    omega = 2 * math.pi / positive("sine kernel", "period", period)
    length = period if length is None else positive("sine kernel", "length", length)
    # sin and 1 - cos of the angle left after whole waves: 0 where they should be.
    angle = 2 * math.pi * math.remainder(length / period, 1.0)
    area = 2 * amplitude * math.sin(angle / 2) ** 2 / omega
    moment = amplitude / omega * (math.sin(angle) / omega - length * math.cos(angle))
    # sin(w t) = Re(i exp(-i w t))
    rates, weights = np.array([1j * omega]), np.array([[1j * amplitude]])
    return ExponentialKernel(rates, weights, 0.0, area, moment, length)


def _critical_pair(b: float, square: float) -> tuple[FloatArray, FloatArray]:
    """Terms of ``exp(-b t) (cosh(w t) - (b/w) sinh(w t))`` as a power series in w^2 = `square`."""
    powers = square ** np.arange(_CRITICAL_TERMS)
    weights = np.stack([powers, -b * powers], axis=1).reshape(1, -1)
    return np.array([b]), weights
