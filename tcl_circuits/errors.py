"""What can go wrong, and what to do about it.

Every message names the place, the value and the remedy. The command line turns an error into its
``exit_code`` and prints the message without a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence


class Remark(UserWarning):
    """What a caller should know of an answer that may not be the one meant; the command line prints it."""


class TclError(Exception):
    """A fault in a run. Base class of every error the package raises on purpose."""

    exit_code = 1


class InputError(TclError, ValueError):
    """A value, file or option that cannot be used; nothing has been run."""

    exit_code = 2


class NetworkError(InputError):
    """A network with faults.

    Parameters
    ----------
    faults : sequence of str
        Every fault found, each a sentence of its own.
    where : str
        What the network is or comes from.
    """

    def __init__(self, faults: Sequence[str], where: str = "the network") -> None:
        self.faults = tuple(faults)
        count = len(self.faults)
        head = f"{where} has a fault:" if count == 1 else f"{where} has {count} faults:"
        super().__init__("\n  - ".join([head, *self.faults]))


class EngineMissing(InputError):
    """The simulator is not installed."""


class EngineError(TclError):
    """A simulation that failed; the message carries the simulator's own words."""


class EngineTimeout(EngineError):
    """A simulation stopped because it ran past its time limit."""


def shown(value: object) -> str:
    """Return a value as a message shows it: its repr, shortened, without control characters."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of too many digits"
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"
