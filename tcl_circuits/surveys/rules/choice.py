"""Rules by name, and what each asks of the hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tcl_circuits.errors import InputError
from tcl_circuits.surveys.rules.base import Needs, Rule, Setting
from tcl_circuits.surveys.rules.separate import Adjoint, Contrast, Hebbian, Oscillating, Twins
from tcl_circuits.surveys.rules.temporal import Continual, Temporal

_RULES: Mapping[str, tuple[Callable[[Setting], Rule], Needs]] = MappingProxyType(
    {
        "tcl": (
            lambda setting: Temporal(setting, following=False),
            Needs("charge of its capacitor", 0, 1, "nothing"),
        ),
        "tcl-following": (
            lambda setting: Temporal(setting, following=True),
            Needs("charge of its capacitor", 0, 1, "level of the threshold"),
        ),
        "contrast": (Contrast, Needs("both signals", 2, 1, "free or nudged, write")),
        "continual": (Continual, Needs("charge of its capacitor", 0, 1, "gate of one bit")),
        "twins": (Twins, Needs("nothing, but a second network", 0, 2, "write")),
        "hebbian": (Hebbian, Needs("nothing", 0, 1, "sign of the write")),
        "oscillating": (
            Oscillating,
            Needs("integrator of its lock-in", 0, 1, "reference wave, write"),
        ),
        "adjoint": (Adjoint, Needs("drop in the free network", 1, 1, "free or errors, write")),
    }
)
RULES = tuple(_RULES)
"""Names of all rules."""


def check_rules(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names of rules, or raise an InputError for one that is unknown or named twice."""
    for name in names:
        if name not in _RULES:
            raise InputError(f"there is no rule {name!r}; there are {', '.join(RULES)}")
        if names.count(name) > 1:
            raise InputError(f"rule {name!r} is named twice; name each once")
    if not names:
        raise InputError(f"name at least one rule; there are {', '.join(RULES)}")
    return names


def make_rule(name: str, setting: Setting) -> Rule:
    """Rule by name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    return _RULES[check_rules((name,))[0]][0](setting)


def needs_of(name: str) -> Needs:
    """What a rule asks of the hardware."""
    return _RULES[check_rules((name,))[0]][1]
