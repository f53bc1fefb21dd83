"""The conical nanofluidic channel: a volatile ionic state beside the learned conductance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from tcl_circuits.arrays import FloatArray
from tcl_circuits.checks import finite, positive
from tcl_circuits.circuit.memristors.base import Memristor
from tcl_circuits.circuit.memristors.digits import number
from tcl_circuits.circuit.memristors.excitation import Sine
from tcl_circuits.errors import InputError

_CHARGE = 1.602176634e-19
_BOLTZMANN = 1.380649e-23
_AVOGADRO = 6.02214076e23
_NODES = 20
"""Gauss-Legendre nodes of the integral over the channel, for NumPy and netlist alike: 1e-8 at 2 V."""
_LEAST_P, _LARGEST_P = 1e-5, 200.0


@dataclass(frozen=True)
class ConicalChannel(Memristor):
    """A conical channel between reservoirs of salt water, which piles up or is depleted within milliseconds.

    ``i = g_learned x v``, ``tau dx/dt = x_inf(v) - x``, ``tau = length^2/(12 diffusion)``; x = g/g_0 is the
    volatile ionic state, 1 at rest. With z from the base (p) to the tip (n) and R(z) = R_b - (R_b - R_t) z/L,
    ``x_inf(v) = 1 + dg integral_0^L [z R_t/(L R(z))
    - (exp(Pe z R_t^2/(L R_b R(z))) - 1)/(exp(Pe R_t/R_b) - 1)] dz/L``,
    ``dg = -2 w Du (R_b - R_t)/R_b``, ``Du = sigma/(2 rho R_t)`` (sigma and rho in numbers of charges),
    ``w = e D eta/(kT eps psi_0)``, Peclet number ``Pe = -e v R_b/(w kT R_t)``. A base more positive than
    the tip lowers x where the walls are charged negatively. Kamsma, Boon, ter Rele, Spitoni, van Roij, Phys.
    Rev. Lett. 130, 268401 (2023), with its parameters.

    What is learned stands apart from x: a conductance that scales the whole, set between cycles. That of the
    published channel is g_0 = (pi R_t R_b/L)(2 rho e^2 D/kT) = 2.4 pS.

    Parameters
    ----------
    learned_conductance : float or None
        Conductance at rest [S]; None takes g_0 of the geometry.
    g_min, g_max : float
        Range of the learned conductance, as shares of g_0.
    length, base, tip : float
        Length and radii [m].
    surface_charge : float
        [e/nm^2].
    surface_potential : float
        [V].
    diffusion : float
        [m^2/s].
    concentration : float
        Of the salt in the reservoirs [mol/m^3].
    viscosity : float
        [Pa s].
    permittivity : float
        [F/m].
    temperature : float
        [K].
    """

    learned_conductance: float | None = None
    g_min: float = 0.01
    g_max: float = 100.0
    length: float = 10e-6
    base: float = 200e-9
    tip: float = 50e-9
    surface_charge: float = -0.0015
    surface_potential: float = -10.2e-3
    diffusion: float = 1e-9
    concentration: float = 0.1
    viscosity: float = 1.01e-3
    permittivity: float = 7.1e-10
    temperature: float = 293.15

    kind: ClassVar[str] = "conical_channel"
    state_name: ClassVar[str] = "g/g_0"
    state_unit: ClassVar[str] = ""
    parameter: ClassVar[str] = "g"
    volatile: ClassVar[bool] = True

    def __post_init__(self) -> None:
        owner = "ConicalChannel"
        for name in (
            "g_min", "g_max", "length", "base", "tip", "diffusion", "concentration", "viscosity",
            "permittivity", "temperature",
        ):  # fmt: skip
            positive(owner, name, getattr(self, name))
        for name in ("surface_charge", "surface_potential"):
            if finite(owner, name, getattr(self, name)) == 0:
                raise InputError(f"{owner}: {name} must not be zero: the channel would have no memory")
        if self.surface_charge * self.surface_potential < 0:
            raise InputError(f"{owner}: surface_charge and surface_potential must have the same sign")
        if self.tip >= self.base:
            raise InputError(f"{owner}: tip = {self.tip} must lie below base = {self.base}")
        if self.g_min >= self.g_max:
            raise InputError(f"{owner}: g_min = {self.g_min} must lie below g_max = {self.g_max}")
        if self.bounds[0] <= 0:
            raise InputError(f"{owner}: the ionic state would fall to {self.bounds[0]:.3g}; charge it less")
        if self.learned_conductance is not None:
            positive(owner, "learned_conductance", self.learned_conductance)

    @property
    def title(self) -> str:
        """What it is."""
        return "conical nanofluidic channel: i = g x v, tau dx/dt = x_inf(v) - x"

    @property
    def citation(self) -> str:
        """Where it is from."""
        return "Kamsma et al., Phys. Rev. Lett. 130, 268401 (2023)"

    @property
    def g_0(self) -> float:
        """Conductance of the geometry at rest [S]."""
        carriers = 2 * self._number_density * _CHARGE**2 * self.diffusion / (_BOLTZMANN * self.temperature)
        return np.pi * self.tip * self.base / self.length * carriers

    @property
    def tau(self) -> float:
        """Time in which the ionic state relaxes [s]."""
        return self.length**2 / (12 * self.diffusion)

    @property
    def held(self) -> float:
        """The learned conductance [S]."""
        return self.g_0 if self.learned_conductance is None else self.learned_conductance

    def with_conductance(self, conductance: float) -> ConicalChannel:
        """Return the same channel with another learned conductance [S]."""
        return replace(self, learned_conductance=conductance)

    @property
    def _number_density(self) -> float:
        return self.concentration * _AVOGADRO

    @cached_property
    def _mobility_ratio(self) -> float:
        thermal = _BOLTZMANN * self.temperature
        drift = thermal * self.permittivity * self.surface_potential
        return _CHARGE * self.diffusion * self.viscosity / drift

    @cached_property
    def _swing(self) -> float:
        """dg, the largest relative change there could be."""
        dukhin = self.surface_charge * 1e18 / (2 * self._number_density * self.tip)
        return -2 * self._mobility_ratio * (1 - self.tip / self.base) * dukhin

    @cached_property
    def _p_per_volt(self) -> float:
        """``Pe R_t/R_b`` a volt."""
        return -_CHARGE / (self._mobility_ratio * _BOLTZMANN * self.temperature)

    @cached_property
    def _rule(self) -> tuple[FloatArray, FloatArray]:
        """Values of y = z R_t/(L R(z)) at Gauss-Legendre nodes of z/L in 0..1, and the weights."""
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        share = 0.5 * (nodes + 1)
        y = share * self.tip / (self.base - (self.base - self.tip) * share)
        return y, 0.5 * weights

    @cached_property
    def _mean_place(self) -> float:
        y, weights = self._rule
        return float(weights @ y)

    def steady_state(self, v: FloatArray) -> FloatArray:
        """x_inf(v), of the shape of `v` [V]."""
        p = self._p_per_volt * np.asarray(v, dtype=float)
        p = np.where(np.abs(p) < _LEAST_P, _LEAST_P, np.clip(p, -_LARGEST_P, _LARGEST_P))
        y, weights = self._rule
        profile = np.expm1(np.multiply.outer(p, y)) @ weights / np.expm1(p)
        result: FloatArray = 1 + self._swing * (self._mean_place - profile)
        return result

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Limits of the steady state at large voltages of either sign."""
        ends = 1 + self._swing * (self._mean_place - np.array([0.0, 1.0]))
        return float(ends.min()), float(ends.max())

    @property
    def levels(self) -> tuple[float, ...]:
        """None: the state follows the voltage smoothly."""
        return ()

    @property
    def time_scale(self) -> float:
        """The relaxation time [s]."""
        return self.tau

    @property
    def test(self) -> Sine:
        """1 V, near the frequency 1/(2 pi tau) at which the loop is widest."""
        return Sine(1.0, float(f"{1 / (2 * np.pi * self.tau):.2g}"), cycles=3)

    @property
    def usual_start(self) -> float:
        """At rest."""
        return 1.0

    def drift(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``(x_inf(v) - x)/tau`` [1/s]."""
        result: FloatArray = (self.steady_state(v) - x) / self.tau
        return result

    def current(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """``g_learned x v`` [A]."""
        result: FloatArray = self.held * np.multiply(x, v)
        return result

    def conductance(self, x: FloatArray) -> FloatArray:
        """``g_learned x`` [S]."""
        return self.held * np.asarray(x, dtype=float)

    @property
    def conductances(self) -> tuple[float, float]:
        """Range of the learned conductance [S]."""
        return self.g_min * self.g_0, self.g_max * self.g_0

    def _state(self, conductance: FloatArray) -> FloatArray:
        return np.ones(np.shape(conductance))

    def learned(self, conductance: FloatArray | float) -> FloatArray:
        """The conductance itself [S]: what is learned is not the ionic state."""
        return self.learnable(conductance)

    def _held(self, conductance: FloatArray) -> FloatArray:
        """Share of g_0 by which it differs: a simulator's first guess, 0 V, must conduct."""
        result: FloatArray = self.learnable(conductance) / self.g_0 - 1
        return result

    def _held_text(self, node: str) -> str:
        return f"({number(self.g_0)}*(1+V({node})))"

    @property
    def learned_default(self) -> float:
        """The learned conductance [S]."""
        return self.held

    def _parameter_text(self) -> str:
        return "g: learned conductance at rest [S]; the ionic state starts at rest with the voltage at t = 0"

    def drift_text(self, x: str, v: str) -> str:
        """As :meth:`drift`."""
        low, high = self.bounds
        slope, most = number(self._p_per_volt), f"{_LARGEST_P:g}"
        p = f"max(min({slope}*{v},{most}),-{most})"
        # Near 0 V the quotient is 0/0; a small p in its place is right to 1e-5 of dg.
        p = f"(abs({slope}*{v})<{_LEAST_P:g} ? {_LEAST_P:g} : {p})"
        y, weights = self._rule
        waves = "+".join(
            f"{number(w)}*(exp({number(place)}*{p})-1)"
            for place, w in zip(y.tolist(), weights.tolist(), strict=True)
        )
        swing = number(self._swing / (high - low))
        rest = number((1 - low) / (high - low))
        middle = number(self._mean_place)
        return f"({rest}+({swing})*({middle}-({waves})/(exp({p})-1))-{x})/{number(self.tau)}"

    def current_text(self, x: str, v: str, learned: str) -> str:
        """As :meth:`current`."""
        low, high = self.bounds
        return f"{learned}*({number(low)}+{number(high - low)}*{x})*{v}"
