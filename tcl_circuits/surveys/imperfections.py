"""What real parts are like: one set of imperfections, read from and written to TOML."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tcl_circuits.checks import is_number
from tcl_circuits.errors import InputError, shown
from tcl_circuits.files import read_text

FULL_SCALE = 0.5
"""Full scale of a signal, that of an edge under 1 V: s = dV^2/2 [V^2]."""


def _share(unit: str, most: float = math.inf) -> Any:
    return field(default=0.0, metadata={"unit": unit, "most": most})


@dataclass(frozen=True)
class Imperfections:
    """Imperfections of a circuit's parts; 0 everywhere is the ideal circuit.

    Spreads are relative root-mean-square deviations from edge to edge, drawn once from the seed, of a
    log-normal distribution with mean 1, so that no part is negative.

    Parameters
    ----------
    conductance_spread : float
        Of a conductance from the one programmed, its largest and smallest included [relative rms].
    capacitance_spread, resistance_spread : float
        Of the sense branches' parts [relative rms]. The charge that an edge learns from goes with its C.
    threshold_spread : float
        Of the thresholds [relative rms].
    gain_spread : float
        Of the conductance written for a given contrast [relative rms].
    threshold_softness : float
        Width of a threshold, over which g rises as a normal distribution function [share of theta].
    input_offset : float
        Offset added to the kernel output before threshold and integrator, normal from edge to edge
        [rms, share of the kernel output's full scale A_max C/tau_f].
    update_noise : float
        Of each write [share of the write, rms].
    asymmetry : float
        Writes upwards are larger by this share and writes downwards smaller, normal from edge to edge
        [rms, share].
    conductance_low, conductance_high : float
        Range of conductances [S]; 0 leaves the task's own bound.
    levels : int
        Levels of a conductance, evenly over its range; 0 is a continuum.
    stochastic_rounding : bool
        Round a write to one of the two levels beside it with the odds that make its mean right, instead of
        to the nearest.
    leak : float
        Of the programmed conductance, in a cycle, towards the lower end of its range [share].
    read_noise : float
        Of each conductance in each cycle [relative rms].
    capacitor_leak : float
        Conductance across each sense capacitor [S]: the kernel then has an area.
    temperature : float
        Of the sense branches [K]: their noise is kT/C.
    static_offset : float
        Between two values that are acquired separately, or through a multiplier, normal from edge to edge
        and constant in time [rms, share of a signal's full scale of 0.5 V^2].
    memory_bits : int
        Bits of a remembered value over a signal's full scale, beyond which the words go on; 0 is exact.
    twin_mismatch : float
        Of a twin network's conductances [relative rms].

    Raises
    ------
    InputError
        If a value lies outside its domain.
    """

    conductance_spread: float = _share("relative rms")
    capacitance_spread: float = _share("relative rms")
    resistance_spread: float = _share("relative rms")
    threshold_spread: float = _share("relative rms")
    gain_spread: float = _share("relative rms")
    threshold_softness: float = _share("share of theta")
    input_offset: float = _share("share of A_max C/tau_f")
    update_noise: float = _share("share of each write")
    asymmetry: float = _share("rms share")
    conductance_low: float = _share("S")
    conductance_high: float = _share("S")
    levels: int = field(default=0, metadata={"unit": "levels, 0 or at least 2", "least_count": 2})
    stochastic_rounding: bool = field(default=False, metadata={"unit": "true or false"})
    leak: float = _share("share a cycle", most=1.0)
    read_noise: float = _share("relative rms")
    capacitor_leak: float = _share("S")
    temperature: float = _share("K")
    static_offset: float = _share("share of 0.5 V^2")
    memory_bits: int = field(default=0, metadata={"unit": "bits, 0 or 1 .. 32", "most": 32})
    twin_mismatch: float = _share("relative rms")

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each.metadata, type(each.default))
        low, high = self.conductance_low, self.conductance_high
        if low and high and low >= high:
            raise InputError(
                f"imperfections: conductance_low = {low:g} S must lie below conductance_high = {high:g} S"
            )

    @classmethod
    def real(cls) -> Imperfections:
        """Parts as they come: 20 % spreads and asymmetry, noisy coarse writes, 1 % offsets, 10 % twins."""
        return cls(
            conductance_spread=0.2,
            threshold_spread=0.2,
            gain_spread=0.2,
            asymmetry=0.2,
            update_noise=0.1,
            levels=256,
            stochastic_rounding=True,
            leak=1e-4,
            static_offset=0.01,
            memory_bits=8,
            twin_mismatch=0.1,
        )

    @classmethod
    def spread(cls, share: float) -> Imperfections:
        """Spread of everything that spreads, by the same share."""
        return cls(
            conductance_spread=share,
            capacitance_spread=share,
            resistance_spread=share,
            threshold_spread=share,
            gain_spread=share,
        )

    @classmethod
    def read(cls, path: Path) -> Imperfections:
        """Read a TOML file; what it does not name is ideal.

        Raises
        ------
        InputError
            If the file can't be read, has an unknown key, or a value outside its domain.
        """
        text = read_text(path, "give --imperfections a TOML file")
        try:
            found = tomllib.loads(text)
        except RecursionError:
            raise InputError(f"--imperfections {path} is nested too deeply; write name = value") from None
        except ValueError as failure:
            raise InputError(f"--imperfections {path} is not TOML ({failure})") from None
        return cls.of(found, str(path))

    @classmethod
    def of(cls, values: dict[str, Any], source: str = "imperfections") -> Imperfections:
        """Make the set of named values; `source` says in errors where they come from."""
        known = [each.name for each in fields(cls)]
        unknown = [name for name in values if name not in known]
        if unknown:
            raise InputError(
                f"{source}: there is no imperfection {unknown[0]!r}; there are {', '.join(known)}"
            )
        try:
            return cls(**values)
        except InputError as fault:
            raise InputError(f"{source}: {fault}") from None

    def toml(self) -> str:
        """The set as TOML, with units; :meth:`read` gives it back."""
        lines = ["# Imperfections of a circuit's parts; 0 is ideal."]
        for each in fields(self):
            value = getattr(self, each.name)
            text = str(value).lower() if isinstance(value, bool) else repr(value)
            lines.append(f"{each.name} = {text}  # {each.metadata['unit']}")
        return "\n".join([*lines, ""])

    def changed(self, **values: Any) -> Imperfections:
        """The same set with other values for some."""
        return replace(self, **values)


def _check(name: str, value: object, domain: Any, kind: type) -> None:
    place = f"imperfections: {name} = {shown(value)}"
    if kind is bool:
        if not isinstance(value, bool):
            raise InputError(f"{place} must be true or false")
        return
    if kind is int and (not isinstance(value, int) or isinstance(value, bool)):
        raise InputError(f"{place} must be a whole number ({domain['unit']})")
    if not (is_number(value) and math.isfinite(value) and value >= 0):
        raise InputError(f"{place} must be finite and not negative ({domain['unit']})")
    if 0 < value < domain.get("least_count", 0):
        raise InputError(f"{place} must be 0 (a continuum) or at least {domain['least_count']}")
    if value > domain.get("most", math.inf):
        raise InputError(f"{place} must be at most {domain['most']:g} ({domain['unit']})")
