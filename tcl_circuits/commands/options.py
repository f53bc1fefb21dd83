"""What users write on the command line, read; and names of theirs, made fit to print."""

from __future__ import annotations

from tcl_circuits.protocol import Sawtooth
from tcl_circuits.units import parse_quantity


def sawtooth(tau_f: str, tau_s: str, polarity: str) -> Sawtooth:
    """Make the sawtooth of --tau-f, --tau-s and --polarity.

    Raises
    ------
    InputError
        If one of them is no such thing.
    """
    return Sawtooth(
        parse_quantity(tau_f, "s", "--tau-f"),
        parse_quantity(tau_s, "s", "--tau-s"),
        polarity,  # type: ignore[arg-type]  # Sawtooth says so if it is neither
    )


def names(text: str | None) -> list[str] | None:
    """Read node names separated by commas; None if the option is not given."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def volts_of(text: str | None, option: str) -> list[float] | None:
    """Read voltages separated by commas; None if the option is not given."""
    return None if text is None else [parse_quantity(part, "V", option) for part in text.split(",")]


def shortened(name: str, longest: int = 60) -> str:
    """Return a name on one line, without the codes that move a terminal's cursor."""
    plain = "".join(char if char.isprintable() else "?" for char in name[:longest])
    return plain if len(name) <= longest else f"{plain}..."
