"""How the program ends when it is told to: by Ctrl-C, by the system, or because its terminal closes.

While a command runs, it is told by a KeyboardInterrupt, so that it keeps what it reached and ends what it
started. Before and after, nothing has to be kept, and an exception might meet an import half done: the
process ends at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
SAID = "interrupted"
_PAUSE = 0.01
"""After which the program is told again [s]."""


class _Interrupt(KeyboardInterrupt):
    """The same by another name.

    Python ends by SIGINT, whatever the exit code, if a KeyboardInterrupt itself ever left an ``exec`` of
    text, as the making of a dataclass is.
    """


class _Told:
    """What the program was told, and whether it is told by an exception."""

    def __init__(self) -> None:
        self.number = int(signal.SIGINT)
        self.by_exception = False

    def __call__(self, number: int, _: FrameType | None) -> None:
        self.number = number
        if self.by_exception:
            raise _Interrupt
        os.write(2, f"{SAID}\n".encode())
        os._exit(exit_code())


_told = _Told()


def listen() -> None:
    """Answer the signals from now on, but for one that was ignored from the start, as nohup does."""
    sys.unraisablehook = _tell_again
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _told)


def _tell_again(lost: sys.UnraisableHookArgs) -> None:
    """Answer an exception that could not pass, as in a finaliser, by the signal once more, a little later."""
    if isinstance(lost.exc_value, _Interrupt):
        threading.Timer(_PAUSE, os.kill, (os.getpid(), _told.number)).start()
    else:
        sys.__unraisablehook__(lost)


@contextmanager
def by_exception() -> Iterator[None]:
    """In here a signal raises KeyboardInterrupt, if the program listens."""
    _told.by_exception = True
    try:
        yield
    finally:
        _told.by_exception = False


def exit_code() -> int:
    """Exit code of a program that was told to end: 128 and the signal's number."""
    return 128 + _told.number
